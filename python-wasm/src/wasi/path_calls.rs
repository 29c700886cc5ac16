//! WASI calls that name a path.

use cap_std::fs::MetadataExt;

use super::Wasi;
use super::abi::{self, filetype};
use super::descriptor::{Creation, Descriptor, FileAccess, OpenFolder, open_file};
use super::errno::Errno;
use super::file_calls::times;
use super::guest::Guest;
use super::tree::{Place, Tree};

const FOLLOW: u32 = 1;

/// A path that the guest gave.
struct Named {
    /// Where it leads from the root.
    path: String,
    /// It ends in a slash, so it means a folder; nothing else is there.
    as_folder: bool,
}

/// Returns what is meant by a folder's descriptor and a path.
fn named(guest: &mut Guest<'_, '_>, fd: u32, pointer: u32, len: u32) -> Result<Named, Errno> {
    let given = guest.path(pointer, len)?;
    let wasi = &mut guest.host().wasi;
    let path = Tree::absolute(&wasi.descriptors.folder(fd)?.path, &given)?;
    let as_folder = means_folder(&given);
    if as_folder
        && let Ok(Place::Inside { mount, relative }) = wasi.tree.place(&path)
        && let Ok(metadata) = mount.folder.symlink_metadata(&relative)
        && !metadata.is_dir()
    {
        return Err(Errno::NOTDIR);
    }
    Ok(Named { path, as_folder })
}

/// Returns the absolute path meant by a folder's descriptor and a path.
fn resolve(guest: &mut Guest<'_, '_>, fd: u32, pointer: u32, len: u32) -> Result<String, Errno> {
    named(guest, fd, pointer, len).map(|named| named.path)
}

/// Tells whether a path is written as that of a folder.
fn means_folder(path: &str) -> bool {
    ["/", "/.", "/.."].iter().any(|end| path.ends_with(end))
}

#[expect(clippy::too_many_arguments, reason = "the signature is WASI's")]
pub(super) fn open(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_len: u32,
    open_flags: u32,
    rights: u64,
    _inherited: u64,
    descriptor_flags: u32,
    out: u32,
) -> Result<(), Errno> {
    const CREATE: u32 = 1;
    const DIRECTORY: u32 = 2;
    const EXCLUSIVE: u32 = 4;
    const TRUNCATE: u32 = 8;
    // Before anything is opened or made: a descriptor that the guest is not told of would stay.
    guest.bytes(out, 4)?;
    let Named { path, as_folder } = named(guest, fd, path, path_len)?;
    let Wasi {
        tree,
        descriptors,
        quota,
        ..
    } = &mut guest.host().wasi;
    descriptors.admit()?;
    let follow = lookup & FOLLOW != 0;
    let (is_folder, exists) = match tree.place(&path)? {
        Place::Virtual { .. } => (true, true),
        Place::Inside { mount, relative } => {
            let metadata = if follow {
                mount.folder.metadata(&relative)
            } else {
                mount.folder.symlink_metadata(&relative)
            };
            match metadata {
                Ok(metadata) => (metadata.is_dir(), true),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => (false, false),
                Err(error) => return Err(error.into()),
            }
        }
    };
    let access = FileAccess {
        read: rights & (1 << 1) != 0,
        write: rights & (1 << 6) != 0,
        flags: FileAccess::flags(descriptor_flags)?,
    };
    let create = open_flags & CREATE != 0;
    if exists && create && open_flags & EXCLUSIVE != 0 {
        return Err(Errno::EXIST);
    }
    if is_folder {
        if access.write {
            return Err(Errno::ISDIR);
        }
        let opened = descriptors.insert(Descriptor::Folder(OpenFolder {
            path,
            listing: Vec::new(),
        }))?;
        return guest.write_u32(out, opened);
    }
    if open_flags & DIRECTORY != 0 || as_folder {
        return Err(if exists { Errno::NOTDIR } else { Errno::NOENT });
    }
    let creation = Creation {
        create: create && !exists,
        exclusive: open_flags & EXCLUSIVE != 0,
        truncate: open_flags & TRUNCATE != 0,
    };
    if create || creation.truncate || access.write {
        tree.writable(&path)?;
    }
    let access = FileAccess {
        write: access.write || creation.truncate,
        ..access
    };
    if creation.create {
        quota.add_entry()?;
    }
    let file = match open_file(tree, &path, access, creation, follow) {
        Ok(file) => file,
        Err(error) => {
            if creation.create {
                quota.remove_entry();
            }
            return Err(error);
        }
    };
    if creation.truncate {
        let before = file.file.metadata()?.len();
        file.file.set_len(0)?;
        quota.give_back(before);
    }
    let opened = descriptors.insert(Descriptor::File(file))?;
    guest.write_u32(out, opened)
}

pub(super) fn filestat(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_len: u32,
    out: u32,
) -> Result<(), Errno> {
    let path = resolve(guest, fd, path, path_len)?;
    let Wasi { tree, world, .. } = &guest.host().wasi;
    let stat = match tree.place(&path)? {
        Place::Virtual { .. } => abi::plain_stat(filetype::DIRECTORY),
        Place::Inside { mount, relative } => {
            let metadata = if lookup & FOLLOW != 0 {
                mount.folder.metadata(&relative)?
            } else {
                mount.folder.symlink_metadata(&relative)?
            };
            abi::cap_stat_of(world, &path, &metadata)
        }
    };
    guest.write(out, &stat)
}

