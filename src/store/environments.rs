//! Environments as rows.

use super::Store;
use crate::error_code::Fault;
use crate::id::{EnvironmentId, ProjectId, TenantId, UserId};

/// An environment as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct EnvironmentRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) project_id: String,
    pub(crate) created_at: String,
}

/// What a user and their tenant are now.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct UserStanding {
    pub(crate) role: String,
    pub(crate) user_standing: String,
    pub(crate) tenant_standing: String,
}

impl Store {
    /// Adds an environment.
    pub(crate) async fn add_environment(&self, row: &EnvironmentRow) -> Result<(), Fault> {
        run!(
            self,
            "insert into environments (id, tenant_id, name, image, project_id, created_at)
             values ($1, $2, $3, $4, $5, $6)",
            row.id,
            row.tenant_id,
            row.name,
            row.image,
            row.project_id,
            row.created_at
        )?;
        Ok(())
    }

    /// Returns an environment of the tenant.
    pub(crate) async fn environment(
        &self,
        tenant: TenantId,
        id: EnvironmentId,
    ) -> Result<Option<EnvironmentRow>, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        row!(
            self,
            EnvironmentRow,
            "select * from environments where tenant_id = $1 and id = $2",
            tenant,
            id
        )
    }

    /// Returns the tenant's environments behind `after`, oldest first.
    pub(crate) async fn environments(
        &self,
        tenant: TenantId,
        after: &str,
        rows: i64,
    ) -> Result<Vec<EnvironmentRow>, Fault> {
        let tenant = tenant.to_string();
        rows!(
            self,
            EnvironmentRow,
            "select * from environments where tenant_id = $1 and id > $2 order by id limit $3",
            tenant,
            after,
            rows
        )
    }

    /// Returns the environments that work on a project; at most 100.
    pub(crate) async fn environments_of_project(
        &self,
        tenant: TenantId,
        project: ProjectId,
    ) -> Result<Vec<EnvironmentRow>, Fault> {
        let (tenant, project) = (tenant.to_string(), project.to_string());
        rows!(
            self,
            EnvironmentRow,
            "select * from environments where tenant_id = $1 and project_id = $2 order by id limit 100",
            tenant,
            project
        )
    }

    /// Stores an environment's name and image; tells whether there is such an environment.
    pub(crate) async fn change_environment(&self, row: &EnvironmentRow) -> Result<bool, Fault> {
        let changed = run!(
            self,
            "update environments set name = $3, image = $4 where tenant_id = $1 and id = $2",
            row.tenant_id,
            row.id,
            row.name,
            row.image
        )?;
        Ok(changed == 1)
    }

    /// Removes an environment; tells whether there was one.
    pub(crate) async fn remove_environment(
        &self,
        tenant: TenantId,
        id: EnvironmentId,
    ) -> Result<bool, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        let removed = run!(
            self,
            "delete from environments where tenant_id = $1 and id = $2",
            tenant,
            id
        )?;
        Ok(removed == 1)
    }

    /// Returns what a user of the tenant is now.
    pub(crate) async fn user_standing(
        &self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Option<UserStanding>, Fault> {
        let (tenant, user) = (tenant.to_string(), user.to_string());
        row!(
            self,
            UserStanding,
            "select u.role, u.standing as user_standing, t.standing as tenant_standing
             from users u join tenants t on t.id = u.tenant_id where u.tenant_id = $1 and u.id = $2",
            tenant,
            user
        )
    }
}
