//! A session's room in a worker: one task that owns the interpreter and does one thing at a time.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use python_wasm::{
    Checkpoint, Execution, Home, InputSender, Interrupter, Meter, Policy, Session, SessionOptions,
    SoFar, Twin,
};
use tokio::sync::{mpsc, oneshot};

use super::desk::{House, failed, reply};
use super::failure::{self, of};
use super::grants::{tools, without_secrets};
use super::observer::{Observer, look};
use super::protocol::{
    Answer, Command, Failed, FailedKind, Message, Opening, Standing, Start, Stored, Turn,
};
use crate::id::SessionId;
use crate::secret::{Redactor, Streaming};

/// Requests that may wait for one session.
const QUEUE: usize = 256;

/// Events of a cell that may wait to be sent; then the cell waits.
const EVENTS: usize = 256;

/// Something for a room to do.
enum Work {
    /// A request of the control process.
    Request { id: u64, command: Command },
    /// Another session begins as a copy of this one.
    Fork {
        home: Home,
        child: oneshot::Sender<Result<(Twin, Option<Checkpoint>), Failed>>,
    },
}

/// A session, and the last state of it that is stored.
type Begun = (Session, Option<Checkpoint>);

/// The door of a room.
#[derive(Clone)]
pub(super) struct Room {
    work: mpsc::Sender<Work>,
    /// What works without waiting, once the session is there.
    direct: Arc<OnceLock<(Interrupter, InputSender, Meter)>>,
    private_bytes: Arc<AtomicU64>,
    stop: Arc<Stop>,
}

/// An interrupt that comes before its cell begins.
#[derive(Default)]
struct Stop {
    /// A cell was handed in and has not begun.
    pending: AtomicBool,
    asked: AtomicBool,
}

impl Room {
    /// Tells whether somebody is in.
    pub(super) fn is_open(&self) -> bool {
        !self.work.is_closed()
    }

    /// Puts a request into the queue.
    pub(super) fn hand_in(&self, id: u64, command: Command) -> Result<(), Failed> {
        if matches!(command, Command::Run { .. }) {
            self.stop.asked.store(false, Ordering::Release);
            self.stop.pending.store(true, Ordering::Release);
        }
        self.work
            .try_send(Work::Request { id, command })
            .map_err(|_| {
                failed(
                    FailedKind::Busy,
                    "the session has too many requests waiting",
                )
            })
    }

    /// Interrupts the running cell.
    pub(super) fn interrupt(&self) {
        if self.stop.pending.load(Ordering::Acquire) {
            self.stop.asked.store(true, Ordering::Release);
        }
        if let Some((interrupter, ..)) = self.direct.get() {
            interrupter.interrupt();
        }
    }

    /// Answers the running cell's question.
    pub(super) fn answer(&self, line: Option<String>) {
        if let Some((_, input, _)) = self.direct.get() {
            let input = input.clone();
            tokio::spawn(async move { input.send(line).await });
        }
    }

    /// Returns what the session has used, while it runs something.
    pub(super) fn running(&self) -> Option<SoFar> {
        self.direct.get().and_then(|(_, _, meter)| meter.running())
    }

    /// Returns what the session held when it last rested.
    pub(super) fn private_bytes(&self) -> u64 {
        self.private_bytes.load(Ordering::Relaxed)
    }
}

/// Opens a room; `id` is the request that is answered when the session is there.
pub(super) fn open(
    guests: &tokio::runtime::Handle,
    house: Arc<House>,
    name: SessionId,
    opening: Opening,
    parent: Option<Room>,
    id: u64,
) -> Room {
    let (work, queue) = mpsc::channel(QUEUE);
    let room = Room {
        work,
        direct: Arc::default(),
        private_bytes: Arc::default(),
        stop: Arc::default(),
    };
    let (direct, private_bytes) = (Arc::clone(&room.direct), Arc::clone(&room.private_bytes));
    let stop = Arc::clone(&room.stop);
    guests.spawn(async move {
        let outbox = house.outbox.clone();
        let (session, last) = match begin(&house, &opening, parent).await {
            Ok(begun) => begun,
            Err(failure) => return reply(&outbox, id, Err(failure), Bytes::new()).await,
        };
        let _ = direct.set((session.interrupter(), session.input(), session.meter()));
        let opened = Answer::Opened {
            standing: standing(&session),
            stored: last.as_ref().map(stored),
        };
        let mut life = Life {
            redactor: Redactor::new(&opening.secrets).map(Arc::new),
            house,
            id: name,
            private_bytes,
            stop,
            opening,
            last,
        };
        life.rest(&session);
        reply(&outbox, id, Ok(opened), Bytes::new()).await;
        life.lead(session, queue).await;
    });
    room
}

