//! What agents name in calls: ids, numbers within bounds, pages of lists. Each is refused with its name and what is
//! allowed.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error_code::{ErrorCode, Fault};

/// The largest page of a list.
const LARGEST: u32 = 200;

/// The longest key behind which a page begins, in characters.
const LONGEST: usize = 4096;

/// Reads an id. What is no id names nothing that exists.
pub(super) fn id<T: FromStr>(text: &str, missing: ErrorCode) -> Result<T, Fault> {
    text.parse().map_err(|_| {
        let title = missing.meaning().title;
        Fault::new(
            missing,
            format!("{title} ({:?}).", crate::text::line(text, 80)),
        )
    })
}

/// Refuses a number that is not within bounds.
pub(super) fn within<T: PartialOrd + Display>(
    field: &str,
    value: T,
    bounds: RangeInclusive<T>,
) -> Result<T, Fault> {
    if bounds.contains(&value) {
        return Ok(value);
    }
    let message = format!("{value} is not from {} to {}", bounds.start(), bounds.end());
    Err(Fault::field(field, message))
}

/// Refuses a name that is empty, long, or has what no name has.
pub(super) fn name(field: &str, name: String) -> Result<String, Fault> {
    let length = name.chars().count();
    if (1..=200).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    let message = "it must have 1 to 200 characters and no control characters";
    Err(Fault::field(field, message))
}

/// Which page of a list is wanted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PageOf {
    /// How many to return; 50 when it is missing.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
    /// The `next` of the page before; nothing for the first.
    #[schemars(length(max = 4096))]
    after: Option<String>,
}

fn fifty() -> u32 {
    50
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Page<T> {
    items: Vec<T>,
    /// What `after` has to be for the next page; nothing on the last.
    next: Option<String>,
}

impl PageOf {
    /// Returns a page of so many behind a key.
    pub(super) fn new(limit: Option<u32>, after: Option<String>) -> Self {
        Self { limit, after }
    }

    /// Returns how many rows to read: one more than the page has, which tells whether there is a next.
    pub(super) fn rows(&self) -> Result<i64, Fault> {
        if self.after().chars().count() > LONGEST || self.after().contains('\0') {
            return Err(Fault::field("after", "it is no `next` of a page before"));
        }
        within("limit", self.most(), 1..=LARGEST).map(|limit| i64::from(limit) + 1)
    }

    /// Returns the key behind which the page begins; the empty text stands before all.
    pub(super) fn after(&self) -> &str {
        self.after.as_deref().unwrap_or_default()
    }

    /// Makes the page of rows that were read with [`Self::rows`].
    pub(super) fn page<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let most = self.most() as usize;
        let more = items.len() > most;
        items.truncate(most);
        let next = if more { items.last().map(key) } else { None };
        Page { items, next }
    }

    fn most(&self) -> u32 {
        self.limit.unwrap_or_else(fifty)
    }
}
