//! Files of the service's own: private, and written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

/// Makes a folder, and those above it, that only this user can enter. What is made is there for good
/// when this returns: what is synced inside would otherwise be lost with the folder.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    // One that is there already stays as its owner made it.
    if path.is_dir() {
        return Ok(());
    }
    let above = above(path);
    private_folder(above)?;
    match fs::DirBuilder::new().mode(0o700).create(path) {
        // Somebody else was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        made => made?,
    }
    sync_folder(above)
}

/// Makes everything in the file system of a folder last. Somebody who was ended may have made folders there
/// that they had no time to sync, and nothing tells which.
pub(crate) fn settle(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(fs::File::open(folder)?)?)
}

/// Makes what was created, renamed or removed in a folder last.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Returns the folder that a path is in.
fn above(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Writes a file so that whatever happens it holds either what it held before or all of `bytes`,
/// and holds them when this returns. Its folder must be one that nobody else writes to.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = above(path);
    // Temporary files are readable for their owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(folder)
}

/// Copies the ordinary files and folders below `from` to `to`, which is there. Links and what else a
/// guest may have put there stay behind.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    private_folder(to)?;
    let from = Dir::open_ambient_dir(from, ambient_authority())?;
    let to = Dir::open_ambient_dir(to, ambient_authority())?;
    let mut waiting = vec![std::path::PathBuf::from(".")];
    while let Some(inside) = waiting.pop() {
        for entry in from.read_dir(&inside)? {
            let entry = entry?;
            let path = inside.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                to.create_dir(&path)?;
                waiting.push(path);
            } else if kind.is_file() {
                from.copy(&path, &to, &path)?;
            }
        }
    }
    Ok(())
}

/// Counts the ordinary files and folders below a folder, and the bytes of the files.
pub(crate) fn measure_tree(folder: &Path) -> io::Result<(u64, u64)> {
    let folder = Dir::open_ambient_dir(folder, ambient_authority())?;
    let (mut count, mut bytes) = (0, 0);
    let mut waiting = vec![std::path::PathBuf::from(".")];
    while let Some(inside) = waiting.pop() {
        for entry in folder.read_dir(&inside)? {
            let entry = entry?;
            count += 1;
            match entry.file_type()? {
                kind if kind.is_dir() => waiting.push(inside.join(entry.file_name())),
                kind if kind.is_file() => bytes += entry.metadata()?.len(),
                _ => {}
            }
        }
    }
    Ok((count, bytes))
}

/// Removes a folder with all that is in it; one that is not there is no error.
pub(crate) fn remove_tree(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
