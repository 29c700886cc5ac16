//! Listing folders.

use std::os::unix::fs::DirEntryExt;

use super::abi::{self, filetype};
use super::descriptor::Entry;
use super::errno::Errno;
use super::guest::{COPY_BYTES, Guest};
use super::tree::{Place, Tree};
use super::{Wasi, World};

/// Fuel that a name costs when a folder is listed, however little of it the guest asks for.
const LISTED_FUEL: u64 = 500;
/// Names of one folder that a guest is shown.
const LISTING_NAMES: usize = 100_000;
const DIRENT_BYTES: usize = 24;

pub(super) fn readdir(
    guest: &mut Guest<'_, '_>,
    fd: u32,
    out: u32,
    len: u32,
    cookie: u64,
    used: u32,
) -> Result<(), Errno> {
    let Wasi {
        descriptors,
        tree,
        world,
        ..
    } = &mut guest.host().wasi;
    let folder = descriptors.folder(fd)?;
    if cookie == 0 || folder.listing.is_empty() {
        let listing = list(tree.place(&folder.path)?, &folder.path, world)?;
        let names = listing.len() as u64;
        descriptors.keep_listing(fd, listing)?;
        guest.charge(names * LISTED_FUEL);
    }
    let folder = guest.host().wasi.descriptors.folder(fd)?;
    let len = (len as usize).min(COPY_BYTES);
    let mut bytes: Vec<u8> = Vec::with_capacity(len.min(64 << 10));
    let start = usize::try_from(cookie).unwrap_or(usize::MAX);
    for (index, entry) in folder.listing.iter().enumerate().skip(start) {
        if bytes.len() >= len {
            break;
        }
        let mut head = [0u8; DIRENT_BYTES];
        head[0..8].copy_from_slice(&(index as u64 + 1).to_le_bytes());
        head[8..16].copy_from_slice(&entry.inode.to_le_bytes());
        head[16..20].copy_from_slice(&(entry.name.len() as u32).to_le_bytes());
        head[20] = entry.filetype;
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(entry.name.as_bytes());
    }
    bytes.truncate(len);
    guest.charge(bytes.len() as u64);
    guest.write(out, &bytes)?;
    guest.write_u32(used, bytes.len() as u32)
}

/// Lists the folder at an absolute path, in the order of the names.
fn list(place: Place<'_>, path: &str, world: &World) -> Result<Vec<Entry>, Errno> {
    let folder_entry = |name: &str, inode: u64| Entry {
        name: name.into(),
        inode,
        filetype: filetype::DIRECTORY,
    };
    // Where the folder above is, is not looked up: an inode of zero says that it is to be asked for.
    let mut listing = vec![folder_entry(".", 0), folder_entry("..", 0)];
    match place {
        Place::Virtual { names } => {
            listing.extend(names.iter().map(|name| folder_entry(name, 0)));
        }
        Place::Inside { mount, relative } => {
            let inode = cap_fs_ext::MetadataExt::ino(&mount.folder.metadata(&relative)?);
            listing[0].inode = world.inode(path, inode);
            for entry in mount.folder.read_dir(&relative)?.take(LISTING_NAMES) {
                let entry = entry?;
                // A name that is no UTF-8 cannot be named by the guest.
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                let filetype = entry
                    .file_type()
                    .map_or(filetype::UNKNOWN, abi::filetype_of);
                let inode = world.inode(&Tree::absolute(path, &name)?, entry.ino());
                listing.push(Entry {
                    name,
                    inode,
                    filetype,
                });
            }
            listing[2..].sort_by(|one, other| one.name.cmp(&other.name));
        }
    }
    Ok(listing)
}
