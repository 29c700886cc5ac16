//! One notebook in memory, and how it is read from its file. How it gets there is in `writing.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use python_wasm::Event;
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use super::library::{Expected, Library, signed};
use super::live::{Document, Running, Status, UnderWay};
use super::path::NotebookPath;
use super::place::Stamp;
use super::run::Turns;
use super::watching::Told;
use crate::error_code::{ErrorCode, Fault};
use crate::id::ExecutionId;
use crate::news::Change;
use crate::session::EventLog;
use crate::store::notebooks::NotebookRow;

/// A notebook that was asked for.
#[derive(Default)]
pub(super) struct Open {
    pub(super) state: Mutex<Option<State>>,
    /// Held while its file is written.
    writing: Mutex<()>,
    /// Held while its session is made.
    starting: Mutex<()>,
    pub(super) turns: Turns,
    /// What ran or waited when the service ended before has come to its end.
    pub(super) caught_up: OnceCell<()>,
    /// What happens in it, for those who watch.
    pub(super) log: OnceCell<Arc<EventLog>>,
    pub(super) watchers: AtomicUsize,
    /// When it was asked for last, as a count of all that was asked for.
    used: AtomicU64,
}

/// A notebook in memory.
pub(crate) struct State {
    pub(crate) row: NotebookRow,
    pub(crate) document: Document,
    pub(crate) running: Running,
    /// Counts changes of all kinds; the file has those up to `written`.
    pub(super) version: u64,
    pub(super) written: u64,
    /// The document as the file has it.
    pub(super) saved: Document,
    /// The document as the watchers know it: as the row has it.
    pub(super) shown: Document,
    pub(super) stamp: Stamp,
    /// Counts how often changes were taken back.
    pub(super) losses: u64,
    pub(super) told: Told,
}

impl Open {
    /// Tells whether it can be dropped from memory.
    pub(super) fn is_idle(self: &Arc<Self>) -> bool {
        let saved = |state: &Option<State>| {
            state
                .as_ref()
                .is_none_or(|state| state.is_written() && state.notes_what_runs())
        };
        Arc::strong_count(self) == 1 && self.state.try_lock().is_ok_and(|state| saved(&state))
    }

    /// Remembers that it is in use.
    pub(super) fn use_now(&self, count: u64) {
        self.used.store(count, Ordering::Relaxed);
    }

    /// Returns when it was in use last.
    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Returns what it is doing.
    pub(super) async fn status(&self) -> Status {
        let state = self.state.lock().await;
        state
            .as_ref()
            .map_or(Status::Idle, |state| state.running.status())
    }

    /// Looks at the notebook. No revision is shown of which its row does not know: after a crash it would
    /// stand for something else.
    pub(super) async fn look<T>(
        &self,
        library: &Arc<Library>,
        row: NotebookRow,
        look: impl FnOnce(&State) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        {
            let state = self.state(library, row.clone()).await?;
            let state = state.as_ref().ok_or_else(gone)?;
            if signed(state.document.revision()) <= state.row.revision {
                return look(state);
            }
        }
        // A writing under way would bring the row back to what it writes.
        let _turn = self.writing.lock().await;
        let mut state = self.state_while_writing(library, row).await?;
        let state = state.as_mut().ok_or_else(gone)?;
        state.row.revision = library.note(state).await?;
        look(state)
    }

    /// Gives the notebook another name and place, both on the disk. A new name alone is the file's too, in
    /// the folder in which it is.
    pub(super) async fn rename(
        &self,
        library: &Arc<Library>,
        row: NotebookRow,
        expected: Expected,
        name: Option<String>,
        path: Option<NotebookPath>,
    ) -> Result<(), Fault> {
        let _turn = self.writing.lock().await;
        let mut state = self.state_while_writing(library, row).await?;
        let state = state.as_mut().ok_or_else(gone)?;
        expected.check(&state.document)?;
        let mut row = state.row.clone();
        let path = match (path, &name) {
            (None, Some(name)) if *name != row.name => {
                Some(NotebookPath::parse(&row.path)?.beside(name)?)
            }
            (path, _) => path,
        };
        row.name = name.unwrap_or(row.name);
        row.path = path.map_or(row.path, |path| path.as_str().to_owned());
        let mut document = state.document.clone();
        document.renamed();
        state.row = library.move_to(&state.row, row, document.clone()).await?;
        if state.version == state.written {
            state.saved = document.clone();
        }
        state.document = document;
        Ok(())
    }

