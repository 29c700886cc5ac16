//! Events that a client only listens to, as long as its token is valid: over a WebSocket, or line by
//! line as an event stream.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::time::Duration;

use axum::extract::ws::{WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::json;

use super::App;
use super::executions::{Wanted, lines_of};
use super::socket::{Over, Socket};
use crate::tenant::Caller;

/// What a client may say over a WebSocket: nothing but that it is there.
const LARGEST_MESSAGE: usize = 4096;

/// After so long without an event a stream has a comment, by which each side notices that the other has
/// gone.
const STILL_HERE: Duration = Duration::from_secs(15);

/// Events as JSON. It ends with the reason for which there are no more.
type Events = Pin<Box<dyn Stream<Item = Result<Bytes, Over>> + Send>>;

/// Returns the events that `next` gets from a source, one after the other.
pub(super) fn one_by_one<S, F>(source: S, next: impl Fn(S) -> F + Send + 'static) -> Events
where
    S: Send + 'static,
    F: Future<Output = (Result<Bytes, Over>, S)> + Send + 'static,
{
    Box::pin(stream::unfold(
        (source, next),
        |(source, next)| async move {
            let (event, source) = next(source).await;
            Some((event, (source, next)))
        },
    ))
}

/// Answers with a WebSocket on which the events are told.
pub(super) fn over_socket(
    upgrade: WebSocketUpgrade,
    app: App,
    caller: Caller,
    events: Events,
) -> Response {
    upgrade
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE)
        .on_upgrade(async move |socket: WebSocket| {
            let mut socket = Socket::new(socket);
            let Err(over) = tell(&mut socket, &app, &caller, events).await;
            socket.end(over).await;
        })
}

async fn tell(
    socket: &mut Socket,
    app: &App,
    caller: &Caller,
    mut events: Events,
) -> Result<Infallible, Over> {
    let mut revoked = pin!(app.tenants.until_revoked(caller));
    loop {
        let json = tokio::select! {
            event = events.next() => event.unwrap_or(Err(Over::Gone))?,
            () = &mut revoked => return Err(Over::REVOKED),
            heard = socket.hear() => {
                heard?;
                return Err(Over::Close(close_code::POLICY, "this socket takes no commands"));
            }
        };
        tokio::select! {
            sent = socket.send(json) => sent?,
            () = &mut revoked => return Err(Over::REVOKED),
        }
    }
}

/// Answers with an event stream. Its last event is of the type `closed` and has the code and the reason
/// with which a WebSocket would be closed.
pub(super) fn as_event_stream(app: App, caller: Caller, events: Events) -> Response {
    let revoked = Box::pin(async move { app.tenants.until_revoked(&caller).await });
    let lines = stream::unfold(Some((events, revoked)), |going_on| async move {
        let (mut events, mut revoked) = going_on?;
        let event = tokio::select! {
            event = events.next() => event?,
            () = &mut revoked => Err(Over::REVOKED),
            () = tokio::time::sleep(STILL_HERE) => {
                return Some((Bytes::from_static(b":\n\n"), Some((events, revoked))));
            }
        };
        match event {
            Ok(json) => Some((line(&json), Some((events, revoked)))),
            Err(Over::Close(code, reason)) => {
                let closed = json!({"type": "closed", "content": {"code": code, "reason": reason}});
                Some((line(closed.to_string().as_bytes()), None))
            }
            Err(Over::Gone) => None,
        }
    });
    // What counts a body may ask again after its end.
    lines_of(lines.fuse(), Wanted::EventStream)
}

fn line(json: &[u8]) -> Bytes {
    [b"data: ", json, b"\n\n"].concat().into()
}
