//! A session's actor: the one task that decides what happens to it, and writes down what did.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use python_wasm::{CheckpointId, Policy, Usage};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::Span;

use super::admission::{Place, Ticket};
use super::around::Surroundings;
use super::event::{Draft, ExecutionState, ExecutionStatus, Happening, Notice};
use super::event_log::EventLog;
use super::execution::Submission;
use super::handle::{Ask, ForkBasis, Handle, Shared, State, Underway, View};
use super::link::{Heard, Link};
use super::memory::LEAST;
use super::room::Held;
use super::unwritten::Unwritten;
use crate::error_code::Fault;
use crate::id::{ExecutionId, SessionId, TenantId};
use crate::news::{Item, What};
use crate::store::executions::ExecutionRow;
use crate::store::sessions::SessionRow;
use crate::tenant::quotas::Reservation;
use crate::worker::protocol::{Command, Opening, Start};

/// Requests that may wait for an actor.
const ASKS: usize = 256;

/// Messages of the worker that may wait; then the worker's line waits.
const HEARD: usize = 256;

/// How often it is tried again to store what could not be stored.
const AGAIN: Duration = Duration::from_secs(2);

/// An actor.
pub(super) struct Actor {
    pub(super) around: Arc<Surroundings>,
    pub(super) id: SessionId,
    pub(super) tenant: TenantId,
    pub(super) row: SessionRow,
    pub(super) policy: Policy,
    pub(super) log: Arc<EventLog>,
    pub(super) shared: Arc<Shared>,
    /// The worker that holds the session; none while it sleeps.
    pub(super) link: Option<Arc<Link>>,
    heard: mpsc::Receiver<Heard>,
    /// The last state that is stored.
    pub(super) checkpoint: Option<CheckpointId>,
    pub(super) queue: VecDeque<Waiting>,
    /// What the session queues up for, or has been let in for.
    pub(super) ticket: Option<Ticket>,
    pub(super) running: Option<Running>,
    /// What the database has not taken.
    pub(super) unwritten: Vec<Unwritten>,
    idle_since: Instant,
    /// Cells that the tenant may run at once.
    pub(super) most: usize,
    /// Bytes that it does not share with others when it is awake, as far as is known.
    pub(super) private: u64,
    /// The tenant's quota of sessions counts this one.
    _place: Reservation,
}

/// The writing of an execution's row, which is given back when it failed.
pub(super) type Storing = JoinHandle<Result<(), (Box<ExecutionRow>, Fault)>>;

/// An execution that has not begun.
pub(super) struct Waiting {
    pub(super) id: ExecutionId,
    pub(super) submission: Submission,
    pub(super) stored: Storing,
}

/// The execution that has begun.
pub(super) struct Running {
    pub(super) id: ExecutionId,
    pub(super) submission: Submission,
    pub(super) stored: Storing,
    pub(super) before: Option<CheckpointId>,
    pub(super) first_seq: u64,
    pub(super) started_at: String,
    pub(super) question: Question,
    /// Fuel that was left of the tenant's day when it began.
    pub(super) fuel_given: u64,
    /// The time in the worker, in a trace.
    pub(super) worker: Span,
    /// The tenant's count of running cells holds this one.
    pub(super) _counted: Option<Reservation>,
    /// Room on its worker for what it may need.
    pub(super) _room: Option<Held>,
}

/// Where the running cell's `input()` stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Question {
    None,
    /// It waits for an answer, and has left its place to others.
    Open,
    /// The answer waits until the cell may go on.
    Answered(Option<String>),
}

