//! Writing: a received file takes its place in one step, or nothing changes.

use std::fmt::Display;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use cap_std::fs::{Dir, Metadata};
use futures_util::Stream;

use super::receive::{Staged, too_large};
use super::{Condition, Entry, FilePath, Files, Site, blocking, refusal, tree};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ProjectId, TenantId};

/// A file that took its place.
pub(crate) struct Placed {
    pub(crate) entry: Entry,
    /// There was none before.
    pub(crate) created: bool,
}

/// A file that is received and not yet in place. Dropped, it leaves no trace.
pub(crate) struct Received {
    files: Arc<Files>,
    site: Site,
    path: FilePath,
    condition: Condition,
    staged: Staged,
}

/// Files of one request that are received and not yet in place. Dropped, they leave no trace.
pub(crate) struct Batch {
    files: Arc<Files>,
    site: Site,
    folder: FilePath,
    condition: Condition,
    received: Vec<(FilePath, Staged)>,
}

/// Files that one request may bring.
const BATCH: usize = 1000;

impl Files {
    /// Receives a file that is going to be written at a path, however long its body takes.
    pub(crate) async fn receive_at<E: Display>(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        path: FilePath,
        condition: Condition,
        declared: Option<u64>,
        body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Received, Fault> {
        let site = self
            .check_target(tenant, project, &path, &condition)
            .await?;
        let staged = self.receive(tenant, declared, body).await?;
        Ok(Received {
            files: Arc::clone(self),
            site,
            path,
            condition,
            staged,
        })
    }

    /// Writes behind what is in a file.
    pub(crate) async fn append(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        path: FilePath,
        bytes: Bytes,
    ) -> Result<Entry, Fault> {
        let site = self
            .check_target(tenant, project, &path, &Condition::Any)
            .await?;
        let files = Arc::clone(self);
        blocking(move || {
            let (folder_path, name) = path.split().ok_or_else(|| is_folder(&path))?;
            let _deciding = files.decide(project);
            let folder = tree::enter(&site.root, &folder_path)?;
            let mut file = tree::open_to_append(&folder, name, &path)?;
            let length = file.metadata().map_err(refusal::own)?.len() + bytes.len() as u64;
            if length > files.largest {
                return Err(too_large(files.largest));
            }
            let reservation = files.room.reserve(tenant, 0, bytes.len() as u64)?;
            file.write_all(&bytes)
                .and_then(|()| file.sync_all())
                .map_err(refusal::own)?;
            reservation.keep();
            files.news.tell(tenant, project, &path);
            Self::entry(&folder, name, &path)
        })
        .await
    }

    /// Begins to receive several files into a folder; with `replace` they may take others' places.
    pub(crate) async fn batch(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        folder: FilePath,
        replace: bool,
    ) -> Result<Batch, Fault> {
        let site = self.site(tenant, project).await?;
        let condition = if replace {
            Condition::Any
        } else {
            Condition::New
        };
        Ok(Batch {
            files: Arc::clone(self),
            site,
            folder,
            condition,
            received: Vec::new(),
        })
    }

    /// Refuses what could not be put in place, before its body is read.
    pub(super) async fn check_target(
        &self,
        tenant: TenantId,
        project: ProjectId,
        path: &FilePath,
        condition: &Condition,
    ) -> Result<Site, Fault> {
        self.require_type(path)?;
        let site = self.site(tenant, project).await?;
        let (path, condition) = (path.clone(), condition.clone());
        blocking(move || {
            check(&site.root, &path, &condition)?;
            Ok(site)
        })
        .await
    }

    /// Puts a whole file in its place.
    pub(super) fn place(
        &self,
        site: &Site,
        path: &FilePath,
        staged: Staged,
        condition: &Condition,
    ) -> Result<Placed, Fault> {
        self.require_type(path)?;
        let _deciding = self.decide(site.project);
        let current = check(&site.root, path, condition)?;
        let (folder_path, name) = path.split().ok_or_else(|| is_folder(path))?;
        let folder = tree::enter_or_make(&site.root, &folder_path)?;
        if current.is_none() {
            tree::refuse_alike(&folder, name, None, path)?;
        }
        staged
            .folder
            .rename(&staged.name, &folder, name)
            .map_err(refusal::at(path))?;
        tree::sync(&folder).map_err(refusal::own)?;
        staged.placed();
        self.news.tell(site.tenant, site.project, path);
        Ok(Placed {
            entry: Self::entry(&folder, name, path)?,
            created: current.is_none(),
        })
    }
}

impl Received {
    /// Puts it in its place; folders on the way are made.
    pub(crate) async fn place(self) -> Result<Placed, Fault> {
        blocking(move || {
            let Self {
                files,
                site,
                path,
                condition,
                staged,
            } = self;
            files.place(&site, &path, staged, &condition)
        })
        .await
    }
}

impl Batch {
    /// Receives one of the files. Its name may be a path inside the folder.
    pub(crate) async fn add<E: Display>(
        &mut self,
        name: &str,
        body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<(), Fault> {
        if self.received.len() == BATCH {
            return Err(Fault::field(
                "file",
                format!("at most {BATCH} files are taken at once"),
            ));
        }
        let path = self.folder.join(name)?;
        if self.received.iter().any(|(other, _)| *other == path) {
            return Err(Fault::field("file", format!("{path} is there twice")));
        }
        let tenant = self.site.tenant;
        self.files
            .check_target(tenant, self.site.project, &path, &self.condition)
            .await?;
        let staged = self.files.receive(tenant, None, body).await?;
        self.received.push((path, staged));
        Ok(())
    }

    /// Returns where they are going to be.
    pub(crate) fn paths(&self) -> Vec<FilePath> {
        self.received.iter().map(|(path, _)| path.clone()).collect()
    }

    /// Puts all of them in place.
    pub(crate) async fn place(self) -> Result<Vec<Entry>, Fault> {
        blocking(move || {
            let Self {
                files,
                site,
                condition,
                received,
                ..
            } = self;
            for (path, _) in &received {
                check(&site.root, path, &condition)?;
            }
            let placed = received
                .into_iter()
                .map(|(path, staged)| files.place(&site, &path, staged, &condition));
            placed
                .map(|placed| placed.map(|placed| placed.entry))
                .collect()
        })
        .await
    }
}

/// Refuses a place that no file can take under the condition. Returns the file that is there.
fn check(root: &Dir, path: &FilePath, condition: &Condition) -> Result<Option<Metadata>, Fault> {
    let (folder, name) = path.split().ok_or_else(|| is_folder(path))?;
    let current = match tree::enter(root, &folder) {
        Ok(folder) => tree::look(&folder, name, path)?,
        Err(fault) if fault.code == ErrorCode::FileNotFound => None,
        Err(fault) => return Err(fault),
    };
    if let Some(current) = &current {
        tree::require_file(current, path)?;
    }
    condition.check(path, current.as_ref().map(tree::version).as_deref())?;
    Ok(current)
}

fn is_folder(path: &FilePath) -> Fault {
    Fault::new(ErrorCode::NotAFile, format!("{path} is a folder."))
}
