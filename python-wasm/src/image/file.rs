//! An image on disk: a sealed file with a JSON head and the pages that are not empty.

use std::fs::File;
use std::io::{Read, Seek};

use serde::{Deserialize, Serialize};

use crate::memory::{ImageFile, MAXIMUM_BYTES, MemoryError, PAGE};
use crate::runtime::nonzero;
use crate::session::InterruptFlags;
use crate::wasi::OpenState;

#[derive(Serialize, Deserialize)]
struct Head {
    memory_bytes: usize,
    flags: InterruptFlags,
    /// Files that the packages keep open.
    open: Vec<OpenState>,
    /// Address of the kernel's function that serves a request.
    serve: u32,
    /// Offset and length of each run of bytes that follows.
    runs: Vec<(usize, usize)>,
}

/// What an image's file holds.
pub(super) struct Contents {
    pub(super) file: Result<ImageFile, MemoryError>,
    pub(super) flags: InterruptFlags,
    pub(super) open: Vec<OpenState>,
    pub(super) serve: u32,
}

/// Returns the parts of an image's file.
pub(super) fn parts<'m>(
    memory: &'m [u8],
    flags: &InterruptFlags,
    open: Vec<OpenState>,
    serve: u32,
) -> (Vec<u8>, Vec<&'m [u8]>) {
    let runs = nonzero(memory);
    let head = Head {
        memory_bytes: memory.len(),
        flags: flags.clone(),
        open,
        serve,
        runs: runs
            .iter()
            .map(|(offset, bytes)| (*offset, bytes.len()))
            .collect(),
    };
    let head = serde_json::to_vec(&head).expect("a head is writable");
    let mut start = (head.len() as u64).to_le_bytes().to_vec();
    start.extend_from_slice(&head);
    (start, runs.into_iter().map(|(_, bytes)| bytes).collect())
}

/// Reads an image's file, whose seal was checked; `None` when its parts do not fit together.
pub(super) fn read(mut file: File) -> std::io::Result<Option<Contents>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(split(&bytes))
}

fn split(bytes: &[u8]) -> Option<Contents> {
    let (len, rest) = bytes.split_first_chunk::<8>()?;
    let (head, mut rest) =
        rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)?;
    let head: Head = serde_json::from_slice(head).ok()?;
    if head.memory_bytes > MAXIMUM_BYTES || !head.memory_bytes.is_multiple_of(PAGE) {
        return None;
    }
    let mut runs = Vec::with_capacity(head.runs.len());
    for (offset, len) in head.runs {
        if offset.checked_add(len)? > head.memory_bytes {
            return None;
        }
        let (run, after) = rest.split_at_checked(len)?;
        runs.push((offset, run));
        rest = after;
    }
    Some(Contents {
        file: ImageFile::sealed(head.memory_bytes, runs),
        flags: head.flags,
        open: head.open,
        serve: head.serve,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_reads_back_and_refuses_parts_that_do_not_fit() {
        let mut memory = vec![0u8; 8 * PAGE];
        memory[PAGE] = 1;
        memory[5 * PAGE + 3] = 2;
        let flags = InterruptFlags(vec![(7, 1)]);
        let (head, runs) = parts(&memory, &flags, Vec::new(), 9);
        let mut bytes = head;
        runs.iter().for_each(|run| bytes.extend_from_slice(run));
        let read = split(&bytes).unwrap();
        assert_eq!((read.file.unwrap().bytes(), read.flags), (8 * PAGE, flags));
        assert!(split(&bytes[..bytes.len() - 1]).is_none());
        assert!(split(&[0xff; 8]).is_none());
        let lying = br#"{"memory_bytes":4096,"flags":[],"open":[],"serve":9,"runs":[[4096,1]]}"#;
        let mut bytes = (lying.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(lying);
        bytes.push(0);
        assert!(split(&bytes).is_none());
    }
}
