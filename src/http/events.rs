//! `/events` and `/ws/events`: what happens in the whole tenant, for lists that shall be true without
//! asking.

use axum::extract::State;
use axum::extract::ws::{WebSocketUpgrade, close_code};
use axum::response::Response;
use bytes::Bytes;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::App;
use super::extract::{May, Read};
use super::socket::Over;
use super::watching::{as_event_stream, one_by_one, over_socket};

/// Opens a WebSocket that tells what happens in the tenant: `session_status`, `execution_status`,
/// `notebook_changed`, `project_created`, `project_changed`, `project_deleted`, `files_changed` and `quota_warning`.
///
/// Beside `type` and `content` an event has the ids of what it is about: `project_id`, `session_id`, `notebook_id`, `cell_id`,
/// `execution_id`. The `paths` of `files_changed` are those at or below which something is new, different or gone, some at a time
/// together and at most 50; of more, the folder in which they are, and an empty path for the whole project. It tells what is
/// done over these addresses: what code writes is there when its `execution_status` is told, and the file of a notebook
/// changes with `notebook_changed`.
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
    let news = one_by_one(app.news.watch(caller.0.tenant), next);
    over_socket(upgrade, app, caller.0, news)
}

/// Tells what happens in the tenant, as `/ws/events` does, to clients that have no WebSocket.
///
/// The answer goes on until one side ends it. A comment comes after each 15 seconds without an event. The last event is of the
/// type `closed` and says why: with the code 1013 the client was too slow and comes again.
#[utoipa::path(get, path = "/events", tag = "events",
    responses((status = 200, description = "Events, each as JSON", body = String, content_type = "text/event-stream")))]
pub(super) async fn stream(State(app): State<App>, caller: May<Read>) -> Response {
    let news = one_by_one(app.news.watch(caller.0.tenant), next);
    as_event_stream(app, caller.0, news)
}

async fn next(mut news: Receiver<Bytes>) -> (Result<Bytes, Over>, Receiver<Bytes>) {
    (news.recv().await.map_err(missed), news)
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
        let (news, slow) = broadcast::channel(1);
        for _ in 0..2 {
            news.send(Bytes::new()).expect("somebody listens");
        }
        let (Err(Over::Close(code, _)), _) = next(slow).await else {
            panic!("it goes on");
        };
        assert_eq!(code, 1013);
    }

    #[tokio::test]
    async fn when_the_service_stops_it_is_told() {
        let (news, listening) = broadcast::channel(1);
        drop(news);
        let (Err(Over::Close(code, _)), _) = next(listening).await else {
            panic!("it goes on");
        };
        assert_eq!(code, 1001);
    }
}
