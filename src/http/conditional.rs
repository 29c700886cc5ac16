//! ETags: `If-Match` and `If-None-Match`, as RFC 9110 has them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::error_code::Fault;
use crate::file::Condition;

/// Returns the strong ETag of a version, which is plain.
pub(super) fn etag(version: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Returns what a write requires of what is there.
pub(super) fn condition(headers: &HeaderMap) -> Result<Condition, Fault> {
    let (matching, absent) = (
        tags(headers, header::IF_MATCH),
        tags(headers, header::IF_NONE_MATCH),
    );
    match (matching, absent) {
        (None, None) => Ok(Condition::Any),
        (None, Some(tags)) if tags == ["*"] => Ok(Condition::Absent),
        (_, Some(_)) => Err(Fault::field(
            "If-None-Match",
            "of a write it can be * alone, and not beside If-Match",
        )),
        (Some(tags), None) if tags == ["*"] => Ok(Condition::Present),
        // A weak tag never matches strongly.
        (Some(tags), None) => Ok(Condition::OneOf(
            tags.iter().filter_map(|tag| strong(tag)).collect(),
        )),
    }
}

/// Tells whether the caller has this version already.
pub(super) fn not_modified(headers: &HeaderMap, version: &str) -> bool {
    tags(headers, header::IF_NONE_MATCH).is_some_and(|tags| {
        tags.iter().any(|tag| {
            *tag == "*" || strong(tag.strip_prefix("W/").unwrap_or(tag)).as_deref() == Some(version)
        })
    })
}

/// Tells whether a range of this version is what the caller wants, and not the whole of another.
pub(super) fn range_is_current(headers: &HeaderMap, version: &str) -> bool {
    match headers.get(header::IF_RANGE) {
        None => true,
        Some(tag) => tag.to_str().ok().and_then(strong).as_deref() == Some(version),
    }
}

fn tags(headers: &HeaderMap, name: HeaderName) -> Option<Vec<&str>> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    // Our own tags have no commas in them.
    let tags = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    Some(tags.map(str::trim).collect())
}

fn strong(tag: &str) -> Option<String> {
    Some(tag.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_headers_of_a_write_are_its_condition() {
        assert_eq!(condition(&HeaderMap::new()).expect("none"), Condition::Any);
        assert_eq!(
            condition(&with(header::IF_MATCH, "*")).expect("any"),
            Condition::Present
        );
        assert_eq!(
            condition(&with(header::IF_NONE_MATCH, "*")).expect("new"),
            Condition::Absent
        );
        let one = Condition::OneOf(vec!["a".into(), "b".into()]);
        assert_eq!(
            condition(&with(header::IF_MATCH, "\"a\", W/\"c\", \"b\"")).expect("tags"),
            one
        );
        condition(&with(header::IF_NONE_MATCH, "\"a\"")).expect_err("it says nothing of a write");
    }

    #[test]
    fn a_version_that_the_caller_has_is_known() {
        for value in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(
                not_modified(&with(header::IF_NONE_MATCH, value), "a"),
                "{value}"
            );
        }
        for value in ["\"b\"", "a", ""] {
            assert!(
                !not_modified(&with(header::IF_NONE_MATCH, value), "a"),
                "{value}"
            );
        }
        assert!(range_is_current(&HeaderMap::new(), "a"));
        assert!(range_is_current(&with(header::IF_RANGE, "\"a\""), "a"));
        assert!(!range_is_current(&with(header::IF_RANGE, "W/\"a\""), "a"));
    }
}
