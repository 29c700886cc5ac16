//! How notebooks come to be: made anew, opened where their files lie, or copied with their sessions.

use std::sync::Arc;

use python_wasm::CheckpointId;

use super::library::{Library, signed};
use super::live::{Document, Tracking};
use super::path::NotebookPath;
use super::stored::keep;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{NotebookId, ProjectId, SessionId, TenantId};
use crate::news::Change;
use crate::session::NewForks;
use crate::store;
use crate::store::notebooks::NotebookRow;
use crate::tenant::Caller;

/// The name of a notebook that was given none.
const UNTITLED: &str = "Untitled";

/// Characters of a notebook's name that are in the name of its copy.
const LONGEST_BASE: usize = 180;

/// Copies of one notebook that are told apart by a number when nobody names them.
const COPIES: u32 = 100;

/// A notebook that is to be made.
pub(crate) struct NewNotebook {
    /// By default what its file is called.
    pub(crate) name: Option<String>,
    pub(crate) project: Option<ProjectId>,
    /// Where its file is to be; by default as its name says.
    pub(crate) path: Option<NotebookPath>,
    /// What is to be in it; by default what is in the file, if there is one.
    pub(crate) document: Option<Document>,
}

/// A notebook that is there now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) id: NotebookId,
    /// It was made, or its file was no notebook of the service before.
    pub(crate) is_new: bool,
}

impl Library {
    /// Makes a notebook, and its file unless that is there already. Without a document, the notebook is
    /// opened that is at the path.
    pub(crate) async fn create(
        self: &Arc<Self>,
        caller: &Caller,
        new: NewNotebook,
    ) -> Result<Made, Fault> {
        let tenant = caller.tenant;
        let project = match new.project {
            Some(project) => project,
            None => self.projects.default_of(caller).await?,
        };
        // A project that is not the tenant's is refused here.
        self.projects.folder(tenant, project).await?;
        let (name, path) = match (new.name, new.path) {
            (Some(name), Some(path)) => (name, path),
            (None, Some(path)) => (path.title(), path),
            (name, None) => {
                let name = name.unwrap_or_else(|| UNTITLED.into());
                let path = NotebookPath::of_name(&name)?;
                (name, path)
            }
        };
        let opens = new.document.is_none();
        if opens && let Some(found) = self.at(tenant, project, &path).await? {
            return Ok(found);
        }
        self.quotas.may_store(tenant)?;
        let now = store::now();
        let row = NotebookRow {
            id: NotebookId::new().to_string(),
            tenant_id: tenant.to_string(),
            project_id: project.to_string(),
            path: path.as_str().to_owned(),
            name,
            revision: 0,
            session_id: None,
            under_way: None,
            created_at: now.clone(),
            modified_at: now,
        };
        match self.add(row, new.document).await {
            // Somebody else opened it at the same time.
            Err(fault) if opens && fault.code == ErrorCode::AlreadyExists => {
                self.at(tenant, project, &path).await?.ok_or(fault)
            }
            made => made,
        }
    }

