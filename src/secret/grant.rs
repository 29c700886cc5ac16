//! A secret's value, and one that a session was granted.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::error_code::Fault;

/// Bytes of a value. A shorter one could not be told from other text in outputs.
const SHORTEST: usize = 8;
const LONGEST: usize = 16 << 10;

/// A secret's value. It is shown by no `Debug` and no message.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct SecretText(String);

/// A secret that a session was granted, on its way to the worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Granted {
    pub(crate) name: String,
    pub(crate) value: SecretText,
}

impl SecretText {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the value itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Refuses a value that is too short or too long.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if (SHORTEST..=LONGEST).contains(&self.0.len()) {
            return Ok(());
        }
        Err(Fault::field(
            "value",
            format!("it has to have {SHORTEST} to {LONGEST} bytes"),
        ))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(hidden)")
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What serde says of a wrong type quotes the value.
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => Err(D::Error::custom("it has to be a text")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_no_message() {
        let secret = Granted {
            name: "A".into(),
            value: SecretText::new("canary-canary".into()),
        };
        assert!(!format!("{secret:?}").contains("canary"));
        let wrong = serde_json::from_str::<SecretText>("[\"canary-canary\"]");
        assert!(!wrong.expect_err("no text").to_string().contains("canary"));
        for (length, fits) in [(7, false), (8, true), (16384, true), (16385, false)] {
            let value = SecretText::new("x".repeat(length));
            assert_eq!(value.check().is_ok(), fits, "{length}");
        }
    }
}
