//! Files and folders of a project that are moved, deleted or written over as what they are: the notebooks
//! among them stay the same notebooks, and their large outputs go along.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::library::Library;
use super::open::Open;
use super::path::NotebookPath;
use super::place::ProjectFolder;
use crate::error_code::{ErrorCode, Fault};
use crate::file::{Condition, Entry, FilePath, Files};
use crate::id::{ProjectId, TenantId};
use crate::store::notebooks::NotebookRow;

/// Notebooks that are looked through at once.
const PAGE: i64 = 1000;

/// A notebook whose file goes to another place.
struct Moving {
    row: NotebookRow,
    open: Arc<Open>,
    to: NotebookPath,
}

impl Library {
    /// Moves a file or a folder of a project. With `replace` a file may take another's place.
    pub(crate) async fn move_file(
        self: &Arc<Self>,
        files: &Arc<Files>,
        (tenant, project): (TenantId, ProjectId),
        from: FilePath,
        to: FilePath,
        replace: bool,
    ) -> Result<Entry, Fault> {
        let moving = self.moving(tenant, project, &from, &to).await?;
        let mut turns = Vec::with_capacity(moving.len());
        for notebook in &moving {
            // Nothing is written to the place that it leaves.
            turns.push(notebook.open.turn().await);
        }
        let paths = [&from, &to].map(|path| NotebookPath::parse(path.as_str()));
        // A folder has the outputs of its notebooks in it.
        let mut left = Vec::new();
        if let [Ok(old), Ok(new)] = paths {
            let outputs = self.outputs_of(tenant, project, &old).await?;
            let replaced = self.outputs_of(tenant, project, &new).await?;
            let copied = self.copy_outputs((tenant, project), &old, &new, outputs);
            left.extend(copied.await?.map(|outputs| (old, outputs)));
            left.push((new, replaced));
        }
        let entry = files
            .rename(tenant, project, from.clone(), to.clone(), replace)
            .await?;
        for Moving {
            row,
            open,
            to: path,
        } in &moving
        {
            match open.stands_at(self, row, path).await {
                // The file took the place of another notebook's, which goes on with what is in it.
                Err(fault) if fault.code == ErrorCode::AlreadyExists => {}
                Err(fault) => {
                    files.rename(tenant, project, to, from, false).await?;
                    return Err(fault);
                }
                Ok(()) => {}
            }
        }
        for (path, outputs) in left {
            self.forget_outputs((tenant, project), path, outputs).await;
        }
        Ok(entry)
    }

    /// Does what may write files over notebooks at these paths, which stay the same notebooks. Large outputs
    /// that only the files before named go.
    pub(crate) async fn write_over<T>(
        self: &Arc<Self>,
        (tenant, project): (TenantId, ProjectId),
        paths: Vec<FilePath>,
        write: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let mut before = Vec::new();
        for path in paths {
            if let Ok(path) = NotebookPath::parse(path.as_str()) {
                let outputs = self.outputs_of(tenant, project, &path).await?;
                before.push((path, outputs));
            }
        }
        let paths = before.iter().map(|(path, _)| path);
        let open = self.settled(tenant, project, paths).await?;
        let mut turns = Vec::with_capacity(open.len());
        for open in &open {
            turns.push(open.turn().await);
        }
        let written = write.await?;
        drop(turns);
        for (path, outputs) in before {
            self.forget_outputs((tenant, project), path, outputs).await;
        }
        Ok(written)
    }

