//! Running the cells of a notebook in its session, and bringing what they show into the document.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::library::Library;
use super::live::{Begun, Document, NotRun, Selection};
use super::open::Open;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ExecutionId, NotebookId, SessionId, TenantId};
use crate::session::{
    Draft, EventReader, ExecutionStatus, Finished, Handle, Happening, NewSession, Notice,
    Submission,
};
use crate::store::notebooks::NotebookRow;
use crate::tenant::Caller;

/// How long outputs may be in memory alone while a cell runs.
const SETTLE: Duration = Duration::from_secs(1);

/// The tag of cells that are meant to fail.
const MAY_RAISE: &str = "raises-exception";

/// What was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) session: SessionId,
    /// What runs first; nothing when there is nothing to run.
    pub(crate) execution: Option<ExecutionId>,
    /// The cells that are run, in their order.
    pub(crate) cells: Vec<String>,
}

/// The cells of one request, which are run one after the other.
struct Run {
    library: Arc<Library>,
    open: Arc<Open>,
    row: NotebookRow,
    id: NotebookId,
    caller: Caller,
    handle: Handle,
    events: EventReader,
    waiting: VecDeque<String>,
}

impl Library {
    /// Runs cells in the notebook's session, which is made when there is none. A cell that fails
    /// ends the run: those behind it are not begun.
    pub(crate) async fn execute(
        self: &Arc<Self>,
        caller: &Caller,
        id: NotebookId,
        selection: &Selection,
    ) -> Result<Taken, Fault> {
        let (row, open) = self.find(caller.tenant, id).await?;
        let cells = open
            .look(self, row.clone(), |state| {
                state.document.selected(selection)
            })
            .await?;
        let handle = self.session(caller, id, &open).await?;
        let session = handle.id;
        let mut run = Run {
            library: Arc::clone(self),
            open,
            row,
            id,
            caller: caller.clone(),
            events: handle.events(handle.log().last()),
            handle,
            waiting: cells.iter().cloned().collect(),
        };
        run.queue().await?;
        // Whether there is room for it is told to whoever asked.
        let first = run.start_next().await;
        let execution = match &first {
            Ok(started) => started.as_ref().map(|(_, execution)| *execution),
            Err(fault) => {
                let fault = fault.clone();
                // Whoever asked hears it; the notebook is as it was.
                run.forget(None).await;
                return Err(fault);
            }
        };
        tokio::spawn(run.finish(first));
        Ok(Taken {
            session,
            execution,
            cells,
        })
    }

    /// Runs code that belongs to no cell, in the notebook's session.
    pub(crate) async fn execute_code(
        self: &Arc<Self>,
        caller: &Caller,
        id: NotebookId,
        code: String,
    ) -> Result<Taken, Fault> {
        let (row, open) = self.find(caller.tenant, id).await?;
        let handle = self.session(caller, id, &open).await?;
        let submission = Submission {
            notebook: Some(id),
            ..Submission::new(caller, code)
        };
        let mut events = handle.events(handle.log().last());
        let execution = handle.execute(submission).await?.execution;
        let session = handle.id;
        open.log(self, &row).await?;
        tokio::spawn(async move {
            // Those who watch the notebook see it, too; there is no cell for it in the notebook.
            while let Ok(Some(recorded)) = events.next().await {
                let Ok(event) = recorded.event() else { break };
                if event.draft.execution_id != Some(execution) {
                    continue;
                }
                let ended = matches!(
                    event.draft.happening,
                    Happening::Notice(Notice::Finished(_))
                );
                open.tell(event.draft);
                if ended {
                    break;
                }
            }
            drop(handle);
        });
        Ok(Taken {
            session,
            execution: Some(execution),
            cells: Vec::new(),
        })
    }

    /// Returns the notebook's session, a new one if it has none that lives.
    async fn session(
        self: &Arc<Self>,
        caller: &Caller,
        id: NotebookId,
        open: &Arc<Open>,
    ) -> Result<Handle, Fault> {
        // Two requests at once make one session.
        let _turn = open.starting().await;
        let (row, _) = self.find(caller.tenant, id).await?;
        if let Some(handle) = self.living(caller.tenant, &row).await? {
            return Ok(handle);
        }
        let project = row.project_id.parse().map_err(Fault::internal)?;
        let new = NewSession {
            name: Some(row.name.clone()),
            project: Some(project),
            notebook: Some(id),
            ..NewSession::default()
        };
        let handle = self.sessions.create(caller, new).await?;
        let session = handle.id.to_string();
        self.store.set_notebook_session(&row, &session).await?;
        open.set_session(session).await;
        Ok(handle)
    }

