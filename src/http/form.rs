//! Forms, whose reader keeps the head of a part in memory however long it is; here a head has its bound.

use axum::body::Body;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::header;
use bytes::Bytes;
use futures_util::StreamExt as _;
use memchr::memmem;

use super::App;
use crate::error_code::{ErrorCode, Fault};

/// Bytes that the head of a part may have.
const HEAD: usize = 16 << 10;

/// What ends a head.
const BLANK: &[u8] = b"\r\n\r\n";

/// Reads a form.
pub(super) async fn form(app: &App, request: Request) -> Result<Multipart, Fault> {
    let (parts, body) = request.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()?.parse::<mime_guess::Mime>().ok());
    let boundary = kind.and_then(|kind| Some(kind.get_param("boundary")?.as_str().to_owned()));
    let mut heads = Heads::new(&boundary.unwrap_or_default());
    let body = body.into_data_stream().map(move |chunk| {
        let chunk = chunk.map_err(std::io::Error::other)?;
        heads.pass(&chunk)?;
        Ok::<Bytes, std::io::Error>(chunk)
    });
    let request = Request::from_parts(parts, Body::from_stream(body));
    let refused = |rejection: MultipartRejection| {
        let message = format!("{rejection} This address takes multipart/form-data.");
        Fault::new(ErrorCode::UnsupportedMediaType, message)
    };
    Multipart::from_request(request, app).await.map_err(refused)
}

/// Where in a form its reader is.
struct Heads {
    /// What begins the head of a part.
    boundary: Vec<u8>,
    /// Bytes of the head so far; nothing within the content of a part.
    head: Option<usize>,
    /// The last bytes, in which what is looked for may have begun.
    tail: Vec<u8>,
}

impl Heads {
    fn new(boundary: &str) -> Self {
        Self {
            boundary: format!("--{boundary}").into_bytes(),
            head: Some(0),
            tail: Vec::new(),
        }
    }

    /// Goes on over a piece of the form; refuses when a head is too long.
    fn pass(&mut self, chunk: &[u8]) -> Result<(), std::io::Error> {
        let mut seen = std::mem::take(&mut self.tail);
        let mut old = seen.len();
        seen.extend_from_slice(chunk);
        let mut rest = &seen[..];
        loop {
            let wanted = match self.head {
                Some(_) => BLANK,
                None => &self.boundary,
            };
            let found = memmem::find(rest, wanted).map(|place| place + wanted.len());
            let passed = found.unwrap_or(rest.len());
            if let Some(head) = &mut self.head {
                *head += passed.saturating_sub(old);
                if *head > HEAD {
                    let message = format!("the head of a part has more than {HEAD} bytes");
                    return Err(std::io::Error::other(message));
                }
            }
            let Some(found) = found else {
                let keep = rest.len().min(wanted.len() - 1);
                self.tail = rest[rest.len() - keep..].to_vec();
                return Ok(());
            };
            self.head = match self.head {
                Some(_) => None,
                None => Some(0),
            };
            rest = &rest[found..];
            old = old.saturating_sub(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(form: &[u8], piece: usize) -> bool {
        let mut heads = Heads::new("b");
        form.chunks(piece).all(|chunk| heads.pass(chunk).is_ok())
    }

    #[test]
    fn contents_have_any_length_and_heads_do_not() {
        let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
        let whole = format!("{head}{}\r\n{head}short\r\n--b--\r\n", "x".repeat(100_000));
        let long = format!("{head}x\r\n--b\r\nX: {}", "x".repeat(100_000));
        let first = format!("--b\r\nX: {}", "x".repeat(100_000));
        for piece in [1, 7, 1000, 1 << 20] {
            assert!(passes(whole.as_bytes(), piece), "{piece}");
            assert!(!passes(long.as_bytes(), piece), "{piece}");
            assert!(!passes(first.as_bytes(), piece), "{piece}");
        }
    }
}
