//! What an actor does when its cell did something, ended, or was lost with its worker.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use python_wasm::jupyter_protocol::ErrorOutput;
use python_wasm::{Event, Outcome, Stop, Usage};
use serde_json::{Map, Value, json};
use tracing::Span;

use super::actor::{Actor, Question, Running, Waiting};
use super::event::{ExecutionState, Happening, Notice};
use super::execution::{Finished, NotStored, loss};
use super::link::Heard;
use super::unwritten::Unwritten;
use crate::error_code::Fault;
use crate::id::ExecutionId;
use crate::store::checkpoints::CheckpointRow;
use crate::store::executions::ExecutionEnd;
use crate::telemetry::traces;
use crate::tenant::audit::{self, Action, Entry};
use crate::worker::protocol::{Answer, Failed, Stored};

/// Why a cell is stopped that had not used all that was left when it began.
const TOGETHER: &str =
    "the tenant's cells that ran at the same time used up the day's fuel, the quota `fuel_per_day`";

impl Actor {
    pub(super) async fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Event(event) => self.happen(event),
            Heard::Rested => self.rest(),
            Heard::Ran(Ok(Answer::Ran {
                execution,
                standing,
                stored,
            })) => {
                self.stand_at(standing);
                self.finish(execution, stored).await;
            }
            Heard::Ran(Ok(other)) => {
                let fault = super::lifecycle::unexpected(&other);
                self.lost_with_worker(&fault.message, false).await;
            }
            Heard::Ran(Err(failed)) => self.lost_with_worker(&failed.message, false).await,
            Heard::Lost { alone } => {
                self.lost_with_worker("The worker process ended.", alone)
                    .await
            }
        }
    }

    fn happen(&mut self, event: Event) {
        if let (Event::InputRequest(_), Some(running)) = (&event, &mut self.running) {
            running.question = Question::Open;
            // While somebody thinks, others run.
            self.ticket = None;
        }
        self.tell(self.running.as_ref(), Happening::Kernel(event));
    }

    /// The cell computes no more: others run while the disk is waited for.
    fn rest(&mut self) {
        self.ticket = None;
        if let Some(running) = &mut self.running {
            running.question = Question::None;
        }
    }

    /// The cell has ended, one way or the other.
    async fn finish(&mut self, execution: python_wasm::Execution, stored: Result<Stored, Failed>) {
        let Some(running) = self.running.take() else {
            return;
        };
        self.ticket = None;
        let (after, fault) = match stored {
            Ok(stored) => (Some(stored), None),
            Err(failed) => (None, Some(super::link::fault(failed))),
        };
        let out_of_fuel = self.shared.out_of_fuel.swap(false, Ordering::AcqRel);
        let (outcome, error) = match &execution.outcome {
            Outcome::Interrupted if out_of_fuel => (
                "limit",
                json!({"limit": Stop::FuelPerDay.name(), "message": TOGETHER}),
            ),
            outcome => (name(outcome), reason(outcome)),
        };
        let finished = Finished {
            outcome: outcome.into(),
            error,
            execution_count: Some(execution.execution_count),
            usage: execution.usage,
            user_expressions: execution.user_expressions,
            payload: execution.payload,
            checkpoint_before: running.before.clone(),
            checkpoint_after: after.as_ref().map(|stored| stored.checkpoint.clone()),
            not_stored: fault.as_ref().map(NotStored::from),
        };
        if let Some(stored) = &after {
            self.checkpoint = Some(stored.checkpoint.clone());
            self.holds(stored.bytes());
        }
        let stop = running.submission.stop_on_error && finished.outcome != "ok";
        self.close(running, finished, after).await;
        if stop {
            self.take_back_waiting().await;
        }
    }

    /// The memory is gone: what ran is lost, and the state is the last one stored.
    async fn lost_with_worker(&mut self, reason: &str, culprit: bool) {
        self.part();
        self.ticket = None;
        if let Some(running) = self.running.take() {
            if culprit {
                self.around
                    .strike(self.tenant, self.id, &running.submission.hash())
                    .await;
            }
            let (lost, stop) = (running.id, running.submission.stop_on_error);
            self.lose(running, reason).await;
            self.notice(Notice::Restored {
                checkpoint_id: self.checkpoint.clone(),
                reason: reason.into(),
                lost: vec![lost],
            });
            self.status(ExecutionState::Idle);
            if stop {
                self.take_back_waiting().await;
            }
        } else {
            self.notice(Notice::Restored {
                checkpoint_id: self.checkpoint.clone(),
                reason: reason.into(),
                lost: Vec::new(),
            });
        }
        self.queue_up();
        self.show();
    }

    /// Ends an execution whose effects are gone.
    pub(super) async fn lose(&mut self, running: Running, reason: &str) {
        let message = format!("{reason} The variables are as they were before the cell.");
        let (shown, error) = loss(&message);
        self.tell(Some(&running), Happening::Kernel(Event::Error(shown)));
        let finished = Finished::lost(error, running.before.clone());
        self.close(running, finished, None).await;
    }

    /// Writes down that an execution has ended, and goes on with the next.
    async fn close(&mut self, mut running: Running, mut finished: Finished, after: Option<Stored>) {
        running.worker = Span::none();
        let span = &running.submission.span;
        traces::note(span, "outcome", finished.outcome.clone());
        traces::note(span, "fuel", finished.usage.fuel as i64);
        let checkpoint = after
            .as_ref()
            .map(|stored| checkpoint_row(self, stored, Some(&running.id), None));
        let checkpoint = checkpoint.map(|row| CheckpointRow {
            cell_id: running.submission.cell.clone(),
            parent_id: running.before.as_ref().map(ToString::to_string),
            ..row
        });
        let end = ExecutionEnd {
            id: running.id.to_string(),
            status: finished.outcome.clone(),
            execution_count: finished.execution_count.map(|count| count as i64),
            first_seq: running.first_seq as i64,
            // Two more events follow: the checkpoint's, if there is one, and the end's.
            last_seq: (self.log.last() + 1 + u64::from(checkpoint.is_some())) as i64,
            checkpoint_before: finished.checkpoint_before.as_ref().map(ToString::to_string),
            checkpoint_after: finished.checkpoint_after.as_ref().map(ToString::to_string),
            usage: serde_json::to_string(&finished.usage).unwrap_or_default(),
            error: (!finished.error.is_null()).then(|| finished.error.to_string()),
            started_at: running.started_at.clone(),
            finished_at: crate::store::now(),
        };
        if let Err(fault) = self.write_end(&mut running, end, checkpoint).await {
            tracing::error!(session = %self.id, %fault, "what came of an execution is not stored");
            // What is lost or never began leaves nothing that could be missed.
            if finished.execution_count.is_some() {
                finished.not_stored.get_or_insert((&fault).into());
            }
        }
        self.account(&running, &finished);
        let of = Some((running.id, &running.submission));
        if let Some(stored) = after {
            let notice = Notice::Checkpoint {
                checkpoint_id: stored.checkpoint,
                pages: stored.pages,
            };
            self.tell_of(of, Happening::Notice(notice));
        }
        self.tell_of(of, Happening::Notice(Notice::Finished(finished)));
        let idle = Notice::Status {
            execution_state: ExecutionState::Idle,
        };
        self.tell_of(of, Happening::Notice(idle));
        self.queue_up();
        self.show();
    }

    /// Stores how an execution ended, and its events. What the database does not take now it gets
    /// later.
    async fn write_end(
        &mut self,
        running: &mut Running,
        end: ExecutionEnd,
        after: Option<CheckpointRow>,
    ) -> Result<(), Fault> {
        let row = match (&mut running.stored).await.map_err(Fault::internal)? {
            Ok(()) => None,
            Err((row, _)) => Some(row),
        };
        let log = Arc::clone(&self.log);
        let synced = tokio::task::spawn_blocking(move || log.sync());
        let end = Box::new(end);
        self.unwritten
            .push(Unwritten::Execution { row, end, after });
        let (written, synced) = tokio::join!(self.write_down(), synced);
        synced.map_err(Fault::internal)?.map_err(Fault::disk)?;
        written
    }

    /// Counts the fuel, and writes down for the auditor who ran what.
    fn account(&self, running: &Running, finished: &Finished) {
        self.around
            .quotas
            .charge_fuel(self.tenant, finished.usage.fuel);
        let outcome = match finished.outcome.as_str() {
            "ok" => audit::Outcome::Ok,
            "error" => audit::Outcome::Error,
            "interrupted" => audit::Outcome::Interrupted,
            "limit" => audit::Outcome::Limit,
            "killed" => audit::Outcome::Killed,
            _lost => audit::Outcome::Lost,
        };
        let entry = Entry::of(
            &running.submission.by,
            Action::Execution,
            running.id.to_string(),
        );
        self.around.audit.record_later(Entry {
            outcome,
            code_hash: Some(running.submission.hash()),
            session: Some(self.id),
            checkpoint: finished.checkpoint_after.as_ref().map(ToString::to_string),
            fuel: Some(finished.usage.fuel),
            ..entry
        });
    }

    /// Ends an execution that never began, because it was taken back.
    pub(super) async fn take_back(&mut self, waiting: Waiting) {
        let error = json!({"message": "It was taken back before it began."});
        let first_seq = self.log.last() + 1;
        self.never_began(waiting, first_seq, "interrupted", error)
            .await;
    }

    /// Ends an execution that cannot begin. What was to stop when it fails does not begin either.
    pub(super) async fn forget(&mut self, waiting: Waiting, fault: &Fault) {
        let error = json!({"message": fault.message, "code": fault.code.meaning().number});
        let error_output = ErrorOutput {
            ename: fault.code.name().into(),
            evalue: fault.message.clone().into_owned(),
            traceback: vec![fault.message.clone().into_owned()],
        };
        let first_seq = self.log.last() + 1;
        let stop = waiting.submission.stop_on_error;
        self.tell_of(
            Some((waiting.id, &waiting.submission)),
            Happening::Kernel(Event::Error(error_output)),
        );
        self.never_began(waiting, first_seq, "error", error).await;
        if stop {
            self.take_back_waiting().await;
        }
    }

    async fn never_began(&mut self, waiting: Waiting, first_seq: u64, outcome: &str, error: Value) {
        let running = Running {
            id: waiting.id,
            submission: waiting.submission,
            stored: waiting.stored,
            before: self.checkpoint.clone(),
            first_seq,
            started_at: crate::store::now(),
            question: Question::None,
            fuel_given: 0,
            worker: Span::none(),
            _counted: None,
            _room: None,
        };
        let finished = Finished {
            outcome: outcome.into(),
            error,
            execution_count: None,
            usage: Usage::default(),
            user_expressions: Map::new(),
            payload: Vec::new(),
            checkpoint_before: self.checkpoint.clone(),
            checkpoint_after: self.checkpoint.clone(),
            not_stored: None,
        };
        self.close(running, finished, None).await;
    }
}