    /// Returns the session that a notebook has, if that lives.
    pub(super) async fn living(
        &self,
        tenant: TenantId,
        row: &NotebookRow,
    ) -> Result<Option<Handle>, Fault> {
        let known = row.session_id.as_deref().and_then(|text| text.parse().ok());
        let Some(session) = known else {
            return Ok(None);
        };
        match self.sessions.get(tenant, session).await {
            Err(fault)
                if matches!(
                    fault.code,
                    ErrorCode::SessionNotFound | ErrorCode::SessionDead
                ) =>
            {
                Ok(None)
            }
            other => other.map(Some),
        }
    }
}

/// Tells whether the end of an execution is a failure of its cell; one of which nothing is known is, and
/// one that was refused is not what the cell is meant to do.
pub(super) fn failed(document: &Document, cell: &str, finished: Option<&Finished>) -> bool {
    let meant = || {
        document
            .cell(cell)
            .is_ok_and(|cell| cell.has_tag(MAY_RAISE))
    };
    match finished.map(|finished| (finished.outcome.as_str(), finished.never_began())) {
        Some(("ok", _)) => false,
        Some(("error", false)) => !meant(),
        Some(_) | None => true,
    }
}

impl Run {
    /// Shows the cells as waiting.
    async fn queue(&self) -> Result<(), Fault> {
        let waiting = self.waiting.clone();
        self.open.log(&self.library, &self.row).await?;
        self.open
            .queue(&self.library, self.row.clone(), waiting)
            .await
    }

    /// Queues the next cell in the session; nothing when none is left. A cell that was deleted
    /// meanwhile, or is code no longer, is passed over.
    async fn start_next(&mut self) -> Result<Option<(String, ExecutionId)>, Fault> {
        while let Some(cell) = self.waiting.pop_front() {
            let look = self.open.look(&self.library, self.row.clone(), |state| {
                state.document.selected(&Selection::One(cell.clone()))?;
                Ok(state.document.cell(&cell)?.source.clone())
            });
            let source = match look.await {
                Ok(source) => source,
                Err(fault)
                    if matches!(
                        fault.code,
                        ErrorCode::CellNotFound | ErrorCode::InvalidField
                    ) =>
                {
                    self.open.unqueue([cell]).await;
                    continue;
                }
                Err(fault) => {
                    self.waiting.push_front(cell);
                    return Err(fault);
                }
            };
            let submission = Submission {
                notebook: Some(self.id),
                cell: Some(cell.clone()),
                allow_stdin: true,
                ..Submission::new(&self.caller, source.clone())
            };
            let accepted = match self.handle.execute(submission).await {
                Ok(accepted) => accepted,
                Err(fault) => {
                    self.waiting.push_front(cell);
                    return Err(fault);
                }
            };
            let begun = Begun {
                execution: accepted.execution,
                after: accepted.after,
            };
            let begin = self.open.change(&self.library, self.row.clone(), |state| {
                state
                    .running
                    .begin(&mut state.document, &cell, begun, &source)
            });
            if let Err(fault) = begin.await {
                self.handle.cancel(begun.execution).await;
                self.waiting.push_front(cell);
                return Err(fault);
            }
            return Ok(Some((cell, begun.execution)));
        }
        Ok(None)
    }

    /// Follows the cells to the end, or to the first that fails.
    async fn finish(mut self, first: Result<Option<(String, ExecutionId)>, Fault>) {
        let mut started = first;
        while let Ok(Some((cell, execution))) = &started {
            if !self.follow(cell, *execution).await {
                break;
            }
            started = self.start_next().await;
        }
        let why = started.err().map(|fault| {
            tracing::warn!(notebook = self.row.id, %fault, "the next cell could not be run");
            NotRun::refused(&fault.message)
        });
        self.forget(why).await;
    }

