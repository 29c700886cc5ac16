//! Where the files of notebooks are: in the folders of their projects, into which guests write
//! too. So a folder is entered name by name, no link is followed, and no name of a guest's file is
//! trusted to be an ordinary file.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{
    Dir, DirBuilder, DirBuilderExt as _, MetadataExt as _, OpenOptions, OpenOptionsExt as _,
};
use rustix::fs::RenameFlags;
use uuid::Uuid;

use super::kept::mentioned;
use super::path::NotebookPath;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ProjectId, TenantId};
use crate::layout::Layout;

/// The folder beside a notebook in which its large outputs are.
const KEPT: &str = ".cellblock/outputs";

/// What tells whether another program has written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    /// Returns the bytes that the file had.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

/// The folder of a project.
pub(super) struct ProjectFolder(Dir);

impl ProjectFolder {
    /// Opens a project's folder.
    pub(super) fn open(
        layout: &Layout,
        tenant: TenantId,
        project: ProjectId,
    ) -> Result<Self, Fault> {
        let path = layout.project(tenant, project);
        match Dir::open_ambient_dir(&path, ambient_authority()) {
            Ok(folder) => Ok(Self(folder)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Fault::new(
                ErrorCode::ProjectNotFound,
                format!("There is no project {project}."),
            )),
            Err(error) => Err(fault(error)),
        }
    }

    /// Reads a notebook's file of at most `largest` bytes.
    pub(super) fn read(
        &self,
        path: &NotebookPath,
        largest: u64,
    ) -> Result<(Vec<u8>, Stamp), Fault> {
        let (folder, name) = path.split();
        read_file(&self.enter(folder, false)?, name, largest)
    }

    /// Returns whether the file is still the same; nothing when there is none.
    pub(super) fn stamp(&self, path: &NotebookPath) -> Result<Option<Stamp>, Fault> {
        let (folder, name) = path.split();
        let found = self
            .enter(folder, false)
            .and_then(|folder| folder.symlink_metadata(name).map_err(fault));
        match found {
            Ok(metadata) => Ok(Some(stamp(&metadata))),
            Err(fault) if fault.code == ErrorCode::FileNotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Writes a notebook's file whole or not at all; it is on the disk when this returns.
    pub(super) fn write(&self, path: &NotebookPath, bytes: &[u8]) -> Result<Stamp, Fault> {
        let (folder, name) = path.split();
        write_file(
            &self.enter(folder, true)?,
            name,
            bytes,
            RenameFlags::empty(),
        )
        .map_err(fault)
    }

    /// Writes a notebook's file where there is none.
    pub(super) fn write_new(&self, path: &NotebookPath, bytes: &[u8]) -> Result<Stamp, Fault> {
        let (folder, name) = path.split();
        write_file(
            &self.enter(folder, true)?,
            name,
            bytes,
            RenameFlags::NOREPLACE,
        )
        .map_err(fault)
    }

    /// Moves a notebook's file to where there is none.
    pub(super) fn rename(&self, from: &NotebookPath, to: &NotebookPath) -> Result<(), Fault> {
        let ((from, old), (to, new)) = (from.split(), to.split());
        let (from, to) = (self.enter(from, false)?, self.enter(to, true)?);
        rustix::fs::renameat_with(&from, old, &to, new, RenameFlags::NOREPLACE)
            .map_err(io::Error::from)
            .and_then(|()| sync(&to))
            .and_then(|()| sync(&from))
            .map_err(fault)
    }

    /// Removes a notebook's file if there is one.
    pub(super) fn remove(&self, path: &NotebookPath) -> Result<(), Fault> {
        let (folder, name) = path.split();
        let removed = self.enter(folder, false).and_then(|folder| {
            folder
                .remove_file(name)
                .and_then(|()| sync(&folder))
                .map_err(fault)
        });
        match removed {
            Err(fault) if fault.code == ErrorCode::FileNotFound => Ok(()),
            other => other,
        }
    }

    /// Writes a large output beside a notebook; its name says what is in it.
    pub(super) fn keep(&self, path: &NotebookPath, hash: &str, bytes: &[u8]) -> Result<(), Fault> {
        let folder = self.enter(&beside(path), true)?;
        if kept(&folder, hash, bytes.len() as u64).is_ok() {
            return Ok(());
        }
        write_file(&folder, hash, bytes, RenameFlags::empty())
            .map(drop)
            .map_err(fault)
    }

    /// Reads a large output beside a notebook.
    pub(super) fn kept(
        &self,
        path: &NotebookPath,
        hash: &str,
        largest: u64,
    ) -> Result<Vec<u8>, Fault> {
        kept(&self.enter(&beside(path), false)?, hash, largest)
    }

    /// Returns the names of large outputs that a notebook's file has in it.
    pub(super) fn mentioned(
        &self,
        path: &NotebookPath,
        largest: u64,
    ) -> Result<BTreeSet<String>, Fault> {
        Ok(mentioned(&self.read(path, largest)?.0))
    }

    /// Removes large outputs from beside a notebook's path, but those that a notebook there still names. One
    /// that cannot be read may name them all.
    pub(super) fn forget(
        &self,
        path: &NotebookPath,
        mut outputs: BTreeSet<String>,
        largest: u64,
    ) -> Result<(), Fault> {
        let folder = self.enter(path.split().0, false)?;
        for entry in folder.entries().map_err(fault)? {
            let name = entry.map_err(fault)?.file_name();
            let Some(name) = name.to_str().filter(|name| name.ends_with(".ipynb")) else {
                continue;
            };
            let (bytes, _) = read_file(&folder, name, largest)?;
            let named = mentioned(&bytes);
            outputs.retain(|hash| !named.contains(hash));
        }
        let kept = self.enter(&beside(path), false)?;
        for hash in &outputs {
            match kept.remove_file(hash) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fault(error)),
                Ok(()) | Err(_) => {}
            }
        }
        sync(&kept).map_err(fault)
    }

