//! What lies in a folder, a page at a time.

use std::collections::BTreeMap;

use cap_std::fs::{Dir, Metadata, MetadataExt as _};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use super::path::FilePath;
use super::refusal;
use super::tree::{Kind, version};
use super::walk::Walk;
use crate::error_code::Fault;

/// The media type of notebooks, which no list of endings has.
const NOTEBOOK: &str = "application/x-ipynb+json";

/// Something that lies in a project.
#[derive(Debug, Clone, Serialize, ToSchema, JsonSchema)]
pub(crate) struct Entry {
    /// The path inside the project. What is no UTF-8 in a name that a guest made is replaced.
    path: String,
    name: String,
    kind: Kind,
    /// Bytes; 0 for what is no file.
    size: u64,
    /// RFC 3339, UTC. A guest may set it to anything; what is outside of the years 1970 to 9999 is
    /// shown as 1970.
    modified: String,
    /// The media type that the name's ending stands for. Nobody has looked into the file.
    media_type: Option<String>,
    /// The file's ETag, without the quotes.
    version: Option<String>,
}

impl Entry {
    pub(crate) fn new(path: &str, metadata: &Metadata) -> Self {
        let kind = Kind::of(metadata);
        let file = kind == Kind::File;
        let name = path.rsplit('/').next().unwrap_or(path);
        Self {
            path: path.to_owned(),
            name: name.to_owned(),
            kind,
            size: if file { metadata.len() } else { 0 },
            modified: modified(metadata),
            media_type: file
                .then(|| media_type(name))
                .map(|media_type| media_type.to_string()),
            version: file.then(|| version(metadata)),
        }
    }

    /// Returns the path inside the project.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the last name of the path.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether it is a regular file.
    pub(crate) fn is_file(&self) -> bool {
        self.kind == Kind::File
    }

    /// Tells whether it is a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.kind == Kind::Folder
    }

    /// Returns its bytes; 0 for what is no file.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Returns when it was modified, in UTC.
    pub(crate) fn modified(&self) -> &str {
        &self.modified
    }

    /// Returns the media type that the name's ending stands for.
    pub(crate) fn media_type(&self) -> Option<&str> {
        self.media_type.as_deref()
    }

    /// Returns a file's ETag, without the quotes.
    pub(crate) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
}

/// Returns the media type that a name's ending stands for.
pub(crate) fn media_type(name: &str) -> mime_guess::Mime {
    if name.ends_with(".ipynb") {
        return NOTEBOOK.parse().expect("it is a media type");
    }
    mime_guess::from_path(name).first_or_octet_stream()
}

/// Returns when a file was modified.
fn modified(metadata: &Metadata) -> String {
    let nanoseconds = i32::try_from(metadata.mtime_nsec()).unwrap_or(0);
    let time = jiff::Timestamp::new(metadata.mtime(), nanoseconds)
        .ok()
        .filter(|time| *time >= jiff::Timestamp::UNIX_EPOCH)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{time:.6}")
}

/// Returns the first `most` entries of a folder behind the path `after`, sorted by path; with
/// `deep` also those in its folders. No more than these are held, however many there are.
pub(crate) fn list(
    folder: Dir,
    path: &FilePath,
    deep: bool,
    after: &str,
    most: usize,
) -> Result<Vec<Entry>, Fault> {
    let mut kept = BTreeMap::new();
    for found in Walk::new(folder, deep) {
        let found = found.map_err(refusal::own)?;
        let inside = found.path.to_string_lossy();
        let path = if path.is_root() {
            inside.into_owned()
        } else {
            format!("{}/{inside}", path.as_str())
        };
        let wanted =
            kept.len() < most || kept.last_key_value().is_some_and(|(last, _)| path < *last);
        if path.as_str() <= after || !wanted {
            continue;
        }
        // What went away meanwhile is not listed.
        let Ok(metadata) = found.metadata() else {
            continue;
        };
        let entry = Entry::new(&path, &metadata);
        kept.insert(path, entry);
        if kept.len() > most {
            kept.pop_last();
        }
    }
    Ok(kept.into_values().collect())
}
