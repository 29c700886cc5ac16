//! How a change of a notebook gets to the disk.
//!
//! It is made in memory at once. Then its row is written, and those who watch are told; then its file, and
//! it is acknowledged. Changes that come in meanwhile are written together by the next writing. A change that
//! cannot be written is taken back, and its caller is told.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::library::Library;
use super::live::Document;
use super::open::{Open, State, gone, noted};
use crate::error_code::{ErrorCode, Fault};
use crate::store::notebooks::NotebookRow;

/// A change that was made in memory and is being written.
pub(super) struct Made<T> {
    pub(super) value: T,
    /// Tells when the row has it; nothing when it is taken back.
    pub(super) noted: oneshot::Receiver<()>,
    pub(super) writing: Writing,
}

/// The writing of a change.
pub(super) struct Writing(JoinHandle<Result<(), Fault>>);

/// Which writing acknowledges a change.
#[derive(Clone, Copy)]
struct Point {
    version: u64,
    losses: u64,
}

impl Writing {
    /// Waits until the change is on the disk; an error means that it was taken back.
    pub(super) async fn done(self) -> Result<(), Fault> {
        self.0.await.map_err(Fault::internal)?
    }
}

impl Open {
    /// Changes the notebook. When this returns the change is on the disk, or was not made.
    pub(super) async fn change<T>(
        self: &Arc<Self>,
        library: &Arc<Library>,
        row: NotebookRow,
        change: impl FnOnce(&mut State) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let made = self.make(library, row, change).await?;
        made.writing.done().await?;
        Ok(made.value)
    }

    /// Changes the notebook in memory, and has it written.
    pub(super) async fn make<T>(
        self: &Arc<Self>,
        library: &Arc<Library>,
        row: NotebookRow,
        change: impl FnOnce(&mut State) -> Result<T, Fault>,
    ) -> Result<Made<T>, Fault> {
        let (value, point, row) = {
            let mut state = self.state(library, row).await?;
            let state = state.as_mut().ok_or_else(gone)?;
            let before = (state.document.revision(), state.document.readers().clone());
            let value = change(state)?;
            state.running.settle(&mut state.document);
            let after = (state.document.revision(), state.document.readers().clone());
            state.version += u64::from(before != after || !state.notes_what_runs());
            let point = Point {
                version: state.version,
                losses: state.losses,
            };
            (value, point, state.row.clone())
        };
        // Whoever watches later begins with what is in the journal.
        self.log(library, &row).await?;
        let (open, library) = (Arc::clone(self), Arc::clone(library));
        let (tell, noted) = oneshot::channel();
        // A task of its own: a caller who goes away must not leave the file half written.
        let writing = tokio::spawn(async move {
            open.write(&library, point, tell).await?;
            open.tell_status().await;
            Ok(())
        });
        Ok(Made {
            value,
            noted,
            writing: Writing(writing),
        })
    }

    /// Makes sure that the row and the file have the change.
    async fn write(
        &self,
        library: &Arc<Library>,
        point: Point,
        tell: oneshot::Sender<()>,
    ) -> Result<(), Fault> {
        let _turn = self.turn().await;
        let (mut row, document, saved, count, before, under_way) = {
            let state = self.state.lock().await;
            let state = state.as_ref().ok_or_else(gone)?;
            if state.losses != point.losses {
                return Err(lost());
            }
            if state.written >= point.version {
                // Who does not wait need not know.
                let _ = tell.send(());
                return Ok(());
            }
            (
                state.row.clone(),
                state.document.clone(),
                state.saved.clone(),
                state.version,
                state.stamp,
                state.running.under_way(),
            )
        };
        // What readers acknowledged is not in the file.
        let over = (document.revision() != saved.revision()).then_some(before);
        row.under_way = noted(&under_way);
        let written = async {
            let written = library.write_row(row, document.clone(), &saved, over);
            let written = written.await?;
            self.have_noted(&written.row, &document).await?;
            let _ = tell.send(());
            match over {
                Some(_) => library.write_file(written).await,
                None => Ok(before),
            }
        };
        let written = written.await;
        let mut state = self.state.lock().await;
        let state = state.as_mut().ok_or_else(gone)?;
        match written {
            Ok(stamp) => {
                state.document.have_written(document.unwritten());
                state.running.have_saved(&under_way);
                state.stamp = stamp;
                state.saved = document;
                state.written = count;
                Ok(())
            }
            Err(fault) => {
                // A revision that somebody saw is not given again.
                state.saved.go_on_from(state.row.revision.cast_unsigned());
                state.document = state.saved.clone();
                state.version = state.written;
                state.losses += 1;
                state.running.again();
                self.show(state);
                Err(fault)
            }
        }
    }

    /// Remembers what the row has, and tells those who watch.
    async fn have_noted(&self, row: &NotebookRow, document: &Document) -> Result<(), Fault> {
        let mut state = self.state.lock().await;
        let state = state.as_mut().ok_or_else(gone)?;
        state.row.revision = row.revision;
        state.row.modified_at.clone_from(&row.modified_at);
        state.row.under_way.clone_from(&row.under_way);
        self.tell_all(
            &state.row,
            document.notices_since(&state.shown, &state.running),
        );
        state.shown = document.clone();
        Ok(())
    }

    /// Tells those who watch what is in the document and not known to them.
    pub(super) fn show(&self, state: &mut State) {
        let notices = state.document.notices_since(&state.shown, &state.running);
        self.tell_all(&state.row, notices);
        state.shown = state.document.clone();
    }
}

fn lost() -> Fault {
    Fault::new(
        ErrorCode::StoreBusy,
        "An earlier change of the notebook could not be written, and this one was taken back with it.",
    )
}
