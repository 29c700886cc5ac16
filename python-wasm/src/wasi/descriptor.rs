//! A session's open files, as plain data that a checkpoint can hold.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::sync::OnceLock;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use serde::{Deserialize, Serialize};

use super::ROOT;
use super::errno::Errno;
use super::tree::{Place, Tree};

/// Where a descriptor writes or reads.
pub(crate) enum Descriptor {
    /// Descriptor 0: always at its end; questions go through the door.
    Input,
    /// Descriptors 1 and 2.
    Output(OutputStream),
    Folder(OpenFolder),
    File(OpenFile),
    /// It was open when a checkpoint was taken and could not be opened again.
    Lost(OpenState),
}

/// Tells whether so few files can be opened besides this one that the rest is left to the host: the
/// last quarter of what the process may have. The system gives the lowest free number, so a high one
/// says that the others are taken.
fn is_scarce(file: &File) -> bool {
    static MOST: OnceLock<u64> = OnceLock::new();
    let most = *MOST.get_or_init(|| {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        limit.current.unwrap_or(u64::MAX) / 4 * 3
    });
    u64::try_from(file.as_raw_fd()).is_ok_and(|number| number >= most)
}

/// One of the two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputStream {
    Stdout,
    Stderr,
}

pub(crate) struct OpenFolder {
    pub(crate) path: String,
    /// The names as they were when the guest began to read them.
    pub(crate) listing: Vec<Entry>,
}

pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) inode: u64,
    pub(crate) filetype: u8,
}

pub(crate) struct OpenFile {
    pub(crate) file: File,
    pub(crate) path: String,
    pub(crate) access: FileAccess,
    pub(crate) position: u64,
    /// Device and inode.
    pub(crate) identity: (u64, u64),
}

/// What an open file may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileAccess {
    pub(crate) read: bool,
    pub(crate) write: bool,
    /// The `fdflags` type of WASI preview 1, as the guest set it. Only appending changes what is
    /// done: data is handed to the operating system at once, and nothing blocks.
    pub(crate) flags: u16,
}

impl FileAccess {
    const APPEND: u16 = 1;
    /// Those that WASI knows: append, dsync, nonblock, rsync and sync.
    const FLAGS: u16 = 0b1_1111;

    /// Returns flags that WASI knows, and refuses others.
    pub(crate) fn flags(given: u32) -> Result<u16, Errno> {
        u16::try_from(given)
            .ok()
            .filter(|flags| flags & !Self::FLAGS == 0)
            .ok_or(Errno::INVAL)
    }

    /// Tells whether everything is written at the end.
    pub(crate) fn appends(self) -> bool {
        self.flags & Self::APPEND != 0
    }
}

/// What a checkpoint keeps of a descriptor above the root's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenState {
    descriptor: u32,
    path: String,
    /// `None` for a folder.
    file: Option<(FileAccess, u64)>,
}

/// Names that the listings of all open folders hold together, so that a guest cannot make the host
/// keep a large folder once for every descriptor.
const LISTED_NAMES: usize = 200_000;

/// The table of descriptors.
pub(crate) struct Descriptors {
    slots: BTreeMap<u32, Descriptor>,
    limit: u32,
}

impl Descriptors {
    /// Returns the table every session starts with: the three streams and the root folder.
    pub(crate) fn new(limit: u32) -> Self {
        let slots = BTreeMap::from([
            (0, Descriptor::Input),
            (1, Descriptor::Output(OutputStream::Stdout)),
            (2, Descriptor::Output(OutputStream::Stderr)),
            (
                ROOT,
                Descriptor::Folder(OpenFolder {
                    path: "/".into(),
                    listing: Vec::new(),
                }),
            ),
        ]);
        Self { slots, limit }
    }

    pub(crate) fn get(&mut self, descriptor: u32) -> Result<&mut Descriptor, Errno> {
        self.slots.get_mut(&descriptor).ok_or(Errno::BADF)
    }

