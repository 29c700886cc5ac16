//! Reading and writing notebooks: their rows and their files together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::library::{Library, signed};
use super::live::{Document, Tracking};
use super::open::State;
use super::path::NotebookPath;
use super::place::{self, ProjectFolder, Stamp};
use super::{NotebookError, kept};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ProjectId, TenantId};
use crate::news::Change;
use crate::session::{EventLog, journal_fault};
use crate::store;
use crate::store::notebooks::NotebookRow;

/// Bytes of events that are kept for each notebook.
const JOURNAL: u64 = 16 << 20;

/// A notebook whose row is written and whose file is to follow.
pub(super) struct Noted {
    pub(super) row: NotebookRow,
    text: String,
    unwritten: BTreeMap<String, Arc<[u8]>>,
}

impl Library {
    /// Reads a notebook.
    pub(super) async fn read(
        self: &Arc<Self>,
        row: &NotebookRow,
    ) -> Result<(Document, Stamp), Fault> {
        let tracking = self.store.notebook_tracking(row).await?.unwrap_or_default();
        // Without what is remembered all cells count as changed, and nothing worse.
        let mut tracking: Tracking = serde_json::from_str(&tracking).unwrap_or_default();
        let history = tracking.history.take();
        let (mut document, stamp) = self
            .read_as(row, u64::try_from(row.revision).unwrap_or(0), tracking)
            .await?;
        if let Some(mark) = history {
            let steps = self.store.notebook_steps(row, signed(mark.last())).await?;
            document.recall(mark, steps);
        }
        Ok((document, stamp))
    }

    /// Reads a notebook that another program has written.
    pub(super) async fn read_again(
        self: &Arc<Self>,
        row: &NotebookRow,
        known: &Document,
    ) -> Result<(Document, Stamp), Fault> {
        self.read_as(row, known.revision(), known.tracking()).await
    }

    /// Reads the file of a notebook of which `tracking` is known.
    pub(super) async fn read_as(
        self: &Arc<Self>,
        row: &NotebookRow,
        revision: u64,
        tracking: Tracking,
    ) -> Result<(Document, Stamp), Fault> {
        let row = row.clone();
        self.work(move |library| {
            let (folder, path) = library.place(&row)?;
            let (bytes, stamp) = folder
                .read(&path, library.largest)
                .map_err(|fault| missing(fault, &row))?;
            // What is no text would be lost with the first edit.
            let text = str::from_utf8(&bytes).map_err(|error| no_text(&error))?;
            let document =
                Document::read(text, revision, tracking).map_err(|error| invalid(&error))?;
            Ok((document, stamp))
        })
        .await
    }

    /// Returns whether the file of a notebook is still the same.
    pub(super) async fn stamp(self: &Arc<Self>, row: &NotebookRow) -> Result<Option<Stamp>, Fault> {
        let row = row.clone();
        self.work(move |library| {
            let (folder, path) = library.place(&row)?;
            folder.stamp(&path)
        })
        .await
    }

    /// Writes a notebook's row, which is ahead of its file then: that costs no more than revisions that are
    /// counted anew. What makes the file, which it knows, larger is refused while the tenant's disk is over its
    /// quota; without a file only the row is written.
    pub(super) async fn write_row(
        self: &Arc<Self>,
        mut row: NotebookRow,
        document: Document,
        saved: &Document,
        over: Option<Stamp>,
    ) -> Result<Noted, Fault> {
        row.revision = signed(document.revision());
        let unwritten = document.unwritten().clone();
        let steps = document.steps_since(saved);
        let (text, tracking) = self.text(document).await?;
        if let Some(before) = over {
            if text.len() as u64 > before.size() || !unwritten.is_empty() {
                let tenant = row.tenant_id.parse().map_err(Fault::internal)?;
                self.quotas.may_store(tenant)?;
            }
            row.modified_at = store::now();
        }
        self.store
            .save_notebook(&row, &tracking, steps.as_ref())
            .await?;
        Ok(Noted {
            row,
            text,
            unwritten,
        })
    }

