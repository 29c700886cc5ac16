//! Paths inside a project: which are allowed, and which are too much alike.

use unicode_normalization::UnicodeNormalization as _;

use crate::error_code::{ErrorCode, Fault};
use crate::text;

/// Bytes of one name, bytes of a path, and names in a path.
const NAME: usize = 255;
const PATH: usize = 4096;
pub(crate) const DEPTH: usize = 64;

/// Names by which web servers find their settings. A folder that its users fill has none.
const SETTINGS: [&str; 4] = [".htaccess", ".htpasswd", ".user.ini", "web.config"];

/// A relative path of ordinary names, or the project's folder itself.
///
/// It says nothing of what lies there: a name in it may be a link, and is opened as what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePath(String);

impl FilePath {
    /// Returns the project's folder itself.
    pub(crate) fn root() -> Self {
        Self(String::new())
    }

    /// Reads a path with `/` between its names.
    ///
    /// # Errors
    /// `PathRefused`, with the rule that it breaks.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() > PATH {
            return Err(refused(
                text,
                format!("it has {} bytes, and {PATH} are allowed", text.len()),
            ));
        }
        let mut depth = 0;
        for name in text.split('/') {
            depth += 1;
            if let Some(why) = broken_rule(name) {
                return Err(refused(text, why));
            }
        }
        if depth > DEPTH {
            return Err(refused(
                text,
                format!("it is {depth} names deep, and {DEPTH} are allowed"),
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the path as a text; empty for the project's folder itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether it is the project's folder itself.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names on the way, without the separators.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|name| !name.is_empty())
    }

    /// Returns the folder that it lies in and its name there; nothing for the project's folder.
    pub(crate) fn split(&self) -> Option<(Self, &str)> {
        if self.is_root() {
            return None;
        }
        Some(match self.0.rsplit_once('/') {
            Some((folder, name)) => (Self(folder.to_owned()), name),
            None => (Self::root(), &self.0),
        })
    }

    /// Returns the path of something inside.
    ///
    /// # Errors
    /// `PathRefused` when it is no path inside, or too long or deep together.
    pub(crate) fn join(&self, inside: &str) -> Result<Self, Fault> {
        if self.is_root() {
            Self::parse(inside)
        } else {
            Self::parse(&format!("{}/{inside}", self.0))
        }
    }

    /// Tells whether it is `folder` or lies in it.
    pub(crate) fn is_within(&self, folder: &Self) -> bool {
        folder.is_root()
            || self
                .0
                .strip_prefix(&folder.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl std::fmt::Display for FilePath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_root() {
            formatter.write_str("the project's folder")
        } else {
            write!(formatter, "{:?}", self.0)
        }
    }
}

/// Returns the refusal of a path.
pub(crate) fn refused(path: &str, why: impl std::fmt::Display) -> Fault {
    Fault::new(
        ErrorCode::PathRefused,
        format!(
            "The path {:?} is not allowed: {why}.",
            text::line(path, 120)
        ),
    )
}

/// Returns what is wrong with a name.
fn broken_rule(name: &str) -> Option<String> {
    let drive =
        |name: &str| matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    Some(match name {
        "" => "it begins or ends with a slash, or has two in a row".into(),
        "." | ".." => format!("{name:?} is no name"),
        name if name.len() > NAME => format!(
            "a name in it has {} bytes, and {NAME} are allowed",
            name.len()
        ),
        name if name.contains('\\') => "there is a backslash in it".into(),
        name if name.chars().any(text::steers) => {
            "there are control characters in it, or marks that turn the direction of text around"
                .into()
        }
        name if drive(name) => "it names a drive".into(),
        name if name.ends_with(['.', ' ']) => "a name in it ends with a dot or a space".into(),
        name if SETTINGS.contains(&fold(name).as_str()) => {
            format!("{name:?} is a name of a web server's settings")
        }
        _ => return None,
    })
}

/// Returns what two names share that some file systems take for one: Unicode's canonical form
/// without case.
pub(crate) fn fold(name: &str) -> String {
    // Upper case first: it takes apart what has several small forms, such as the Greek sigma.
    let upper: String = name.nfd().flat_map(char::to_uppercase).collect();
    upper.chars().flat_map(char::to_lowercase).nfd().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_are_read() {
        let deepest = vec!["a"; DEPTH].join("/");
        let longest = "n".repeat(NAME);
        for text in [
            "a",
            "a/b.txt",
            ".gitignore",
            "ein Name/ü-日本.csv",
            "ab:c",
            "...a",
            &deepest,
            &longest,
        ] {
            assert_eq!(FilePath::parse(text).expect(text).as_str(), text);
        }
    }

    #[test]
    fn every_other_path_is_refused_with_its_reason() {
        let deep = vec!["a"; DEPTH + 1].join("/");
        let long = "n".repeat(NAME + 1);
        let huge = "abc/".repeat(2000);
        for (text, why) in [
            ("", "slash"),
            ("/etc/passwd", "slash"),
            ("a//b", "slash"),
            ("a/", "slash"),
            ("../a", "\"..\" is no name"),
            ("a/../../b", "\"..\" is no name"),
            ("./a", "\".\" is no name"),
            ("a\\..\\b", "backslash"),
            ("C:/a", "drive"),
            ("c:a", "drive"),
            ("a\0b", "control"),
            ("a\nb", "control"),
            ("a\u{85}b", "control"),
            ("a\u{202e}gpj.exe", "direction"),
            ("a\u{61c}b", "direction"),
            ("a.exe.", "dot or a space"),
            ("a ", "dot or a space"),
            ("www/.HTaccess", "web server"),
            (deep.as_str(), "65 names deep"),
            (long.as_str(), "256 bytes"),
            (huge.as_str(), "8000 bytes"),
        ] {
            let fault = FilePath::parse(text).expect_err(text);
            assert_eq!(fault.code, ErrorCode::PathRefused);
            assert!(fault.message.contains(why), "{text:?}: {fault}");
        }
    }

    #[test]
    fn names_that_some_file_systems_take_for_one_fold_to_one() {
        for (left, right) in [
            ("A.txt", "a.TXT"),
            ("\u{e9}", "e\u{301}"),
            ("Stra\u{df}e", "STRASSE"),
            ("\u{3c3}", "\u{3c2}"),
        ] {
            assert_eq!(fold(left), fold(right), "{left} {right}");
        }
        assert_ne!(fold("a"), fold("\u{e4}"));
    }

    #[test]
    fn what_lies_in_a_folder_is_told_from_what_begins_alike() {
        let path = |text| FilePath::parse(text).expect("a path");
        assert!(path("a/b").is_within(&path("a")) && path("a").is_within(&path("a")));
        assert!(!path("ab").is_within(&path("a")) && path("a").is_within(&FilePath::root()));
        assert_eq!(path("a/b").split(), Some((path("a"), "b")));
        assert!(path("a").join("../b").is_err());
    }
}
