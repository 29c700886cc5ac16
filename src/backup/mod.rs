//! Copies of the data folder, made while the service runs, and brought back where it was lost.
//!
//! A backup is a folder with the files as they are in the data folder, the database as one file, and a
//! manifest with a digest of each. Files that did not change since the backup before are shared with it
//! (hard links), so that each is whole and takes what is new.

mod create;
mod restore;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

pub(crate) use create::create;
pub(crate) use restore::{restore, verify};

const MANIFEST: &str = "manifest.json";
/// The form of backups that this version writes and reads.
const FORMAT: u32 = 1;
const DATABASE: &str = "cellblock.db";

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: u32,
    /// The version of the program that made it.
    version: String,
    made_at: String,
    /// By their paths from the backup's folder.
    files: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    bytes: u64,
    blake3: String,
}

impl Manifest {
    fn of(backup: &Path) -> Result<Self> {
        let path = backup.join(MANIFEST);
        let text = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let manifest: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged", path.display()))?;
        if manifest.format != FORMAT {
            bail!(
                "{} has form {}, and this version reads {FORMAT}; use the version {} that made it",
                path.display(),
                manifest.format,
                manifest.version
            );
        }
        for name in manifest.files.keys() {
            let path = Path::new(name);
            let inside = |part| matches!(part, std::path::Component::Normal(_));
            if !path.components().all(inside) {
                bail!("the manifest names {name:?}, which is not inside of the backup");
            }
        }
        Ok(manifest)
    }
}

/// Returns the backups in a folder, the oldest first, with their numbers. Their order is that of the numbers:
/// clocks are set.
fn backups(folder: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("{} cannot be read", folder.display()))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("{} cannot be read", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.split_once('-').map(|(number, _)| number.parse());
        if let Some(Ok(number)) = number
            && entry.path().join(MANIFEST).is_file()
        {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Copies what `from` has to `to` and returns what it was.
fn copied(from: &mut impl Read, to: &mut impl io::Write) -> io::Result<Entry> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
    Ok(Entry {
        bytes,
        blake3: hasher.finalize().to_string(),
    })
}
