//! The checked form of a path inside the guest.

use std::fmt;
use std::str::FromStr;

/// Longest path in bytes. The WASI calls of the interpreter take paths of up to 4096 bytes, and the
/// guest appends its own file names to this one.
const MAXIMUM_BYTES: usize = 1024;

/// Longest name of one folder in bytes, as on most host file systems.
const MAXIMUM_NAME_BYTES: usize = 255;

/// Deepest folder, below the cap of 64 levels that holds for everything a guest makes.
const MAXIMUM_DEPTH: usize = 32;

/// Folders that belong to the interpreter. A grant may lie neither in them nor around them, because it
/// would replace the standard library or the kernel.
const RESERVED: &[&str] = &["/usr/local/lib"];

/// An absolute, normalised path inside the guest, such as `/data` or `/home/user`.
///
/// It starts with `/`, is not the root itself, has no empty, `.` or `..` parts, no trailing slash and
/// no control characters, is at most 1024 bytes long and 32 folders deep, and neither lies in a folder
/// of the interpreter (`/usr/local/lib`) nor holds one.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct GuestPath(String);

/// Why a text is not a path that can be granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuestPathError {
    /// Nothing was given.
    #[error("the guest path is empty; write an absolute path such as /data")]
    Empty,
    /// The path does not start with a slash.
    #[error("the guest path {path:?} is relative; write an absolute path such as /data")]
    Relative {
        /// The text as it was given.
        path: String,
    },
    /// The whole guest cannot be replaced.
    #[error("the guest path {path:?} is the root; grant a folder below it, such as /data")]
    Root {
        /// The text as it was given.
        path: String,
    },
    /// A `..` would hide where the path leads.
    #[error("the guest path {path:?} contains \"..\"; write the folder it leads to")]
    Parent {
        /// The text as it was given.
        path: String,
    },
    /// A NUL or another control character.
    #[error("the guest path {path:?} contains the control character {character:?}")]
    ControlCharacter {
        /// The text as it was given.
        path: String,
        /// The character that was found.
        character: char,
    },
    /// The path, or one name in it, is too long, or it is too deep.
    #[error("the guest path {start:?}... has {what} {value}, at most {maximum} is allowed")]
    TooLong {
        /// The first characters of the path.
        start: String,
        /// What was measured.
        what: &'static str,
        /// What it measured.
        value: usize,
        /// The most that is allowed.
        maximum: usize,
    },
    /// The path would replace the interpreter's own files.
    #[error(
        "the guest path {path:?} would hide the interpreter's folder {reserved}; choose another, such as /data"
    )]
    Reserved {
        /// The normalised path.
        path: String,
        /// The folder of the interpreter.
        reserved: &'static str,
    },
}

impl GuestPath {
    /// Returns the path that `text` names, without repeated slashes, `.` parts and a trailing slash.
    ///
    /// # Errors
    /// [`GuestPathError`] for everything the type does not admit.
    pub fn new(text: &str) -> Result<Self, GuestPathError> {
        if text.is_empty() {
            return Err(GuestPathError::Empty);
        }
        let too_long = |what, value, maximum| GuestPathError::TooLong {
            start: text.chars().take(40).collect(),
            what,
            value,
            maximum,
        };
        if text.len() > MAXIMUM_BYTES {
            return Err(too_long("a length in bytes of", text.len(), MAXIMUM_BYTES));
        }
        let path = text.to_owned();
        if let Some(character) = text.chars().find(|character| character.is_control()) {
            return Err(GuestPathError::ControlCharacter { path, character });
        }
        if !text.starts_with('/') {
            return Err(GuestPathError::Relative { path });
        }
        let parts: Vec<&str> = text
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        if parts.contains(&"..") {
            return Err(GuestPathError::Parent { path });
        }
        if let Some(longest) = parts.iter().map(|part| part.len()).max()
            && longest > MAXIMUM_NAME_BYTES
        {
            return Err(too_long(
                "a name whose length in bytes is",
                longest,
                MAXIMUM_NAME_BYTES,
            ));
        }
        if parts.len() > MAXIMUM_DEPTH {
            return Err(too_long(
                "a depth in folders of",
                parts.len(),
                MAXIMUM_DEPTH,
            ));
        }
        if parts.is_empty() {
            return Err(GuestPathError::Root { path });
        }
        let normalised = format!("/{}", parts.join("/"));
        for reserved in RESERVED {
            if contains(reserved, &normalised) || contains(&normalised, reserved) {
                return Err(GuestPathError::Reserved {
                    path: normalised,
                    reserved,
                });
            }
        }
        Ok(Self(normalised))
    }

