//! Long lists, a page at a time.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error_code::Fault;

/// The largest page.
const LARGEST: u32 = 1000;

/// The longest key behind which a page begins, in characters.
const LONGEST: usize = 4096;

/// Which page of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many to return, from 1 to 1000.
    #[serde(default = "fifty")]
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: u32,
    /// The `next` of the page before; nothing for the first.
    #[param(max_length = 4096, pattern = "^[^\\u0000]*$")]
    after: Option<String>,
}

fn fifty() -> u32 {
    50
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    items: Vec<T>,
    /// What `after` has to be for the next page; nothing on the last.
    next: Option<String>,
}

impl PageQuery {
    /// Returns the query of an address that has more parameters than these two.
    pub(crate) fn new(limit: Option<u32>, after: Option<String>) -> Self {
        Self {
            limit: limit.unwrap_or_else(fifty),
            after,
        }
    }

    /// Returns how many rows to read: one more than the page has, which tells whether there is a next.
    pub(crate) fn rows(&self) -> Result<i64, Fault> {
        if self.after().chars().count() > LONGEST || self.after().contains('\0') {
            return Err(Fault::field("after", "it is no `next` of a page before"));
        }
        if (1..=LARGEST).contains(&self.limit) {
            Ok(i64::from(self.limit) + 1)
        } else {
            Err(Fault::field(
                "limit",
                format!("{} is not from 1 to {LARGEST}", self.limit),
            ))
        }
    }

    /// Returns the key behind which the page begins; the empty text stands before all.
    pub(crate) fn after(&self) -> &str {
        self.after.as_deref().unwrap_or_default()
    }

    /// Makes the page of rows that were read with [`Self::rows`].
    pub(crate) fn page<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let more = items.len() > self.limit as usize;
        items.truncate(self.limit as usize);
        let next = if more { items.last().map(key) } else { None };
        Page { items, next }
    }
}
