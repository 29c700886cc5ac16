//! Running the cells of a notebook in its session, and bringing what they show into the document.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use super::execute::{Rewrite, failed};
use super::library::Library;
use super::live::{Begun, NotRun, Selection};
use super::open::Open;
use super::writing::Writing;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ExecutionId, NotebookId};
use crate::session::{
    Draft, EventReader, ExecutionStatus, Finished, Handle, Happening, Notice, Submission,
};
use crate::store::notebooks::NotebookRow;
use crate::tenant::Caller;

/// How long outputs may be in memory alone while a cell runs.
pub(super) const SETTLE: Duration = Duration::from_secs(1);

/// Runs of one cell that may be handed to the session at once.
const ALONE: u32 = 1024;

/// The order of a notebook's runs: the cells of one come all before those of the next.
pub(super) struct Turns {
    order: Arc<Semaphore>,
    /// Cells of runs that wait for their turn.
    waiting: Arc<AtomicUsize>,
}

/// The place of a run among those that wait for their turn, as long as it is held.
pub(super) struct Place {
    cells: usize,
    waiting: Arc<AtomicUsize>,
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
pub(super) struct Run {
    pub(super) library: Arc<Library>,
    pub(super) open: Arc<Open>,
    pub(super) row: NotebookRow,
    pub(super) id: NotebookId,
    pub(super) caller: Caller,
    pub(super) handle: Handle,
    pub(super) events: EventReader,
    pub(super) waiting: VecDeque<String>,
    /// How often the session had been broken off when it was asked for; from then on nothing more is begun.
    pub(super) broken_off: u64,
    /// Held until the last cell is queued in the session; nothing while earlier runs have theirs.
    pub(super) turn: Option<OwnedSemaphorePermit>,
    /// Held while it waits for its turn.
    pub(super) place: Option<Place>,
    /// What the first of them is to have as its source.
    pub(super) rewrite: Option<Rewrite>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            order: Arc::new(Semaphore::new(ALONE as usize)),
            waiting: Arc::default(),
        }
    }
}

impl Turns {
    /// Takes the turn if no earlier run has cells that are not in the session's own queue yet.
    pub(super) fn now(&self, cells: usize) -> Option<OwnedSemaphorePermit> {
        let order = Arc::clone(&self.order);
        order.try_acquire_many_owned(share(cells)).ok()
    }

    /// Takes a place among those that wait, unless `most` cells wait there already.
    pub(super) fn place(&self, cells: usize, most: usize) -> Result<Place, Fault> {
        let add = |waiting| (waiting < most).then_some(waiting + cells);
        let taken = self
            .waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, add);
        let refused = |waiting| {
            let message = format!(
                "Runs of {waiting} cells of this notebook wait already; while {most} do (`sessions.queue`), no other run is taken."
            );
            Fault::new(ErrorCode::QueueFull, message).retry_after(5)
        };
        taken.map_err(refused).map(|_| Place {
            cells,
            waiting: Arc::clone(&self.waiting),
        })
    }

    async fn wait(&self, cells: usize) -> OwnedSemaphorePermit {
        let turn = Arc::clone(&self.order).acquire_many_owned(share(cells));
        turn.await.expect("it is never closed")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.cells, Ordering::AcqRel);
    }
}

/// A cell alone is queued at once, and takes its place there; several wait for one another.
fn share(cells: usize) -> u32 {
    if cells == 1 { 1 } else { ALONE }
}

impl Run {
    /// Begins with the first cell, or has it begin when its turn comes. Returns what runs first, if it does already,
    /// and the revision of its cell.
    pub(super) async fn begin(self) -> Result<(Option<ExecutionId>, Option<u64>), Fault> {
        // By itself: what is shown as waiting does not stay so when whoever asked goes away.
        let begin = async move {
            self.queue().await?;
            match self.turn {
                Some(_) => self.begin_now().await,
                None => Ok((None, Some(self.begin_later().await?))),
            }
        };
        let begun = tokio::spawn(begin.in_current_span());
        begun.await.map_err(Fault::internal)?
    }