/// Returns the row of a stored state, which comes from the session's present one.
pub(super) fn checkpoint_row(
    actor: &Actor,
    stored: &Stored,
    execution: Option<&ExecutionId>,
    label: Option<String>,
) -> CheckpointRow {
    CheckpointRow {
        id: stored.checkpoint.to_string(),
        tenant_id: actor.tenant.to_string(),
        session_id: actor.id.to_string(),
        execution_id: execution.map(ToString::to_string),
        cell_id: None,
        label,
        image: actor.row.image.clone(),
        pages: stored.pages as i64,
        execution_count: stored.execution_count as i64,
        created_at: crate::store::now(),
        parent_id: actor.checkpoint.as_ref().map(ToString::to_string),
    }
}

/// Returns an outcome's name.
pub(crate) fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Error { .. } => "error",
        Outcome::Interrupted => "interrupted",
        Outcome::Limit { .. } => "limit",
        Outcome::Killed { .. } => "killed",
    }
}

/// Returns why a cell did not run to its end.
pub(crate) fn reason(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Ok => Value::Null,
        Outcome::Error {
            ename,
            evalue,
            traceback,
        } => {
            json!({"ename": ename, "evalue": evalue, "traceback": traceback})
        }
        Outcome::Interrupted => json!({"message": "It was interrupted."}),
        Outcome::Limit { limit, message } => json!({"limit": limit.name(), "message": message}),
        Outcome::Killed { limit, message } => {
            json!({"limit": limit.map(|limit| limit.name()), "message": message})
        }
    }
}