    fn enter(&self, folder: &str, make: bool) -> Result<Dir, Fault> {
        let mut at = self.0.try_clone().map_err(fault)?;
        for name in folder.split('/').filter(|name| !name.is_empty()) {
            let next = match at.open_dir_nofollow(name) {
                Err(error) if make && error.kind() == io::ErrorKind::NotFound => {
                    let made = at.create_dir_with(name, DirBuilder::new().mode(0o700));
                    made.or_else(|error| {
                        if error.kind() == io::ErrorKind::AlreadyExists {
                            Ok(())
                        } else {
                            Err(error)
                        }
                    })
                    .and_then(|()| sync(&at))
                    .and_then(|()| at.open_dir_nofollow(name))
                }
                other => other,
            };
            at = next.map_err(fault)?;
        }
        Ok(at)
    }
}

fn beside(path: &NotebookPath) -> String {
    match path.split() {
        ("", _) => KEPT.to_owned(),
        (folder, _) => format!("{folder}/{KEPT}"),
    }
}

/// Reads a kept output. A guest can write there: what does not match its name is not given out.
fn kept(folder: &Dir, hash: &str, largest: u64) -> Result<Vec<u8>, Fault> {
    let (bytes, _) = read_file(folder, hash, largest)?;
    if blake3::hash(&bytes).to_hex().as_str() != hash {
        return Err(Fault::new(
            ErrorCode::FileNotFound,
            "The output's file was changed; run the cell again.",
        ));
    }
    Ok(bytes)
}

fn read_file(folder: &Dir, name: &str, largest: u64) -> Result<(Vec<u8>, Stamp), Fault> {
    let mut options = OpenOptions::new();
    // A pipe in the file's place must not hold this thread.
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let file = folder.open_with(name, &options).map_err(fault)?;
    let metadata = file.metadata().map_err(fault)?;
    if !metadata.is_file() {
        return Err(Fault::new(
            ErrorCode::PathRefused,
            "There is no ordinary file at the path.",
        ));
    }
    let mut bytes = Vec::new();
    file.take(largest + 1)
        .read_to_end(&mut bytes)
        .map_err(fault)?;
    if bytes.len() as u64 > largest {
        return Err(too_large(largest));
    }
    Ok((bytes, stamp(&metadata)))
}

/// Returns the refusal of a notebook that is larger than the configuration allows.
pub(super) fn too_large(largest: u64) -> Fault {
    let message = format!("A notebook may have {largest} bytes. Clear outputs, or split it.");
    Fault::new(ErrorCode::BodyTooLarge, message).with_details(serde_json::json!({"limit": largest}))
}

fn write_file(folder: &Dir, name: &str, bytes: &[u8], flags: RenameFlags) -> io::Result<Stamp> {
    let temporary = format!(".cellblock-{}", Uuid::now_v7().simple());
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let write = || {
        let mut file = folder.open_with(&temporary, &options)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        rustix::fs::renameat_with(folder, &temporary, folder, name, flags)?;
        sync(folder)?;
        file.metadata().map(|metadata| stamp(&metadata))
    };
    write().inspect_err(|_| {
        // What the error was is what matters; the file may not have been made at all.
        let _ = folder.remove_file(&temporary);
    })
}

