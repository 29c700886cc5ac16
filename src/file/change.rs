//! Changing what is there: making folders, moving, deleting.

use std::sync::Arc;

use super::tree::{self, Kind};
use super::{Condition, Entry, FilePath, Files, blocking, path, refusal, walk};
use crate::error_code::Fault;
use crate::id::{ProjectId, RequestId, TenantId};

impl Files {
    /// Makes a folder and those on the way; it may be there.
    pub(crate) async fn make_folder(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        path: FilePath,
    ) -> Result<Entry, Fault> {
        let site = self.site(tenant, project).await?;
        let files = Arc::clone(self);
        blocking(move || {
            let reservation = files.room.reserve(tenant, path.names().count() as u64, 0)?;
            let _deciding = files.decide(project);
            tree::enter_or_make(&site.root, &path)?;
            reservation.keep();
            files.news.tell(tenant, project, &path);
            let (folder, name) = path.split().ok_or_else(|| refusal::exists(&path))?;
            Self::entry(&tree::enter(&site.root, &folder)?, name, &path)
        })
        .await
    }

    /// Moves a file or a folder. With `replace` a file may take another's place; a folder never does.
    pub(crate) async fn rename(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        from: FilePath,
        to: FilePath,
        replace: bool,
    ) -> Result<Entry, Fault> {
        let site = self.site(tenant, project).await?;
        let files = Arc::clone(self);
        blocking(move || {
            if to.is_within(&from) {
                return Err(path::refused(
                    to.as_str(),
                    format!("it is {from} itself, or lies in it"),
                ));
            }
            let _deciding = files.decide(project);
            let (from_path, from_name) = from
                .split()
                .ok_or_else(|| path::refused("", "the project's folder stays"))?;
            let from_folder = tree::enter(&site.root, &from_path)?;
            let metadata = tree::look(&from_folder, from_name, &from)?
                .ok_or_else(|| refusal::missing(&from))?;
            match Kind::of(&metadata) {
                Kind::File => files.require_type(&to)?,
                Kind::Folder => {}
                kind @ (Kind::Link | Kind::Other) => return Err(tree::unusable(kind, &from)),
            }
            let (to_path, to_name) = to.split().ok_or_else(|| refusal::exists(&to))?;
            let to_folder = tree::enter_or_make(&site.root, &to_path)?;
            match tree::look(&to_folder, to_name, &to)? {
                None => {
                    let leaving = (from_path == to_path).then_some(from_name);
                    tree::refuse_alike(&to_folder, to_name, leaving, &to)?;
                }
                Some(there) if replace && metadata.is_file() && there.is_file() => {}
                Some(_) => return Err(refusal::exists(&to)),
            }
            from_folder
                .rename(from_name, &to_folder, to_name)
                .map_err(refusal::at(&to))?;
            tree::sync(&to_folder)
                .and_then(|()| tree::sync(&from_folder))
                .map_err(refusal::own)?;
            for path in [&from, &to] {
                files.news.tell(tenant, project, path);
            }
            Self::entry(&to_folder, to_name, &to)
        })
        .await
    }

    /// Deletes a file, a link or an empty folder; with `deep` a folder with all that is in it.
    pub(crate) async fn delete(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        path: FilePath,
        condition: Condition,
        deep: bool,
    ) -> Result<(), Fault> {
        let site = self.site(tenant, project).await?;
        let files = Arc::clone(self);
        blocking(move || {
            let (folder_path, name) = path
                .split()
                .ok_or_else(|| path::refused("", "the project's folder stays"))?;
            let trash = {
                let _deciding = files.decide(project);
                let folder = tree::enter(&site.root, &folder_path)?;
                let metadata =
                    tree::look(&folder, name, &path)?.ok_or_else(|| refusal::missing(&path))?;
                condition.check(&path, Some(&tree::version(&metadata)))?;
                let trash = match (Kind::of(&metadata), deep) {
                    (Kind::Folder, true) => {
                        let trash = RequestId::new().to_string();
                        folder
                            .rename(name, &site.staging, &trash)
                            .map_err(refusal::at(&path))?;
                        Some(trash)
                    }
                    (Kind::Folder, false) => {
                        folder.remove_dir(name).map_err(refusal::at(&path))?;
                        None
                    }
                    (Kind::File | Kind::Link | Kind::Other, _) => {
                        folder.remove_file(name).map_err(refusal::at(&path))?;
                        None
                    }
                };
                tree::sync(&folder).map_err(refusal::own)?;
                trash
            };
            files.news.tell(tenant, project, &path);
            // It is gone from the project. How long the rest takes holds nobody up, and what a guest
            // keeps from being removed goes at the next start.
            if let Some(trash) = trash
                && let Err(error) = walk::remove(&site.staging, &trash)
            {
                tracing::warn!(%error, "a deleted folder could not be removed; the next start will");
            }
            files.room.forget(tenant);
            Ok(())
        })
        .await
    }
}