/// Starts a session.
async fn begin(house: &House, opening: &Opening, parent: Option<Room>) -> Result<Begun, Failed> {
    // One that comes back is no new one.
    if !matches!(opening.start, Start::Checkpoint(_)) && crate::descriptors::are_short() {
        let reason = "the worker has almost as many files open as it may";
        return Err(failed(FailedKind::NoRoom, reason));
    }
    if let Some(parent) = parent {
        let (child, born) = oneshot::channel();
        let home = Home::Folder(opening.home.clone());
        parent
            .work
            .send(Work::Fork { home, child })
            .await
            .map_err(|_| failed(FailedKind::Unknown, "the session to be forked has ended"))?;
        let born = born
            .await
            .map_err(|_| failed(FailedKind::Unknown, "the session to be forked has ended"))?;
        let (twin, last) = born?;
        // The parent is not needed for this, and copies itself for the next one meanwhile.
        return Ok((twin.start().map_err(|error| of(&error))?, last));
    }
    let image = house.images.get(&opening.image).ok_or_else(|| {
        failed(
            FailedKind::Image,
            format!("there is no image {:?}", opening.image),
        )
    })?;
    let options = options(house, opening)?;
    match &opening.start {
        Start::Image => {
            let session = Session::spawn(image, options).await;
            Ok((session.map_err(|error| of(&error))?, None))
        }
        Start::Checkpoint(id) => {
            let checkpoint = options
                .store
                .load(id)
                .map_err(|error| failed(failure::of_store(&error), error))?;
            let session = Session::wake(image, options, &checkpoint).await;
            Ok((session.map_err(|error| of(&error))?, Some(checkpoint)))
        }
        Start::Fork(_) => unreachable!("a fork has a parent"),
    }
}

/// Returns the options of a session.
pub(super) fn options(house: &House, opening: &Opening) -> Result<SessionOptions, Failed> {
    let policy =
        Policy::from_toml(&opening.policy).map_err(|error| failed(FailedKind::Policy, error))?;
    let mut options = SessionOptions::new(policy);
    options.store = house.store(&opening.checkpoints)?;
    options.home = Home::Folder(opening.home.clone());
    options.tools = tools(&opening.secrets);
    Ok(options)
}

fn standing(session: &Session) -> Standing {
    Standing {
        usage: session.usage(),
        execution_count: session.execution_count(),
    }
}

fn stored(checkpoint: &Checkpoint) -> Stored {
    Stored {
        checkpoint: checkpoint.id().clone(),
        pages: checkpoint.pages() as u64,
        execution_count: checkpoint.execution_count(),
    }
}

/// What goes on in a room.
struct Life {
    house: Arc<House>,
    id: SessionId,
    opening: Opening,
    /// Keeps what was granted out of what is shown.
    redactor: Option<Arc<Redactor>>,
    private_bytes: Arc<AtomicU64>,
    stop: Arc<Stop>,
    /// The last state that is stored.
    last: Option<Checkpoint>,
}

impl Life {
    /// Does one thing after the other until the session is closed.
    async fn lead(&mut self, mut session: Session, mut queue: mpsc::Receiver<Work>) {
        while let Some(work) = queue.recv().await {
            let (id, command) = match work {
                Work::Request { id, command } => (id, command),
                Work::Fork { home, child } => {
                    let twin = session.twin(home).await.map_err(|error| of(&error));
                    // Nobody waits any more when the worker is about to end.
                    let _ = child.send(twin.map(|twin| (twin, self.last.clone())));
                    continue;
                }
            };
            let (answer, body) = match command {
                Command::Run { turn } => {
                    let Some(after) = self.run(session, turn, id, &mut queue).await else {
                        return;
                    };
                    session = after;
                    continue;
                }
                Command::Look { look: question } => match look(&mut session, &question).await {
                    Ok((answer, body)) => (Ok(answer), body),
                    Err(failure) => (Err(failure), Bytes::new()),
                },
                Command::Inject { variables } => {
                    let injected = session.inject(&variables).await.map_err(|error| of(&error));
                    (injected.map(|()| Answer::Done), Bytes::new())
                }
                Command::Checkpoint => (
                    self.store(&mut session).await.map(Answer::Stored),
                    Bytes::new(),
                ),
                Command::Restore { checkpoint } => {
                    (self.restore(&mut session, &checkpoint).await, Bytes::new())
                }
                Command::Hibernate => match self.store(&mut session).await {
                    Ok(stored) => {
                        drop(session);
                        queue.close();
                        return self
                            .reply(id, Ok(Answer::Stored(stored)), Bytes::new())
                            .await;
                    }
                    Err(failure) => (Err(failure), Bytes::new()),
                },
                Command::Close => {
                    drop(session);
                    queue.close();
                    return self.reply(id, Ok(Answer::Done), Bytes::new()).await;
                }
                Command::Open(_) | Command::Interrupt | Command::Input { .. } => {
                    unreachable!("the desk does these itself")
                }
            };
            self.reply(id, answer, body).await;
            self.rest(&session);
        }
    }