    pub(crate) fn file(&mut self, descriptor: u32) -> Result<&mut OpenFile, Errno> {
        match self.get(descriptor)? {
            Descriptor::File(file) => Ok(file),
            Descriptor::Folder(_) => Err(Errno::ISDIR),
            Descriptor::Input | Descriptor::Output(_) => Err(Errno::SPIPE),
            Descriptor::Lost(_) => Err(Errno::STALE),
        }
    }

    pub(crate) fn folder(&mut self, descriptor: u32) -> Result<&mut OpenFolder, Errno> {
        match self.get(descriptor)? {
            Descriptor::Folder(folder) => Ok(folder),
            Descriptor::File(_) | Descriptor::Input | Descriptor::Output(_) => Err(Errno::NOTDIR),
            Descriptor::Lost(_) => Err(Errno::STALE),
        }
    }

    /// Keeps the names of a folder while the guest reads them. When all folders together hold too
    /// many, the others forget theirs, and list them anew when they are read on.
    pub(crate) fn keep_listing(
        &mut self,
        descriptor: u32,
        listing: Vec<Entry>,
    ) -> Result<(), Errno> {
        let kept: usize = self.listings().map(|listing| listing.len()).sum();
        if kept + listing.len() > LISTED_NAMES {
            self.listings().for_each(|listing| *listing = Vec::new());
        }
        self.folder(descriptor)?.listing = listing;
        Ok(())
    }

    fn listings(&mut self) -> impl Iterator<Item = &mut Vec<Entry>> {
        self.slots.values_mut().filter_map(|slot| match slot {
            Descriptor::Folder(folder) => Some(&mut folder.listing),
            Descriptor::Input
            | Descriptor::Output(_)
            | Descriptor::File(_)
            | Descriptor::Lost(_) => None,
        })
    }

    /// Refuses when the table is full.
    pub(crate) fn admit(&self) -> Result<(), Errno> {
        if self.slots.len() >= self.limit as usize {
            Err(Errno::MFILE)
        } else {
            Ok(())
        }
    }

    /// Opens at the lowest free number.
    pub(crate) fn insert(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        self.admit()?;
        if let Descriptor::File(file) = &descriptor
            && is_scarce(&file.file)
        {
            return Err(Errno::MFILE);
        }
        let free = (0..)
            .find(|number| !self.slots.contains_key(number))
            .ok_or(Errno::MFILE)?;
        self.slots.insert(free, descriptor);
        Ok(free)
    }

    /// Takes a descriptor out. The streams and the root stay.
    pub(crate) fn remove(&mut self, descriptor: u32) -> Result<Descriptor, Errno> {
        if descriptor <= ROOT {
            return Err(Errno::BADF);
        }
        self.slots.remove(&descriptor).ok_or(Errno::BADF)
    }

    /// Returns how many descriptors have this file open.
    pub(crate) fn count_of(&self, identity: (u64, u64)) -> u32 {
        self.slots
            .values()
            .filter(|slot| matches!(slot, Descriptor::File(file) if file.identity == identity))
            .count() as u32
    }

    /// Returns how many descriptors are open.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns what is open above the root.
    pub(crate) fn state(&self) -> Vec<OpenState> {
        self.slots
            .range(ROOT + 1..)
            .filter_map(|(&descriptor, slot)| match slot {
                Descriptor::File(file) => Some(OpenState {
                    descriptor,
                    path: file.path.clone(),
                    file: Some((file.access, file.position)),
                }),
                Descriptor::Folder(folder) => Some(OpenState {
                    descriptor,
                    path: folder.path.clone(),
                    file: None,
                }),
                Descriptor::Lost(state) => Some(state.clone()),
                Descriptor::Input | Descriptor::Output(_) => None,
            })
            .collect()
    }

