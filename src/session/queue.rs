//! What an actor does with executions before they run: takes them, lets them wait for their turn,
//! begins them, takes them back.

use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use super::actor::{Actor, Question, Running, Waiting};
use super::admission::{Place, Priority};
use super::event::{ExecutionState, Happening, Notice};
use super::execution::Submission;
use super::handle::{Accepted, State};
use super::link::Heard;
use super::quarantine::STRIKES;
use crate::config::SuspiciousCode;
use crate::error_code::{ErrorCode, Fault};
use crate::id::ExecutionId;
use crate::store::executions::ExecutionRow;
use crate::telemetry::traces::{self, TRACE};
use crate::tenant::quotas::Resource;
use crate::tenant::scan::{Finding, scan};
use crate::worker::protocol::Command;

/// Returns what looks like an attack in some code, as far as it is looked for.
pub(crate) fn findings(then: SuspiciousCode, code: &str) -> Vec<Finding> {
    match then {
        SuspiciousCode::Ignore => Vec::new(),
        SuspiciousCode::Report | SuspiciousCode::Refuse => scan(code),
    }
}

impl Actor {
    /// Takes code into the queue.
    pub(super) async fn enqueue(&mut self, mut submission: Submission) -> Result<Accepted, Fault> {
        let most = self.around.config.sessions.queue;
        if self.queue.len() >= most {
            let message =
                format!("{most} executions of this session wait already (`sessions.queue`).");
            return Err(Fault::new(ErrorCode::QueueFull, message).retry_after(5));
        }
        // While the disk takes nothing, nothing is run whose end could not be stored.
        self.write_down().await?;
        self.log.settle().map_err(Fault::disk)?;
        self.around.quotas.may_run(self.tenant)?;
        let limits = self.around.quotas.limits(self.tenant);
        self.most = usize::try_from(limits.cells_at_once).unwrap_or(usize::MAX);
        let hash = submission.hash();
        if self.around.strikes(self.tenant, &hash) >= STRIKES {
            let message =
                format!("This code ended {STRIKES} worker processes; it is not run again.");
            return Err(Fault::new(ErrorCode::CellQuarantined, message));
        }
        let suspicions = self.suspicions(&submission.code)?;
        let id = ExecutionId::new();
        let (session, tenant) = (self.id, self.tenant);
        let span =
            tracing::debug_span!(target: TRACE, parent: None, "execution", %id, %session, %tenant);
        submission.span = traces::below(span, &submission.span);
        let row = ExecutionRow::queued(
            self.tenant,
            self.id,
            id,
            &submission.code,
            hash,
            submission.cell.clone(),
        );
        let (sender, stored) = oneshot::channel();
        let store = self.around.store.clone();
        // The cell need not wait for the disk: what it does is written down in order anyway.
        let writing = tokio::spawn(async move {
            let added = store.add_execution(&row).await;
            drop(sender.send(added.clone()));
            added.map_err(|fault| (Box::new(row), fault))
        });
        let after = self.log.last();
        if let Some(notice) = suspicions {
            self.tell_of(Some((id, &submission)), Happening::Notice(notice));
        }
        let position = self.queue.len() + usize::from(self.running.is_some());
        if position > 0 {
            self.tell_of(
                Some((id, &submission)),
                Happening::Notice(Notice::Queued { position }),
            );
        }
        self.queue.push_back(Waiting {
            id,
            submission,
            stored: writing,
        });
        self.queue_up();
        self.show();
        Ok(Accepted {
            execution: id,
            after,
            stored,
        })
    }

    /// Returns what looks like an attack in some code, or refuses it, as is configured.
    fn suspicions(&self, code: &str) -> Result<Option<Notice>, Fault> {
        let then = self.around.config.sessions.suspicious_code;
        let findings = findings(then, code);
        if findings.is_empty() {
            return Ok(None);
        }
        let message = format!(
            "The code looks suspicious in {}; the first: {}",
            crate::text::count(findings.len() as u64, "place"),
            findings[0]
        );
        if then == SuspiciousCode::Refuse {
            let details = serde_json::json!({"findings": findings});
            return Err(Fault::new(ErrorCode::CodeRefused, message).with_details(details));
        }
        Ok(Some(Notice::Log {
            level: "warning".into(),
            message,
            findings,
        }))
    }

    /// Queues up for the next execution, if there is one and nothing runs.
    pub(super) fn queue_up(&mut self) {
        if self.running.is_some() || self.ticket.is_some() {
            return;
        }
        if let Some(next) = self.queue.front() {
            self.ticket = Some(self.around.admission.enter(
                self.tenant,
                next.submission.priority,
                self.most,
            ));
        }
    }

