//! The guest's kernel: Python files that are part of this crate.

use std::fs;
use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};

use super::RuntimeError;
use crate::cache;

static GUEST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/guest");

/// Returns the digest of the kernel's files.
pub(super) fn digest() -> String {
    cache::digest(
        files()
            .iter()
            .flat_map(|(name, contents)| [name.as_bytes(), contents]),
    )
}

/// Writes the kernel's files into the folder.
pub(super) fn write(folder: &Path) -> Result<(), RuntimeError> {
    let fail = |source| RuntimeError::Cache {
        path: folder.into(),
        source,
    };
    // Written again at every start: it is small, and so nothing has to be believed.
    for (name, contents) in files() {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|found| found == contents) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(fail)?;
        }
        fs::write(&path, contents).map_err(fail)?;
    }
    Ok(())
}

fn files() -> Vec<(&'static str, &'static [u8])> {
    let mut files = Vec::new();
    collect(&GUEST, &mut files);
    files.sort();
    files
}

fn collect(folder: &'static Dir<'static>, files: &mut Vec<(&'static str, &'static [u8])>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => collect(inner, files),
            DirEntry::File(file) => {
                if let Some(name) = file.path().to_str().filter(|name| name.ends_with(".py")) {
                    files.push((name, file.contents()));
                }
            }
        }
    }
}
