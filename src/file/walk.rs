//! Going through a folder and those in it with two descriptors, however many and deep they are.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use cap_fs_ext::DirExt as _;
use cap_std::fs::{Dir, DirEntry, Metadata, ReadDir};

use super::path::DEPTH;
use super::tree::Kind;

/// How often a folder may be found filled again while it is being removed.
const PATIENCE: u32 = 1000;

/// Something that was found.
pub(crate) struct Found {
    /// Its path from where the walk began.
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    entry: DirEntry,
}

impl Found {
    /// Returns its size and times, without following it.
    pub(crate) fn metadata(&self) -> io::Result<Metadata> {
        self.entry.metadata()
    }
}

/// A walk through a folder, in no order. Links are not followed, folders that cannot be opened
/// (any more) are shown and not entered, and so are those deeper than a path may be.
pub(crate) struct Walk {
    root: Dir,
    /// Whether folders are entered.
    deep: bool,
    waiting: Vec<PathBuf>,
    open: Option<(PathBuf, ReadDir)>,
}

impl Walk {
    /// Begins a walk through the entries of a folder, and with `deep` through all below it.
    pub(crate) fn new(root: Dir, deep: bool) -> Self {
        Self {
            root,
            deep,
            waiting: vec![PathBuf::new()],
            open: None,
        }
    }

    fn next_folder(&mut self) -> Option<(PathBuf, ReadDir)> {
        while let Some(path) = self.waiting.pop() {
            if let Ok(entries) = entries(&self.root, &path) {
                return Some((path, entries));
            }
        }
        None
    }
}

/// Opens a folder anew from the root, so that no descriptor is kept for the folders on the way.
fn entries(root: &Dir, path: &Path) -> io::Result<ReadDir> {
    let mut folder = root.try_clone()?;
    for name in path {
        folder = folder.open_dir_nofollow(name)?;
    }
    folder.entries()
}

impl Iterator for Walk {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (path, entries) = match &mut self.open {
                Some(open) => open,
                None => {
                    self.open = Some(self.next_folder()?);
                    continue;
                }
            };
            let Some(entry) = entries.next() else {
                self.open = None;
                continue;
            };
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error)),
            };
            let path = path.join(entry.file_name());
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_dir() => Kind::Folder,
                Ok(kind) if kind.is_file() => Kind::File,
                Ok(kind) if kind.is_symlink() => Kind::Link,
                Ok(_) | Err(_) => Kind::Other,
            };
            if kind == Kind::Folder && self.deep && path.components().count() < DEPTH {
                self.waiting.push(path.clone());
            }
            return Some(Ok(Found { path, kind, entry }));
        }
    }
}

/// Removes what lies at `name` and everything in it, however deep. Nothing is followed.
///
/// Every folder inside is first moved up into one flat folder, so that no path grows long and only
/// two folders are open at a time. What is left after a failure is removed by the next call.
pub(crate) fn remove(staging: &Dir, name: &str) -> io::Result<()> {
    match staging.remove_file(name) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        // It is a folder.
        Err(_) => {}
    }
    let flat_name = format!("{name}.flat");
    match staging.create_dir(&flat_name) {
        // A removal before was interrupted.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    let flat = staging.open_dir_nofollow(&flat_name)?;
    let mut waiting: Vec<OsString> = Vec::new();
    let mut patience = PATIENCE;
    let mut next = 0u64;
    for entry in flat.entries()? {
        waiting.push(entry?.file_name());
    }
    let mut number = |flat: &Dir| loop {
        next += 1;
        let name = OsString::from(next.to_string());
        if !flat.exists(&name) {
            return name;
        }
    };
    let first = number(&flat);
    staging.rename(name, &flat, &first)?;
    waiting.push(first);
    while let Some(folder_name) = waiting.pop() {
        let folder = flat.open_dir_nofollow(&folder_name)?;
        for entry in folder.entries()? {
            let entry = entry?.file_name();
            if folder.remove_file(&entry).is_err() {
                let name = number(&flat);
                folder.rename(&entry, &flat, &name)?;
                waiting.push(name);
            }
        }
        match flat.remove_dir(&folder_name) {
            // A guest that still has the folder open has put something into it.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && patience > 0 => {
                patience -= 1;
                waiting.push(folder_name);
            }
            removed => removed?,
        }
    }
    staging.remove_dir(&flat_name)
}

#[cfg(test)]
mod tests {
    use cap_std::ambient_authority;

    use super::*;

    fn open(folder: &tempfile::TempDir) -> Dir {
        Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("it opens")
    }

    #[test]
    fn a_hundred_thousand_folders_in_each_other_are_walked_and_removed() {
        // A folder of memory: a disk takes a millisecond to remove each.
        let folder = tempfile::tempdir_in("/dev/shm").expect("a folder");
        let root = open(&folder);
        root.create_dir("deep").expect("made");
        let mut inner = root.open_dir("deep").expect("opened");
        for _ in 0..100_000 {
            inner.create_dir("d").expect("made");
            inner = inner.open_dir("d").expect("opened");
        }
        let walked = Walk::new(open(&folder), true).count();
        assert_eq!(walked, DEPTH);
        remove(&root, "deep").expect("removed");
        assert_eq!(root.entries().expect("read").count(), 0);
    }

    #[test]
    fn links_are_removed_and_what_they_lead_to_stays() {
        let (folder, outside) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        std::fs::write(outside.path().join("kept"), "x").expect("written");
        let inside = folder.path().join("tree/sub");
        std::fs::create_dir_all(&inside).expect("made");
        std::os::unix::fs::symlink(outside.path(), inside.join("link")).expect("linked");
        std::os::unix::fs::symlink(outside.path(), folder.path().join("tree/link"))
            .expect("linked");
        std::fs::write(inside.join("file"), "x").expect("written");
        let root = open(&folder);
        assert_eq!(Walk::new(open(&folder), true).count(), 5);
        remove(&root, "tree").expect("removed");
        assert_eq!(root.entries().expect("read").count(), 0);
        assert!(outside.path().join("kept").exists());
    }

    #[test]
    fn an_interrupted_removal_is_finished() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("tree.flat/1/sub")).expect("made");
        std::fs::create_dir_all(folder.path().join("tree")).expect("made");
        let root = open(&folder);
        remove(&root, "tree").expect("removed");
        assert_eq!(root.entries().expect("read").count(), 0);
    }
}