    /// Returns the notebooks at these paths that are in memory, in the order in which all take their turns.
    /// What was changed in them is in their files: it is not to come over what is written now.
    async fn settled<'p>(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        paths: impl Iterator<Item = &'p NotebookPath>,
    ) -> Result<Vec<Arc<Open>>, Fault> {
        let mut found = Vec::new();
        for path in paths {
            let row = self.store.notebook_at(tenant, project, path.as_str());
            let Some(row) = row.await? else { continue };
            let id = row.id.parse().map_err(Fault::internal)?;
            let Some(open) = self.in_memory(tenant, id) else {
                continue;
            };
            if let Err(fault) = open.change(self, row.clone(), |_| Ok(())).await {
                // It cannot be read, and is about to be another.
                tracing::debug!(notebook = row.id, %fault, "a notebook is written over");
            }
            found.push((row.id, open));
        }
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(found.into_iter().map(|(_, open)| open).collect())
    }

    /// Deletes a file, a link or an empty folder; with `deep` a folder with all that is in it.
    pub(crate) async fn delete_file(
        self: &Arc<Self>,
        files: &Arc<Files>,
        (tenant, project): (TenantId, ProjectId),
        path: FilePath,
        condition: Condition,
        deep: bool,
    ) -> Result<(), Fault> {
        let notebook = NotebookPath::parse(path.as_str()).ok();
        let outputs = match &notebook {
            Some(notebook) => self.outputs_of(tenant, project, notebook).await?,
            None => BTreeSet::new(),
        };
        let open = self.settled(tenant, project, notebook.iter()).await?;
        let mut turns = Vec::with_capacity(open.len());
        for open in &open {
            turns.push(open.turn().await);
        }
        files.delete(tenant, project, path, condition, deep).await?;
        drop(turns);
        if let Some(notebook) = notebook {
            self.forget_outputs((tenant, project), notebook, outputs)
                .await;
        }
        Ok(())
    }

    /// Returns the notebooks at or below a path, in the order in which all take their turns, and where they
    /// are going to be. What becomes no notebook's path is not among them.
    async fn moving(
        &self,
        tenant: TenantId,
        project: ProjectId,
        from: &FilePath,
        to: &FilePath,
    ) -> Result<Vec<Moving>, Fault> {
        let (project, mut after, mut moving) = (project.to_string(), String::new(), Vec::new());
        loop {
            let rows = self.store.notebooks(tenant, &project, &after, PAGE).await?;
            let Some(last) = rows.last() else {
                return Ok(moving);
            };
            after.clone_from(&last.id);
            for row in rows {
                let within = FilePath::parse(&row.path).is_ok_and(|path| path.is_within(from));
                if !within {
                    continue;
                }
                let rest = &row.path[from.as_str().len()..];
                let Ok(to) = NotebookPath::parse(&format!("{}{rest}", to.as_str())) else {
                    continue;
                };
                let id = row.id.parse().map_err(Fault::internal)?;
                let (row, open) = self.take_down(tenant, id).await?;
                moving.push(Moving { row, open, to });
            }
        }
    }

    /// Returns the names of the large outputs that the file at a notebook's path names.
    pub(super) async fn outputs_of(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        path: &NotebookPath,
    ) -> Result<BTreeSet<String>, Fault> {
        // A project that is not there is refused here.
        self.projects.folder(tenant, project).await?;
        let path = path.clone();
        self.work(move |library| {
            let folder = ProjectFolder::open(&library.layout, tenant, project)?;
            // What cannot be read has none that anybody could find.
            Ok(folder.mentioned(&path, library.largest).unwrap_or_default())
        })
        .await
    }

    /// Copies large outputs to where their notebook is going to be: they lie beside it. Returns them, unless
    /// they are there already.
    pub(super) async fn copy_outputs(
        self: &Arc<Self>,
        (tenant, project): (TenantId, ProjectId),
        from: &NotebookPath,
        to: &NotebookPath,
        outputs: BTreeSet<String>,
    ) -> Result<Option<BTreeSet<String>>, Fault> {
        if from.split().0 == to.split().0 {
            return Ok(None);
        }
        let (from, to) = (from.clone(), to.clone());
        self.work(move |library| {
            let folder = ProjectFolder::open(&library.layout, tenant, project)?;
            for hash in &outputs {
                match folder.kept(&from, hash, library.largest) {
                    Ok(bytes) => folder.keep(&to, hash, &bytes)?,
                    // What is not there is missed in the new place as it was in the old one.
                    Err(fault) if fault.code == ErrorCode::FileNotFound => {}
                    Err(fault) => return Err(fault),
                }
            }
            Ok(Some(outputs))
        })
        .await
    }

    /// Removes large outputs of a notebook that is at its path no more. What cannot be removed is only in
    /// the way.
    pub(super) async fn forget_outputs(
        self: &Arc<Self>,
        (tenant, project): (TenantId, ProjectId),
        path: NotebookPath,
        outputs: BTreeSet<String>,
    ) {
        if outputs.is_empty() {
            return;
        }
        let forgotten = self.work(move |library| {
            let folder = ProjectFolder::open(&library.layout, tenant, project)?;
            // Nobody else relies on one meanwhile that is not in their file yet.
            let _alone = library.kept_of(project).write();
            folder.forget(&path, outputs, library.largest)
        });
        if let Err(fault) = forgotten.await {
            tracing::warn!(%project, %fault, "large outputs of a notebook that is gone could not be removed");
        }
    }
}
