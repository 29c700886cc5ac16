//! Resumable uploads: a file that comes in pieces, over as many connections as it takes.
//!
//! What was received is a file outside of the guests' view, and its length is the offset to go on
//! from. It is synced before anyone is told of it, so a crash loses nothing that was acknowledged.
//! A whole file is moved to its place in one step, so an upload without a file is one that is in place.

mod content;

use std::collections::HashSet;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use cap_std::fs::{OpenOptions, OpenOptionsExt as _};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, Stream};
use serde::Serialize;
use utoipa::ToSchema;

use super::receive::too_large;
use super::{Condition, FilePath, Files, blocking, refusal, tree};
use crate::clock;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ProjectId, TenantId, UploadId};
use crate::store::uploads::UploadRow;
use crate::store::{Store, now};

/// Uploads that a tenant may have at once.
const MOST: i64 = 1000;

/// The longest time between two sweeps for uploads that have come to their end.
const SWEEP: Duration = Duration::from_secs(60);

/// An upload that is asked for.
#[derive(Debug)]
pub(crate) struct NewUpload {
    /// Bytes of the whole file.
    pub(crate) length: u64,
    /// Where the file goes; nowhere when an execution is to take it.
    pub(crate) target: Option<(ProjectId, FilePath)>,
    /// The client's own metadata.
    pub(crate) metadata: String,
}

/// An upload and how far it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Upload {
    pub(crate) id: String,
    /// Bytes of the whole file.
    pub(crate) length: u64,
    /// Bytes that are here to stay.
    pub(crate) offset: u64,
    pub(crate) state: UploadState,
    pub(crate) project_id: Option<String>,
    pub(crate) path: Option<String>,
    #[serde(skip)]
    pub(crate) metadata: String,
    /// RFC 3339, UTC.
    pub(crate) created_at: String,
    /// When it is removed if it is not in place by then; RFC 3339, UTC.
    pub(crate) expires_at: String,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UploadState {
    /// Bytes are missing.
    Open,
    /// It is whole, and waits to be put in place or for an execution to take it.
    Finished,
    /// The file is where it was to go.
    Placed,
}

/// The uploads of all tenants.
pub(crate) struct Uploads {
    files: Arc<Files>,
    store: Store,
    lifetime: Duration,
    /// Those that bytes are being written to.
    busy: Mutex<HashSet<UploadId>>,
}

/// The right to write to an upload, which one request at a time has.
struct Turn {
    uploads: Arc<Uploads>,
    id: UploadId,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.uploads
            .busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }
}

/// The step that puts a file in its place.
pub(crate) type Placing = BoxFuture<'static, Result<(), Fault>>;