    /// The session stands elsewhere in the queue, or was let in.
    pub(super) async fn stand(&mut self, place: Place) {
        match place {
            Place::Waiting(position) => {
                self.look(|view| view.queue_position = Some(position));
                if let Some(next) = self.queue.front().filter(|_| self.running.is_none()) {
                    let notice = Notice::Queued { position };
                    self.tell_of(Some((next.id, &next.submission)), Happening::Notice(notice));
                }
            }
            Place::Admitted => match &mut self.running {
                Some(running) => {
                    let Question::Answered(line) =
                        std::mem::replace(&mut running.question, Question::None)
                    else {
                        return;
                    };
                    if let Some(link) = &self.link {
                        link.tell(self.id, Command::Input { line }).await;
                    }
                }
                None => self.run_next().await,
            },
        }
    }

    /// Begins the next execution.
    async fn run_next(&mut self) {
        if self.shared.interrupted.load(Ordering::Acquire) {
            return self.interrupt().await;
        }
        let Some(next) = self.queue.pop_front() else {
            self.ticket = None;
            return;
        };
        let link = match self.awake().await {
            Ok(link) => link,
            Err(fault) => {
                self.ticket = None;
                return self.forget(next, &fault).await;
            }
        };
        // Nobody shall put it to sleep while it waits.
        self.look(|view| view.state = State::Busy);
        let may_begin = match self.around.quotas.fuel_left(self.tenant) {
            Ok(left) => self.room_to_run(&link).await.map(|room| (room, left)),
            Err(fault) => Err(fault),
        };
        let (room, fuel_left) = match may_begin {
            Ok(begun) => begun,
            Err(fault) => {
                self.ticket = None;
                return self.forget(next, &fault).await;
            }
        };
        self.shared.out_of_fuel.store(false, Ordering::Release);
        let Waiting {
            id,
            submission,
            stored,
        } = next;
        let turn = submission.turn(fuel_left);
        let started = Notice::Started {
            code: submission.code.clone(),
            execution_count: self.counted() + 1,
            silent: submission.silent || submission.comm.is_some(),
            message: submission.message.clone(),
        };
        let counted = self
            .around
            .quotas
            .hold(self.tenant, Resource::CellsAtOnce, 1);
        let process = link.process;
        let span = tracing::debug_span!(target: TRACE, parent: None, "worker", process);
        self.running = Some(Running {
            worker: traces::below(span, &submission.span),
            _counted: Some(counted),
            _room: Some(room),
            id,
            submission,
            stored,
            before: self.checkpoint.clone(),
            first_seq: self.log.last() + 1,
            started_at: crate::store::now(),
            question: Question::None,
            fuel_given: fuel_left,
        });
        let sent = link.start(self.id, Command::Run { turn }).await;
        // The worker has it already; what it says comes behind this.
        self.status(ExecutionState::Busy);
        self.tell(self.running.as_ref(), Happening::Notice(started));
        self.show();
        // When the worker has ended, the actor hears of that.
        if sent.is_err() {
            self.hear(Heard::Lost { alone: false }).await;
        }
    }

    /// Returns how many cells were counted.
    fn counted(&self) -> u64 {
        let view = self.shared.view.lock().expect("no holder panics");
        view.execution_count
    }

    pub(super) fn answer(&mut self, line: Option<String>) -> Result<(), Fault> {
        let running = self
            .running
            .as_mut()
            .filter(|running| running.question == Question::Open);
        let Some(running) = running else {
            return Err(Fault::new(
                ErrorCode::NoInputAwaited,
                "No cell of the session is waiting for input.",
            ));
        };
        running.question = Question::Answered(line);
        self.ticket = Some(
            self.around
                .admission
                .enter(self.tenant, Priority::High, self.most),
        );
        Ok(())
    }

    pub(super) async fn interrupt(&mut self) {
        self.shared.interrupted.store(false, Ordering::Release);
        // The running cell was told directly. What waits behind it is not run, as in Jupyter.
        self.take_back_waiting().await;
    }

    /// Runs nothing of what waits.
    pub(super) async fn take_back_waiting(&mut self) {
        if self.running.is_none() {
            self.ticket = None;
        }
        while let Some(next) = self.queue.pop_front() {
            self.take_back(next).await;
        }
        self.show();
    }

    pub(super) async fn cancel(&mut self, execution: ExecutionId) {
        if self
            .running
            .as_ref()
            .is_some_and(|running| running.id == execution)
        {
            if let Some(link) = &self.link {
                link.tell(self.id, Command::Interrupt).await;
            }
        } else if let Some(index) = self
            .queue
            .iter()
            .position(|waiting| waiting.id == execution)
            && let Some(waiting) = self.queue.remove(index)
        {
            if index == 0 {
                self.ticket = None;
            }
            self.take_back(waiting).await;
            self.queue_up();
            self.show();
        }
    }
}
