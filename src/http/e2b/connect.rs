//! Calls by the Connect protocol, with messages as JSON: one message each way, or a stream of framed ones.

use std::convert::Infallible;

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::refusal;
use crate::error_code::{ErrorCode, Fault};
use crate::http::extract::media_type;
use crate::http::json::parse;

/// The type of streams, and the flag of their last frame.
const STREAM: &str = "application/connect+json";
const LAST: u8 = 2;

/// Bytes before a framed message: its flags and its length.
const FRAME: usize = 5;

/// What a call brings.
pub(super) struct Request {
    body: Bytes,
    /// It is answered with a stream.
    pub(super) streamed: bool,
}

impl Request {
    /// Reads a call.
    pub(super) fn new(method: &Method, headers: &HeaderMap, body: Bytes) -> Result<Self, Fault> {
        if method != Method::POST {
            let message = "Calls are sent by POST.";
            return Err(Fault::new(ErrorCode::MethodNotAllowed, message));
        }
        let kind = media_type(headers);
        let streamed = kind == STREAM;
        if !streamed && kind != "application/json" {
            let message = format!(
                "The Content-Type is {kind:?}; calls are taken as application/json or {STREAM}."
            );
            return Err(Fault::new(ErrorCode::UnsupportedMediaType, message));
        }
        Ok(Self { body, streamed })
    }

    /// Returns the only message, or the first one.
    pub(super) fn message<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        match self.messages()?.first() {
            Some(message) => parse(message),
            None => parse(b"{}"),
        }
    }

    /// Returns all messages.
    pub(super) fn messages(&self) -> Result<Vec<Bytes>, Fault> {
        if !self.streamed {
            let is_empty = self.body.is_empty();
            let body = if is_empty {
                Bytes::from_static(b"{}")
            } else {
                self.body.clone()
            };
            return Ok(vec![body]);
        }
        let broken = || {
            Fault::new(
                ErrorCode::MalformedBody,
                "A frame of the call is broken off.",
            )
        };
        let (mut rest, mut messages) = (self.body.clone(), Vec::new());
        while !rest.is_empty() {
            let (head, _) = rest.split_first_chunk::<FRAME>().ok_or_else(broken)?;
            let [flags, length @ ..] = *head;
            let length = u32::from_be_bytes(length) as usize;
            if flags != 0 {
                let message = "A frame of the call is compressed, which is not understood here.";
                return Err(Fault::new(ErrorCode::MalformedBody, message));
            }
            let _head = rest.split_to(FRAME);
            if rest.len() < length {
                return Err(broken());
            }
            messages.push(rest.split_to(length));
        }
        Ok(messages)
    }
}

/// Returns how long whoever calls waits.
pub(super) fn timeout(headers: &HeaderMap) -> Option<std::time::Duration> {
    let text = headers.get("connect-timeout-ms")?.to_str().ok()?;
    text.parse().ok().map(std::time::Duration::from_millis)
}

/// Answers with one message, or says why not.
pub(super) fn answered(answer: Result<Value, Fault>, streamed: bool) -> Result<Response, Fault> {
    match (answer, streamed) {
        (Ok(message), false) => Ok(Json(message).into_response()),
        (Ok(message), true) => Ok(stream_of(stream::iter([Ok(message)]))),
        (Err(fault), false) => Err(fault),
        (Err(fault), true) => Ok(stream_of(stream::iter([Err(fault)]))),
    }
}

/// Answers with a stream of messages, which may end with a refusal.
pub(super) fn stream_of(
    messages: impl Stream<Item = Result<Value, Fault>> + Send + 'static,
) -> Response {
    // The last frame says how the stream ended.
    let messages = messages.map(Some).chain(stream::iter([None]));
    let frames = messages.scan(false, |over, message| {
        let next = match message {
            _ if *over => None,
            Some(Ok(message)) => Some(frame(0, &message)),
            Some(Err(fault)) => {
                *over = true;
                Some(frame(LAST, &json!({"error": refusal::error(&fault)})))
            }
            None => Some(frame(LAST, &json!({}))),
        };
        std::future::ready(next.map(Ok::<_, Infallible>))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(STREAM)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::from_stream(frames.fuse())).into_response()
}

fn frame(flags: u8, message: &Value) -> Bytes {
    let text = message.to_string();
    let mut frame = BytesMut::with_capacity(FRAME + text.len());
    frame.put_u8(flags);
    frame.put_u32(u32::try_from(text.len()).unwrap_or(u32::MAX));
    frame.put_slice(text.as_bytes());
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: &[u8]) -> Request {
        Request {
            body: Bytes::copy_from_slice(body),
            streamed: true,
        }
    }

    #[test]
    fn frames_are_read_one_after_the_other_and_none_that_is_broken() {
        let two = [frame(0, &json!({"a": 1})), frame(0, &json!({"b": 2}))].concat();
        let messages = request(&two).messages().expect("two messages");
        assert_eq!(messages, [&b"{\"a\":1}"[..], b"{\"b\":2}"]);
        for end in 1..two.len() {
            let cut = request(&two[..end]).messages();
            assert_eq!(cut.is_ok(), end == two.len() / 2, "{end}");
        }
        let longer = [&[0, 255, 255, 255, 255][..], b"{}"].concat();
        assert!(request(&longer).messages().is_err());
        let compressed = [&[1, 0, 0, 0, 2][..], b"{}"].concat();
        assert!(request(&compressed).messages().is_err());
    }
}
