//! Reading on after a refusal: a connection that is closed while its client is still sending is
//! reset, and the client would never see why it was refused.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::stream::{Stream, StreamExt as _, poll_fn};

/// Bytes, and the time, for which it is read on. Whoever sends more is cut off.
const BYTES: usize = 16 << 20;
const TIME: Duration = Duration::from_secs(5);

/// Reads what is left of a refused request's body.
pub(super) async fn linger(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body.into_data_stream()));
    let request = Request::from_parts(parts, Body::from_stream(shared(Arc::clone(&body))));
    let response = next.run(request).await;
    if response.status().is_client_error() || response.status().is_server_error() {
        let rest = async {
            let mut read = 0;
            let mut rest = shared(body);
            while let Some(Ok(chunk)) = rest.next().await {
                read += chunk.len();
                if read > BYTES {
                    break;
                }
            }
        };
        // Too slow is as good as too much.
        let _ = tokio::time::timeout(TIME, rest).await;
    }
    response
}

/// Returns a body that is read by the handler, and after it by us.
fn shared(
    body: Arc<Mutex<BodyDataStream>>,
) -> impl Stream<Item = Result<Bytes, axum::Error>> + Unpin {
    poll_fn(move |context| {
        body.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .poll_next_unpin(context)
    })
}