    /// Brings what a cell shows into the notebook until it has ended; tells whether it went well.
    async fn follow(&mut self, cell: &str, execution: ExecutionId) -> bool {
        let mut unsaved: Option<Instant> = None;
        loop {
            let event = match unsaved {
                None => self.events.next().await,
                Some(soon) => match timeout_at(soon, self.events.next()).await {
                    Ok(event) => event,
                    Err(_) => {
                        unsaved = None;
                        // What cannot be saved now is tried again with what comes next.
                        if let Err(fault) = self.save().await {
                            tracing::warn!(notebook = self.row.id, %fault, "outputs could not be saved");
                        }
                        continue;
                    }
                },
            };
            let event = match event {
                Ok(Some(recorded)) => recorded.event().ok(),
                // The session has ended, or its journal cannot be read.
                Ok(None) | Err(_) => None,
            };
            let Some(event) = event else {
                self.end(cell, execution, None).await;
                return false;
            };
            if event.draft.execution_id != Some(execution) {
                continue;
            }
            self.open.tell(event.draft.clone());
            if matches!(
                event.draft.happening,
                Happening::Notice(Notice::Started { .. })
            ) {
                self.tell(cell, execution, ExecutionStatus::Running);
            }
            match event.draft.happening {
                Happening::Kernel(message) => {
                    self.open.take(cell, execution, message).await;
                    unsaved.get_or_insert_with(|| Instant::now() + SETTLE);
                }
                Happening::Notice(Notice::Finished(finished)) => {
                    return self.end(cell, execution, Some(finished)).await;
                }
                Happening::Notice(_) => {}
            }
        }
    }

    /// Ends an execution in the notebook; tells whether the next cell may begin.
    async fn end(&self, cell: &str, execution: ExecutionId, finished: Option<Finished>) -> bool {
        let count = finished
            .as_ref()
            .and_then(|finished| finished.execution_count);
        let end = self.open.change(&self.library, self.row.clone(), |state| {
            let (running, document) = (&mut state.running, &mut state.document);
            let failed = failed(document, cell, finished.as_ref());
            running.finish(document, cell, execution, count, failed);
            if failed {
                let why = NotRun::behind(finished.as_ref());
                running.give_up(document, self.waiting.iter().cloned(), why.as_ref());
            }
            Ok(!failed)
        });
        let end = end.await;
        let went_well = finished.is_some_and(|finished| finished.outcome == "ok");
        let status = match went_well {
            true => ExecutionStatus::Complete,
            false => ExecutionStatus::Error,
        };
        self.tell(cell, execution, status);
        match end {
            Ok(goes_on) => goes_on,
            Err(fault) => {
                tracing::warn!(notebook = self.row.id, %fault, "the outputs of a cell could not be saved");
                false
            }
        }
    }

    fn tell(&self, cell: &str, execution: ExecutionId, status: ExecutionStatus) {
        self.open.tell(Draft {
            session_id: Some(self.handle.id),
            notebook_id: Some(self.id),
            cell_id: Some(cell.to_owned()),
            execution_id: Some(execution),
            happening: Happening::Notice(Notice::ExecutionStatus { status }),
        });
    }

    async fn save(&self) -> Result<(), Fault> {
        self.open
            .change(&self.library, self.row.clone(), |_| Ok(()))
            .await
    }

    /// Shows the cells that were not begun as not waiting any more, and why if there is something to say.
    async fn forget(self, why: Option<NotRun>) {
        let waiting = self.waiting;
        let forget = self.open.change(&self.library, self.row, |state| {
            let (running, document) = (&mut state.running, &mut state.document);
            running.give_up(document, waiting, why.as_ref());
            Ok(())
        });
        if let Err(fault) = forget.await {
            tracing::warn!(notebook = %self.id, %fault, "that cells do not wait any more could not be saved");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_refusal_is_not_what_a_cell_is_meant_to_do() {
        let new = |tags: &[&str]| {
            let new = json!({"source": "1 / 0", "metadata": {"tags": tags}});
            serde_json::from_value(new).expect("a cell")
        };
        let document = Document::with(vec![new(&[]), new(&[MAY_RAISE])]).expect("cells");
        let [plain, meant] = [0, 1].map(|index| document.cells()[index].id.clone());
        let end = |outcome: &str, execution_count| Finished {
            outcome: outcome.into(),
            execution_count,
            ..Finished::lost(Value::Null, None)
        };
        let is_failure = |cell: &str, end: Option<&Finished>| failed(&document, cell, end);
        assert!(!is_failure(&plain, Some(&end("ok", Some(1)))));
        assert!(is_failure(&plain, Some(&end("error", Some(1)))));
        assert!(!is_failure(&meant, Some(&end("error", Some(1)))));
        let refused = end("error", None);
        assert!(is_failure(&meant, Some(&refused)));
        assert!(is_failure(&meant, Some(&end("limit", Some(1)))));
        assert!(is_failure(&meant, Some(&end("lost", None))));
        assert!(is_failure(&meant, None));
    }
}
