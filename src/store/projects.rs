//! Projects as rows. A project whose files are still being removed is seen by nobody.

use super::Store;
use crate::error_code::Fault;
use crate::id::{ProjectId, TenantId};

/// A project as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct ProjectRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) standing: String,
    pub(crate) created_at: String,
    pub(crate) modified_at: String,
}

impl Store {
    /// Adds a project; its name must be new to the tenant.
    pub(crate) async fn add_project(&self, row: &ProjectRow) -> Result<(), Fault> {
        run!(
            self,
            "insert into projects (id, tenant_id, name, description, standing, created_at, modified_at)
             values ($1, $2, $3, $4, $5, $6, $7)",
            row.id, row.tenant_id, row.name, row.description, row.standing, row.created_at, row.modified_at
        )?;
        Ok(())
    }

    /// Returns a project of the tenant.
    pub(crate) async fn project(
        &self,
        tenant: TenantId,
        id: ProjectId,
    ) -> Result<Option<ProjectRow>, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        row!(
            self,
            ProjectRow,
            "select * from projects where tenant_id = $1 and id = $2 and standing = 'live'",
            tenant,
            id
        )
    }

    /// Returns the tenant's project of this name.
    pub(crate) async fn project_named(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Option<ProjectRow>, Fault> {
        let tenant = tenant.to_string();
        row!(
            self,
            ProjectRow,
            "select * from projects where tenant_id = $1 and name = $2 and standing = 'live'",
            tenant,
            name
        )
    }

    /// Returns the tenant's projects behind `after`, oldest first.
    pub(crate) async fn projects(
        &self,
        tenant: TenantId,
        after: &str,
        rows: i64,
    ) -> Result<Vec<ProjectRow>, Fault> {
        let tenant = tenant.to_string();
        rows!(
            self,
            ProjectRow,
            "select * from projects where tenant_id = $1 and id > $2 and standing = 'live' order by id limit $3",
            tenant,
            after,
            rows
        )
    }

    /// Stores a project's name and description; tells whether there is such a project.
    pub(crate) async fn change_project(&self, row: &ProjectRow) -> Result<bool, Fault> {
        let changed = run!(
            self,
            "update projects set name = $3, description = $4, modified_at = $5
             where tenant_id = $1 and id = $2 and standing = 'live'",
            row.tenant_id,
            row.id,
            row.name,
            row.description,
            row.modified_at
        )?;
        Ok(changed == 1)
    }

    /// Hides a project whose files are to be removed, and removes its secrets; tells whether there was such a project.
    pub(crate) async fn hide_project(
        &self,
        tenant: TenantId,
        id: ProjectId,
    ) -> Result<bool, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        let mut open = self.begin().await?;
        let changed = run_in!(
            &mut open,
            "update projects set standing = 'deleted' where tenant_id = $1 and id = $2 and standing = 'live'",
            tenant,
            id
        )?;
        run_in!(
            &mut open,
            "delete from secrets where tenant_id = $1 and project_id = $2",
            tenant,
            id
        )?;
        open.commit().await?;
        Ok(changed == 1)
    }

    /// Removes the row of a hidden project.
    pub(crate) async fn forget_project(
        &self,
        tenant: TenantId,
        id: ProjectId,
    ) -> Result<(), Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        run!(
            self,
            "delete from projects where tenant_id = $1 and id = $2 and standing = 'deleted'",
            tenant,
            id
        )?;
        Ok(())
    }

    /// Returns the hidden projects of all tenants, for the start to finish what was begun.
    pub(crate) async fn hidden_projects(&self) -> Result<Vec<ProjectRow>, Fault> {
        rows!(
            self,
            ProjectRow,
            "select * from projects where standing = 'deleted'"
        )
    }
}
