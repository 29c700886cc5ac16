//! Secrets as rows: their values are sealed before they come here.

use super::Store;
use crate::error_code::Fault;
use crate::id::{ProjectId, TenantId};

/// A secret as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct SecretRow {
    pub(crate) tenant_id: String,
    pub(crate) project_id: String,
    pub(crate) name: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) created_at: String,
    pub(crate) modified_at: String,
}

/// A number that a query counted.
#[derive(Debug, sqlx::FromRow)]
struct Count {
    count: i64,
}

impl Store {
    /// Adds a secret, or gives the one of this name another value.
    pub(crate) async fn set_secret(&self, row: &SecretRow) -> Result<(), Fault> {
        run!(
            self,
            "insert into secrets (tenant_id, project_id, name, sealed, created_at, modified_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (tenant_id, project_id, name)
             do update set sealed = excluded.sealed, modified_at = excluded.modified_at",
            row.tenant_id,
            row.project_id,
            row.name,
            row.sealed,
            row.created_at,
            row.modified_at
        )?;
        Ok(())
    }

    /// Returns a secret of a project of the tenant.
    pub(crate) async fn secret(
        &self,
        tenant: TenantId,
        project: ProjectId,
        name: &str,
    ) -> Result<Option<SecretRow>, Fault> {
        let (tenant, project) = (tenant.to_string(), project.to_string());
        row!(
            self,
            SecretRow,
            "select * from secrets where tenant_id = $1 and project_id = $2 and name = $3",
            tenant,
            project,
            name
        )
    }

    /// Returns a project's secrets behind the name `after`.
    pub(crate) async fn secrets(
        &self,
        tenant: TenantId,
        project: ProjectId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<SecretRow>, Fault> {
        let (tenant, project) = (tenant.to_string(), project.to_string());
        rows!(
            self,
            SecretRow,
            "select * from secrets where tenant_id = $1 and project_id = $2 and name > $3 order by name limit $4",
            tenant,
            project,
            after,
            limit
        )
    }

    /// Returns how many secrets a project has.
    pub(crate) async fn count_secrets(
        &self,
        tenant: TenantId,
        project: ProjectId,
    ) -> Result<i64, Fault> {
        let (tenant, project) = (tenant.to_string(), project.to_string());
        let counted = row!(
            self,
            Count,
            "select count(*) as count from secrets where tenant_id = $1 and project_id = $2",
            tenant,
            project
        )?;
        Ok(counted.map_or(0, |counted| counted.count))
    }

    /// Removes a secret; tells whether there was one.
    pub(crate) async fn remove_secret(
        &self,
        tenant: TenantId,
        project: ProjectId,
        name: &str,
    ) -> Result<bool, Fault> {
        let (tenant, project) = (tenant.to_string(), project.to_string());
        let removed = run!(
            self,
            "delete from secrets where tenant_id = $1 and project_id = $2 and name = $3",
            tenant,
            project,
            name
        )?;
        Ok(removed == 1)
    }
}