    /// Writes the file of a notebook whose row is written.
    pub(super) async fn write_file(self: &Arc<Self>, noted: Noted) -> Result<Stamp, Fault> {
        let Noted {
            row,
            text,
            unwritten,
        } = noted;
        let (row, stamp) = self
            .work(move |library| {
                let (folder, path) = library.place(&row)?;
                let project = row.project_id.parse().map_err(Fault::internal)?;
                let _kept = library.kept_of(project).read();
                keep(&folder, &path, &unwritten)?;
                let stamp = folder.write(&path, text.as_bytes())?;
                Ok((row, stamp))
            })
            .await?;
        self.announce(&row, Change::Changed);
        Ok(stamp)
    }

    /// Has the row know the revision that a notebook is going to show, and returns it.
    pub(super) async fn note(self: &Arc<Self>, state: &State) -> Result<i64, Fault> {
        let (row, document) = (&state.row, &state.document);
        if state.is_written() {
            // Another program wrote the file: its cells keep the revisions that they are shown with.
            let noted = self.write_row(row.clone(), document.clone(), &state.saved, None);
            return Ok(noted.await?.row.revision);
        }
        let revision = signed(document.revision());
        self.store.note_notebook_revision(row, revision).await?;
        Ok(revision)
    }

    /// Moves a notebook from one row's place to another's.
    pub(super) async fn move_to(
        self: &Arc<Self>,
        from: &NotebookRow,
        mut to: NotebookRow,
        document: Document,
    ) -> Result<NotebookRow, Fault> {
        to.modified_at = store::now();
        to.revision = signed(document.revision());
        if from.path == to.path {
            let tracking = self.text(document).await?.1;
            self.store.save_notebook(&to, &tracking, None).await?;
            self.announce(&to, Change::Changed);
            return Ok(to);
        }
        let project = project_of(from)?;
        let [old, new] = [from, &to].map(|row| NotebookPath::parse(&row.path));
        let (old, new) = (old?, new?);
        let outputs = document.cells().iter().flat_map(|cell| &cell.outputs);
        let outputs = outputs.flat_map(kept::references);
        let outputs = outputs.map(|(_, hash)| hash.to_owned()).collect();
        let left = self.copy_outputs(project, &old, &new, outputs).await?;
        let tracking = self.text(document).await?.1;
        self.rename_file(from, &to).await?;
        if let Err(fault) = self.store.save_notebook(&to, &tracking, None).await {
            self.rename_file(&to, from).await?;
            return Err(fault);
        }
        if let Some(outputs) = left {
            self.forget_outputs(project, old, outputs).await;
        }
        self.announce(&to, Change::Changed);
        Ok(to)
    }

    async fn rename_file(
        self: &Arc<Self>,
        from: &NotebookRow,
        to: &NotebookRow,
    ) -> Result<(), Fault> {
        let (from, to) = (from.clone(), to.clone());
        self.work(move |library| {
            let (folder, old) = library.place(&from)?;
            folder.rename(&old, &library.place(&to)?.1)
        })
        .await
    }

    /// Removes a notebook's row and file. In between it is a file of the project.
    pub(super) async fn remove_stored(self: &Arc<Self>, row: NotebookRow) -> Result<(), Fault> {
        let (project, path) = (project_of(&row)?, NotebookPath::parse(&row.path)?);
        self.store.remove_notebook(&row).await?;
        self.announce(&row, Change::Removed);
        let outputs = self.work(move |library| {
            let journal = library.journal_folder(&row)?;
            crate::disk::remove_tree(&journal).map_err(Fault::disk)?;
            match library.place(&row) {
                Ok((folder, path)) => {
                    let outputs = folder.mentioned(&path, library.largest);
                    folder.remove(&path)?;
                    // What cannot be read has none that anybody could find.
                    Ok(outputs.unwrap_or_default())
                }
                // The project was deleted, and the file with it.
                Err(fault) if fault.code == ErrorCode::ProjectNotFound => Ok(BTreeSet::new()),
                Err(fault) => Err(fault),
            }
        });
        let outputs = outputs.await?;
        self.forget_outputs(project, path, outputs).await;
        Ok(())
    }

