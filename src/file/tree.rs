//! A project's folder as guests leave it: any name in it may be a link, a pipe or gone the next
//! moment. What is opened here is opened name by name, follows no link and waits for nothing.

use std::io;
use std::os::fd::AsFd as _;

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::fs::{
    Dir, DirBuilder, DirBuilderExt as _, File, Metadata, MetadataExt as _, OpenOptions,
};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use super::path::{FilePath, fold, refused};
use super::refusal;
use crate::error_code::{ErrorCode, Fault};

/// What something in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    File,
    Folder,
    /// A symbolic link. It is shown and can be deleted, and is never followed.
    Link,
    /// A pipe, a socket or a device. It is shown and can be deleted, and is never opened.
    Other,
}

impl Kind {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        if metadata.is_file() {
            Self::File
        } else if metadata.is_dir() {
            Self::Folder
        } else if metadata.is_symlink() {
            Self::Link
        } else {
            Self::Other
        }
    }
}

/// Returns the text that changes whenever a file does: its ETag, without the quotes.
pub(crate) fn version(metadata: &Metadata) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&metadata.ino().to_le_bytes());
    hasher.update(&metadata.len().to_le_bytes());
    // A guest can set the first time to what it was, and not the second.
    for part in [
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ] {
        hasher.update(&part.to_le_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// Returns what lies at a path, without following it; nothing if there is nothing.
pub(crate) fn look(folder: &Dir, name: &str, path: &FilePath) -> Result<Option<Metadata>, Fault> {
    match folder.symlink_metadata(name) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(refusal::at(path)(error)),
    }
}

/// Opens a folder of the project.
pub(crate) fn enter(root: &Dir, path: &FilePath) -> Result<Dir, Fault> {
    let mut folder = root.try_clone().map_err(refusal::own)?;
    for name in path.names() {
        folder = step(&folder, name, path)?;
    }
    Ok(folder)
}

/// Opens a folder of the project, and makes what is missing of it.
pub(crate) fn enter_or_make(root: &Dir, path: &FilePath) -> Result<Dir, Fault> {
    let mut folder = root.try_clone().map_err(refusal::own)?;
    for name in path.names() {
        if look(&folder, name, path)?.is_none() {
            refuse_alike(&folder, name, None, path)?;
            match folder.create_dir_with(name, DirBuilder::new().mode(0o700)) {
                Ok(()) => sync(&folder).map_err(refusal::own)?,
                // A guest was faster; it is opened below as whatever it is.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(refusal::at(path)(error)),
            }
        }
        folder = step(&folder, name, path)?;
    }
    Ok(folder)
}

fn step(folder: &Dir, name: &str, path: &FilePath) -> Result<Dir, Fault> {
    let metadata = look(folder, name, path)?.ok_or_else(|| refusal::missing(path))?;
    match Kind::of(&metadata) {
        Kind::Folder => folder.open_dir_nofollow(name).map_err(refusal::at(path)),
        Kind::File => Err(Fault::new(
            ErrorCode::NotAFolder,
            format!("{name:?} in {path} is a file."),
        )),
        kind @ (Kind::Link | Kind::Other) => Err(unusable(kind, path)),
    }
}

/// Opens a regular file for reading.
pub(crate) fn open_file(
    folder: &Dir,
    name: &str,
    path: &FilePath,
) -> Result<(File, Metadata), Fault> {
    let metadata = look(folder, name, path)?.ok_or_else(|| refusal::missing(path))?;
    require_file(&metadata, path)?;
    open(folder, name, path, OpenOptions::new().read(true))
}

/// Opens a regular file for writing behind what is in it.
pub(crate) fn open_to_append(folder: &Dir, name: &str, path: &FilePath) -> Result<File, Fault> {
    let metadata = look(folder, name, path)?.ok_or_else(|| refusal::missing(path))?;
    require_file(&metadata, path)?;
    open(folder, name, path, OpenOptions::new().append(true)).map(|(file, _)| file)
}

/// Opens what was a regular file. It may be another thing by now: no link is followed, and a pipe would not
/// be waited for.
fn open(
    folder: &Dir,
    name: &str,
    path: &FilePath,
    options: &mut OpenOptions,
) -> Result<(File, Metadata), Fault> {
    options.follow(FollowSymlinks::No).nonblock(true);
    let file = folder.open_with(name, options).map_err(refusal::at(path))?;
    let metadata = file.metadata().map_err(refusal::own)?;
    require_file(&metadata, path)?;
    Ok((file, metadata))
}

/// Refuses everything but a regular file.
pub(crate) fn require_file(metadata: &Metadata, path: &FilePath) -> Result<(), Fault> {
    match Kind::of(metadata) {
        Kind::File => Ok(()),
        Kind::Folder => Err(Fault::new(
            ErrorCode::NotAFile,
            format!("{path} is a folder."),
        )),
        kind @ (Kind::Link | Kind::Other) => Err(unusable(kind, path)),
    }
}

/// The refusal of what is neither a file nor a folder.
pub(crate) fn unusable(kind: Kind, path: &FilePath) -> Fault {
    match kind {
        Kind::Link => refused(
            path.as_str(),
            "there is a link in it, and links are not followed",
        ),
        Kind::File | Kind::Folder | Kind::Other => {
            refused(path.as_str(), "it is neither a file nor a folder")
        }
    }
}

/// Refuses a new name that other file systems would take for one that is there. `leaving` is a
/// name that will be gone when the new one is there.
pub(crate) fn refuse_alike(
    folder: &Dir,
    name: &str,
    leaving: Option<&str>,
    path: &FilePath,
) -> Result<(), Fault> {
    let folded = fold(name);
    for entry in folder.entries().map_err(refusal::own)? {
        let there = entry.map_err(refusal::own)?.file_name();
        let Some(there) = there.to_str() else {
            continue;
        };
        if there != name && Some(there) != leaving && fold(there) == folded {
            return Err(refused(
                path.as_str(),
                format!(
                    "{there:?} is there, which differs only in case or in how its letters are encoded"
                ),
            ));
        }
    }
    Ok(())
}

/// Makes what was created, renamed or removed in a folder last.
pub(crate) fn sync(folder: &Dir) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags, fsync, openat};
    // A capability is opened for paths alone, and such a descriptor cannot be synced.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable = openat(folder.as_fd(), c".", flags, Mode::empty())?;
    Ok(fsync(readable)?)
}