    /// Shows the cells as waiting.
    async fn queue(&self) -> Result<(), Fault> {
        let waiting = self.waiting.clone();
        self.open.log(&self.library, &self.row).await?;
        self.open
            .queue(&self.library, self.row.clone(), waiting)
            .await
    }

    /// Begins with the first cell; nothing when none is left to be run.
    async fn begin_now(mut self) -> Result<(Option<ExecutionId>, Option<u64>), Fault> {
        // Whether there is room for it is told to whoever asked.
        let (first, writing) = match self.start_next().await {
            Ok(Some(first)) => first,
            Ok(None) => {
                self.forget(None).await;
                return Ok((None, None));
            }
            Err(fault) => {
                // Whoever asked hears it; the notebook is as it was.
                self.forget(None).await;
                return Err(fault);
            }
        };
        let (handle, execution, revision) = (self.handle.clone(), first.execution, first.revision);
        // What it shows is told while the file is being written.
        tokio::spawn(self.go_on(Some(first)));
        if let Err(fault) = writing.done().await {
            handle.cancel(execution).await;
            return Err(fault);
        }
        Ok((Some(execution), Some(revision)))
    }

    /// Has it begin when its turn comes; returns the revision of the cell that runs first.
    async fn begin_later(mut self) -> Result<u64, Fault> {
        let (rewrite, first) = (self.rewrite.take(), self.waiting[0].clone());
        let save = self.open.change(&self.library, self.row.clone(), |state| {
            if let Some(rewrite) = rewrite {
                rewrite.apply(&mut state.document, &first)?;
            }
            Ok(state.document.cell(&first)?.revision)
        });
        let revision = match save.await {
            Ok(revision) => revision,
            Err(fault) => {
                self.forget(None).await;
                return Err(fault);
            }
        };
        tokio::spawn(async move {
            self.turn = Some(self.open.turns.wait(self.waiting.len()).await);
            self.place = None;
            self.events = self.handle.events(self.handle.log().last());
            self.go_on(None).await;
        });
        Ok(revision)
    }

    /// Queues the next cell in the session; nothing when none is left. A cell that was deleted
    /// meanwhile, or is code no longer, is passed over.
    async fn start_next(&mut self) -> Result<Option<(Started, Writing)>, Fault> {
        if self.handle.broken_off() != self.broken_off {
            // What waits behind an interrupt is not run.
            return Ok(None);
        }
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
                    self.open.unqueue(&cell).await;
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
            if self.waiting.is_empty() {
                self.turn = None;
            }
            return Ok(Some((started, made.writing)));
        }
        Ok(None)
    }

    /// Follows the cells to the end, or to the first that fails, beginning with the one that was begun.
    async fn go_on(mut self, mut begun: Option<Started>) {
        let why = loop {
            let started = match begun.take() {
                Some(started) => started,
                None => match self.start_next().await {
                    Ok(Some((started, _))) => started,
                    Ok(None) => break None,
                    Err(fault) => {
                        tracing::warn!(notebook = self.row.id, %fault, "the next cell could not be run");
                        break Some(NotRun::refused(&fault.message));
                    }
                },
            };
            if !self.follow(started).await {
                break None;
            }
        };
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
    async fn end(
        &mut self,
        cell: &str,
        execution: ExecutionId,
        finished: Option<Finished>,
    ) -> bool {
        let count = finished
            .as_ref()
            .and_then(|finished| finished.execution_count);
        let waiting = &mut self.waiting;
        let end = self.open.change(&self.library, self.row.clone(), |state| {
            let (running, document) = (&mut state.running, &mut state.document);
            let failed = failed(document, cell, finished.as_ref());
            running.finish(document, cell, execution, count, failed);
            if failed {
                let why = NotRun::behind(finished.as_ref());
                running.give_up(document, waiting.drain(..), why.as_ref());
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