    /// Waits until nothing is written to its file, and holds that up.
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().await
    }

    /// Has the notebook know that its file is elsewhere now; for who holds the turn to write.
    pub(super) async fn stands_at(
        &self,
        library: &Library,
        row: &NotebookRow,
        path: &NotebookPath,
    ) -> Result<(), Fault> {
        let mut state = self.state.lock().await;
        let mut row = state.as_ref().map_or(row, |state| &state.row).clone();
        let shown = state.as_ref().map_or(0, |state| state.document.revision());
        row.revision = row.revision.max(signed(shown)) + 1;
        path.as_str().clone_into(&mut row.path);
        library.store.move_notebook(&row).await?;
        library.announce(&row, Change::Changed);
        if let Some(state) = state.as_mut() {
            let revision = row.revision.cast_unsigned();
            // What is still to be written is newer than what is saved, as before.
            if state.is_written() {
                state.saved.go_on_from(revision);
            }
            state.document.go_on_from(revision);
            state.row = row;
        }
        Ok(())
    }

    /// Removes the notebook and its file.
    pub(super) async fn remove(
        &self,
        library: &Arc<Library>,
        row: NotebookRow,
        expected: Expected,
    ) -> Result<(), Fault> {
        let _turn = self.writing.lock().await;
        let mut state = match expected {
            // What cannot be read can still be removed.
            Expected::Any => self.state.lock().await,
            Expected::Revision(_) => self.state_while_writing(library, row.clone()).await?,
        };
        if let Some(state) = state.as_ref() {
            expected.check(&state.document)?;
        }
        let row = state.take().map_or(row, |state| state.row);
        if let Some(log) = self.log.get() {
            log.close();
        }
        library.remove_stored(row).await
    }

    /// Returns the notebook as it is now, read again if another program has written its file.
    pub(super) async fn state(
        &self,
        library: &Arc<Library>,
        row: NotebookRow,
    ) -> Result<MutexGuard<'_, Option<State>>, Fault> {
        let mut state = self.state.lock().await;
        // While this service writes the file it is newer than the stamp.
        if state.is_none() {
            load(&mut state, library, row).await?;
        } else if let Ok(_turn) = self.writing.try_lock() {
            self.refresh(&mut state, library).await?;
        }
        if let Some(state) = state.as_mut() {
            let before = state.document.revision();
            state.running.settle(&mut state.document);
            state.version += u64::from(state.document.revision() != before);
        }
        Ok(state)
    }

    /// As [`Self::state`], for those who hold the turn to write.
    async fn state_while_writing(
        &self,
        library: &Arc<Library>,
        row: NotebookRow,
    ) -> Result<MutexGuard<'_, Option<State>>, Fault> {
        let mut state = self.state.lock().await;
        match state.is_none() {
            true => load(&mut state, library, row).await?,
            false => self.refresh(&mut state, library).await?,
        }
        Ok(state)
    }

    /// Reads the file again if another program has written it. What is still to be written here
    /// wins.
    async fn refresh(
        &self,
        state: &mut Option<State>,
        library: &Arc<Library>,
    ) -> Result<(), Fault> {
        let Some(known) = state else { return Ok(()) };
        let stamp = library.stamp(&known.row).await?;
        if known.version == known.written && stamp != Some(known.stamp) {
            let (document, stamp) = library.read_again(&known.row, &known.document).await?;
            (known.saved, known.document, known.stamp) = (document.clone(), document, stamp);
            self.show(known);
        }
        Ok(())
    }

    /// Waits until nobody else makes its session.
    pub(super) async fn starting(&self) -> MutexGuard<'_, ()> {
        self.starting.lock().await
    }

    /// Remembers the session in which its cells run.
    pub(super) async fn set_session(&self, session: String) {
        if let Some(state) = self.state.lock().await.as_mut() {
            state.row.session_id = Some(session);
        }
    }

    /// Takes a message of a running cell.
    pub(super) async fn take(&self, cell: &str, execution: ExecutionId, event: Event) {
        if let Some(state) = self.state.lock().await.as_mut() {
            state.running.take(&state.document, cell, execution, event);
        }
    }

    /// Takes what a message that belongs to no cell tells of a widget; says whether it does.
    pub(super) async fn take_widget(&self, event: Event) -> bool {
        let mut state = self.state.lock().await;
        let state = state.as_mut();
        state.is_some_and(|state| state.running.take_widget(&state.document, &event))
    }

    /// Shows cells as waiting to run.
    pub(super) async fn queue(
        &self,
        library: &Arc<Library>,
        row: NotebookRow,
        cells: impl IntoIterator<Item = String>,
    ) -> Result<(), Fault> {
        if let Some(state) = self.state(library, row).await?.as_mut() {
            state.running.queue(cells);
            self.tell_status_of(state);
        }
        Ok(())
    }

    /// Shows a cell that waited to run as not waiting any more.
    pub(super) async fn unqueue(&self, cell: &str) {
        if let Some(state) = self.state.lock().await.as_mut() {
            state.running.unqueue(cell);
            self.tell_status_of(state);
        }
    }
}

impl State {
    /// Tells whether the row says what runs and waits.
    pub(super) fn notes_what_runs(&self) -> bool {
        self.row.under_way == noted(&self.running.under_way())
    }

    /// Tells whether the file has all changes.
    pub(super) fn is_written(&self) -> bool {
        self.version == self.written
    }
}

async fn load(
    state: &mut Option<State>,
    library: &Arc<Library>,
    row: NotebookRow,
) -> Result<(), Fault> {
    let (document, stamp) = library.read(&row).await?;
    // The watchers of a service that ended were told what runs.
    let told = match &row.under_way {
        Some(under_way) => Told {
            status: Status::Running,
            stale: Vec::new(),
            running: under_way_of(under_way)
                .unwrap_or_default()
                .into_keys()
                .collect(),
        },
        None => Told {
            status: Status::Idle,
            stale: Vec::new(),
            running: BTreeSet::new(),
        },
    };
    *state = Some(State {
        row,
        saved: document.clone(),
        shown: document.clone(),
        document,
        running: Running::default(),
        version: 0,
        written: 0,
        stamp,
        losses: 0,
        told,
    });
    Ok(())
}

/// Returns how a row notes what runs or waits to run.
pub(super) fn noted(under_way: &UnderWay) -> Option<String> {
    let json = || serde_json::to_string(under_way).expect("ids are JSON");
    (!under_way.is_empty()).then(json)
}

/// Returns what a row notes.
pub(super) fn under_way_of(noted: &str) -> Result<UnderWay, Fault> {
    serde_json::from_str(noted).map_err(Fault::internal)
}

pub(super) fn gone() -> Fault {
    Fault::new(
        ErrorCode::NotebookNotFound,
        "The notebook was deleted meanwhile.",
    )
}