fn sync(folder: &Dir) -> io::Result<()> {
    Ok(rustix::fs::fsync(folder.open(".")?)?)
}

fn stamp(metadata: &cap_std::fs::Metadata) -> Stamp {
    Stamp {
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
    }
}

/// Returns what a caller is told when the disk refuses.
fn fault(error: io::Error) -> Fault {
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return in_the_way();
    }
    match error.kind() {
        io::ErrorKind::NotFound => {
            Fault::new(ErrorCode::FileNotFound, "There is no file at the path.")
        }
        io::ErrorKind::AlreadyExists => Fault::new(
            ErrorCode::AlreadyExists,
            "There is a file at the path already.",
        ),
        io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::InvalidFilename => in_the_way(),
        _ => Fault::disk(error),
    }
}

fn in_the_way() -> Fault {
    Fault::new(
        ErrorCode::PathRefused,
        "A link or a file of another kind is in the way of the path.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_link_or_pipe_is_opened() {
        let data = tempfile::tempdir().expect("a folder");
        let tenant = TenantId::new();
        let (layout, project) = (Layout::new(data.path()), ProjectId::new());
        std::fs::create_dir_all(layout.project(tenant, project)).expect("it is made");
        let folder = ProjectFolder::open(&layout, tenant, project).expect("it is there");
        let root = data
            .path()
            .join(format!("tenants/{tenant}/projects/{project}"));
        let outside = data.path().join("outside.ipynb");
        std::fs::write(&outside, "secret").expect("it is written");
        std::os::unix::fs::symlink(&outside, root.join("link.ipynb")).expect("a link");
        std::os::unix::fs::symlink(data.path(), root.join("way")).expect("a link");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            root.join("pipe.ipynb"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .expect("a pipe");
        for path in ["link.ipynb", "way/outside.ipynb", "pipe.ipynb"] {
            let path = NotebookPath::parse(path).expect("ordinary names");
            let code = folder.read(&path, 100).expect_err(path.as_str()).code;
            assert_eq!(code, ErrorCode::PathRefused, "{}", path.as_str());
        }
        // A write replaces the link and leaves alone what it led to.
        let path = NotebookPath::parse("link.ipynb").expect("ordinary names");
        assert_eq!(
            folder.write_new(&path, b"x").expect_err("it is there").code,
            ErrorCode::AlreadyExists
        );
        let stamp = folder.write(&path, b"new").expect("it is written");
        assert_eq!(std::fs::read(&outside).expect("it is there"), b"secret");
        assert_eq!(
            folder.read(&path, 3).expect("a file"),
            (b"new".to_vec(), stamp)
        );
        assert_eq!(
            folder.read(&path, 2).expect_err("too large").code,
            ErrorCode::BodyTooLarge
        );
        // Nothing temporary stays behind.
        let names: Vec<_> = std::fs::read_dir(&root)
            .expect("a folder")
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }

    #[test]
    fn a_kept_output_that_was_changed_is_not_given_out() {
        let data = tempfile::tempdir().expect("a folder");
        let tenant = TenantId::new();
        let (layout, project) = (Layout::new(data.path()), ProjectId::new());
        std::fs::create_dir_all(layout.project(tenant, project)).expect("it is made");
        let folder = ProjectFolder::open(&layout, tenant, project).expect("it is there");
        let path = NotebookPath::parse("a/b.ipynb").expect("ordinary names");
        let hash = blake3::hash(b"output").to_hex().to_string();
        folder.keep(&path, &hash, b"output").expect("it is written");
        assert_eq!(
            folder.kept(&path, &hash, 100).expect("it is there"),
            b"output"
        );
        let file = data.path().join(format!(
            "tenants/{tenant}/projects/{project}/a/.cellblock/outputs/{hash}"
        ));
        std::fs::write(file, "forged").expect("it is written");
        assert_eq!(
            folder.kept(&path, &hash, 100).expect_err("forged").code,
            ErrorCode::FileNotFound
        );
        folder.keep(&path, &hash, b"output").expect("it is mended");
        assert_eq!(
            folder.kept(&path, &hash, 100).expect("it is there"),
            b"output"
        );
    }
}
