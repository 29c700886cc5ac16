//! A session's state, frozen for its forks to share.

use std::sync::Arc;

use super::dirty::PageRun;
use super::{GuestMemory, ImageFile, MemoryError};

/// Mappings that one layer may take; a process has some 65,000 of them for all its sessions.
const RUNS: usize = 128;

/// The pages in which a memory differs from its image, in a sealed file of their own. Forks map
/// them copy-on-write over the image, so a second fork of the same state copies nothing, and
/// forks share what they do not write.
pub(crate) struct Layer {
    pub(super) file: ImageFile,
    /// What the file holds, in ascending order: all that differs, and a little that does not.
    pub(super) runs: Vec<PageRun>,
}

impl Layer {
    /// Freezes the state of a memory.
    ///
    /// # Safety
    /// No guest code runs on the memory.
    pub(crate) unsafe fn of(memory: &GuestMemory) -> Result<Arc<Self>, MemoryError> {
        let runs = joined(memory.differing()?, RUNS);
        let parts = runs.iter().map(|run| {
            // SAFETY: the caller's promise.
            (run.byte_range().0, unsafe { memory.pages(*run) })
        });
        let file = ImageFile::sealed(memory.len(), parts)?;
        Ok(Arc::new(Self { file, runs }))
    }

    /// Tells whether the layer holds this page.
    pub(super) fn holds(&self, index: u32) -> bool {
        let after = self.runs.partition_point(|run| run.first <= index);
        after > 0 && self.runs[after - 1].indices().contains(&index)
    }
}

/// Returns runs in ascending order, joined over the smallest gaps until there are at most `most`.
fn joined(mut runs: Vec<PageRun>, most: usize) -> Vec<PageRun> {
    runs.sort_unstable_by_key(|run| run.first);
    let mut gap = 0;
    loop {
        let mut wider: Vec<PageRun> = Vec::new();
        for run in &runs {
            match wider.last_mut() {
                Some(last) if run.first <= last.indices().end + gap => {
                    last.count = last.indices().end.max(run.indices().end) - last.first;
                }
                _ => wider.push(*run),
            }
        }
        if wider.len() <= most {
            return wider;
        }
        runs = wider;
        gap = gap * 2 + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{DirtyTracking, PAGE};

    fn run(first: u32, count: u32) -> PageRun {
        PageRun { first, count }
    }

    #[test]
    fn runs_are_joined_over_the_smallest_gaps() {
        let runs = vec![run(20, 2), run(0, 2), run(3, 1), run(22, 1), run(21, 4)];
        assert_eq!(joined(runs.clone(), 3), [run(0, 2), run(3, 1), run(20, 5)]);
        assert_eq!(joined(runs.clone(), 2), [run(0, 4), run(20, 5)]);
        assert_eq!(joined(runs, 1), [run(0, 25)]);
        assert_eq!(joined(vec![], 1), []);
    }

    fn page(memory: &GuestMemory, index: u32) -> u8 {
        // SAFETY: nothing else uses this memory.
        unsafe { memory.pages(run(index, 1))[9] }
    }

    #[test]
    fn forks_share_a_layer_and_go_their_own_ways() {
        let image = Arc::new(ImageFile::sealed(8 * PAGE, [(0, &[7; 8 * PAGE][..])]).unwrap());
        let tracking = DirtyTracking::detect().unwrap();
        let parent = GuestMemory::of(Arc::clone(&image), tracking.clone()).unwrap();
        parent.set_len(16 * PAGE).unwrap();
        // SAFETY: nothing else uses these memories.
        let (layer, fork) = unsafe {
            parent.write_page(1, &[1; PAGE]);
            parent.write_page(12, &[1; PAGE]);
            let layer = Layer::of(&parent).unwrap();
            parent.write_page(1, &[2; PAGE]);
            let fork = GuestMemory::on(Arc::clone(&layer), image, tracking.clone()).unwrap();
            fork.write_page(12, &[3; PAGE]);
            (layer, fork)
        };
        assert_eq!((page(&parent, 1), page(&parent, 12)), (2, 1));
        assert_eq!((page(&fork, 0), page(&fork, 1), page(&fork, 12)), (7, 1, 3));
        assert!(layer.holds(1) && layer.holds(12) && !layer.holds(0) && !layer.holds(13));
        assert_eq!(fork.private_pages().unwrap(), [run(12, 1)]);
        assert_eq!(fork.take_written().unwrap(), [run(12, 1)]);
        // What the layer holds differs from the image, whether the fork wrote it or not.
        let differing: Vec<u32> = fork
            .differing()
            .unwrap()
            .into_iter()
            .flat_map(PageRun::indices)
            .collect();
        assert!(differing.contains(&1) && differing.contains(&12));
        // The way back leads to the image, not to the layer.
        // SAFETY: as above.
        unsafe { fork.revert(run(0, 16)) }.unwrap();
        assert_eq!((page(&fork, 1), page(&fork, 12)), (7, 0));
        // Memory that was given back is zero when it is had again.
        let second = GuestMemory::on(layer, Arc::clone(&fork.image), tracking).unwrap();
        second.set_len(8 * PAGE).unwrap();
        second.set_len(16 * PAGE).unwrap();
        assert_eq!((page(&second, 1), page(&second, 12)), (1, 0));
    }
}
