//! Holding the files of a store against sweeps, for whoever copies them.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::file::ENDING;

/// The checkpoints that a store's folder had: no sweep removes one while this lives.
#[derive(Debug)]
#[must_use = "nothing is held after it is dropped"]
pub struct Held {
    _files: Vec<File>,
}

impl Held {
    /// Holds every checkpoint in `folder`; one that a sweep is removing just now is not there any more.
    ///
    /// # Errors
    /// When the folder cannot be listed, or a file not opened and locked. A folder that is not there holds nothing.
    pub fn all(folder: impl AsRef<Path>) -> io::Result<Self> {
        let mut files = Vec::new();
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { _files: files });
            }
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if !entry.file_name().to_string_lossy().ends_with(ENDING) {
                continue;
            }
            match File::open(entry.path()) {
                Ok(file) => {
                    file.lock_shared()?;
                    files.push(file);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { _files: files })
    }
}
