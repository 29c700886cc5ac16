//! Notebooks of which cells ran or waited when the service ended: what they show is brought to its end
//! when they are first asked for again, from what their session knows.

use std::collections::HashSet;
use std::sync::Arc;

use python_wasm::Event;
use serde_json::json;

use super::execute::failed;
use super::library::Library;
use super::live::{Begun, NotRun};
use super::open::{Open, State, under_way_of};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{NotebookId, TenantId};
use crate::session::{Draft, ExecutionStatus, Finished, Handle, Happening, Notice, loss};
use crate::store::notebooks::NotebookRow;

/// Why an execution has no end.
const LOST: &str =
    "The service ended while it ran. The variables are as they were before the cell.";

/// Why nothing is known of an execution.
const GONE: &str = "The service ended while it ran, and its session is not there any more.";

/// An execution that another service began.
struct Ended {
    cell: String,
    begun: Begun,
    /// What it showed; nothing when that is not known.
    shown: Option<Vec<Event>>,
    finished: Finished,
}

impl Library {
    /// Ends in a notebook what ran or waited in it when the service ended.
    pub(super) async fn catch_up(
        self: &Arc<Self>,
        tenant: TenantId,
        id: NotebookId,
        row: &NotebookRow,
        open: &Arc<Open>,
    ) -> Result<(), Fault> {
        if row.under_way.is_none() {
            return Ok(());
        }
        // It may have been in memory when the row was read, and have ended there.
        let Some(row) = self.store.notebook(tenant, id).await? else {
            return Ok(());
        };
        let Some(under_way) = &row.under_way else {
            return Ok(());
        };
        let under_way = under_way_of(under_way)?;
        let session = match self.living(tenant, &row).await {
            Err(fault) if fault.code == ErrorCode::StoreCorrupt => None,
            found => found?,
        };
        let (mut ended, mut waited) = (Vec::new(), HashSet::new());
        for (cell, begun) in under_way.clone() {
            match begun {
                Some(begun) => ended.push(self.end_of(session.as_ref(), cell, begun).await?),
                None => drop(waited.insert(cell)),
            }
        }
        open.log(self, &row).await?;
        let draft = |cell: &str, happening| Draft {
            session_id: session.as_ref().map(|session| session.id),
            notebook_id: Some(id),
            cell_id: Some(cell.to_owned()),
            ..Draft::of(happening)
        };
        for ended in &ended {
            for happening in ended.told() {
                open.tell(Draft {
                    execution_id: Some(ended.begun.execution),
                    ..draft(&ended.cell, happening)
                });
            }
        }
        let why = NotRun::service_ended();
        let not_run = open
            .change(self, row.clone(), |state| {
                state.running.remember(under_way);
                for ended in ended {
                    ended.show(state);
                }
                state.document.mark_not_run(&waited, &why);
                // One that was deleted is not missed.
                let there = |cell: &String| state.document.position(cell).is_ok();
                Ok(waited.into_iter().filter(there).collect::<Vec<_>>())
            })
            .await?;
        for cell in not_run {
            let notice = Notice::log("warning", why.message.clone());
            open.tell(draft(&cell, Happening::Notice(notice)));
        }
        // The file has it, and those who watch know: the row need not any more.
        open.change(self, row, |_| Ok(())).await
    }

    /// Returns what came of an execution that another service began.
    async fn end_of(
        &self,
        session: Option<&Handle>,
        cell: String,
        begun: Begun,
    ) -> Result<Ended, Fault> {
        let Some(session) = session else {
            return Ok(Ended {
                cell,
                begun,
                shown: None,
                finished: Finished::lost(loss(GONE).1, None),
            });
        };
        let (mut shown, told) = known(session, begun);
        let (tenant, id) = (session.tenant, session.id);
        let stored = match &told {
            Some(_) => None,
            // It is stored before it is told.
            None => self.store.execution(tenant, id, begun.execution).await?,
        };
        let finished = told.or_else(|| stored.as_ref().and_then(Finished::stored));
        let finished = finished.unwrap_or_else(|| {
            let (error, reason) = loss(LOST);
            shown.push(Event::Error(error));
            Finished::lost(reason, None)
        });
        Ok(Ended {
            cell,
            begun,
            shown: Some(shown),
            finished,
        })
    }
}

/// Returns what a session's journal has of an execution.
fn known(session: &Handle, begun: Begun) -> (Vec<Event>, Option<Finished>) {
    let log = session.log();
    let events = log.range(begun.after + 1, log.last());
    let events = events
        .inspect_err(|error| tracing::error!(%error, "the journal of a session cannot be read"));
    let (mut shown, mut finished) = (Vec::new(), None);
    for event in events.into_iter().flatten() {
        if event.draft.execution_id != Some(begun.execution) {
            continue;
        }
        match event.draft.happening {
            Happening::Kernel(message) => shown.push(message),
            Happening::Notice(Notice::Finished(end)) => finished = Some(end),
            Happening::Notice(_) => {}
        }
    }
    (shown, finished)
}

impl Ended {
    /// Returns what those who watch are told; the rest of what it showed is in the cell, of which they
    /// are told then.
    fn told(&self) -> Vec<Happening> {
        let mut told = Vec::new();
        if self.finished.outcome == "lost" {
            let (shown, _) = loss(self.finished.error["message"].as_str().unwrap_or(GONE));
            told.push(Happening::Kernel(Event::Error(shown)));
        }
        let status = match self.finished.outcome.as_str() {
            "ok" => ExecutionStatus::Complete,
            _failed => ExecutionStatus::Error,
        };
        told.push(Happening::Notice(Notice::Finished(self.finished.clone())));
        told.push(Happening::Notice(Notice::ExecutionStatus { status }));
        told
    }

    /// Brings its end into the notebook.
    fn show(self, state: &mut State) {
        let (running, document) = (&mut state.running, &mut state.document);
        match self.shown {
            Some(events) => {
                let failed = failed(document, &self.cell, Some(&self.finished));
                let end = (self.finished.execution_count, failed);
                running.replay(document, &self.cell, self.begun, events, end);
            }
            None => {
                let (error, _) = loss(GONE);
                let output = json!({
                    "output_type": "error",
                    "ename": error.ename,
                    "evalue": error.evalue,
                    "traceback": error.traceback,
                });
                running.break_off(document, &self.cell, output);
            }
        }
    }
}
