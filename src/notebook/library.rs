//! The notebooks of the service: their rows, their files, and those that are in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde_json::Value;
use tokio::sync::Semaphore;

use super::kept;
use super::live::{CellView, Document, Status};
use super::open::{Open, State};
use super::path::NotebookPath;
use super::watching::Watching;
use crate::error_code::{ErrorCode, Fault};
use crate::file::Projects;
use crate::id::{NotebookId, ProjectId, SessionId, TenantId};
use crate::layout::Layout;
use crate::news::{Change, Item, News, What};
use crate::session::{EventReader, Sessions};
use crate::store::Store;
use crate::store::notebooks::NotebookRow;
use crate::tenant::quotas::Quotas;

/// Notebooks in memory, above which those that were not used for long are dropped.
const MOST_OPEN: usize = 256;

/// Notebooks that are read or written at once: each takes several times its size of memory.
const AT_ONCE: usize = 4;

/// Projects whose large outputs are minded at once.
const KEPT: usize = 64;

/// All notebooks of the service.
pub(crate) struct Library {
    pub(super) store: Store,
    pub(super) projects: Projects,
    pub(super) quotas: Arc<Quotas>,
    news: Arc<News>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) layout: Layout,
    /// The most bytes that the file of a notebook may have.
    pub(super) largest: u64,
    open: Mutex<Shelf>,
    pub(super) at_once: Semaphore,
    /// Held for reading from when a large output is there until a file names it; for writing by who removes
    /// what no file names.
    kept: [RwLock<()>; KEPT],
}

/// The notebooks in memory, and how often one was asked for.
#[derive(Default)]
struct Shelf {
    notebooks: HashMap<(TenantId, NotebookId), Arc<Open>>,
    count: u64,
}

/// A notebook as it is at one moment.
pub(crate) struct Snapshot {
    pub(crate) row: NotebookRow,
    pub(crate) document: Document,
    pub(crate) status: Status,
    pub(crate) cells: Vec<CellView>,
}