    /// Opens again what a checkpoint held. What cannot be opened stays as a descriptor that
    /// answers every use with a stale-handle error.
    pub(crate) fn reopen(limit: u32, states: &[OpenState], tree: &Tree) -> Self {
        let mut descriptors = Self::new(limit);
        for state in states.iter().take(limit as usize) {
            let slot = match &state.file {
                None => Descriptor::Folder(OpenFolder {
                    path: state.path.clone(),
                    listing: Vec::new(),
                }),
                Some((access, position)) => {
                    match open_file(tree, &state.path, *access, Creation::default(), true) {
                        Ok(file) => Descriptor::File(OpenFile {
                            position: *position,
                            ..file
                        }),
                        Err(_) => Descriptor::Lost(state.clone()),
                    }
                }
            };
            descriptors.slots.insert(state.descriptor, slot);
        }
        descriptors
    }
}

/// What opening may do besides.
#[derive(Default, Clone, Copy)]
pub(crate) struct Creation {
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
}

/// Opens a regular file through its mount's capability. Devices and pipes are refused.
pub(crate) fn open_file(
    tree: &Tree,
    path: &str,
    access: FileAccess,
    creation: Creation,
    follow: bool,
) -> Result<OpenFile, Errno> {
    use std::os::unix::fs::MetadataExt;
    let changes = access.write || creation.create || creation.truncate;
    let (folder, relative): (&Dir, String) = match tree.place(path)? {
        Place::Inside { mount, relative } => {
            if changes && !mount.writable {
                return Err(Errno::ROFS);
            }
            (&mount.folder, relative)
        }
        Place::Virtual { .. } => return Err(Errno::ISDIR),
    };
    let mut options = OpenOptions::new();
    options
        .read(access.read || !access.write)
        // What makes a file must be able to write it; what the guest may do is asked at each call.
        .write(access.write || creation.create)
        .create(creation.create && !creation.exclusive)
        .create_new(creation.create && creation.exclusive)
        // A pipe in a granted folder would block whoever opens it.
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .follow(if follow {
            FollowSymlinks::Yes
        } else {
            FollowSymlinks::No
        });
    let file = folder.open_with(&relative, &options)?.into_std();
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(Errno::ISDIR);
    }
    if !metadata.is_file() {
        return Err(Errno::ACCES);
    }
    Ok(OpenFile {
        identity: (metadata.dev(), metadata.ino()),
        file,
        path: path.to_owned(),
        access,
        position: 0,
    })
}

/// Opens a regular file of the guest's to be read by the host, under the guest's own rules.
pub(crate) fn open_to_read(tree: &Tree, path: &str) -> Result<File, Errno> {
    let access = FileAccess {
        read: true,
        write: false,
        flags: 0,
    };
    let path = Tree::absolute("/", path)?;
    open_file(tree, &path, access, Creation::default(), true).map(|open| open.file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_all_open_folders_together_are_bounded() {
        let listing = |names: usize| -> Vec<Entry> {
            let entry = |_| Entry {
                name: String::new(),
                inode: 0,
                filetype: 0,
            };
            (0..names).map(entry).collect()
        };
        let mut descriptors = Descriptors::new(64);
        for _ in 0..10 {
            let opened = descriptors
                .insert(Descriptor::Folder(OpenFolder {
                    path: "/".into(),
                    listing: Vec::new(),
                }))
                .unwrap();
            descriptors.keep_listing(opened, listing(90_000)).unwrap();
            assert_eq!(descriptors.folder(opened).unwrap().listing.len(), 90_000);
            let kept: usize = descriptors.listings().map(|listing| listing.len()).sum();
            assert!(kept <= LISTED_NAMES, "{kept}");
        }
        // The control: small ones stay side by side.
        for folder in 4..14 {
            descriptors.keep_listing(folder, listing(1000)).unwrap();
        }
        assert!(descriptors.listings().all(|listing| listing.len() <= 1000));
        assert_eq!(
            descriptors
                .listings()
                .map(|listing| listing.len())
                .sum::<usize>(),
            10_000
        );
    }
}
