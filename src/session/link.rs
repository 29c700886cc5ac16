//! The line to one worker process: requests out, answers and events in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::room::Room;
use crate::error_code::{ErrorCode, Fault};
use crate::id::SessionId;
use crate::worker::protocol::{
    Answer, Command, Failed, FailedKind, Frame, ImageInfo, Message, Request,
};

/// What a session's actor hears from its worker, in order.
#[derive(Debug)]
pub(super) enum Heard {
    /// The running cell did something.
    Event(python_wasm::Event),
    /// The running cell computes no more, and its state is being stored.
    Rested,
    /// The running cell has ended.
    Ran(Result<Answer, Failed>),
    /// The worker process has ended, and the session's memory with it.
    Lost {
        /// No other cell ran in it.
        alone: bool,
    },
}

/// Who waits for a reply.
enum Waiter {
    One(oneshot::Sender<Result<(Answer, Bytes), Failed>>),
    /// The actor, which gets it behind the events before it.
    Actor(SessionId),
}

/// A worker that is connected.
pub(super) struct Link {
    pub(super) number: u64,
    pub(super) process: u32,
    pub(super) images: Vec<ImageInfo>,
    outbox: mpsc::Sender<Frame<Request>>,
    next: AtomicU64,
    alive: AtomicBool,
    waiters: Mutex<HashMap<u64, Waiter>>,
    actors: Mutex<HashMap<SessionId, mpsc::Sender<Heard>>>,
    pub(super) room: Arc<Room>,
    /// Cells that run in it.
    running: AtomicUsize,
    /// How often its guests were not looked at for too long, as last told.
    stalls: AtomicU64,
}

impl Link {
    pub(super) fn new(
        number: u64,
        process: u32,
        images: Vec<ImageInfo>,
        outbox: mpsc::Sender<Frame<Request>>,
        budget: u64,
    ) -> Self {
        Self {
            number,
            process,
            images,
            outbox,
            next: AtomicU64::new(1),
            alive: AtomicBool::new(true),
            waiters: Mutex::default(),
            actors: Mutex::default(),
            room: Room::new(budget),
            running: AtomicUsize::new(0),
            stalls: AtomicU64::new(0),
        }
    }

