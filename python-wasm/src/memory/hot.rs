//! Pages that every cell writes.
//!
//! A watched page costs a fault at its next write. The interpreter's own counters and free lists
//! are written by every cell, so they are left unwatched: they count as written, and are copied
//! each time, which is far cheaper than the fault.

use std::collections::HashSet;

use super::PageRun;

/// More pages than these are not kept unwatched.
const HOT_PAGES: usize = 1024;
/// After so many looks all pages are watched anew, so that a page that went cold is noticed.
const RENEWAL: u32 = 32;

/// What is to be watched from now on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// Every page of the memory.
    All,
    /// These pages; the others that were written stay unwatched.
    Some(Vec<PageRun>),
}

/// The pages written between the last two looks.
#[derive(Default)]
pub(super) struct HotPages {
    last: HashSet<u32>,
    looks: u32,
}

impl HotPages {
    /// Takes these pages as written before the first look.
    pub(super) fn expect(&mut self, runs: &[PageRun]) {
        self.last = runs.iter().copied().flat_map(PageRun::indices).collect();
    }

    /// Takes note of the pages written since the last look.
    pub(super) fn look(&mut self, written: &[PageRun]) -> Watch {
        let pages: HashSet<u32> = written.iter().copied().flat_map(PageRun::indices).collect();
        self.looks += 1;
        let mut cold: Vec<u32> = pages.difference(&self.last).copied().collect();
        if self.looks >= RENEWAL || pages.len() > HOT_PAGES {
            *self = Self::default();
            return Watch::All;
        }
        let mostly_new = cold.len() * 2 > pages.len();
        self.last = pages;
        if mostly_new {
            return Watch::All;
        }
        cold.sort_unstable();
        let mut runs: Vec<PageRun> = Vec::new();
        for first in cold {
            PageRun { first, count: 1 }.append(&mut runs);
        }
        Watch::Some(runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u32, count: u32) -> PageRun {
        PageRun { first, count }
    }

    #[test]
    fn pages_written_twice_in_a_row_are_left_alone_until_the_renewal() {
        let mut hot = HotPages::default();
        assert_eq!(hot.look(&[run(0, 4)]), Watch::All);
        assert_eq!(hot.look(&[run(0, 4)]), Watch::Some(vec![]));
        assert_eq!(
            hot.look(&[run(0, 4), run(9, 1)]),
            Watch::Some(vec![run(9, 1)])
        );
        for _ in 3..RENEWAL - 1 {
            assert_eq!(hot.look(&[run(0, 4)]), Watch::Some(vec![]));
        }
        assert_eq!(hot.look(&[run(0, 4)]), Watch::All);
    }

    #[test]
    fn a_large_change_is_watched_whole() {
        let mut hot = HotPages::default();
        let large = run(0, HOT_PAGES as u32 + 1);
        assert_eq!(hot.look(&[large]), Watch::All);
        assert_eq!(hot.look(&[large]), Watch::All);
    }
}