impl Uploads {
    /// Opens the uploads, and removes those that have come to their end from now on.
    pub(crate) fn open(files: Arc<Files>, lifetime: Duration) -> Arc<Self> {
        let store = files.projects.store().clone();
        let uploads = Arc::new(Self {
            files,
            store,
            lifetime,
            busy: Mutex::default(),
        });
        let swept = Arc::downgrade(&uploads);
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(lifetime.clamp(Duration::from_secs(1), SWEEP));
            loop {
                interval.tick().await;
                let Some(uploads) = swept.upgrade() else {
                    break;
                };
                if let Err(fault) = uploads.sweep().await {
                    tracing::warn!(%fault, "uploads that have come to their end could not be removed");
                }
            }
        });
        uploads
    }

    /// Begins an upload. One of no bytes is finished at once, and put in place within `around`.
    pub(crate) async fn create(
        self: &Arc<Self>,
        tenant: TenantId,
        new: NewUpload,
        around: impl FnOnce(ProjectId, FilePath, Placing) -> Placing + Send,
    ) -> Result<Upload, Fault> {
        if new.length > self.files.largest {
            return Err(too_large(self.files.largest));
        }
        if let Some((project, path)) = &new.target {
            self.files
                .check_target(tenant, *project, path, &Condition::Any)
                .await?;
        }
        if self.store.uploads_of(tenant).await? >= MOST {
            return Err(Fault::new(
                ErrorCode::QuotaExceeded,
                format!("There are {MOST} uploads already; finish or delete some."),
            ));
        }
        let id = UploadId::new();
        let (files, length) = (Arc::clone(&self.files), new.length);
        blocking(move || {
            // Room is taken as bytes come; what could never fit is refused at once.
            drop(files.room.reserve(tenant, 1, length)?);
            let folder = files.projects.layout().uploads(tenant)?;
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            folder
                .open_with(id.to_string(), &options)
                .and_then(|file| file.sync_all())
                .and_then(|()| tree::sync(&folder))
                .map_err(refusal::own)
        })
        .await?;
        let (project, path) = new.target.unzip();
        let row = UploadRow {
            id: id.to_string(),
            tenant_id: tenant.to_string(),
            project_id: project.map(|project| project.to_string()),
            path: path.map(|path| path.as_str().to_owned()),
            length: i64::try_from(new.length).map_err(Fault::internal)?,
            metadata: new.metadata,
            created_at: now(),
            expires_at: self.end(),
        };
        self.store.add_upload(&row).await?;
        if let (0, Some((project, path))) = (new.length, target(&row)?) {
            let (placed, to) = (Arc::clone(self), path.clone());
            let placing = async move { placed.place(tenant, id, project, to).await };
            around(project, path, placing.boxed()).await?;
        }
        self.find(tenant, id).await
    }

    /// Returns an upload; its offset is of bytes that are synced.
    pub(crate) async fn find(&self, tenant: TenantId, id: UploadId) -> Result<Upload, Fault> {
        let row = self.row(tenant, id).await?;
        let there = self.synced_length(tenant, id).await?;
        let length = u64::try_from(row.length).map_err(Fault::internal)?;
        let state = match there {
            None => UploadState::Placed,
            Some(there) if there == length => UploadState::Finished,
            Some(_) => UploadState::Open,
        };
        let UploadRow {
            id,
            project_id,
            path,
            metadata,
            created_at,
            expires_at,
            ..
        } = row;
        let offset = there.unwrap_or(length);
        Ok(Upload {
            id,
            length,
            offset,
            state,
            project_id,
            path,
            metadata,
            created_at,
            expires_at,
        })
    }

    /// Adds bytes at an offset, which must be where the upload ends. Returns the upload as it is then.
    ///
    /// What came before the sender left stays. The last byte puts the file in place, within `around`.
    pub(crate) async fn append<E: Display>(
        self: &Arc<Self>,
        tenant: TenantId,
        id: UploadId,
        offset: u64,
        declared: Option<u64>,
        body: impl Stream<Item = Result<Bytes, E>> + Unpin + Send + 'static,
        around: impl FnOnce(ProjectId, FilePath, Placing) -> Placing + Send + 'static,
    ) -> Result<Upload, Fault> {
        let row = self.row(tenant, id).await?;
        let target = target(&row)?;
        let turn = self.turn(id)?;
        let uploads = Arc::clone(self);
        // By itself, so that the turn of a request that is given up ends after its last write.
        tokio::spawn(async move {
            let _turn = turn;
            let current = uploads.find(tenant, id).await?;
            if current.offset != offset {
                return Err(Fault::new(
                    ErrorCode::UploadConflict,
                    format!(
                        "The upload goes on at {}, and not at {offset}.",
                        current.offset
                    ),
                )
                .with_details(serde_json::json!({"offset": current.offset})));
            }
            if current.state != UploadState::Placed {
                let most = current.length - offset;
                if declared.is_some_and(|declared| declared > most) {
                    return Err(too_large(most));
                }
                if most > 0 {
                    uploads.write(tenant, id, most, body).await?;
                }
                let end = uploads.find(tenant, id).await?;
                if let (UploadState::Finished, Some((project, path))) = (end.state, target) {
                    let (placed, to) = (Arc::clone(&uploads), path.clone());
                    let placing = async move { placed.place(tenant, id, project, to).await };
                    around(project, path, placing.boxed()).await?;
                }
            }
            uploads.find(tenant, id).await
        })
        .await
        .map_err(Fault::internal)?
    }

    /// Gives an upload up.
    pub(crate) async fn delete(
        self: &Arc<Self>,
        tenant: TenantId,
        id: UploadId,
    ) -> Result<(), Fault> {
        self.row(tenant, id).await?;
        let _turn = self.turn(id)?;
        self.remove(tenant, id).await
    }

    /// Returns the file of a finished upload that goes nowhere, for an execution to take. It stays
    /// until the upload's end, so that the execution can be repeated.
    pub(crate) async fn take(&self, tenant: TenantId, id: UploadId) -> Result<PathBuf, Fault> {
        let upload = self.find(tenant, id).await?;
        match upload.state {
            UploadState::Finished => Ok(self.files.projects.layout().upload(tenant, id)),
            UploadState::Open => Err(Fault::new(
                ErrorCode::UploadConflict,
                format!(
                    "The upload {id} has {} of {} bytes.",
                    upload.offset, upload.length
                ),
            )),
            UploadState::Placed => Err(Fault::new(
                ErrorCode::UploadNotFound,
                format!("The upload {id} became a file of a project."),
            )),
        }
    }

    async fn row(&self, tenant: TenantId, id: UploadId) -> Result<UploadRow, Fault> {
        self.store
            .upload(tenant, id, &clock::text())
            .await?
            .ok_or_else(|| {
                Fault::new(
                    ErrorCode::UploadNotFound,
                    format!("There is no upload {id}, or no longer."),
                )
            })
    }

    fn turn(self: &Arc<Self>, id: UploadId) -> Result<Turn, Fault> {
        if self
            .busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id)
        {
            return Ok(Turn {
                uploads: Arc::clone(self),
                id,
            });
        }
        Err(Fault::new(
            ErrorCode::UploadConflict,
            "Another request is sending to this upload.",
        ))
    }

    /// Returns when an upload that begins now comes to its end.
    fn end(&self) -> String {
        let end = jiff::SignedDuration::try_from(self.lifetime)
            .ok()
            .and_then(|lifetime| clock::now().checked_add(lifetime).ok())
            .unwrap_or(jiff::Timestamp::MAX);
        format!("{end:.6}")
    }

    async fn sweep(self: &Arc<Self>) -> Result<(), Fault> {
        for row in self.store.ended_uploads(&clock::text()).await? {
            let (tenant, id) = (row.tenant_id.parse(), row.id.parse());
            let (tenant, id) = (
                tenant.map_err(Fault::internal)?,
                id.map_err(Fault::internal)?,
            );
            // One that is being sent to is removed by a later sweep.
            if let Ok(_turn) = self.turn(id) {
                self.remove(tenant, id).await?;
            }
        }
        Ok(())
    }
}

/// Returns where an upload's file is to go; nothing when an execution is to take it.
fn target(row: &UploadRow) -> Result<Option<(ProjectId, FilePath)>, Fault> {
    let (Some(project), Some(path)) = (&row.project_id, &row.path) else {
        return Ok(None);
    };
    let project = project.parse().map_err(Fault::internal)?;
    Ok(Some((project, FilePath::parse(path)?)))
}