impl Actor {
    /// Starts the actor of a stored session.
    pub(super) fn spawn(
        around: Arc<Surroundings>,
        id: SessionId,
        tenant: TenantId,
        row: SessionRow,
        place: Reservation,
        log: Arc<EventLog>,
    ) -> Result<Handle, Fault> {
        let policy = Policy::from_toml(&row.policy).map_err(Fault::internal)?;
        let checkpoint: Option<CheckpointId> = match &row.checkpoint_id {
            Some(text) => Some(text.parse().map_err(Fault::internal)?),
            None => None,
        };
        let view = View {
            state: State::Hibernated,
            usage: Usage::default(),
            execution_count: 0,
            queue_position: None,
            checkpoint: checkpoint.clone(),
            last_activity: row.last_activity.clone(),
            underway: None,
            last_used: Instant::now(),
        };
        let shared = Arc::new(Shared {
            view: Mutex::new(view),
            link: Mutex::default(),
            memory: Mutex::default(),
            interrupted: AtomicBool::new(false),
            broken_off: AtomicU64::new(0),
            out_of_fuel: AtomicBool::new(false),
        });
        let (asks, inbox) = mpsc::channel(ASKS);
        let handle = Handle {
            id,
            tenant,
            asks,
            shared: Arc::clone(&shared),
            log: Arc::clone(&log),
        };
        let actor = Self {
            around,
            id,
            tenant,
            row,
            policy,
            log,
            shared,
            link: None,
            heard: mpsc::channel(1).1,
            checkpoint,
            queue: VecDeque::new(),
            ticket: None,
            running: None,
            unwritten: Vec::new(),
            idle_since: Instant::now(),
            most: 1,
            private: LEAST,
            _place: place,
        };
        tokio::spawn(actor.live(inbox));
        Ok(handle)
    }

    async fn live(mut self, mut inbox: mpsc::Receiver<Ask>) {
        loop {
            let idle = self.running.is_none() && self.queue.is_empty() && self.link.is_some();
            let bedtime = self.idle_since + self.policy.limits.idle_time;
            tokio::select! {
                biased;
                Some(heard) = self.heard.recv() => self.hear(heard).await,
                place = moved(&mut self.ticket) => self.stand(place).await,
                ask = inbox.recv() => match ask {
                    Some(Ask::Close(reason, reply)) => {
                        let closed = self.end(reason).await;
                        // Who has gone needs no answer.
                        let _ = reply.send(closed);
                        return;
                    }
                    Some(ask) => self.take(ask).await,
                    None => return,
                },
                () = tokio::time::sleep(AGAIN), if !self.unwritten.is_empty() => {
                    if let Err(fault) = self.write_down().await {
                        tracing::warn!(session = %self.id, %fault, "what happened in a session still cannot be stored");
                    }
                }
                () = tokio::time::sleep_until(bedtime), if idle => {
                    if let Err(fault) = self.sleep().await {
                        tracing::warn!(session = %self.id, %fault, "an idle session cannot be put to sleep");
                        self.idle_since = Instant::now();
                    }
                }
            }
        }
    }

    async fn take(&mut self, ask: Ask) {
        self.idle_since = Instant::now();
        // In each case, who has gone needs no answer.
        match ask {
            Ask::Execute(submission, reply) => drop(reply.send(self.enqueue(*submission).await)),
            Ask::Cancel(execution) => self.cancel(execution).await,
            Ask::Interrupt => self.interrupt().await,
            Ask::Input(line, reply) => drop(reply.send(self.answer(line))),
            Ask::Look(look, reply) => match self.awake().await {
                Ok(link) => {
                    let id = self.id;
                    tokio::spawn(async move {
                        let answer = link.ask(id, Command::Look { look }).await;
                        drop(reply.send(answer));
                    });
                }
                Err(fault) => drop(reply.send(Err(fault))),
            },
            Ask::Inject(variables, reply) => drop(reply.send(self.inject(variables).await)),
            Ask::Checkpoint(label, reply) => drop(reply.send(self.store(label).await)),
            Ask::Restore(checkpoint, reply) => drop(reply.send(self.restore(checkpoint).await)),
            Ask::Fork(reply) => drop(reply.send(self.fork_basis().await)),
            Ask::Begin(link, parent, reply) => drop(reply.send(self.begin_as(link, parent).await)),
            Ask::Grant(names, reply) => drop(reply.send(self.grant(&names).await)),
            Ask::Wake(reply) => drop(reply.send(self.awake().await.map(drop))),
            Ask::Hibernate(reply) => drop(reply.send(self.sleep().await)),
            Ask::Restart(reply) => drop(reply.send(self.restart().await)),
            Ask::Close(..) => unreachable!("it ends the loop"),
        }
    }

    /// Writes an event down; readers get it from there.
    pub(super) fn tell(&self, execution: Option<&Running>, happening: Happening) {
        self.tell_of(
            execution.map(|running| (running.id, &running.submission)),
            happening,
        );
    }