    /// Runs a cell in a task of its own, and answers questions from the last stored state
    /// meanwhile.
    async fn run(
        &mut self,
        mut session: Session,
        turn: Turn,
        id: u64,
        queue: &mut mpsc::Receiver<Work>,
    ) -> Option<Session> {
        let (sender, mut events) = mpsc::channel(EVENTS);
        let interrupter = session.interrupter();
        interrupter.expect_cell();
        self.stop.pending.store(false, Ordering::Release);
        if self.stop.asked.swap(false, Ordering::AcqRel) {
            interrupter.interrupt();
        }
        let running = tokio::spawn(async move {
            let ran = match turn {
                Turn::Cell(cell) => session.run_cell(&cell, &sender).await,
                Turn::Comm(delivery) => session.run_comm(&delivery, &sender).await,
            };
            // Who listens is told that nothing more comes.
            drop(sender);
            (session, ran)
        });
        let mut observer = Observer::new(
            Arc::clone(&self.house),
            self.opening.clone(),
            self.last.clone(),
        );
        let mut open = true;
        let (outbox, session) = (self.house.outbox.clone(), self.id);
        let redactor = self.redactor.clone();
        // Not on the threads of guests: there, what a cell shows would wait until it rests.
        let telling = self.house.desk.spawn(async move {
            // When the control process has gone, the worker ends.
            let tell = async |event| {
                let message = Message::Event { session, event };
                let _ = outbox.send(message.into()).await;
            };
            let Some(redactor) = redactor else {
                while let Some(event) = events.recv().await {
                    tell(event).await;
                }
                return;
            };
            let mut streaming = Streaming::new(&redactor);
            while let Some(event) = events.recv().await {
                for event in streaming.pass(event) {
                    tell(event).await;
                }
            }
            if let Some(event) = streaming.rest() {
                tell(event).await;
            }
        });
        let ended = async { tokio::join!(running, telling).0 };
        tokio::pin!(ended);
        let (mut session, ran) = loop {
            tokio::select! {
                ended = &mut ended => break ended.ok()?,
                work = queue.recv(), if open => match work {
                    Some(Work::Request { id, command: Command::Look { look } }) => observer.answer(id, look),
                    Some(work) => self.refuse(work).await,
                    None => open = false,
                },
            }
        };
        let rested = Message::Rested { session: self.id };
        // When the control process has gone, the worker ends.
        let _ = self.house.outbox.send(rested.into()).await;
        let result = match ran {
            Ok(execution) => Ok(self.finished(&mut session, execution).await),
            Err(error) => Err(of(&error)),
        };
        self.reply(id, result, Bytes::new()).await;
        self.rest(&session);
        Some(session)
    }

    /// Stores the state after a cell.
    async fn finished(&mut self, session: &mut Session, execution: Execution) -> Answer {
        let stored = self.store(session).await;
        Answer::Ran {
            execution,
            standing: standing(session),
            stored,
        }
    }

    /// Refuses what comes while a cell runs and cannot be done then.
    async fn refuse(&self, work: Work) {
        let busy = failed(FailedKind::Busy, "a cell is running");
        match work {
            Work::Request { id, .. } => self.reply(id, Err(busy), Bytes::new()).await,
            // Nobody waits any more when the worker is about to end.
            Work::Fork { child, .. } => drop(child.send(Err(busy))),
        }
    }

    async fn store(&mut self, session: &mut Session) -> Result<Stored, Failed> {
        let checkpoint = session.checkpoint().await.map_err(|error| of(&error))?;
        let answer = stored(&checkpoint);
        self.last = Some(checkpoint);
        Ok(answer)
    }

    async fn restore(
        &mut self,
        session: &mut Session,
        id: &python_wasm::CheckpointId,
    ) -> Result<Answer, Failed> {
        let store = self.house.store(&self.opening.checkpoints)?;
        let checkpoint = store
            .load(id)
            .map_err(|error| failed(failure::of_store(&error), error))?;
        session
            .restore(&checkpoint)
            .await
            .map_err(|error| of(&error))?;
        let answer = stored(&checkpoint);
        self.last = Some(checkpoint);
        Ok(Answer::Stored(answer))
    }

    /// Notes what the session holds while nothing runs.
    fn rest(&self, session: &Session) {
        self.private_bytes
            .store(session.private_bytes(), Ordering::Relaxed);
    }

    async fn reply(&self, id: u64, result: Result<Answer, Failed>, body: Bytes) {
        let result = without_secrets(self.redactor.as_deref(), result);
        reply(&self.house.outbox, id, result, body).await;
    }
}
