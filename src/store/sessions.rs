//! Sessions as rows.

use super::Store;
use crate::error_code::Fault;
use crate::id::{ProjectId, SessionId, TenantId};

/// A session as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) image_digest: String,
    /// The policy as TOML.
    pub(crate) policy: String,
    pub(crate) project_id: Option<String>,
    pub(crate) notebook_id: Option<String>,
    /// `live` or `dead`.
    pub(crate) standing: String,
    pub(crate) checkpoint_id: Option<String>,
    /// A JSON list of the names of the secrets that it was granted; none for none.
    pub(crate) secrets: Option<String>,
    pub(crate) created_at: String,
    pub(crate) last_activity: String,
    /// Seconds that it may exist, and has existed while the service ran.
    pub(crate) lifetime: i64,
    pub(crate) lived: i64,
    /// 1 for a session of one execution.
    pub(crate) once: i64,
}

impl SessionRow {
    /// Returns the names of secrets as they are stored.
    pub(crate) fn grants(names: &[String]) -> Option<String> {
        (!names.is_empty()).then(|| serde_json::json!(names).to_string())
    }

    /// Returns the names of the secrets that the session was granted.
    pub(crate) fn granted(&self) -> Result<Vec<String>, serde_json::Error> {
        self.secrets
            .as_deref()
            .map_or_else(|| Ok(Vec::new()), serde_json::from_str)
    }
}

/// A number that a query counted.
#[derive(Debug, sqlx::FromRow)]
struct Count {
    count: i64,
}

impl Store {
    /// Adds a session; a fork gets the checkpoint of its parent that it begins with.
    pub(crate) async fn add_session(
        &self,
        row: &SessionRow,
        parent: Option<SessionId>,
    ) -> Result<(), Fault> {
        let mut open = self.begin().await?;
        run_in!(
            &mut open,
            "insert into sessions (id, tenant_id, user_id, name, image, image_digest, policy, project_id, notebook_id,
                standing, checkpoint_id, secrets, created_at, last_activity, lifetime, once)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            row.id,
            row.tenant_id,
            row.user_id,
            row.name,
            row.image,
            row.image_digest,
            row.policy,
            row.project_id,
            row.notebook_id,
            row.standing,
            row.checkpoint_id,
            row.secrets,
            row.created_at,
            row.last_activity,
            row.lifetime,
            row.once
        )?;
        if let (Some(parent), Some(checkpoint)) = (parent, &row.checkpoint_id) {
            let parent = parent.to_string();
            run_in!(
                &mut open,
                "insert into checkpoints (id, tenant_id, session_id, image, pages, execution_count, created_at)
                 select id, tenant_id, $1, image, pages, execution_count, $2 from checkpoints
                 where tenant_id = $3 and session_id = $4 and id = $5",
                row.id,
                row.created_at,
                row.tenant_id,
                parent,
                checkpoint
            )?;
        }
        open.commit().await
    }

    /// Returns a session of the tenant.
    pub(crate) async fn session(
        &self,
        tenant: TenantId,
        id: SessionId,
    ) -> Result<Option<SessionRow>, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        row!(
            self,
            SessionRow,
            "select * from sessions where tenant_id = $1 and id = $2",
            tenant,
            id
        )
    }

    /// Returns the tenant's sessions that live, from the one behind `after` on.
    pub(crate) async fn live_sessions(
        &self,
        tenant: TenantId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<SessionRow>, Fault> {
        let tenant = tenant.to_string();
        rows!(
            self,
            SessionRow,
            "select * from sessions where tenant_id = $1 and standing = 'live' and id > $2 order by id limit $3",
            tenant,
            after,
            limit
        )
    }

    /// Returns the ids of the sessions that have a project as their home; at most 100.
    pub(crate) async fn sessions_of_project(
        &self,
        tenant: TenantId,
        project: ProjectId,
    ) -> Result<Vec<String>, Fault> {
        let (tenant, project) = (tenant.to_string(), project.to_string());
        let found = rows!(
            self,
            SessionRow,
            "select * from sessions where tenant_id = $1 and project_id = $2 and standing = 'live' order by id limit 100",
            tenant,
            project
        )?;
        Ok(found.into_iter().map(|row| row.id).collect())
    }

    /// Returns how many sessions live, of all tenants.
    pub(crate) async fn count_sessions(&self) -> Result<i64, Fault> {
        let counted = row!(
            self,
            Count,
            "select count(*) as count from sessions where standing = 'live'"
        )?;
        Ok(counted.map_or(0, |counted| counted.count))
    }

    /// Notes which secrets a session is granted.
    pub(crate) async fn set_grants(
        &self,
        tenant: TenantId,
        id: SessionId,
        secrets: Option<&str>,
    ) -> Result<(), Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        run!(
            self,
            "update sessions set secrets = $1 where tenant_id = $2 and id = $3",
            secrets,
            tenant,
            id
        )?;
        Ok(())
    }

    /// Gives a session another name.
    pub(crate) async fn rename_session(
        &self,
        tenant: TenantId,
        id: SessionId,
        name: &str,
    ) -> Result<(), Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        run!(
            self,
            "update sessions set name = $1 where tenant_id = $2 and id = $3",
            name,
            tenant,
            id
        )?;
        Ok(())
    }

    /// Ends the sessions of one execution that a crash of the service left; their folders go with the next
    /// sweep.
    pub(crate) async fn end_sessions_of_once(&self) -> Result<(), Fault> {
        let mut open = self.begin().await?;
        run_in!(
            &mut open,
            "delete from checkpoints where session_id in (select id from sessions where standing = 'live' and once = 1)"
        )?;
        run_in!(
            &mut open,
            "update sessions set standing = 'dead', checkpoint_id = null where standing = 'live' and once = 1"
        )?;
        open.commit().await
    }

    /// Notes that a session has ended, and forgets its checkpoints.
    pub(crate) async fn end_session(&self, tenant: TenantId, id: SessionId) -> Result<(), Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        let mut open = self.begin().await?;
        run_in!(
            &mut open,
            "update sessions set standing = 'dead', checkpoint_id = null where tenant_id = $1 and id = $2",
            tenant,
            id
        )?;
        run_in!(
            &mut open,
            "delete from checkpoints where tenant_id = $1 and session_id = $2",
            tenant,
            id
        )?;
        open.commit().await
    }
}
