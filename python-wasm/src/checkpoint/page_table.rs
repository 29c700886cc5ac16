//! Which pages a checkpoint has, shared with the checkpoints before it.

use std::sync::Arc;

use super::Page;

const SLOTS: usize = 64;

type Chunk = [Option<Arc<Page>>; SLOTS];

/// A sparse list of pages by page number. Clones share every part that does not differ, so a
/// long history costs what changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageTable {
    chunks: Vec<Option<Arc<Chunk>>>,
}

impl PageTable {
    pub(crate) fn get(&self, index: u32) -> Option<&Arc<Page>> {
        let chunk = self.chunks.get(index as usize / SLOTS)?.as_ref()?;
        chunk[index as usize % SLOTS].as_ref()
    }

    pub(crate) fn set(&mut self, index: u32, page: Arc<Page>) {
        let at = index as usize / SLOTS;
        if at >= self.chunks.len() {
            self.chunks.resize(at + 1, None);
        }
        let chunk = self.chunks[at].get_or_insert_with(|| Arc::new([const { None }; SLOTS]));
        Arc::make_mut(chunk)[index as usize % SLOTS] = Some(page);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Arc<Page>)> {
        self.chunks
            .iter()
            .enumerate()
            .filter_map(|(at, chunk)| Some((at, chunk.as_ref()?)))
            .flat_map(|(at, chunk)| {
                chunk.iter().enumerate().filter_map(move |(slot, page)| {
                    Some(((at * SLOTS + slot) as u32, page.as_ref()?))
                })
            })
    }

    /// Returns the numbers of the pages in which the two differ.
    pub(crate) fn differing(&self, other: &Self) -> Vec<u32> {
        let mut differing = Vec::new();
        for at in 0..self.chunks.len().max(other.chunks.len()) {
            let (ours, theirs) = (chunk(self, at), chunk(other, at));
            if let (Some(ours), Some(theirs)) = (ours, theirs)
                && Arc::ptr_eq(ours, theirs)
            {
                continue;
            }
            for slot in 0..SLOTS {
                let id = |chunk: Option<&Arc<Chunk>>| {
                    chunk
                        .and_then(|chunk| chunk[slot].as_ref())
                        .map(|page| page.id)
                };
                if id(ours) != id(theirs) {
                    differing.push((at * SLOTS + slot) as u32);
                }
            }
        }
        differing
    }
}

fn chunk(table: &PageTable, at: usize) -> Option<&Arc<Chunk>> {
    table.chunks.get(at)?.as_ref()
}
