//! What others hold of a session: its door, its state and its log.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use python_wasm::{CheckpointId, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::event::{Draft, Event, Happening, Notice};
use super::event_log::{EventLog, EventReader};
use super::execution::Submission;
use super::link::Link;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ExecutionId, SessionId, TenantId};
use crate::store::executions::ExecutionRow;
use crate::tenant::quotas::{Reservation, Warning};
use crate::worker::protocol::{Answer, Command, Look, Stored};

/// What a session does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// Its memory is being made.
    Starting,
    /// It waits for code.
    Idle,
    /// A cell runs.
    Busy,
    /// A cell waits for its turn.
    Queued,
    /// Its state is on disk; the next request wakes it.
    Hibernated,
    /// It was deleted.
    Dead,
}

impl State {
    /// All states.
    pub(crate) const ALL: [Self; 6] = [
        Self::Starting,
        Self::Idle,
        Self::Busy,
        Self::Queued,
        Self::Hibernated,
        Self::Dead,
    ];

    /// Returns the name that the API has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Queued => "queued",
            Self::Hibernated => "hibernated",
            Self::Dead => "dead",
        }
    }
}

/// An execution that was taken.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) execution: ExecutionId,
    /// The number of the last event before its first.
    pub(crate) after: u64,
    /// Comes when it is stored that the execution exists.
    pub(crate) stored: oneshot::Receiver<Result<(), Fault>>,
}

/// What a fork begins with.
pub(super) struct ForkBasis {
    pub(super) checkpoint: Option<CheckpointId>,
    /// The worker that holds the parent in just this state.
    pub(super) link: Option<Arc<Link>>,
}

type Reply<T> = oneshot::Sender<Result<T, Fault>>;

/// What an actor can be asked.
pub(super) enum Ask {
    Execute(Box<Submission>, Reply<Accepted>),
    Cancel(ExecutionId),
    Interrupt,
    Input(Option<String>, Reply<()>),
    Look(Look, Reply<(Answer, Bytes)>),
    Inject(Map<String, Value>, Reply<()>),
    Checkpoint(Option<String>, Reply<Stored>),
    /// To a stored state, or to the image's own.
    Restore(Option<CheckpointId>, Reply<()>),
    Fork(Reply<ForkBasis>),
    /// Begin as a copy of a session that this worker holds.
    Begin(Arc<Link>, SessionId, Reply<()>),
    /// Have these secrets, and no others.
    Grant(Vec<String>, Reply<()>),
    Wake(Reply<()>),
    Hibernate(Reply<()>),
    Restart(Reply<()>),
    /// End, for this reason.
    Close(&'static str, Reply<()>),
}

/// The execution that has begun and has not ended.
#[derive(Debug, Clone)]
pub(super) struct Underway {
    pub(super) id: ExecutionId,
    pub(super) first_seq: u64,
    pub(super) started_at: String,
    pub(super) fuel_given: u64,
}

/// What can be seen of a session at any time.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) state: State,
    pub(crate) usage: Usage,
    pub(crate) execution_count: u64,
    pub(crate) queue_position: Option<usize>,
    pub(crate) checkpoint: Option<CheckpointId>,
    pub(crate) last_activity: String,
    pub(super) underway: Option<Underway>,
    pub(super) last_used: Instant,
}

/// What the actor and its handles share.
pub(super) struct Shared {
    pub(super) view: Mutex<View>,
    /// The worker that holds the session now.
    pub(super) link: Mutex<Option<Arc<Link>>>,
    /// The tenant's quota of memory counts this while the session is awake.
    pub(super) memory: Mutex<Option<Reservation>>,
    /// An interrupt is on its way to the actor: nothing that waits begins any more.
    pub(super) interrupted: AtomicBool,
    /// How often it was interrupted or restarted.
    pub(super) broken_off: AtomicU64,
    /// The running cell is interrupted for its tenant's fuel of the day.
    pub(super) out_of_fuel: AtomicBool,
}

/// A session.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(crate) id: SessionId,
    pub(crate) tenant: TenantId,
    pub(super) asks: mpsc::Sender<Ask>,
    pub(super) shared: Arc<Shared>,
    pub(super) log: Arc<EventLog>,
}

impl Handle {
    /// Returns what can be seen of it now.
    pub(crate) fn view(&self) -> View {
        self.shared.view.lock().expect("no holder panics").clone()
    }

