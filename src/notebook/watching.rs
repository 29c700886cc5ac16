//! Who watches a notebook, and what they are told.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::library::Library;
use super::live::Status;
use super::open::{Open, State};
use crate::error_code::Fault;
use crate::session::{Draft, EventLog, Happening, Notice};
use crate::store::notebooks::NotebookRow;

/// What the watchers were told last.
#[derive(Clone, PartialEq)]
pub(super) struct Told {
    pub(super) status: Status,
    /// The cells that show what is out of date.
    pub(super) stale: Vec<String>,
    /// The cells that run or wait to run.
    pub(super) running: BTreeSet<String>,
}

/// Somebody who watches a notebook.
pub(crate) struct Watching(Arc<Open>);

impl Open {
    /// Returns the log of what happens in it.
    pub(super) async fn log(
        &self,
        library: &Arc<Library>,
        row: &NotebookRow,
    ) -> Result<&Arc<EventLog>, Fault> {
        let open = || async { library.journal(row).await.map(Arc::new) };
        self.log.get_or_try_init(open).await
    }

    /// Tells the watchers what happened.
    pub(super) fn tell(&self, draft: Draft) {
        if let Some(log) = self.log.get()
            && let Err(error) = log.append(draft)
        {
            tracing::error!(%error, "an event of a notebook could not be written down");
        }
    }

    pub(super) fn tell_all(&self, row: &NotebookRow, notices: Vec<Notice>) {
        for notice in notices {
            let cell_id = match &notice {
                Notice::CellChanged { cell, .. } => cell["cell_id"].as_str().map(str::to_owned),
                _other => None,
            };
            self.tell(Draft {
                notebook_id: row.id.parse().ok(),
                cell_id,
                ..Draft::of(Happening::Notice(notice))
            });
        }
    }

    /// Tells the watchers of its status if that is news.
    pub(super) async fn tell_status(&self) {
        if let Some(state) = self.state.lock().await.as_mut() {
            self.tell_status_of(state);
        }
    }

    /// As [`Self::tell_status`], for those who hold the state.
    pub(super) fn tell_status_of(&self, state: &mut State) {
        let cells = state.running.cells();
        let now = Told {
            status: state.running.status(),
            stale: state.document.stale_cells(),
            running: cells.into_iter().map(str::to_owned).collect(),
        };
        if state.told == now {
            return;
        }
        let before = std::mem::replace(&mut state.told, now.clone());
        let notice = Notice::NotebookStatus {
            status: now.status,
            // That of the document may be still to be written.
            revision: state.shown.revision(),
            running: now.running.difference(&before.running).cloned().collect(),
            resting: before.running.difference(&now.running).cloned().collect(),
            stale: now.stale,
        };
        self.tell_all(&state.row, vec![notice]);
    }
}

impl Watching {
    /// Counts somebody who begins to watch.
    pub(super) fn begin(open: Arc<Open>) -> Self {
        let watchers = open.watchers.fetch_add(1, Ordering::Relaxed) + 1;
        open.tell(presence(watchers));
        Self(open)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let watchers = self.0.watchers.fetch_sub(1, Ordering::Relaxed) - 1;
        self.0.tell(presence(watchers));
    }
}

fn presence(watchers: usize) -> Draft {
    Draft::of(Happening::Notice(Notice::Presence { watchers }))
}