    /// Opens the journal of a notebook.
    pub(super) async fn journal(self: &Arc<Self>, row: &NotebookRow) -> Result<EventLog, Fault> {
        let row = row.clone();
        self.work(move |library| {
            let folder = library.journal_folder(&row)?;
            crate::disk::private_folder(&folder)
                .and_then(|()| EventLog::open(&folder.join("journal"), JOURNAL))
                .map_err(|error| journal_fault("notebook", error))
        })
        .await
    }

    /// Returns the folder of a notebook's journal, which no guest sees.
    fn journal_folder(&self, row: &NotebookRow) -> Result<PathBuf, Fault> {
        let tenant = row.tenant_id.parse().map_err(Fault::internal)?;
        let id = row.id.parse().map_err(Fault::internal)?;
        Ok(self.layout.notebook(tenant, id))
    }

    /// Returns the text of a document's file, and what the file cannot say.
    pub(super) async fn text(
        self: &Arc<Self>,
        document: Document,
    ) -> Result<(String, String), Fault> {
        self.work(move |library| {
            let text = document.to_file();
            if text.len() as u64 > library.largest {
                return Err(place::too_large(library.largest));
            }
            let tracking = serde_json::to_string(&document.tracking()).map_err(Fault::internal)?;
            Ok((text, tracking))
        })
        .await
    }

    /// Opens the folder of a notebook's project.
    pub(super) fn place(&self, row: &NotebookRow) -> Result<(ProjectFolder, NotebookPath), Fault> {
        let tenant = row.tenant_id.parse().map_err(Fault::internal)?;
        let project = row.project_id.parse().map_err(Fault::internal)?;
        Ok((
            ProjectFolder::open(&self.layout, tenant, project)?,
            NotebookPath::parse(&row.path)?,
        ))
    }

    /// Does what takes a while or waits for the disk, a few at once.
    pub(crate) async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let _place = self.at_once.acquire().await.map_err(Fault::internal)?;
        let library = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&library))
            .await
            .map_err(Fault::internal)?
    }
}

/// Returns the project in which a notebook's file is.
fn project_of(row: &NotebookRow) -> Result<(TenantId, ProjectId), Fault> {
    let tenant = row.tenant_id.parse().map_err(Fault::internal)?;
    Ok((tenant, row.project_id.parse().map_err(Fault::internal)?))
}

/// Writes large outputs to files.
pub(super) fn keep(
    folder: &ProjectFolder,
    path: &NotebookPath,
    unwritten: &BTreeMap<String, Arc<[u8]>>,
) -> Result<(), Fault> {
    unwritten
        .iter()
        .try_for_each(|(hash, bytes)| folder.keep(path, hash, bytes))
}

/// Returns the refusal of what is no notebook.
pub(super) fn invalid(error: &NotebookError) -> Fault {
    Fault::new(
        ErrorCode::NotebookInvalid,
        format!("The notebook cannot be read: {error}."),
    )
}

/// Returns the refusal of a file that is no text.
fn no_text(error: &std::str::Utf8Error) -> Fault {
    let message = format!(
        "The notebook cannot be read: it is no text in UTF-8 from byte {} on.",
        error.valid_up_to()
    );
    Fault::new(ErrorCode::NotebookInvalid, message)
}

/// A notebook whose file is gone is gone.
fn missing(fault: Fault, row: &NotebookRow) -> Fault {
    if fault.code != ErrorCode::FileNotFound {
        return fault;
    }
    Fault::new(
        ErrorCode::NotebookNotFound,
        format!("The notebook's file {:?} is not there any more.", row.path),
    )
}
