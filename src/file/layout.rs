//! Where tenants' files lie on the disk, and how those places are opened.
//!
//! `tenants/{tenant}/projects/{project}` is what a session sees as its home. Beside it, in the same
//! file system but seen by no guest, lie `staging` (what is being received, unpacked or removed)
//! and `uploads`. These paths are made of ids alone; everything below them is opened through `Dir`.

use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::refusal;
use crate::disk;
use crate::error_code::Fault;
use crate::id::{TenantId, UploadId};
use crate::layout::Layout;

impl Layout {
    /// Returns the file of an upload that is not in place.
    pub(crate) fn upload(&self, tenant: TenantId, upload: UploadId) -> PathBuf {
        self.tenant(tenant).join("uploads").join(upload.to_string())
    }

    /// Opens the tenant's folder for what is under way.
    pub(crate) fn staging(&self, tenant: TenantId) -> Result<Dir, Fault> {
        open(&self.tenant(tenant).join("staging"))
    }

    /// Opens the tenant's folder of uploads.
    pub(crate) fn uploads(&self, tenant: TenantId) -> Result<Dir, Fault> {
        open(&self.tenant(tenant).join("uploads"))
    }

    /// Returns the staging folders of all tenants.
    pub(crate) fn all_staging(&self) -> std::io::Result<Vec<Dir>> {
        disk::private_folder(&self.tenants())?;
        let mut found = Vec::new();
        for tenant in std::fs::read_dir(self.tenants())? {
            let staging = tenant?.path().join("staging");
            if staging.is_dir() {
                found.push(Dir::open_ambient_dir(&staging, ambient_authority())?);
            }
        }
        Ok(found)
    }
}

/// Opens a folder of the service's own, and makes it first if need be.
pub(crate) fn open(path: &Path) -> Result<Dir, Fault> {
    disk::private_folder(path)
        .and_then(|()| Dir::open_ambient_dir(path, ambient_authority()))
        .map_err(refusal::own)
}