    /// Returns the bytes of memory that it does not share with others, as last told.
    pub(crate) fn private_bytes(&self) -> u64 {
        let link = self.shared.link.lock().expect("no holder panics").clone();
        link.and_then(|link| link.room.private_bytes_of(self.id))
            .unwrap_or_default()
    }

    /// Returns what it has used: while something runs, what its worker told last, and never less than
    /// before.
    pub(crate) fn usage(&self) -> Usage {
        let seen = self.view().usage;
        let link = self.shared.link.lock().expect("no holder panics").clone();
        match link.and_then(|link| link.room.running(self.id)) {
            Some(so_far) => Usage {
                fuel: seen.fuel.max(so_far.fuel),
                seconds: seen.seconds.max(so_far.time.as_secs_f64()),
                memory_bytes: seen.memory_bytes.max(so_far.memory_bytes),
                ..seen
            },
            None => seen,
        }
    }

    /// Returns an execution as it stands now: its row is written when it is taken and when it has ended.
    pub(crate) fn as_it_stands(&self, row: ExecutionRow) -> ExecutionRow {
        match self.view().underway {
            Some(underway) if row.finished_at.is_none() && row.id == underway.id.to_string() => {
                ExecutionRow {
                    status: "running".into(),
                    first_seq: Some(underway.first_seq.cast_signed()),
                    started_at: Some(underway.started_at),
                    ..row
                }
            }
            Some(_) | None => row,
        }
    }

    /// Queues code.
    pub(crate) async fn execute(&self, submission: Submission) -> Result<Accepted, Fault> {
        self.ask(|reply| Ask::Execute(Box::new(submission), reply))
            .await
    }

    /// Returns how often it was interrupted or restarted: what was to be run before is not begun any more.
    pub(crate) fn broken_off(&self) -> u64 {
        self.shared.broken_off.load(Ordering::Acquire)
    }

    /// Interrupts the running cell; those that wait are not run. Never waits behind a queue.
    pub(crate) async fn interrupt(&self) -> Result<(), Fault> {
        self.shared.broken_off.fetch_add(1, Ordering::AcqRel);
        self.shared.interrupted.store(true, Ordering::Release);
        let link = self.shared.link.lock().expect("no holder panics").clone();
        if let Some(link) = link {
            link.tell(self.id, Command::Interrupt).await;
        }
        self.asks.send(Ask::Interrupt).await.map_err(|_| dead())
    }

    /// Returns the fuel that the running cell has used, as its worker told last, and how much it was given of
    /// the tenant's day; nothing while none runs.
    pub(super) fn fuel_under_way(&self) -> Option<(u64, u64)> {
        let view = self.view();
        let given = view.underway?.fuel_given;
        let link = self.shared.link.lock().expect("no holder panics").clone();
        let so_far = link?.room.running(self.id)?;
        Some((so_far.fuel.saturating_sub(view.usage.fuel), given))
    }

    /// Interrupts the running cell, because its tenant's cells used up the fuel of the day together.
    pub(super) async fn stop_for_fuel(&self) -> Result<(), Fault> {
        self.shared.out_of_fuel.store(true, Ordering::Release);
        self.interrupt().await
    }

    /// Takes an execution back: interrupts it if it runs, forgets it if it waits.
    pub(crate) async fn cancel(&self, execution: ExecutionId) {
        // A session that has ended runs nothing.
        let _ = self.asks.send(Ask::Cancel(execution)).await;
    }

    /// Answers the question of the running cell; nothing means that nobody will.
    pub(crate) async fn input(&self, line: Option<String>) -> Result<(), Fault> {
        self.ask(|reply| Ask::Input(line, reply)).await
    }

    /// Asks something that changes nothing; while a cell runs, of the last checkpoint.
    pub(crate) async fn look(&self, look: Look) -> Result<(Answer, Bytes), Fault> {
        self.ask(|reply| Ask::Look(look, reply)).await
    }

    /// Sets variables.
    pub(crate) async fn inject(&self, variables: Map<String, Value>) -> Result<(), Fault> {
        self.ask(|reply| Ask::Inject(variables, reply)).await
    }

    /// Stores the state as it is.
    pub(crate) async fn checkpoint(&self, label: Option<String>) -> Result<Stored, Fault> {
        self.ask(|reply| Ask::Checkpoint(label, reply)).await
    }

    /// Goes to a stored state, or to the image's own.
    pub(crate) async fn restore(&self, checkpoint: Option<CheckpointId>) -> Result<(), Fault> {
        self.ask(|reply| Ask::Restore(checkpoint, reply)).await
    }