    /// Returns the path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what follows `base` in this path, without a leading slash: the empty text when they are
    /// the same path, or none when this path is neither `base` nor below it.
    pub fn below(&self, base: &GuestPath) -> Option<&str> {
        let rest = self.0.strip_prefix(&base.0)?;
        if rest.is_empty() {
            Some(rest)
        } else {
            rest.strip_prefix('/')
        }
    }
}

/// Returns whether `inner` is `outer` or lies below it.
fn contains(outer: &str, inner: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl fmt::Display for GuestPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for GuestPath {
    type Err = GuestPathError;

    fn from_str(text: &str) -> Result<Self, GuestPathError> {
        Self::new(text)
    }
}

impl TryFrom<String> for GuestPath {
    type Error = GuestPathError;

    fn try_from(text: String) -> Result<Self, GuestPathError> {
        Self::new(&text)
    }
}

impl From<GuestPath> for String {
    fn from(path: GuestPath) -> String {
        path.0
    }
}

impl AsRef<str> for GuestPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> GuestPath {
        GuestPath::new(text).unwrap()
    }

    #[test]
    fn normalises() {
        assert_eq!(path("/data").as_str(), "/data");
        assert_eq!(path("//data/./in//").as_str(), "/data/in");
        assert_eq!(path("/home/user/Übung 1").as_str(), "/home/user/Übung 1");
    }

    #[test]
    fn refuses_what_is_no_plain_absolute_path() {
        let refusal = |text: &str| GuestPath::new(text).unwrap_err();
        assert_eq!(refusal(""), GuestPathError::Empty);
        assert_eq!(
            refusal("data"),
            GuestPathError::Relative {
                path: "data".to_owned()
            }
        );
        assert_eq!(
            refusal("//./"),
            GuestPathError::Root {
                path: "//./".to_owned()
            }
        );
        assert_eq!(
            refusal("/data/../etc"),
            GuestPathError::Parent {
                path: "/data/../etc".to_owned()
            }
        );
        assert!(matches!(
            refusal("/a\0b"),
            GuestPathError::ControlCharacter {
                character: '\0',
                ..
            }
        ));
        assert!(matches!(
            refusal("/a\x1b[0m"),
            GuestPathError::ControlCharacter { .. }
        ));
        assert!(matches!(
            refusal(&"/a".repeat(600)),
            GuestPathError::TooLong { value: 1200, .. }
        ));
        assert!(matches!(
            refusal(&format!("/{}", "a".repeat(300))),
            GuestPathError::TooLong { value: 300, .. }
        ));
        assert!(matches!(
            refusal(&"/a".repeat(40)),
            GuestPathError::TooLong { value: 40, .. }
        ));
        assert_eq!(
            refusal("data/in").to_string(),
            "the guest path \"data/in\" is relative; write an absolute path such as /data"
        );
    }

    #[test]
    fn refuses_to_hide_the_interpreter() {
        for text in [
            "/usr",
            "/usr/local",
            "/usr/local/lib",
            "/usr/local/lib/kernel",
            "//usr//local/lib/.",
        ] {
            assert!(
                matches!(GuestPath::new(text), Err(GuestPathError::Reserved { .. })),
                "{text}"
            );
        }
        // The control: a neighbour with the same beginning is another folder.
        assert_eq!(path("/usr/local/library").as_str(), "/usr/local/library");
        assert_eq!(path("/usr/share").as_str(), "/usr/share");
    }

    #[test]
    fn below_goes_by_whole_names() {
        assert_eq!(path("/data/a/b").below(&path("/data")), Some("a/b"));
        assert_eq!(path("/data").below(&path("/data")), Some(""));
        assert_eq!(path("/database").below(&path("/data")), None);
        assert_eq!(path("/data").below(&path("/data/a")), None);
    }

    proptest! {
        #[test]
        fn what_passes_is_normal(text in "[/a.u\\PC]{0,20}|/(usr|local|lib|\\.|\\.\\.|/){0,6}") {
            if let Ok(path) = GuestPath::new(&text) {
                prop_assert_eq!(GuestPath::new(path.as_str()), Ok(path.clone()));
                prop_assert!(path.as_str().starts_with('/'));
                let clean = path.as_str()[1..].split('/').all(|part| !matches!(part, "" | "." | ".."));
                prop_assert!(clean);
                prop_assert!(!path.as_str().starts_with("/usr/local/lib/"));
            }
        }
    }
}
