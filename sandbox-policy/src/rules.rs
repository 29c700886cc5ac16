//! Which network a session may reach, and which images it may start from.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::Serializer;

/// The network a session may reach.
///
/// There is one variant: the guest has no sockets and no resolver, so nothing can be reached.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Egress {
    /// No host is reached.
    #[default]
    None,
}

impl fmt::Display for Egress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
        })
    }
}

/// The images a session may start from. In TOML: `images = "any"` or `images = ["base", "data"]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum ImageRule {
    /// Every image the operator has built.
    #[default]
    Any,
    /// Only the images with these names. The empty list allows none.
    Listed(BTreeSet<String>),
}

impl ImageRule {
    /// Returns a rule that allows the images with these names.
    pub fn listed(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Listed(names.into_iter().map(Into::into).collect())
    }

    /// Returns whether the image `name` may be used.
    pub fn allows(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(names) => names.contains(name),
        }
    }

    /// Returns the rule that allows what both allow.
    pub fn meet(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, Self::Any) => Self::Any,
            (Self::Any, Self::Listed(names)) | (Self::Listed(names), Self::Any) => {
                Self::Listed(names.clone())
            }
            (Self::Listed(first), Self::Listed(second)) => {
                Self::Listed(first.intersection(second).cloned().collect())
            }
        }
    }
}

impl fmt::Display for ImageRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("any"),
            Self::Listed(names) if names.is_empty() => formatter.write_str("none"),
            Self::Listed(names) => formatter.write_str(
                &names
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        }
    }
}

impl serde::Serialize for ImageRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("any"),
            Self::Listed(names) => serializer.collect_seq(names),
        }
    }
}

impl<'de> serde::Deserialize<'de> for ImageRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ImageRuleVisitor)
    }
}

struct ImageRuleVisitor;

impl<'de> Visitor<'de> for ImageRuleVisitor {
    type Value = ImageRule;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("\"any\" or a list of image names such as [\"base\", \"data\"]")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ImageRule, E> {
        if text == "any" {
            Ok(ImageRule::Any)
        } else {
            Err(E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<ImageRule, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = sequence.next_element::<String>()? {
            names.insert(name);
        }
        Ok(ImageRule::Listed(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_allows_what_it_names() {
        let rule = ImageRule::listed(["base", "data"]);
        assert!(rule.allows("data") && !rule.allows("ml"));
        assert!(ImageRule::Any.allows("ml"));
        assert!(!ImageRule::listed(Vec::<String>::new()).allows("base"));
    }

    #[test]
    fn meet_allows_what_both_allow() {
        let rule = ImageRule::listed(["base", "data"]);
        assert_eq!(rule.meet(&ImageRule::Any), rule);
        assert_eq!(ImageRule::Any.meet(&rule), rule);
        assert_eq!(
            rule.meet(&ImageRule::listed(["data", "ml"])),
            ImageRule::listed(["data"])
        );
        assert_eq!(rule.meet(&ImageRule::listed(["ml"])).to_string(), "none");
    }

    #[test]
    fn text_form() {
        assert_eq!(serde_json::to_string(&ImageRule::Any).unwrap(), "\"any\"");
        assert_eq!(
            serde_json::to_string(&ImageRule::listed(["b", "a"])).unwrap(),
            "[\"a\",\"b\"]"
        );
        assert_eq!(
            serde_json::from_str::<ImageRule>("\"any\"").unwrap(),
            ImageRule::Any
        );
        let refusal = serde_json::from_str::<ImageRule>("\"all\"")
            .unwrap_err()
            .to_string();
        assert!(
            refusal.contains("\"any\" or a list of image names"),
            "{refusal}"
        );
    }
}