    /// Returns what a fork begins with.
    pub(super) async fn fork_basis(&self) -> Result<ForkBasis, Fault> {
        self.ask(Ask::Fork).await
    }

    /// Begins as a copy of a session that a worker holds.
    pub(super) async fn begin_as(&self, link: Arc<Link>, parent: SessionId) -> Result<(), Fault> {
        self.ask(|reply| Ask::Begin(link, parent, reply)).await
    }

    /// Grants it these secrets, and no others.
    pub(super) async fn grant(&self, names: Vec<String>) -> Result<(), Fault> {
        self.ask(|reply| Ask::Grant(names, reply)).await
    }

    /// Brings it into memory.
    pub(crate) async fn wake(&self) -> Result<(), Fault> {
        self.ask(Ask::Wake).await
    }

    /// Frees its memory.
    pub(crate) async fn hibernate(&self) -> Result<(), Fault> {
        self.ask(Ask::Hibernate).await
    }

    /// Begins anew from the image.
    pub(crate) async fn restart(&self) -> Result<(), Fault> {
        self.shared.broken_off.fetch_add(1, Ordering::AcqRel);
        self.ask(Ask::Restart).await
    }

    /// Ends it, for a reason that its listeners are told.
    pub(super) async fn close(&self, reason: &'static str) -> Result<(), Fault> {
        self.ask(|reply| Ask::Close(reason, reply)).await
    }

    /// Returns a reader of its events behind a number.
    pub(crate) fn events(&self, after: u64) -> EventReader {
        self.log.reader(after)
    }

    /// Writes down that the tenant comes near a quota.
    pub(super) fn warn(&self, warning: &Warning) {
        let message = format!(
            "The tenant uses {} of {} of its quota of {}.",
            warning.used,
            warning.limit,
            crate::tenant::name(&warning.resource)
        );
        self.tell("warning", message);
    }

    /// Writes down something to know.
    pub(super) fn tell(&self, level: &str, message: String) {
        let draft = Draft {
            session_id: Some(self.id),
            ..Draft::of(Happening::Notice(Notice::log(level, message)))
        };
        if let Err(error) = self.log.append(draft) {
            tracing::error!(session = %self.id, %error, "an event could not be written down");
        }
    }

    /// Returns the event with which the running execution began.
    pub(crate) fn beginning(&self) -> Option<Event> {
        let first = self.view().underway?.first_seq;
        let begun = |event: &Event| {
            matches!(
                event.draft.happening,
                Happening::Notice(Notice::Started { .. })
            )
        };
        let events = self.log.range(first, first + 1).ok()?;
        events.into_iter().find(begun)
    }

    /// Returns its log.
    pub(crate) fn log(&self) -> &Arc<EventLog> {
        &self.log
    }

    async fn ask<T>(&self, ask: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(ask(reply)).await.map_err(|_| dead())?;
        answer.await.map_err(|_| dead())?
    }
}

/// Returns what a caller is told of a session that has ended.
pub(super) fn dead() -> Fault {
    Fault::new(ErrorCode::SessionDead, "The session has ended.")
}

/// What to make files of.
#[derive(Debug, Clone)]
pub(crate) enum Export {
    Variables {
        names: Vec<String>,
        format: &'static str,
        /// Text in CSV that a spreadsheet would run stays as it is.
        formulas: bool,
    },
    /// All matplotlib figures among the variables.
    Figures { format: &'static str },
}

impl Handle {
    /// Returns variables or figures as files, with the names that the guest gave them.
    pub(crate) async fn export(&self, export: Export) -> Result<Vec<(String, Bytes)>, Fault> {
        let look = match export {
            Export::Variables {
                names,
                format,
                formulas,
            } => Look::Export {
                variables: names,
                format: format.into(),
                formulas,
            },
            Export::Figures { format } => Look::Figures {
                format: format.into(),
            },
        };
        let (answer, mut body) = self.look(look).await?;
        let Answer::Files { files } = answer else {
            return Err(super::lifecycle::unexpected(&answer));
        };
        let mut exported = Vec::with_capacity(files.len());
        for (name, length) in files {
            if length > body.len() {
                return Err(Fault::internal(
                    "a worker's files are longer than its answer",
                ));
            }
            exported.push((name, body.split_to(length)));
        }
        Ok(exported)
    }
}
