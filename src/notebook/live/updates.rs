//! Who has seen which change. A reader acknowledges a revision; what carries a later one is an
//! update to that reader.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Document;
use crate::error_code::Fault;
use crate::text;

/// Readers that are remembered; of more, those are forgotten that acknowledged the earliest
/// revisions. To a forgotten reader everything is an update again.
const MOST_READERS: usize = 64;

/// What readers have acknowledged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Readers(BTreeMap<String, u64>);

impl Readers {
    /// Returns the revision that the reader has acknowledged; 0 for one who never has.
    pub(crate) fn acknowledged(&self, reader: &str) -> u64 {
        self.0.get(reader).copied().unwrap_or(0)
    }
}

impl Document {
    /// Remembers that the reader has seen everything up to the revision.
    pub(crate) fn acknowledge(&mut self, reader: &str, revision: u64) -> Result<(), Fault> {
        if revision > self.revision {
            return Err(Fault::field(
                "revision",
                format!(
                    "{revision} is still to come; the notebook is at {}",
                    self.revision
                ),
            ));
        }
        let readers = &mut self.readers.0;
        let seen = readers.entry(reader.to_owned()).or_default();
        *seen = revision.max(*seen);
        while readers.len() > MOST_READERS {
            let earliest = readers
                .iter()
                .filter(|(name, _)| *name != reader)
                .min_by_key(|(_, seen)| **seen);
            let Some(name) = earliest.map(|(name, _)| name.clone()) else {
                break;
            };
            readers.remove(&name);
        }
        Ok(())
    }
}

/// Refuses what cannot be a reader's name.
pub(crate) fn reader_name(name: &str) -> Result<&str, Fault> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(name);
    }
    Err(Fault::field(
        "reader",
        format!(
            "{:?} is no name of 1 to 64 letters, digits, dots, hyphens and underscores",
            text::line(name, 80)
        ),
    ))
}