#[expect(clippy::too_many_arguments, reason = "the signature is WASI's")]
pub(super) fn set_times(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_len: u32,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Result<(), Errno> {
    let times = times(accessed, modified, flags)?;
    let path = resolve(guest, fd, path, path_len)?;
    let tree = &guest.host().wasi.tree;
    tree.writable(&path)?;
    let access = FileAccess {
        read: false,
        write: true,
        flags: 0,
    };
    match open_file(
        tree,
        &path,
        access,
        Creation::default(),
        lookup & FOLLOW != 0,
    ) {
        Ok(open) => Ok(open.file.set_times(times)?),
        // A folder keeps its times; programs that copy trees only want the call to succeed.
        Err(Errno::ISDIR) => Ok(()),
        Err(error) => Err(error),
    }
}

pub(super) fn create_directory(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> Result<(), Errno> {
    let path = resolve(guest, fd, path, path_len)?;
    let Wasi { tree, quota, .. } = &mut guest.host().wasi;
    if let Place::Virtual { .. } = tree.place(&path)? {
        return Err(Errno::EXIST);
    }
    let (mount, relative) = tree.writable(&path)?;
    quota.add_entry()?;
    if let Err(error) = mount.folder.create_dir(&relative) {
        quota.remove_entry();
        return Err(error.into());
    }
    Ok(())
}

pub(super) fn remove_directory(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> Result<(), Errno> {
    let path = resolve(guest, fd, path, path_len)?;
    let Wasi { tree, quota, .. } = &mut guest.host().wasi;
    let (mount, relative) = tree.writable(&path)?;
    mount.folder.remove_dir(&relative)?;
    quota.remove_entry();
    Ok(())
}

pub(super) fn unlink_file(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    path: u32,
    path_len: u32,
) -> Result<(), Errno> {
    let path = resolve(guest, fd, path, path_len)?;
    let Wasi {
        tree,
        quota,
        descriptors,
        ..
    } = &mut guest.host().wasi;
    let (mount, relative) = tree.writable(&path)?;
    let before = mount.folder.symlink_metadata(&relative)?;
    mount.folder.remove_file(&relative)?;
    quota.remove_entry();
    release(quota, descriptors, &before);
    Ok(())
}

/// Gives back a file that lost its name, now or when its last descriptor closes.
fn release(
    quota: &mut super::Quota,
    descriptors: &super::Descriptors,
    before: &cap_std::fs::Metadata,
) {
    if !before.is_file() || before.nlink() > 1 {
        return;
    }
    let identity = (before.dev(), before.ino());
    match descriptors.count_of(identity) {
        0 => quota.give_back(before.len()),
        open => quota.orphan(identity, open),
    }
}

pub(super) fn rename(
    guest: &mut Guest<'_, '_>,
    from_fd: u32,
    from: u32,
    from_len: u32,
    to_fd: u32,
    to: u32,
    to_len: u32,
) -> Result<(), Errno> {
    let from = resolve(guest, from_fd, from, from_len)?;
    let Named {
        path: to,
        as_folder,
    } = named(guest, to_fd, to, to_len)?;
    let Wasi {
        tree,
        quota,
        descriptors,
        ..
    } = &mut guest.host().wasi;
    let (from_mount, from_path) = tree.writable(&from)?;
    let (to_mount, to_path) = tree.writable(&to)?;
    if !std::ptr::eq(from_mount, to_mount) {
        return Err(Errno::XDEV);
    }
    let moved = from_mount.folder.symlink_metadata(&from_path)?;
    if as_folder && !moved.is_dir() {
        return Err(Errno::NOTDIR);
    }
    let replaced = to_mount.folder.symlink_metadata(&to_path).ok();
    from_mount
        .folder
        .rename(&from_path, &to_mount.folder, &to_path)?;
    if let Some(replaced) = replaced
        && (replaced.dev(), replaced.ino()) != (moved.dev(), moved.ino())
    {
        quota.remove_entry();
        release(quota, descriptors, &replaced);
    }
    Ok(())
}

pub(super) fn readlink(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    path: u32,
    path_len: u32,
    out: u32,
    len: u32,
    used: u32,
) -> Result<(), Errno> {
    let path = resolve(guest, fd, path, path_len)?;
    let target = match guest.host().wasi.tree.place(&path)? {
        Place::Virtual { .. } => return Err(Errno::INVAL),
        Place::Inside { mount, relative } => mount.folder.read_link(&relative)?,
    };
    let target = target
        .into_os_string()
        .into_string()
        .map_err(|_| Errno::ILSEQ)?;
    let shown = &target.as_bytes()[..target.len().min(len as usize)];
    guest.write(out, shown)?;
    guest.write_u32(used, shown.len() as u32)
}

/// Links of either kind are not for guests: a link is a path that means something else later.
#[expect(clippy::too_many_arguments, reason = "the signature is WASI's")]
pub(super) fn link(
    _guest: &mut Guest<'_, '_>,
    _from_fd: u32,
    _lookup: u32,
    _from: u32,
    _from_len: u32,
    _to_fd: u32,
    _to: u32,
    _to_len: u32,
) -> Result<(), Errno> {
    Err(Errno::PERM)
}

/// See [`link`].
pub(super) fn symlink(
    _guest: &mut Guest<'_, '_>,
    _target: u32,
    _target_len: u32,
    _fd: u32,
    _path: u32,
    _path_len: u32,
) -> Result<(), Errno> {
    Err(Errno::PERM)
}
