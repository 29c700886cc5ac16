//! The path of a notebook within its project.

use crate::error_code::{ErrorCode, Fault};
use crate::text;

/// Characters that a notebook's name may have.
const LONGEST_TITLE: usize = 200;

/// The path of a notebook within its project: ordinary names, the last one ending in `.ipynb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotebookPath(String);

impl NotebookPath {
    /// Reads a path.
    pub(crate) fn parse(path: &str) -> Result<Self, Fault> {
        let refused = |why: &str| {
            let message = format!(
                "The path {:?} is not allowed: {why}.",
                text::line(path, 200)
            );
            Err(Fault::new(ErrorCode::PathRefused, message))
        };
        if path.len() > 1024 || path.split('/').count() > 16 {
            return refused("it may have 1024 bytes and 16 names");
        }
        for name in path.split('/') {
            if name.is_empty() || name.starts_with('.') {
                return refused("a name is empty or begins with a dot");
            }
            if name.len() > 240 {
                return refused("a name has more than 240 bytes");
            }
            // What would not be shown as it is stands in `line` as an escape.
            if name.contains('\\') || text::line(name, 240) != name {
                return refused("a name has backslashes, control characters or surrounding spaces");
            }
        }
        if !path.ends_with(".ipynb") {
            return refused("it does not end in .ipynb");
        }
        Ok(Self(path.to_owned()))
    }

    /// Returns the path that a notebook of this name has when none is given.
    pub(crate) fn of_name(name: &str) -> Result<Self, Fault> {
        let plain: String = name
            .chars()
            .map(|letter| if "/\\:".contains(letter) { '-' } else { letter })
            .collect();
        let plain = plain.trim().trim_start_matches('.');
        Self::parse(&format!(
            "{}.ipynb",
            plain.strip_suffix(".ipynb").unwrap_or(plain)
        ))
    }

    /// Returns the path beside this one that a notebook of another name has.
    pub(super) fn beside(&self, name: &str) -> Result<Self, Fault> {
        let named = Self::of_name(name)?;
        match self.split() {
            ("", _) => Ok(named),
            (folder, _) => Self::parse(&format!("{folder}/{}", named.as_str())),
        }
    }

    /// Returns the name of a notebook that has none but this path's.
    pub(super) fn title(&self) -> String {
        let name = self.split().1;
        let stem = name.strip_suffix(".ipynb").unwrap_or(name);
        let title: String = stem.trim().chars().take(LONGEST_TITLE).collect();
        title.trim().to_owned()
    }

    /// Returns it as a text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns its folder, empty for the project's own, and its name.
    pub(super) fn split(&self) -> (&str, &str) {
        self.0.rsplit_once('/').unwrap_or(("", &self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_ordinary_or_refused() {
        for good in ["a.ipynb", "folder/ä b.ipynb", "x/y/z-1.ipynb"] {
            assert_eq!(NotebookPath::parse(good).expect(good).as_str(), good);
        }
        let long = format!("{}.ipynb", "a".repeat(240));
        let deep = "a/".repeat(16) + "a.ipynb";
        for bad in [
            "",
            ".ipynb",
            "a.py",
            "/a.ipynb",
            "../a.ipynb",
            "a/../b.ipynb",
            "a//b.ipynb",
            ".git/a.ipynb",
            "a\\b.ipynb",
            "a\0.ipynb",
            "a\n.ipynb",
            "a\u{202e}.ipynb",
            &long,
            &deep,
        ] {
            assert_eq!(
                NotebookPath::parse(bad).expect_err(bad).code,
                ErrorCode::PathRefused,
                "{bad}"
            );
        }
        assert_eq!(
            NotebookPath::of_name("a/b: c.ipynb")
                .expect("a name")
                .as_str(),
            "a-b- c.ipynb"
        );
        let path = NotebookPath::parse("x/y/z-1.ipynb").expect("a path");
        assert_eq!(path.title(), "z-1");
        let beside = path.beside("a/b").expect("a name");
        assert_eq!(beside.as_str(), "x/y/a-b.ipynb");
        assert_eq!(
            NotebookPath::of_name("..").expect_err("no name").code,
            ErrorCode::PathRefused
        );
    }
}
