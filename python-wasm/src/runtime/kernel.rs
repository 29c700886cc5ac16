//! The guest's kernel: Python files that are part of this crate.

use std::fs;
use std::path::PathBuf;

use include_dir::{Dir, DirEntry, include_dir};

use super::RuntimeError;
use crate::cache::{self, Cache};

static GUEST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/guest");

/// Writes the kernel's files into the cache; returns their folder and digest.
pub(super) fn write(cache: &Cache) -> Result<(PathBuf, String), RuntimeError> {
    let mut files: Vec<(&str, &[u8])> = Vec::new();
    collect(&GUEST, &mut files);
    files.sort();
    let digest = cache::digest(
        files
            .iter()
            .flat_map(|(name, contents)| [name.as_bytes(), contents]),
    );
    let folder = cache.path(&format!("kernel-{digest}"));
    let fail = |source| RuntimeError::Cache {
        path: folder.clone(),
        source,
    };
    // Written again at every start: it is small, and so nothing has to be believed.
    for (name, contents) in files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|found| found == contents) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(fail)?;
        }
        fs::write(&path, contents).map_err(fail)?;
    }
    Ok((folder, digest))
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
