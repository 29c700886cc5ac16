//! What an upload is on the disk: writing to its file, how long it is, where it goes.

use std::fmt::Display;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{File, OpenOptions};
use futures_util::Stream;

use super::Uploads;
use crate::error_code::Fault;
use crate::file::receive::{Staged, pour};
use crate::file::room::Reservation;
use crate::file::{Condition, FilePath, blocking, refusal};
use crate::id::{ProjectId, TenantId, UploadId};

impl Uploads {
    /// Writes a body behind what is there, and syncs what came of it.
    pub(super) async fn write<E: Display>(
        &self,
        tenant: TenantId,
        id: UploadId,
        most: u64,
        body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<(), Fault> {
        let files = Arc::clone(&self.files);
        let (file, mut reservation): (File, Reservation) = blocking(move || {
            let reservation = files.room.reserve(tenant, 0, 0)?;
            let mut options = OpenOptions::new();
            options.append(true).follow(FollowSymlinks::No);
            let folder = files.projects.layout().uploads(tenant)?;
            Ok((
                folder
                    .open_with(id.to_string(), &options)
                    .map_err(refusal::own)?,
                reservation,
            ))
        })
        .await?;
        let mut file = tokio::fs::File::from_std(file.into_std());
        let poured = pour(body, &mut file, Some(&mut reservation), 0, most).await;
        reservation.keep();
        file.sync_all().await.map_err(refusal::own)?;
        poured.map(drop)
    }

    /// Puts a finished upload in its place.
    pub(super) async fn place(
        &self,
        tenant: TenantId,
        id: UploadId,
        project: ProjectId,
        path: FilePath,
    ) -> Result<(), Fault> {
        let site = self.files.site(tenant, project).await?;
        let files = Arc::clone(&self.files);
        blocking(move || {
            let folder = files.projects.layout().uploads(tenant)?;
            let staged = Staged {
                folder,
                name: id.to_string(),
                temporary: false,
                reservation: None,
            };
            files.place(&site, &path, staged, &Condition::Any).map(drop)
        })
        .await
    }

    /// Returns the length of an upload's file when it is certain to stay; nothing if there is none.
    pub(super) async fn synced_length(
        &self,
        tenant: TenantId,
        id: UploadId,
    ) -> Result<Option<u64>, Fault> {
        let layout = self.files.projects.layout().clone();
        blocking(move || match layout.uploads(tenant)?.open(id.to_string()) {
            Ok(file) => {
                let length = file.metadata().map_err(refusal::own)?.len();
                file.sync_all().map_err(refusal::own)?;
                Ok(Some(length))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(refusal::own(error)),
        })
        .await
    }

    /// Removes the file, then the row.
    pub(super) async fn remove(&self, tenant: TenantId, id: UploadId) -> Result<(), Fault> {
        let files = Arc::clone(&self.files);
        blocking(move || {
            match files
                .projects
                .layout()
                .uploads(tenant)?
                .remove_file(id.to_string())
            {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(refusal::own(error));
                }
                _ => {}
            }
            files.room.forget(tenant);
            Ok(())
        })
        .await?;
        self.store.forget_upload(tenant, id).await.map(drop)
    }
}
