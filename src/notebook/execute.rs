//! Running the cells of a notebook in its session, and bringing what they show into the document.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::library::Library;
use super::live::{Begun, CellPatch, Document, NotRun, Selection};
use super::open::Open;
use super::writing::Writing;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ExecutionId, NotebookId, SessionId};
use crate::session::{
    Draft, EventReader, ExecutionStatus, Finished, Handle, Happening, Notice, Submission,
};
use crate::store::notebooks::NotebookRow;
use crate::tenant::Caller;

/// How long outputs may be in memory alone while a cell runs.
pub(super) const SETTLE: Duration = Duration::from_secs(1);

/// The tag of cells that are meant to fail.
const MAY_RAISE: &str = "raises-exception";

/// What a cell's source is to be before it runs, and the revision of the cell that its writer knows.
#[derive(Debug, Clone)]
pub(crate) struct Rewrite {
    pub(crate) source: String,
    pub(crate) revision: u64,
}

/// What was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) session: SessionId,
    /// What runs first; nothing when there is nothing to run.
    pub(crate) execution: Option<ExecutionId>,
    /// The cells that are run, in their order.
    pub(crate) cells: Vec<String>,
    /// The revision of the cell that runs first.
    pub(crate) revision: Option<u64>,
}

/// A cell that was queued in the session.
struct Started {
    cell: String,
    execution: ExecutionId,
    revision: u64,
    /// Tells when the notebook's row says that it runs.
    noted: oneshot::Receiver<()>,
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
    /// What the first of them is to have as its source.
    rewrite: Option<Rewrite>,
}

impl Library {
    /// Runs cells in the notebook's session, which is made when there is none; the first of them is rewritten
    /// before, if that is asked for. A cell that fails ends the run: those behind it are not begun.
    pub(crate) async fn execute(
        self: &Arc<Self>,
        caller: &Caller,
        id: NotebookId,
        selection: &Selection,
        rewrite: Option<Rewrite>,
    ) -> Result<Taken, Fault> {
        let (row, open) = self.find(caller.tenant, id).await?;
        let cells = open
            .look(self, row.clone(), |state| {
                let (Some(rewrite), Selection::One(cell)) = (&rewrite, selection) else {
                    return state.document.selected(selection);
                };
                // What would be refused is refused before anything runs.
                let mut rewritten = state.document.clone();
                rewrite.apply(&mut rewritten, cell)?;
                rewritten.selected(selection)
            })
            .await?;
        let handle = self.session(caller, id, &open).await?;
        let session = handle.id;
        if let (true, Some(rewrite), Selection::One(cell)) = (cells.is_empty(), &rewrite, selection)
        {
            // Nothing is left to be run; it is saved all the same.
            let save = open.change(self, row, |state| {
                rewrite.apply(&mut state.document, cell)?;
                Ok(state.document.cell(cell)?.revision)
            });
            return Ok(Taken {
                session,
                execution: None,
                cells,
                revision: Some(save.await?),
            });
        }
        let mut run = Run {
            library: Arc::clone(self),
            open,
            row,
            id,
            caller: caller.clone(),
            events: handle.events(handle.log().last()),
            handle,
            waiting: cells.iter().cloned().collect(),
            rewrite,
        };
        run.queue().await?;
        let mut taken = Taken {
            session,
            execution: None,
            cells,
            revision: None,
        };
        // Whether there is room for it is told to whoever asked.
        match run.start_next().await {
            Err(fault) => {
                // Whoever asked hears it; the notebook is as it was.
                run.forget(None).await;
                return Err(fault);
            }
            Ok(None) => run.forget(None).await,
            Ok(Some((first, writing))) => {
                let (handle, execution) = (run.handle.clone(), first.execution);
                taken.execution = Some(execution);
                taken.revision = Some(first.revision);
                // What it shows is told while the file is being written.
                tokio::spawn(run.finish(first));
                if let Err(fault) = writing.done().await {
                    handle.cancel(execution).await;
                    return Err(fault);
                }
            }
        }
        Ok(taken)
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

impl Rewrite {
    fn apply(&self, document: &mut Document, cell: &str) -> Result<(), Fault> {
        let patch = CellPatch {
            source: Some(self.source.clone()),
            ..CellPatch::default()
        };
        document.edit(cell, self.revision, patch)
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
    async fn start_next(&mut self) -> Result<Option<(Started, Writing)>, Fault> {
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
            let rewrite = self.rewrite.take();
            let source = match &rewrite {
                Some(rewrite) => rewrite.source.clone(),
                None => source,
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
            let begin = self.open.make(&self.library, self.row.clone(), |state| {
                if let Some(rewrite) = rewrite {
                    rewrite.apply(&mut state.document, &cell)?;
                }
                state
                    .running
                    .begin(&mut state.document, &cell, begun, &source)?;
                Ok(state.document.cell(&cell)?.revision)
            });
            let made = match begin.await {
                Ok(made) => made,
                Err(fault) => {
                    self.handle.cancel(begun.execution).await;
                    self.waiting.push_front(cell);
                    return Err(fault);
                }
            };
            let started = Started {
                cell,
                execution: begun.execution,
                revision: made.value,
                noted: made.noted,
            };
            return Ok(Some((started, made.writing)));
        }
        Ok(None)
    }

    /// Follows the cells to the end, or to the first that fails.
    async fn finish(mut self, first: Started) {
        let (mut next, mut why) = (Some(first), None);
        while let Some(started) = next {
            if !self.follow(started).await {
                break;
            }
            next = match self.start_next().await {
                Ok(next) => next.map(|(started, _)| started),
                Err(fault) => {
                    tracing::warn!(notebook = self.row.id, %fault, "the next cell could not be run");
                    why = Some(NotRun::refused(&fault.message));
                    None
                }
            };
        }
        self.forget(why).await;
    }

    /// Brings what a cell shows into the notebook until it has ended; tells whether it went well.
    async fn follow(&mut self, started: Started) -> bool {
        let Started {
            cell,
            execution,
            noted,
            ..
        } = started;
        let cell = cell.as_str();
        // Whoever saw what it shows finds it in the notebook, after a crash too.
        if noted.await.is_err() {
            self.handle.cancel(execution).await;
        }
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
