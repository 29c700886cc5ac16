//! What differs from one run to the next: random bytes, and what files are besides their contents.
//!
//! Sessions see it as it is. Images are built in a world that is always the same, so that one that is built
//! again, here or on another machine, is the same to the byte: the states of sessions refer to its pages.

use super::errno::Errno;

/// Where random bytes, times and inodes come from.
pub(crate) enum World {
    /// As they are.
    Real,
    /// The same in every run.
    Fixed {
        /// Calls for random bytes so far.
        drawn: u64,
    },
}

/// When every file was written, in nanoseconds: 2020-01-01.
const WRITTEN: u64 = 1_577_836_800_000_000_000;

impl World {
    /// Returns the world in which images are built.
    pub(crate) fn fixed() -> Self {
        Self::Fixed { drawn: 0 }
    }

    /// Fills `bytes` with random ones.
    pub(super) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        match self {
            Self::Real => getrandom::fill(bytes).map_err(|_| Errno::IO),
            Self::Fixed { drawn } => {
                let seed = drawn.to_le_bytes();
                blake3::Hasher::new_derive_key("cellblock 2026-11 image random")
                    .update(&seed)
                    .finalize_xof()
                    .fill(bytes);
                *drawn += 1;
                Ok(())
            }
        }
    }

    /// Returns the inode that the guest sees of what is at an absolute path.
    pub(super) fn inode(&self, path: &str, inode: u64) -> u64 {
        match self {
            Self::Real => inode,
            Self::Fixed { .. } => {
                let hash = blake3::hash(path.as_bytes());
                u64::from_le_bytes(*hash.as_bytes().first_chunk().expect("it has 32 bytes"))
            }
        }
    }

    /// Returns the size that the guest sees of a folder; what the host says depends on its file system.
    pub(super) fn folder_bytes(&self, bytes: u64) -> u64 {
        match self {
            Self::Real => bytes,
            Self::Fixed { .. } => 0,
        }
    }

    /// Returns when the guest sees a file read, written and changed.
    pub(super) fn times(&self, times: [u64; 3]) -> [u64; 3] {
        match self {
            Self::Real => times,
            Self::Fixed { .. } => [WRITTEN; 3],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_world_repeats_itself_from_the_start_and_not_within() {
        let draw = |world: &mut World| {
            let mut bytes = [0; 16];
            world.fill(&mut bytes).unwrap();
            bytes
        };
        let (mut one, mut other) = (World::fixed(), World::fixed());
        let (first, second) = (draw(&mut one), draw(&mut one));
        assert_ne!(first, second);
        assert_eq!([first, second], [draw(&mut other), draw(&mut other)]);
        assert_ne!(one.inode("/a", 1), one.inode("/b", 1));
        assert_eq!(one.times([1, 2, 3]), other.times([4, 5, 6]));
        // The control: the real one is as it is.
        let mut real = World::Real;
        assert_ne!(draw(&mut real), draw(&mut World::Real));
        assert_eq!((real.inode("/a", 1), real.times([1, 2, 3])), (1, [1, 2, 3]));
    }
}
