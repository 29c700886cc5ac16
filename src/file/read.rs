//! Reading: one file, a page of a folder.

use std::sync::Arc;

use super::listing::{self, Entry};
use super::{FilePath, Files, blocking, refusal, tree};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ProjectId, TenantId};

/// A file that is open for reading.
pub(crate) struct Opened {
    pub(crate) file: std::fs::File,
    pub(crate) entry: Entry,
    /// Bytes that it had when it was opened.
    pub(crate) size: u64,
}

impl Files {
    /// Opens a regular file.
    pub(crate) async fn open(
        &self,
        tenant: TenantId,
        project: ProjectId,
        path: FilePath,
    ) -> Result<Opened, Fault> {
        let site = self.site(tenant, project).await?;
        blocking(move || {
            let (folder, name) = path
                .split()
                .ok_or_else(|| Fault::new(ErrorCode::NotAFile, format!("{path} is a folder.")))?;
            let (file, metadata) =
                tree::open_file(&tree::enter(&site.root, &folder)?, name, &path)?;
            let entry = Entry::new(path.as_str(), &metadata);
            Ok(Opened {
                file: file.into_std(),
                entry,
                size: metadata.len(),
            })
        })
        .await
    }

    /// Returns the first `most` entries of a folder behind the path `after`; with `deep` also those
    /// of its folders.
    pub(crate) async fn list(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        path: FilePath,
        deep: bool,
        after: String,
        most: usize,
    ) -> Result<Vec<Entry>, Fault> {
        let site = self.site(tenant, project).await?;
        blocking(move || listing::list(tree::enter(&site.root, &path)?, &path, deep, &after, most))
            .await
    }

    /// Returns what lies at a path; the project's folder lies there itself.
    pub(crate) async fn look(
        &self,
        tenant: TenantId,
        project: ProjectId,
        path: FilePath,
    ) -> Result<Entry, Fault> {
        let site = self.site(tenant, project).await?;
        blocking(move || match path.split() {
            None => {
                let metadata = site.root.dir_metadata().map_err(refusal::own)?;
                Ok(Entry::new("", &metadata))
            }
            Some((folder, name)) => Self::entry(&tree::enter(&site.root, &folder)?, name, &path),
        })
        .await
    }

    /// Returns what lies at a path.
    pub(super) fn entry(
        folder: &cap_std::fs::Dir,
        name: &str,
        path: &FilePath,
    ) -> Result<Entry, Fault> {
        let metadata = tree::look(folder, name, path)?.ok_or_else(|| refusal::missing(path))?;
        Ok(Entry::new(path.as_str(), &metadata))
    }
}
