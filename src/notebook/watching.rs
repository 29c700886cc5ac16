//! Who watches a notebook, and what they are told.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::library::Library;
use super::open::Open;
use crate::error_code::Fault;
use crate::session::{Draft, EventLog, Happening, Notice};
use crate::store::notebooks::NotebookRow;

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
        let mut state = self.state.lock().await;
        let Some(state) = state.as_mut() else { return };
        let now = (state.running.status(), state.document.stale_cells());
        if state.told != now {
            state.told = now.clone();
            let (status, stale) = now;
            // That of the document may be still to be written.
            let revision = state.shown.revision();
            let notice = Notice::NotebookStatus {
                status,
                revision,
                stale,
            };
            self.tell_all(&state.row, vec![notice]);
        }
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