    /// Returns the notebook whose file is at a path.
    pub(super) async fn at(
        &self,
        tenant: TenantId,
        project: ProjectId,
        path: &NotebookPath,
    ) -> Result<Option<Made>, Fault> {
        let row = self
            .store
            .notebook_at(tenant, project, path.as_str())
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Made {
            id: row.id.parse().map_err(Fault::internal)?,
            is_new: false,
        }))
    }

    async fn add(
        self: &Arc<Self>,
        mut row: NotebookRow,
        document: Option<Document>,
    ) -> Result<Made, Fault> {
        let (document, writes) = match document {
            Some(document) => (document, true),
            None => match self.read_as(&row, 0, Tracking::default()).await {
                Ok((document, _)) => (document, false),
                Err(fault) if fault.code == ErrorCode::NotebookNotFound => {
                    (Document::empty(), true)
                }
                Err(fault) => return Err(fault),
            },
        };
        // The file first: a file without a row is a file, and a row without a file is nothing.
        if writes {
            let text = self.text(document.clone()).await?.0;
            let (row, unwritten) = (row.clone(), document.unwritten().clone());
            self.work(move |library| {
                let (folder, path) = library.place(&row)?;
                let project = row.project_id.parse().map_err(Fault::internal)?;
                let _kept = library.kept_of(project).read();
                keep(&folder, &path, &unwritten)?;
                folder.write_new(&path, text.as_bytes())
            })
            .await?;
        }
        row.revision = signed(document.revision());
        let tracking = self.text(document).await?.1;
        let id = row.id.parse().map_err(Fault::internal)?;
        if let Err(fault) = self.store.add_notebook(&row, &tracking).await {
            if writes {
                self.work(move |library| {
                    let (folder, path) = library.place(&row)?;
                    folder.remove(&path)
                })
                .await?;
            }
            return Err(fault);
        }
        self.announce(&row, Change::Created);
        Ok(Made { id, is_new: true })
    }

    /// Makes a copy of a notebook beside it, whose session begins as a fork of the notebook's: in its
    /// present state, or in that of a checkpoint. What cells show that ran after the checkpoint counts as undone.
    pub(crate) async fn fork(
        self: &Arc<Self>,
        caller: &Caller,
        id: NotebookId,
        name: Option<String>,
        checkpoint: Option<CheckpointId>,
    ) -> Result<NotebookId, Fault> {
        let (row, mut document) = self
            .look(caller.tenant, id, |state| {
                Ok((state.row.clone(), state.document.clone()))
            })
            .await?;
        document.forget_history();
        let parent = self.living(caller.tenant, &row).await?;
        let later = match (&parent, &checkpoint) {
            (_, None) => Vec::new(),
            (Some(parent), Some(checkpoint)) => {
                self.ran_since(caller.tenant, parent.id, checkpoint).await?
            }
            (None, Some(checkpoint)) => return Err(no_checkpoint(checkpoint)),
        };
        let copy = self.copy(caller, &row, name, &document).await?;
        let Some(parent) = parent else {
            return Ok(copy);
        };
        let new = NewForks {
            checkpoint,
            name: None,
            notebook: Some(copy),
            ..NewForks::default()
        };
        let begun = match self.sessions.fork(caller, parent.id, new).await {
            Ok(child) => self.begin_with(caller.tenant, copy, child.id, &later).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = begun {
            let anything = super::Expected::Any;
            if let Some(child) = self.remove(caller.tenant, copy, anything).await? {
                self.sessions.delete(caller.tenant, child).await?;
            }
            return Err(fault);
        }
        Ok(copy)
    }

    /// Returns the cells that ran in a session after one of its checkpoints.
    async fn ran_since(
        &self,
        tenant: TenantId,
        session: SessionId,
        checkpoint: &CheckpointId,
    ) -> Result<Vec<String>, Fault> {
        let found = self.store.checkpoint(tenant, session, checkpoint.as_str());
        let found = found.await?.ok_or_else(|| no_checkpoint(checkpoint))?;
        let since = self
            .store
            .cells_since(tenant, session, &found.created_at)
            .await?;
        Ok(since)
    }

    /// Gives a notebook a session in which some of its cells have not run.
    async fn begin_with(
        self: &Arc<Self>,
        tenant: TenantId,
        id: NotebookId,
        session: SessionId,
        undone: &[String],
    ) -> Result<(), Fault> {
        let (row, open) = self.find(tenant, id).await?;
        let session = session.to_string();
        self.store.set_notebook_session(&row, &session).await?;
        self.change(tenant, id, |state| {
            undone
                .iter()
                .try_for_each(|cell| match state.document.take_back(cell) {
                    // It was deleted since.
                    Err(fault) if fault.code == ErrorCode::CellNotFound => Ok(()),
                    taken => taken,
                })
        })
        .await?;
        open.set_session(session).await;
        Ok(())
    }

    /// Makes a copy of a notebook's document beside it, under the name that is wanted or one that is free.
    async fn copy(
        self: &Arc<Self>,
        caller: &Caller,
        row: &NotebookRow,
        name: Option<String>,
        document: &Document,
    ) -> Result<NotebookId, Fault> {
        let of = NotebookPath::parse(&row.path)?;
        let project: ProjectId = row.project_id.parse().map_err(Fault::internal)?;
        let names = name.map_or_else(|| names_of_copies(&row.name), |name| vec![name]);
        let mut taken = None;
        for name in names {
            let new = NewNotebook {
                path: Some(of.beside(&name)?),
                name: Some(name),
                project: Some(project),
                document: Some(document.clone()),
            };
            match self.create(caller, new).await {
                Err(fault) if fault.code == ErrorCode::AlreadyExists => taken = Some(fault),
                made => return made.map(|made| made.id),
            }
        }
        Err(taken.unwrap_or_else(|| Fault::internal("a copy has no name")))
    }
}

/// Returns names for copies of a notebook, the best first.
fn names_of_copies(name: &str) -> Vec<String> {
    let name: String = name.chars().take(LONGEST_BASE).collect();
    let numbered = (2..=COPIES).map(|number| format!("{name} (fork {number})"));
    std::iter::once(format!("{name} (fork)"))
        .chain(numbered)
        .collect()
}

fn no_checkpoint(checkpoint: &CheckpointId) -> Fault {
    Fault::new(
        ErrorCode::CheckpointNotFound,
        format!("The notebook's session has no checkpoint {checkpoint}."),
    )
}
