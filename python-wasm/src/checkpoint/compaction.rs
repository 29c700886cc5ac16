//! Which pages of older files a new state takes into its own file, so that a session needs few files
//! and little more room than its pages.
//!
//! A state's file has the pages that were new then. Later states replace some of them, so files
//! become sparse; and every state adds a file. Two rules hold against both, each time a state is
//! written, for the files that this state needs:
//!
//! - **Few files.** Files are of a class by how many bytes of them the state uses, four times as many
//!   from one class to the next. Where there are more than [`FILES_OF_A_CLASS`] of one, all of these
//!   are taken over: what becomes of them is of a higher class. So a page is taken over at most once
//!   for each of the [`CLASSES`] (the lowest costs a state at most some 64 KiB on top), and a state needs
//!   at most `FILES_OF_A_CLASS × CLASSES` files, its own, and one for each 4 MiB.
//! - **Little room.** Where the files are longer than twice what is used of them and [`SLACK`], the
//!   sparsest are taken over, at most as many bytes as the state writes itself and [`SLACK`]. What is
//!   moved is less than what comes free by it, so over time it is paid by what was replaced. A file
//!   that is too large for one state is worked off by several; meanwhile it counts with what was
//!   already moved, so there can be three times as much as is used, and not for long.
//!
//! To take a page over is to bring its compressed bytes into memory; the new file takes what is there.
//! Nothing is removed by that, and no other state notices: older ones, and forks, name the files
//! in which their pages are, and [`super::Sweeper`] removes a file when nobody does any more.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::PageTable;
use super::file::FileNumbers;
use super::page::{Page, Place};
use super::page_store::PageStore;

/// How many files of one class a state needs at most.
const FILES_OF_A_CLASS: usize = 4;
/// Classes of files: below 64 KiB, 256 KiB, 1 MiB and 4 MiB. Larger ones are not merged: there are few
/// of them for what they hold, and one state would have much to write.
const CLASSES: usize = 4;
/// Where the second class begins.
const SMALL: u64 = 64 << 10;
/// Bytes that files may be longer by than twice what is used of them, and that a state may take
/// over beside as many as it writes.
const SLACK: u64 = 1 << 20;

/// What a state uses of a file.
#[derive(Debug, Clone, Copy, Default)]
struct Use {
    /// Bytes of its pages that the state has.
    used: u64,
    /// The file's length.
    bytes: u64,
}

impl Use {
    fn class(self) -> Option<usize> {
        let class = (self.used / SMALL)
            .checked_ilog(4)
            .map_or(0, |tier| tier as usize + 1);
        (class < CLASSES).then_some(class)
    }
}

/// Returns the table with the pages in memory that its file is to take over.
pub(super) fn compacted(store: &PageStore, table: &PageTable) -> PageTable {
    let mut numbers = FileNumbers::default();
    let mut uses: Vec<Use> = Vec::new();
    let mut fresh = 0;
    let mut seen: HashSet<*const Page> = HashSet::new();
    for (_, page) in table.iter() {
        if !seen.insert(Arc::as_ptr(page)) {
            continue;
        }
        match page.place() {
            Place::Memory(compressed) => fresh += compressed.len() as u64,
            Place::File { file, bytes, .. } => {
                let number = numbers.of(&file);
                if number == uses.len() {
                    uses.push(Use {
                        used: 0,
                        bytes: file.bytes(),
                    });
                }
                uses[number].used += u64::from(bytes);
            }
        }
    }
    let mut shares = plan(&uses, fresh);
    let mut compacted = table.clone();
    if shares.iter().all(|share| *share == 0) {
        return compacted;
    }
    let mut taken: HashMap<*const Page, Arc<Page>> = HashMap::new();
    for (index, page) in table.iter() {
        let Place::File {
            file,
            offset,
            bytes,
        } = page.place()
        else {
            continue;
        };
        if let Some(page) = taken.get(&Arc::as_ptr(page)) {
            compacted.set(index, Arc::clone(page));
            continue;
        }
        // Another state may have written the page to its own file meanwhile; there it stays.
        let Some(share) = shares.get_mut(numbers.of(&file)) else {
            continue;
        };
        let Some(rest) = share.checked_sub(u64::from(bytes)) else {
            continue;
        };
        let mut compressed = vec![0; bytes as usize];
        // One that cannot be read stays where it is; whoever needs it is told.
        if file.read_at(&mut compressed, offset).is_ok() {
            *share = rest;
            let new = store.page_in_memory(page.id, compressed.into());
            compacted.set(index, Arc::clone(&new));
            taken.insert(Arc::as_ptr(page), new);
        }
    }
    compacted
}

/// Returns how many bytes of each file's pages a state takes over that writes `fresh` bytes of its own.
fn plan(files: &[Use], fresh: u64) -> Vec<u64> {
    let mut shares = vec![0; files.len()];
    let mut classes: [Vec<usize>; CLASSES] = Default::default();
    for (number, file) in files.iter().enumerate() {
        if let Some(class) = file.class() {
            classes[class].push(number);
        }
    }
    for class in classes {
        if class.len() > FILES_OF_A_CLASS {
            class
                .into_iter()
                .for_each(|number| shares[number] = files[number].used);
        }
    }
    let used: u64 = fresh + files.iter().map(|file| file.used).sum::<u64>();
    let mut bytes = fresh;
    let mut sparse: Vec<(usize, Use)> = Vec::new();
    for (number, file) in files.iter().enumerate() {
        if shares[number] == 0 {
            bytes += file.bytes;
            sparse.push((number, *file));
        } else {
            bytes += file.used;
        }
    }
    // By how much of it is used: a/b < c/d where a*d < c*b.
    let product = |one: u64, other: u64| u128::from(one) * u128::from(other);
    sparse.sort_by(|(_, a), (_, b)| product(a.used, b.bytes).cmp(&product(b.used, a.bytes)));
    let mut left = fresh + SLACK;
    for (number, file) in sparse {
        if bytes <= 2 * used + SLACK || left == 0 {
            break;
        }
        shares[number] = file.used.min(left);
        left -= shares[number];
        if shares[number] == file.used {
            bytes = bytes + file.used - file.bytes;
        }
    }
    shares
}

#[cfg(test)]
mod tests;