    /// Tells whether the process is there.
    pub(super) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }

    /// Returns how many sessions it holds.
    pub(super) fn sessions(&self) -> usize {
        self.actors.lock().expect("no holder panics").len()
    }

    /// Lets an actor hear what becomes of its session.
    pub(super) fn attach(&self, session: SessionId, actor: mpsc::Sender<Heard>) {
        self.actors
            .lock()
            .expect("no holder panics")
            .insert(session, actor);
    }

    /// Ends that.
    pub(super) fn detach(&self, session: SessionId) {
        self.actors
            .lock()
            .expect("no holder panics")
            .remove(&session);
        self.room.forget(session);
    }

    /// Asks something of a session and waits for the answer.
    pub(super) async fn ask(
        &self,
        session: SessionId,
        command: Command,
    ) -> Result<(Answer, Bytes), Fault> {
        let (waiter, answer) = oneshot::channel();
        self.send(session, command, Waiter::One(waiter)).await?;
        match answer.await {
            Ok(result) => result.map_err(fault),
            Err(_) => Err(lost()),
        }
    }

    /// Starts something whose end the actor hears of.
    pub(super) async fn start(&self, session: SessionId, command: Command) -> Result<(), Fault> {
        self.running.fetch_add(1, Ordering::Relaxed);
        let sent = self.send(session, command, Waiter::Actor(session)).await;
        if sent.is_err() {
            self.running.fetch_sub(1, Ordering::Relaxed);
        }
        sent
    }

    /// Tells something without waiting for what becomes of it.
    pub(super) async fn tell(&self, session: SessionId, command: Command) {
        let (waiter, _) = oneshot::channel();
        // A worker that has ended runs nothing.
        let _ = self.send(session, command, Waiter::One(waiter)).await;
    }

    async fn send(
        &self,
        session: SessionId,
        command: Command,
        waiter: Waiter,
    ) -> Result<(), Fault> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.waiters
            .lock()
            .expect("no holder panics")
            .insert(id, waiter);
        let request = Request {
            id,
            session,
            command,
        };
        // After the waiter: when the process ends in between, one of the two sees it.
        if !self.is_alive() || self.outbox.send(request.into()).await.is_err() {
            self.waiters.lock().expect("no holder panics").remove(&id);
            return Err(lost());
        }
        Ok(())
    }

    /// Passes on what the worker says.
    pub(super) async fn heard(&self, frame: Frame<Message>) {
        match frame.header {
            Message::Ready { .. } => {}
            Message::Event { session, event } => self.pass(session, Heard::Event(event)).await,
            Message::Rested { session } => self.pass(session, Heard::Rested).await,
            Message::Reply { id, result } => {
                let waiter = self.waiters.lock().expect("no holder panics").remove(&id);
                match waiter {
                    // Who has gone needs no answer.
                    Some(Waiter::One(waiter)) => {
                        drop(waiter.send(result.map(|answer| (answer, frame.body))))
                    }
                    Some(Waiter::Actor(session)) => {
                        self.running.fetch_sub(1, Ordering::Relaxed);
                        self.pass(session, Heard::Ran(result)).await;
                    }
                    None => {}
                }
            }
            Message::Pulse {
                private_bytes,
                running,
                stalls,
            } => {
                let more = stalls.saturating_sub(self.stalls.swap(stalls, Ordering::Relaxed));
                if more > 0 {
                    tracing::error!(
                        process = self.process,
                        "running cells were not looked at for more than a second; the watchdog stood in"
                    );
                    metrics::counter!("cellblock_ticker_stalls_total").increment(more);
                }
                self.room.told(private_bytes, running);
            }
        }
    }

    async fn pass(&self, session: SessionId, heard: Heard) {
        let actor = self
            .actors
            .lock()
            .expect("no holder panics")
            .get(&session)
            .cloned();
        if let Some(actor) = actor {
            // An actor that has ended needs nothing.
            let _ = actor.send(heard).await;
        }
    }

    /// Tells everybody that the process has ended.
    pub(super) async fn died(&self) {
        self.alive.store(false, Ordering::Release);
        self.waiters.lock().expect("no holder panics").clear();
        let alone = self.running.load(Ordering::Relaxed) == 1;
        let actors: Vec<_> = self
            .actors
            .lock()
            .expect("no holder panics")
            .drain()
            .collect();
        for (_, actor) in actors {
            let _ = actor.send(Heard::Lost { alone }).await;
        }
    }
}

/// Returns what a caller is told when a worker ended under its request.
pub(super) fn lost() -> Fault {
    Fault::new(
        ErrorCode::WorkerLost,
        "The worker process that held the session has ended; the session is at its last checkpoint.",
    )
}

/// Returns what a caller is told when a worker refused.
pub(super) fn fault(failed: Failed) -> Fault {
    let code = match failed.kind {
        FailedKind::Unknown => return lost(),
        FailedKind::Busy => ErrorCode::SessionBusy,
        FailedKind::Image => ErrorCode::UnknownImage,
        FailedKind::Policy => ErrorCode::LimitOutOfRange,
        FailedKind::Refused => ErrorCode::GuestRefused,
        FailedKind::NoVariable => ErrorCode::VariableNotFound,
        FailedKind::Checkpoint => ErrorCode::CheckpointUnreadable,
        FailedKind::OtherImage => ErrorCode::CheckpointForeign,
        FailedKind::DiskFull => ErrorCode::StoreFull,
        FailedKind::Disk => {
            tracing::error!(error = %failed.message, "a worker's disk failed");
            ErrorCode::StoreFailed
        }
        FailedKind::NoRoom => {
            tracing::warn!(error = %failed.message, "a worker has no room");
            let message =
                "The worker process has as many files open, or as much memory, as it may.";
            return Fault::new(ErrorCode::NoCapacity, message).retry_after(30);
        }
        FailedKind::Sandbox => {
            tracing::error!(error = %failed.message, "the sandbox failed");
            let message = "The sandbox failed; the log has the reason.";
            return Fault::new(ErrorCode::SandboxFailed, message);
        }
    };
    Fault::new(code, failed.message)
}
