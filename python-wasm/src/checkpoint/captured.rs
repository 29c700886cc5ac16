//! Pages copied out of a session's memory.

use std::collections::HashMap;
use std::sync::Mutex;

use super::About;
use crate::memory::PAGE;

/// Buffers that wait to be used again: a new one would cost a page fault for every page copied.
static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
/// More buffers, or larger ones, are given back to the system.
const SPARE_BUFFERS: usize = 8;
const SPARE_BYTES: usize = 8 << 20;

/// What was copied out of a session's memory: the pages written since its last checkpoint.
pub(crate) struct Captured {
    pub(crate) about: About,
    pub(crate) indices: Vec<u32>,
    /// The pages' bytes, one after the other.
    pub(crate) bytes: Vec<u8>,
}

impl Captured {
    /// Returns room for so many pages.
    pub(crate) fn with_room(about: About, pages: usize) -> Self {
        let spare = SPARE.lock().expect("no holder panics").pop();
        let mut bytes = spare.unwrap_or_default();
        bytes.reserve(pages * PAGE);
        Self {
            about,
            indices: Vec::with_capacity(pages),
            bytes,
        }
    }

    /// Goes on to the state of a later capture.
    pub(crate) fn absorb(&mut self, later: &Self) {
        self.about = later.about.clone();
        let known = self.indices.iter().enumerate();
        let slots: HashMap<u32, usize> = known.map(|(slot, index)| (*index, slot)).collect();
        for (index, page) in later.pages() {
            match slots.get(&index) {
                Some(slot) => self.bytes[slot * PAGE..][..PAGE].copy_from_slice(page),
                None => {
                    self.indices.push(index);
                    self.bytes.extend_from_slice(page);
                }
            }
        }
    }

    /// Returns the pages with their numbers.
    pub(crate) fn pages(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.indices
            .iter()
            .copied()
            .zip(self.bytes.chunks_exact(PAGE))
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        let mut spare = SPARE.lock().expect("no holder panics");
        if spare.len() < SPARE_BUFFERS && bytes.capacity() <= SPARE_BYTES {
            spare.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(execution_count: u64, pages: &[(u32, u8)]) -> Captured {
        let about = About {
            image: String::new(),
            memory_bytes: 0,
            open: vec![],
            clock: std::time::Duration::ZERO,
            fuel_used: 0,
            execution_count,
        };
        let mut captured = Captured::with_room(about, pages.len());
        for (index, byte) in pages {
            captured.indices.push(*index);
            captured.bytes.extend_from_slice(&[*byte; PAGE]);
        }
        captured
    }

    #[test]
    fn of_a_page_captured_twice_the_later_one_counts() {
        let mut first = captured(1, &[(4, 1), (9, 1)]);
        first.absorb(&captured(2, &[(2, 2), (9, 2)]));
        let pages: Vec<(u32, u8)> = first
            .pages()
            .map(|(index, page)| (index, page[7]))
            .collect();
        assert_eq!(pages, [(4, 1), (9, 2), (2, 2)]);
        assert_eq!(first.about.execution_count, 2);
    }
}
