//! Paths as a sandbox's clients name them, and as its project has them.

use crate::error_code::{ErrorCode, Fault};
use crate::file::FilePath;

/// The folder in which guests see their project.
pub(crate) const HOME: &str = "/home/user";

/// Returns the path inside the project that a client's path stands for: one without a `/` at its front begins at home.
pub(crate) fn inside(path: &str) -> Result<FilePath, Fault> {
    let below = match path.strip_prefix('/') {
        None => path.strip_prefix("~/").unwrap_or(path),
        Some(_) => match path.strip_prefix(HOME) {
            Some("") => "",
            Some(below) if below.starts_with('/') => below,
            Some(_) | None => {
                let path = crate::text::line(path, 80);
                let message = format!(
                    "{path:?} is outside of {HOME}, and nothing else of a sandbox can be reached from outside."
                );
                return Err(Fault::new(ErrorCode::PathRefused, message));
            }
        },
    };
    let names: Vec<&str> = below
        .split('/')
        .filter(|name| !matches!(*name, "" | "." | "~"))
        .collect();
    match names.is_empty() {
        true => Ok(FilePath::root()),
        false => FilePath::parse(&names.join("/")),
    }
}

/// Returns the path that clients have for a path inside the project.
pub(crate) fn outside(path: &str) -> String {
    match path {
        "" => HOME.into(),
        path => format!("{HOME}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_at_home_and_lead_nowhere_else() {
        for (path, wanted) in [
            ("a.txt", "a.txt"),
            ("./a/b.txt", "a/b.txt"),
            ("/home/user/a.txt", "a.txt"),
            ("/home/user//a/", "a"),
            ("~/a", "a"),
            ("/home/user", ""),
            ("/home/user/", ""),
            ("", ""),
            (".", ""),
        ] {
            let found = inside(path).expect("it is inside");
            assert_eq!(found.as_str(), wanted, "{path}");
        }
        for path in [
            "/etc/passwd",
            "/home/users/a",
            "/tmp/a",
            "../a",
            "/home/user/../a",
            "a/../../b",
        ] {
            let fault = inside(path).expect_err("it is outside");
            assert_eq!(fault.code, ErrorCode::PathRefused, "{path}");
        }
        assert_eq!(outside(""), "/home/user");
        assert_eq!(outside("a/b"), "/home/user/a/b");
    }
}
