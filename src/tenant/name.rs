//! Names that people give to tenants, users and keys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest a name may be, in characters.
const LONGEST: usize = 64;

/// A name of 1 to 64 characters: no control characters, none that turn the direction of text
/// around, no blanks at its ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 64, example = "ada")]
pub(crate) struct Name(String);

impl Name {
    /// Returns the name's text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if !(1..=LONGEST).contains(&length) {
            return Err(format!(
                "a name has 1 to {LONGEST} characters, this one {length}"
            ));
        }
        if text.trim() != text {
            return Err("a name neither begins nor ends with a blank".into());
        }
        if crate::text::line(&text, LONGEST) != text {
            return Err("a name has no control characters and none that turn text around".into());
        }
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_visible() {
        for good in ["a", "Ada Lovelace", "ädä", "x".repeat(64).as_str()] {
            assert_eq!(
                Name::try_from(good.to_owned()).expect("a name").as_str(),
                good
            );
        }
        for bad in [
            "",
            " a",
            "a ",
            "a\nb",
            "a\0",
            "a\u{202e}b",
            "x".repeat(65).as_str(),
        ] {
            assert!(Name::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
