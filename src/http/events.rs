//! `/ws/events`: what happens in the whole tenant, for lists that shall be true without asking.

use std::convert::Infallible;

use axum::extract::State;
use axum::extract::ws::{WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use bytes::Bytes;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::App;
use super::extract::{May, Read};
use super::socket::{Over, Socket};
use crate::tenant::Caller;

/// What a client may say: nothing but that it is there.
const LARGEST_MESSAGE: usize = 4096;

/// Opens a WebSocket that tells what happens in the tenant: `session_status`, `execution_status`,
/// `notebook_changed` and `quota_warning`.
///
/// Events are not kept: a client that comes (again) asks for the lists after the socket is open. One that is too slow for them
/// is cut with the code 1013 and comes again.
#[utoipa::path(get, path = "/ws/events", tag = "events",
    responses((status = 101, description = "A WebSocket")))]
pub(super) async fn watch(
    State(app): State<App>,
    caller: May<Read>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let news = app.news.watch(caller.0.tenant);
    upgrade
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE)
        .on_upgrade(move |socket| tell(socket, app, caller.0, news))
}

/// Sends news until the client goes away.
async fn tell(socket: WebSocket, app: App, caller: Caller, mut news: Receiver<Bytes>) {
    let mut socket = Socket::new(socket);
    let Err(over) = pass_on(&mut socket, &app, &caller, &mut news).await;
    socket.end(over).await;
}

async fn pass_on(
    socket: &mut Socket,
    app: &App,
    caller: &Caller,
    news: &mut Receiver<Bytes>,
) -> Result<Infallible, Over> {
    let revoked = app.tenants.until_revoked(caller);
    tokio::pin!(revoked);
    loop {
        let json = tokio::select! {
            item = news.recv() => item.map_err(missed)?,
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

/// Returns how it ends for who did not take what was sent.
fn missed(error: RecvError) -> Over {
    match error {
        RecvError::Lagged(_) => Over::Close(
            close_code::AGAIN,
            "events were missed; ask for the lists again",
        ),
        RecvError::Closed => Over::Close(close_code::AWAY, "the service stops"),
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast;

    use super::*;

    #[tokio::test]
    async fn who_is_too_slow_is_told_to_come_again() {
        let (news, mut slow) = broadcast::channel(1);
        for _ in 0..2 {
            news.send(Bytes::new()).expect("somebody listens");
        }
        let over = slow.recv().await.map_err(missed);
        let Err(Over::Close(code, _)) = over else {
            panic!("it goes on: {over:?}");
        };
        assert_eq!(code, 1013);
    }
}