    pub(super) fn tell_of(
        &self,
        execution: Option<(ExecutionId, &Submission)>,
        happening: Happening,
    ) {
        let status = match &happening {
            Happening::Notice(Notice::Started { .. }) => Some(ExecutionStatus::Running),
            Happening::Notice(Notice::Finished(finished)) => Some(match finished.outcome == "ok" {
                true => ExecutionStatus::Complete,
                false => ExecutionStatus::Error,
            }),
            Happening::Notice(_) | Happening::Kernel(_) => None,
        };
        if let (Some(status), Some((id, submission))) = (status, execution) {
            self.around.news.tell(self.tenant, || Item {
                session_id: Some(self.id),
                notebook_id: submission.notebook,
                cell_id: submission.cell.clone(),
                execution_id: Some(id),
                ..Item::of(What::ExecutionStatus { status })
            });
        }
        let draft = Draft {
            session_id: Some(self.id),
            notebook_id: execution.and_then(|(_, submission)| submission.notebook),
            cell_id: execution.and_then(|(_, submission)| submission.cell.clone()),
            execution_id: execution.map(|(id, _)| id),
            happening,
        };
        if let Err(error) = self.log.append(draft) {
            tracing::error!(session = %self.id, %error, "an event could not be written down");
        }
    }

    pub(super) fn notice(&self, notice: Notice) {
        self.tell(None, Happening::Notice(notice));
    }

    pub(super) fn status(&self, execution_state: ExecutionState) {
        self.tell(
            self.running.as_ref(),
            Happening::Notice(Notice::Status { execution_state }),
        );
    }

    /// Changes what can be seen. Those who watch the tenant are told of another state; of the end they
    /// are told when it is written down.
    pub(super) fn look(&self, change: impl FnOnce(&mut View)) {
        let (before, now) = {
            let mut view = self.shared.view.lock().expect("no holder panics");
            let before = (view.state, view.queue_position);
            change(&mut view);
            (before, (view.state, view.queue_position))
        };
        if before != now && now.0 != State::Dead {
            let (state, queue_position) = now;
            self.around.news.tell(self.tenant, || Item {
                session_id: Some(self.id),
                ..Item::of(What::SessionStatus {
                    state,
                    queue_position,
                })
            });
        }
    }

    /// Shows what the session does now.
    pub(super) fn show(&mut self) {
        self.idle_since = Instant::now();
        let state = match (&self.running, self.queue.is_empty(), &self.link) {
            (Some(_), ..) => State::Busy,
            (None, false, _) => State::Queued,
            (None, true, Some(_)) => State::Idle,
            (None, true, None) => State::Hibernated,
        };
        let checkpoint = self.checkpoint.clone();
        let underway = self.running.as_ref().map(|running| Underway {
            id: running.id,
            first_seq: running.first_seq,
            started_at: running.started_at.clone(),
            fuel_given: running.fuel_given,
        });
        self.look(|view| {
            view.state = state;
            view.underway = underway;
            view.checkpoint = checkpoint;
            view.last_activity = crate::store::now();
            view.last_used = Instant::now();
            if state != State::Queued {
                view.queue_position = None;
            }
        });
    }

    async fn fork_basis(&mut self) -> Result<ForkBasis, Fault> {
        let link = self.link.clone().filter(|_| self.running.is_none());
        Ok(ForkBasis {
            checkpoint: self.checkpoint.clone(),
            link,
        })
    }

    /// Returns how the session is to be opened.
    pub(super) fn opening(&self, start: Start) -> Opening {
        let layout = &self.around.layout;
        let home = match self.row.project_id.as_deref().map(str::parse) {
            Some(Ok(project)) => layout.project(self.tenant, project),
            Some(Err(_)) | None => layout.session(self.tenant, self.id).join("home"),
        };
        Opening {
            image: self.row.image.clone(),
            policy: self.row.policy.clone(),
            home,
            checkpoints: layout.checkpoints(self.tenant),
            secrets: Vec::new(),
            start,
        }
    }

    /// Hears no worker any more. One that waits for the actor to hear it goes on.
    pub(super) fn hear_nobody(&mut self) {
        self.heard = mpsc::channel(1).1;
    }

    /// Hears the worker of this session from now on.
    pub(super) fn listen(&mut self, link: &Arc<Link>) {
        let (sender, heard) = mpsc::channel(HEARD);
        self.heard = heard;
        link.attach(self.id, sender);
    }
}

/// Waits until a ticket's place changes; for ever when there is none.
async fn moved(ticket: &mut Option<Ticket>) -> Place {
    match ticket {
        Some(ticket) => ticket.moved().await,
        None => std::future::pending().await,
    }
}
