//! The open connections. Many may be open without a request under way; when there are too many, those
//! that have waited for one the longest go first, and whoever has something to ask gets in.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// All connections.
pub(super) struct Crowd {
    places: Arc<Semaphore>,
    idle: Mutex<Idle>,
}

/// Connections without a request, in the order in which they came to be so.
#[derive(Default)]
struct Idle {
    next: u64,
    waiting: BTreeMap<u64, Arc<Notify>>,
}

impl Crowd {
    /// Returns room for `most` connections.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(most)),
            idle: Mutex::default(),
        })
    }

    /// Returns a place for a new connection, if need be that of an idle one. Waits while all are busy.
    pub(super) async fn enter(self: &Arc<Self>) -> Option<Place> {
        let permit = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let longest = self.idle().waiting.pop_first();
                if let Some((_, longest)) = longest {
                    longest.notify_one();
                }
                Arc::clone(&self.places).acquire_owned().await.ok()?
            }
        };
        let desk = Desk {
            crowd: Arc::clone(self),
            leave: Arc::default(),
            number: Arc::default(),
        };
        desk.join_the_idle();
        Some(Place {
            desk,
            _permit: permit,
        })
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place, given back when it is dropped.
pub(super) struct Place {
    desk: Desk,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Returns where the connection's requests come in.
    pub(super) fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// Waits until the place is needed for somebody else.
    pub(super) async fn needed(&self) {
        self.desk.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.desk.leave_the_idle();
    }
}

/// Where a connection's requests come in, which make it busy.
#[derive(Clone)]
pub(super) struct Desk {
    crowd: Arc<Crowd>,
    leave: Arc<Notify>,
    /// The connection's number among the idle ones, while it is.
    number: Arc<Mutex<Option<u64>>>,
}

impl Desk {
    /// Begins a request, whose connection is busy until what is returned is dropped.
    pub(super) fn begin(&self) -> Busy {
        self.leave_the_idle();
        Busy(self.clone())
    }

    fn join_the_idle(&self) {
        let mut idle = self.crowd.idle();
        let number = idle.next;
        idle.next += 1;
        idle.waiting.insert(number, Arc::clone(&self.leave));
        drop(idle);
        *self.number() = Some(number);
    }

    fn leave_the_idle(&self) {
        if let Some(number) = self.number().take() {
            self.crowd.idle().waiting.remove(&number);
        }
    }

    fn number(&self) -> MutexGuard<'_, Option<u64>> {
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way, until its answer is sent.
pub(super) struct Busy(Desk);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.join_the_idle();
    }
}

/// An answer's body, during which its connection is busy.
pub(super) struct Answer<B> {
    body: B,
    _busy: Busy,
}

impl<B> Answer<B> {
    pub(super) fn new(body: B, busy: Busy) -> Self {
        Self { body, _busy: busy }
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Answer<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