impl Library {
    /// Returns the notebooks whose files are below the data folder.
    pub(crate) fn new(
        store: Store,
        projects: Projects,
        quotas: &Arc<Quotas>,
        news: &Arc<News>,
        sessions: &Arc<Sessions>,
        layout: Layout,
        largest: u64,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            projects,
            quotas: Arc::clone(quotas),
            news: Arc::clone(news),
            sessions: Arc::clone(sessions),
            layout,
            largest,
            open: Mutex::default(),
            at_once: Semaphore::new(AT_ONCE),
            kept: std::array::from_fn(|_| RwLock::new(())),
        })
    }

    /// Returns the most bytes that the file of a notebook may have.
    pub(crate) fn largest(&self) -> u64 {
        self.largest
    }

    /// Returns the tenant's notebooks, or those of one project, behind one id.
    pub(crate) async fn list(
        &self,
        tenant: TenantId,
        project: Option<ProjectId>,
        after: &str,
        most: i64,
    ) -> Result<Vec<(NotebookRow, Status)>, Fault> {
        let project = project
            .map(|project| project.to_string())
            .unwrap_or_default();
        let rows = self.store.notebooks(tenant, &project, after, most).await?;
        let mut listed = Vec::with_capacity(rows.len());
        for row in rows {
            let open = row.id.parse().ok();
            let open = open.and_then(|id| self.in_memory(tenant, id));
            let status = match open {
                Some(open) => open.status().await,
                None => Status::Idle,
            };
            listed.push((row, status));
        }
        Ok(listed)
    }

    /// Looks at a notebook.
    pub(crate) async fn look<T>(
        self: &Arc<Self>,
        tenant: TenantId,
        id: NotebookId,
        look: impl FnOnce(&State) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (row, open) = self.find(tenant, id).await?;
        open.look(self, row, look).await
    }

    /// Changes a notebook. When this returns the change is on the disk, or was not made.
    pub(crate) async fn change<T>(
        self: &Arc<Self>,
        tenant: TenantId,
        id: NotebookId,
        change: impl FnOnce(&mut State) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (row, open) = self.find(tenant, id).await?;
        open.change(self, row, change).await
    }

    /// Returns a reader of what happens in a notebook, behind a number, and what counts it as a
    /// watcher as long as it is held.
    pub(crate) async fn watch(
        self: &Arc<Self>,
        tenant: TenantId,
        id: NotebookId,
        after: Option<u64>,
    ) -> Result<(EventReader, Watching), Fault> {
        let (row, open) = self.find(tenant, id).await?;
        let log = open.log(self, &row).await?;
        let events = log.reader(after.unwrap_or_else(|| log.last()));
        Ok((events, Watching::begin(open)))
    }

    /// Gives a notebook another name, and its file another place.
    pub(crate) async fn rename(
        self: &Arc<Self>,
        tenant: TenantId,
        id: NotebookId,
        expected: Expected,
        name: Option<String>,
        path: Option<NotebookPath>,
    ) -> Result<(), Fault> {
        let (row, open) = self.find(tenant, id).await?;
        open.rename(self, row, expected, name, path).await
    }

    /// Removes a notebook and its file, if it still has the revision that is expected; returns the
    /// session in which its cells ran.
    pub(crate) async fn remove(
        self: &Arc<Self>,
        tenant: TenantId,
        id: NotebookId,
        expected: Expected,
    ) -> Result<Option<SessionId>, Fault> {
        // What cannot be read can still be removed.
        let (row, open) = self.take_down(tenant, id).await?;
        let session = row.session_id.as_deref().and_then(|text| text.parse().ok());
        open.remove(self, row, expected).await?;
        self.shelf().notebooks.remove(&(tenant, id));
        Ok(session)
    }

    /// Returns a large output of a notebook, and its media type.
    pub(crate) async fn kept(
        self: &Arc<Self>,
        tenant: TenantId,
        id: NotebookId,
        hash: &str,
    ) -> Result<(String, Vec<u8>), Fault> {
        let named = hash.to_owned();
        let (row, mime, unwritten) = self
            .look(tenant, id, move |state| {
                let outputs = state.document.cells().iter().flat_map(|cell| &cell.outputs);
                let mime = outputs
                    .flat_map(kept::references)
                    .find(|(_, hash)| *hash == named);
                let mime = mime.map(|(mime, _)| mime.to_owned()).ok_or_else(|| {
                    Fault::new(
                        ErrorCode::FileNotFound,
                        "The notebook shows no output that is kept under this hash.",
                    )
                })?;
                Ok((
                    state.row.clone(),
                    mime,
                    state.document.unwritten().get(&named).cloned(),
                ))
            })
            .await?;
        if let Some(bytes) = unwritten {
            return Ok((mime, bytes.to_vec()));
        }
        let hash = hash.to_owned();
        let bytes = self
            .work(move |library| {
                let (folder, path) = library.place(&row)?;
                folder.kept(&path, &hash, library.largest)
            })
            .await?;
        Ok((mime, bytes))
    }

    /// Returns the outputs of all cells with what is kept in files, as long as they stay below the
    /// size that a notebook may have.
    pub(crate) async fn whole_outputs(
        self: &Arc<Self>,
        snapshot: &Snapshot,
    ) -> Result<Vec<Vec<Value>>, Fault> {
        let (row, document) = (snapshot.row.clone(), snapshot.document.clone());
        self.work(move |library| {
            let (folder, path) = library.place(&row)?;
            let mut room = library.largest;
            let mut fetch = |hash: &str| {
                let bytes = match document.unwritten().get(hash) {
                    Some(bytes) => bytes.to_vec(),
                    None => folder.kept(&path, hash, room).ok()?,
                };
                room = room.checked_sub(bytes.len() as u64)?;
                Some(bytes)
            };
            let of_cell = |outputs: &Vec<Value>| {
                outputs
                    .iter()
                    .map(|output| kept::restored(output.clone(), &mut fetch))
                    .collect()
            };
            Ok(document
                .cells()
                .iter()
                .map(|cell| &cell.outputs)
                .map(of_cell)
                .collect())
        })
        .await
    }

    /// Returns the row of a notebook and its place in memory, where nothing runs that another service
    /// began.
    pub(super) async fn find(
        self: &Arc<Self>,
        tenant: TenantId,
        id: NotebookId,
    ) -> Result<(NotebookRow, Arc<Open>), Fault> {
        let (row, open) = self.take_down(tenant, id).await?;
        let catch_up = || self.catch_up(tenant, id, &row, &open);
        open.caught_up.get_or_try_init(catch_up).await?;
        Ok((row, open))
    }

    /// Returns the lock of a project's large outputs.
    pub(super) fn kept_of(&self, project: ProjectId) -> &RwLock<()> {
        let place = blake3::hash(project.to_string().as_bytes()).as_bytes()[0];
        &self.kept[usize::from(place) % KEPT]
    }

    /// Returns the row of a notebook and its place in memory, whatever is to be done for it first.
    pub(super) async fn take_down(
        &self,
        tenant: TenantId,
        id: NotebookId,
    ) -> Result<(NotebookRow, Arc<Open>), Fault> {
        let row = self.store.notebook(tenant, id).await?.ok_or_else(|| {
            Fault::new(
                ErrorCode::NotebookNotFound,
                format!("There is no notebook {id}."),
            )
        })?;
        let mut shelf = self.shelf();
        shelf.count += 1;
        let count = shelf.count;
        if !shelf.notebooks.contains_key(&(tenant, id)) && shelf.notebooks.len() >= MOST_OPEN {
            let oldest = shelf
                .notebooks
                .iter()
                .filter(|(_, open)| open.is_idle())
                .min_by_key(|(_, open)| open.used())
                .map(|(key, _)| *key);
            if let Some(key) = oldest {
                shelf.notebooks.remove(&key);
            }
        }
        let open = Arc::clone(shelf.notebooks.entry((tenant, id)).or_default());
        open.use_now(count);
        Ok((row, open))
    }

    /// Returns a notebook's place in memory, if it has one.
    pub(super) fn in_memory(&self, tenant: TenantId, id: NotebookId) -> Option<Arc<Open>> {
        self.shelf().notebooks.get(&(tenant, id)).cloned()
    }

    /// Tells those who watch the tenant what became of a notebook.
    pub(super) fn announce(&self, row: &NotebookRow, change: Change) {
        let Ok(tenant) = row.tenant_id.parse() else {
            return;
        };
        self.news.tell(tenant, || Item {
            project_id: row.project_id.parse().ok(),
            notebook_id: row.id.parse().ok(),
            ..Item::of(What::NotebookChanged {
                change,
                name: row.name.clone(),
                path: row.path.clone(),
                revision: row.revision,
            })
        });
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Nothing is done under this lock that could leave it half done.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The revision that a writer expects a notebook to have, from its ETag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Any,
    Revision(u64),
}

impl Expected {
    /// Refuses a document of another revision.
    pub(crate) fn check(self, document: &Document) -> Result<(), Fault> {
        match self {
            Self::Revision(revision) if revision != document.revision() => Err(Fault::new(
                ErrorCode::PreconditionFailed,
                format!(
                    "The notebook has the revision {}, and the write is for {revision}.",
                    document.revision()
                ),
            )),
            Self::Any | Self::Revision(_) => Ok(()),
        }
    }
}

impl Snapshot {
    /// Takes a snapshot as a reader sees it.
    pub(crate) fn of(state: &State, reader: Option<&str>) -> Self {
        Self {
            row: state.row.clone(),
            document: state.document.clone(),
            status: state.running.status(),
            cells: state.document.views(&state.running, reader),
        }
    }
}

/// Returns a revision as the database has it: it counts changes, and never comes near to the end.
pub(super) fn signed(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}
