//! The seal of a folder in the cache: its files' names, sizes and times under a MAC.
//!
//! The files are read by guests alone and never run by the host, so their contents are not read
//! at every start; a file that is missing, cut or was written again is found.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::cache::Cache;

/// Tells whether the folder is there and as it was sealed.
pub(super) fn is_intact(cache: &Cache, name: &str) -> io::Result<bool> {
    let folder = cache.path(name);
    let sealed = match fs::read_to_string(cache.path(&format!("{name}.seal"))) {
        Ok(sealed) => sealed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if !folder.is_dir() {
        return Ok(false);
    }
    let Ok(sealed) = blake3::Hash::from_hex(sealed.trim()) else {
        return Ok(false);
    };
    Ok(cache.mac_of(&listing(&folder)?) == sealed)
}

/// Seals the folder as it is.
pub(super) fn seal(cache: &Cache, name: &str) -> io::Result<()> {
    let mac = cache.mac_of(&listing(&cache.path(name))?);
    let seal = tempfile::NamedTempFile::new_in(cache.folder())?;
    fs::write(seal.path(), mac.to_hex().as_bytes())?;
    seal.persist(cache.path(&format!("{name}.seal")))
        .map_err(|error| error.error)?;
    Ok(())
}

/// Removes the folder and its seal.
pub(super) fn discard(cache: &Cache, name: &str) -> io::Result<()> {
    for gone in [
        fs::remove_file(cache.path(&format!("{name}.seal"))),
        fs::remove_dir_all(cache.path(name)),
    ] {
        match gone {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn listing(folder: &Path) -> io::Result<Vec<u8>> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(current) = open.pop() {
        for entry in fs::read_dir(&current)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            let path = entry.path();
            if metadata.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap_or(&path)
                    .display()
                    .to_string();
                lines.push(format!(
                    "{name}\0{}\0{}.{}\n",
                    metadata.size(),
                    metadata.mtime(),
                    metadata.mtime_nsec()
                ));
            }
        }
    }
    lines.sort();
    Ok(lines.concat().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_cut_or_new_file_breaks_the_seal() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let tree = cache.path("tree");
        let make = || {
            fs::create_dir_all(tree.join("a/b")).unwrap();
            fs::write(tree.join("a/b/c.py"), "x = 1").unwrap();
            seal(&cache, "tree").unwrap();
            assert!(is_intact(&cache, "tree").unwrap());
        };
        assert!(!is_intact(&cache, "tree").unwrap());
        make();
        fs::write(tree.join("a/b/c.py"), "x = ").unwrap();
        assert!(!is_intact(&cache, "tree").unwrap());
        make();
        fs::write(tree.join("a/new.py"), "").unwrap();
        assert!(!is_intact(&cache, "tree").unwrap());
        discard(&cache, "tree").unwrap();
        make();
        fs::remove_file(tree.join("a/b/c.py")).unwrap();
        assert!(!is_intact(&cache, "tree").unwrap());
    }
}
