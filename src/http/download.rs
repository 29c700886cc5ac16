//! Sending files: whole or a range, and so that no browser runs what is in them.

use std::io::SeekFrom;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::conditional::{etag, not_modified, range_is_current};
use super::problem::Refused;
use crate::error_code::{ErrorCode, Fault};
use crate::file::{Opened, media_type};

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;

/// Types that a browser shows and cannot run, for `?inline`. SVG and PDF are not among them.
const SAFE: [&str; 10] = [
    "text/plain",
    "text/csv",
    "application/json",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "audio/mpeg",
    "audio/wav",
    "video/mp4",
];

/// The part of a file that is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// The first byte and how many.
    Range(u64, u64),
    Outside,
}

/// Answers with a file: an attachment, or shown in place when its type is safe and that is wanted.
pub(super) async fn send(
    headers: &HeaderMap,
    opened: Opened,
    inline: bool,
) -> Result<Response, Refused> {
    let Opened { file, entry, size } = opened;
    let version = entry.version().unwrap_or_default();
    let name = entry.path().rsplit('/').next().unwrap_or_default();
    let media_type = media_type(name);
    let shown = inline && SAFE.contains(&media_type.essence_str());
    let mut answer = HeaderMap::new();
    answer.insert(header::ETAG, etag(version));
    answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // It may be kept, and must be asked for again: guests change files without telling.
    answer.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    if not_modified(headers, version) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    protect(
        &mut answer,
        &disposition(if shown { "inline" } else { "attachment" }, name),
    );
    let charset = if media_type.type_() == "text" {
        "; charset=utf-8"
    } else {
        ""
    };
    answer.insert(
        header::CONTENT_TYPE,
        value(&format!("{}{charset}", media_type.essence_str())),
    );
    let range = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok());
    let range = range.filter(|_| range_is_current(headers, version));
    let (status, start, length) = match range.map_or(Part::Whole, |range| part(range, size)) {
        Part::Whole => (StatusCode::OK, 0, size),
        Part::Range(start, length) => {
            let end = start + length - 1;
            answer.insert(
                header::CONTENT_RANGE,
                value(&format!("bytes {start}-{end}/{size}")),
            );
            (StatusCode::PARTIAL_CONTENT, start, length)
        }
        Part::Outside => {
            let fault = Fault::new(
                ErrorCode::RangeNotSatisfiable,
                format!("The file has {size} bytes."),
            )
            .with_details(serde_json::json!({"size": size}));
            let mut refusal = Refused(fault).into_response();
            refusal
                .headers_mut()
                .insert(header::CONTENT_RANGE, value(&format!("bytes */{size}")));
            return Ok(refusal);
        }
    };
    answer.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let mut file = tokio::fs::File::from_std(file);
    file.seek(SeekFrom::Start(start))
        .await
        .map_err(Fault::internal)?;
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(length), CHUNK));
    Ok((status, answer, body).into_response())
}

/// Sets what keeps a browser from running what it gets: nothing of it acts for this service.
pub(super) fn protect(headers: &mut HeaderMap, disposition: &str) {
    headers.insert(header::CONTENT_DISPOSITION, value(disposition));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
}

/// Returns a `Content-Disposition` with a file's name as RFC 6266 and RFC 8187 write it.
pub(super) fn disposition(kind: &str, name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| {
            if matches!(letter, ' '..='~') && !"\"\\%".contains(letter) {
                letter
            } else {
                '_'
            }
        })
        .collect();
    if plain == name {
        return format!("{kind}; filename=\"{plain}\"");
    }
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// Reads a `Range` header. What is not understood, or asks for several ranges, means all of it.
fn part(range: &str, size: u64) -> Part {
    let Some((first, last)) = range
        .strip_prefix("bytes=")
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number that no file reaches is beyond the end of every file.
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), _) if last.is_empty() => range_of(first, u64::MAX, size),
        (Some(first), Some(last)) if first <= last => range_of(first, last, size),
        (None, Some(0)) if first.is_empty() => Part::Outside,
        (None, Some(suffix)) if first.is_empty() => {
            range_of(size.saturating_sub(suffix), u64::MAX, size)
        }
        _ => Part::Whole,
    }
}

fn range_of(first: u64, last: u64, size: u64) -> Part {
    if first >= size {
        return Part::Outside;
    }
    Part::Range(first, last.min(size - 1) - first + 1)
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_has_them() {
        for (range, expected) in [
            ("bytes=0-9", Part::Range(0, 10)),
            ("bytes=90-", Part::Range(90, 10)),
            ("bytes=90-500", Part::Range(90, 10)),
            ("bytes=-10", Part::Range(90, 10)),
            ("bytes=-500", Part::Range(0, 100)),
            ("bytes=99-99", Part::Range(99, 1)),
            ("bytes=100-", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=99999999999999999999999-", Part::Outside),
            ("bytes=5-4", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("lines=0-9", Part::Whole),
        ] {
            assert_eq!(part(range, 100), expected, "{range}");
        }
        assert_eq!(part("bytes=0-0", 0), Part::Outside);
        assert_eq!(part("bytes=-1", 0), Part::Outside);
    }

    #[test]
    fn names_reach_the_header_whole_and_alone() {
        assert_eq!(
            disposition("attachment", "a b.csv"),
            "attachment; filename=\"a b.csv\""
        );
        assert_eq!(
            disposition("inline", "\u{e4}\"\r\n.csv"),
            "inline; filename=\"____.csv\"; filename*=UTF-8''%C3%A4%22%0D%0A.csv"
        );
    }
}
