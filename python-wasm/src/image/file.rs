//! An image on disk: a sealed file with a JSON head and the pages that are not empty.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cache;
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
    /// What it was made with.
    made_with: MadeWith,
    /// Digest of all above but what it was made with, and of the bytes.
    #[serde(default)]
    contents: String,
    /// Offset and length of each run of bytes that follows.
    runs: Vec<(usize, usize)>,
}

/// What an image needs besides its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MadeWith {
    /// Digest of the runtime.
    pub(crate) runtime: String,
    /// Name of the folder with its own packages.
    pub(crate) packages: Option<String>,
}

/// What an image's file holds.
pub(super) struct Contents {
    pub(super) file: Result<ImageFile, MemoryError>,
    pub(super) flags: InterruptFlags,
    pub(super) open: Vec<OpenState>,
    pub(super) serve: u32,
    /// Digest of all that.
    pub(super) digest: String,
}

/// Returns the parts of an image's file.
pub(super) fn parts<'m>(
    memory: &'m [u8],
    flags: &InterruptFlags,
    open: Vec<OpenState>,
    serve: u32,
    made_with: MadeWith,
) -> (Vec<u8>, Vec<&'m [u8]>) {
    let runs = nonzero(memory);
    let mut head = Head {
        memory_bytes: memory.len(),
        flags: flags.clone(),
        open,
        serve,
        made_with,
        runs: runs
            .iter()
            .map(|(offset, bytes)| (*offset, bytes.len()))
            .collect(),
        contents: String::new(),
    };
    head.contents = digest(&head, &runs);
    let head = serde_json::to_vec(&head).expect("a head is writable");
    let mut start = (head.len() as u64).to_le_bytes().to_vec();
    start.extend_from_slice(&head);
    (start, runs.into_iter().map(|(_, bytes)| bytes).collect())
}

/// Returns the digest of what sessions get from an image.
fn digest(head: &Head, runs: &[(usize, &[u8])]) -> String {
    let about = (
        head.memory_bytes,
        &head.flags,
        &head.open,
        head.serve,
        &head.runs,
    );
    let about = serde_json::to_vec(&about).expect("a head is writable");
    cache::digest(std::iter::once(&about[..]).chain(runs.iter().map(|(_, bytes)| *bytes)))
}

/// Reads an image's file, whose seal was checked; `None` when its parts do not fit together.
pub(super) fn read(mut file: File) -> std::io::Result<Option<Contents>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(split(&bytes))
}

/// Bytes that a head may have; real ones have some hundred thousand.
const HEAD_BYTES: u64 = 64 << 20;

/// Reads what an image was made with, without a look at the rest; `None` when its head is none of
/// this build's.
pub(crate) fn made_with(path: &Path) -> Option<MadeWith> {
    let mut file = File::open(path).ok()?;
    let mut len = [0; 8];
    file.read_exact(&mut len).ok()?;
    let len = Some(u64::from_le_bytes(len)).filter(|len| *len <= HEAD_BYTES)?;
    let mut head = Vec::new();
    file.take(len).read_to_end(&mut head).ok()?;
    let head: Head = serde_json::from_slice(&head).ok()?;
    Some(head.made_with)
}

fn split(bytes: &[u8]) -> Option<Contents> {
    let (len, rest) = bytes.split_first_chunk::<8>()?;
    let (head, mut rest) =
        rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)?;
    let head: Head = serde_json::from_slice(head).ok()?;
    // Those that do not say are of an earlier build.
    if head.contents.is_empty()
        || head.memory_bytes > MAXIMUM_BYTES
        || !head.memory_bytes.is_multiple_of(PAGE)
    {
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
        digest: head.contents,
    })
}

/// Returns the file of an empty image that was made with these.
#[cfg(test)]
pub(crate) fn head_of(runtime: &str, packages: &str) -> Vec<u8> {
    let made_with = MadeWith {
        runtime: runtime.into(),
        packages: Some(packages.into()),
    };
    parts(&[], &InterruptFlags(Vec::new()), Vec::new(), 0, made_with).0
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
        let made = MadeWith {
            runtime: "r".into(),
            packages: None,
        };
        let (head, runs) = parts(&memory, &flags, Vec::new(), 9, made.clone());
        let mut bytes = head;
        runs.iter().for_each(|run| bytes.extend_from_slice(run));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        assert_eq!(made_with(file.path()), Some(made));
        let read = split(&bytes).unwrap();
        assert_eq!((read.file.unwrap().bytes(), read.flags), (8 * PAGE, flags));
        assert!(split(&bytes[..bytes.len() - 1]).is_none());
        assert!(split(&[0xff; 8]).is_none());
        let lying = br#"{"memory_bytes":4096,"flags":[],"open":[],"serve":9,"made_with":{"runtime":"r"},"runs":[[4096,1]],"contents":"c"}"#;
        let mut bytes = (lying.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(lying);
        bytes.push(0);
        assert!(split(&bytes).is_none());
    }
}
