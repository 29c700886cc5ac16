//! What a write requires of what is there, so that nobody overwrites what they have not seen.

use super::path::FilePath;
use super::refusal;
use crate::error_code::{ErrorCode, Fault};

/// The condition of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Whatever is there.
    Any,
    /// Nothing may be there; `AlreadyExists` otherwise.
    New,
    /// Nothing may be there; `PreconditionFailed` otherwise.
    Absent,
    /// A file must be there.
    Present,
    /// A file of one of these versions must be there.
    OneOf(Vec<String>),
}

impl Condition {
    /// Refuses when what is there, a version or nothing, is not what is required.
    pub(crate) fn check(&self, path: &FilePath, current: Option<&str>) -> Result<(), Fault> {
        let failed = |what: &str| {
            Err(
                Fault::new(ErrorCode::PreconditionFailed, format!("{what} at {path}."))
                    .with_details(serde_json::json!({"current": current})),
            )
        };
        match (self, current) {
            (Self::Any, _) | (Self::New | Self::Absent, None) | (Self::Present, Some(_)) => Ok(()),
            (Self::New, Some(_)) => Err(refusal::exists(path)),
            (Self::Absent, Some(_)) => failed("There is a file already"),
            (Self::Present | Self::OneOf(_), None) => failed("There is no file"),
            (Self::OneOf(versions), Some(current))
                if versions.iter().any(|version| version == current) =>
            {
                Ok(())
            }
            (Self::OneOf(_), Some(_)) => failed("There is another version of the file"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_holds_or_says_why_not() {
        let path = FilePath::parse("a").expect("a path");
        let check = |condition: Condition, current| {
            condition
                .check(&path, current)
                .err()
                .map(|fault| fault.code)
        };
        let one = || Condition::OneOf(vec!["1".into(), "2".into()]);
        for current in [None, Some("1")] {
            assert_eq!(check(Condition::Any, current), None);
        }
        assert_eq!(check(Condition::New, None), None);
        assert_eq!(
            check(Condition::New, Some("1")),
            Some(ErrorCode::AlreadyExists)
        );
        assert_eq!(check(Condition::Absent, None), None);
        assert_eq!(
            check(Condition::Absent, Some("1")),
            Some(ErrorCode::PreconditionFailed)
        );
        assert_eq!(
            check(Condition::Present, None),
            Some(ErrorCode::PreconditionFailed)
        );
        assert_eq!(check(Condition::Present, Some("1")), None);
        assert_eq!(check(one(), None), Some(ErrorCode::PreconditionFailed));
        assert_eq!(check(one(), Some("2")), None);
        assert_eq!(check(one(), Some("3")), Some(ErrorCode::PreconditionFailed));
    }
}
