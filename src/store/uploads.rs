//! Uploads as rows. Their bytes are files.

use super::Store;
use crate::error_code::Fault;
use crate::id::{TenantId, UploadId};

/// An upload as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct UploadRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) project_id: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) length: i64,
    pub(crate) metadata: String,
    pub(crate) created_at: String,
    pub(crate) expires_at: String,
}

/// A number of rows.
#[derive(Debug, sqlx::FromRow)]
struct Count {
    count: i64,
}

impl Store {
    /// Adds an upload.
    pub(crate) async fn add_upload(&self, row: &UploadRow) -> Result<(), Fault> {
        run!(
            self,
            "insert into uploads (id, tenant_id, project_id, path, length, metadata, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            row.id, row.tenant_id, row.project_id, row.path, row.length, row.metadata, row.created_at, row.expires_at
        )?;
        Ok(())
    }

    /// Returns an upload of the tenant that has not come to its end at `now`.
    pub(crate) async fn upload(
        &self,
        tenant: TenantId,
        id: UploadId,
        now: &str,
    ) -> Result<Option<UploadRow>, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        row!(
            self,
            UploadRow,
            "select * from uploads where tenant_id = $1 and id = $2 and expires_at > $3",
            tenant,
            id,
            now
        )
    }

    /// Returns how many uploads the tenant has.
    pub(crate) async fn uploads_of(&self, tenant: TenantId) -> Result<i64, Fault> {
        let tenant = tenant.to_string();
        let row = row!(
            self,
            Count,
            "select count(*) as count from uploads where tenant_id = $1",
            tenant
        )?;
        Ok(row.map_or(0, |row| row.count))
    }

    /// Removes an upload's row; tells whether there was one.
    pub(crate) async fn forget_upload(
        &self,
        tenant: TenantId,
        id: UploadId,
    ) -> Result<bool, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        let changed = run!(
            self,
            "delete from uploads where tenant_id = $1 and id = $2",
            tenant,
            id
        )?;
        Ok(changed == 1)
    }

    /// Returns some uploads of all tenants whose time is over at `now`.
    pub(crate) async fn ended_uploads(&self, now: &str) -> Result<Vec<UploadRow>, Fault> {
        rows!(
            self,
            UploadRow,
            "select * from uploads where expires_at <= $1 order by expires_at limit 1000",
            now
        )
    }
}
