//! How slowly a request's body may come. A slow line is fine as long as something moves on it; who
//! sends a byte now and then only holds a place, and is cut off.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;
use tokio::time::Sleep;

use super::problem::Refused;
use crate::error_code::{ErrorCode, Fault};

/// Bytes that have to come within a time, as long as somebody waits for them.
const BYTES: usize = 4 << 10;
const TIME: Duration = Duration::from_secs(10);

/// Cuts off whoever sends a body too slowly.
pub(super) async fn keep(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let late = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| {
        Body::from_stream(Paced {
            body: body.into_data_stream(),
            late: Arc::clone(&late),
            came: 0,
            waited: Duration::ZERO,
            waiting: None,
        })
    });
    let response = next.run(request).await;
    if !late.load(Ordering::Relaxed) {
        return response;
    }
    // Whatever the handler took an ended body for, and wrote of it.
    let message = format!(
        "Less than {} KiB of the body came in {} seconds.",
        BYTES >> 10,
        TIME.as_secs()
    );
    let mut response = Refused(Fault::new(ErrorCode::TimedOut, message)).into_response();
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A body that ends with an error when too little of it comes in the time that it is waited for. The
/// time in which nobody asks for more is not its sender's.
struct Paced {
    body: BodyDataStream,
    late: Arc<AtomicBool>,
    /// Bytes that came, and the time that was waited for them, since there were enough the last time.
    came: usize,
    waited: Duration,
    /// Since when it is being waited, and until when.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Stream for Paced {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.late.load(Ordering::Relaxed) {
            return Poll::Ready(None);
        }
        if let Poll::Ready(item) = pin!(&mut this.body).poll_next(context) {
            if let Some((since, _)) = this.waiting.take() {
                this.waited += since.elapsed();
            }
            if let Some(Ok(bytes)) = &item {
                this.came += bytes.len();
                if this.came >= BYTES {
                    (this.came, this.waited) = (0, Duration::ZERO);
                }
            }
            return Poll::Ready(item);
        }
        let left = TIME.saturating_sub(this.waited);
        let (_, end) = this
            .waiting
            .get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
        if end.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        this.late.store(true, Ordering::Relaxed);
        let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Poll::Ready(Some(Err(axum::Error::new(error))))
    }
}
