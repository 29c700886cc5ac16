//! Sandboxes and their contexts as rows: what clients of E2B have.

use super::Store;
use crate::error_code::Fault;
use crate::id::{ProjectId, SandboxId, SessionId, TenantId};

/// A sandbox as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct SandboxRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) user_id: String,
    pub(crate) key_prefix: Option<String>,
    pub(crate) project_id: String,
    pub(crate) template: String,
    pub(crate) image: String,
    /// `running`, `paused` or `snapshot`; `making` before, and `ended` after.
    pub(crate) standing: String,
    pub(crate) sealed: Vec<u8>,
    /// A JSON object of texts.
    pub(crate) metadata: String,
    pub(crate) name: Option<String>,
    pub(crate) origin: Option<String>,
    /// `kill` or `pause`.
    pub(crate) on_timeout: String,
    pub(crate) auto_resume: i64,
    pub(crate) started_at: String,
    pub(crate) ends_at: String,
}

/// A context of a sandbox: the session of its id.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct ContextRow {
    pub(crate) id: String,
    pub(crate) sandbox_id: String,
    pub(crate) cwd: String,
}

/// A number that a query counted.
#[derive(Debug, sqlx::FromRow)]
struct Count {
    count: i64,
}

impl Store {
    /// Adds a sandbox.
    pub(crate) async fn add_sandbox(&self, row: &SandboxRow) -> Result<(), Fault> {
        run!(
            self,
            "insert into sandboxes (id, tenant_id, user_id, key_prefix, project_id, template, image, standing, sealed,
                metadata, name, origin, on_timeout, auto_resume, started_at, ends_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            row.id,
            row.tenant_id,
            row.user_id,
            row.key_prefix,
            row.project_id,
            row.template,
            row.image,
            row.standing,
            row.sealed,
            row.metadata,
            row.name,
            row.origin,
            row.on_timeout,
            row.auto_resume,
            row.started_at,
            row.ends_at
        )?;
        Ok(())
    }

    /// Returns the sandbox of this id, whoever's it is: its id is a secret.
    pub(crate) async fn sandbox(&self, id: &SandboxId) -> Result<Option<SandboxRow>, Fault> {
        let id = id.as_str();
        row!(
            self,
            SandboxRow,
            "select * from sandboxes where id = $1 and standing <> 'ended'",
            id
        )
    }

    /// Returns the tenant's snapshot of this name, the newest if there are several.
    pub(crate) async fn snapshot_named(
        &self,
        tenant: TenantId,
        name: &str,
    ) -> Result<Option<SandboxRow>, Fault> {
        let tenant = tenant.to_string();
        row!(
            self,
            SandboxRow,
            "select * from sandboxes where tenant_id = $1 and standing = 'snapshot' and name = $2
             order by started_at desc limit 1",
            tenant,
            name
        )
    }

    /// Returns the tenant's sandboxes of two standings, the newest first.
    pub(crate) async fn sandboxes(
        &self,
        tenant: TenantId,
        standings: [&str; 2],
        most: i64,
    ) -> Result<Vec<SandboxRow>, Fault> {
        let tenant = tenant.to_string();
        let [one, other] = standings;
        rows!(
            self,
            SandboxRow,
            "select * from sandboxes where tenant_id = $1 and (standing = $2 or standing = $3)
             order by started_at desc, id desc limit $4",
            tenant,
            one,
            other,
            most
        )
    }

    /// Has those removed that were being made when the service ended.
    pub(crate) async fn end_half_made_sandboxes(&self) -> Result<(), Fault> {
        run!(
            self,
            "update sandboxes set standing = 'ended' where standing = 'making'"
        )?;
        Ok(())
    }

    /// Counts the tenant's sandboxes and snapshots.
    pub(crate) async fn count_sandboxes(&self, tenant: TenantId) -> Result<i64, Fault> {
        let tenant = tenant.to_string();
        let count = row!(
            self,
            Count,
            "select count(*) as count from sandboxes where tenant_id = $1 and standing <> 'ended'",
            tenant
        )?;
        Ok(count.map_or(0, |row| row.count))
    }

    /// Returns sandboxes that can be reached, the newest first.
    pub(crate) async fn reachable_sandboxes(&self, most: i64) -> Result<Vec<SandboxRow>, Fault> {
        rows!(
            self,
            SandboxRow,
            "select * from sandboxes where standing = 'running' or standing = 'paused'
             order by started_at desc limit $1",
            most
        )
    }

    /// Returns running sandboxes whose time is over, and those that are still being removed.
    pub(crate) async fn sandboxes_to_end(&self, now: &str) -> Result<Vec<SandboxRow>, Fault> {
        rows!(
            self,
            SandboxRow,
            "select * from sandboxes where (standing = 'running' and ends_at <= $1) or standing = 'ended'
             order by ends_at limit 100",
            now
        )
    }

    /// Brings a sandbox from one standing to another, with its user, its token and its end; tells whether it had that one.
    pub(crate) async fn turn_sandbox(&self, row: &SandboxRow, from: &str) -> Result<bool, Fault> {
        let changed = run!(
            self,
            "update sandboxes set standing = $1, user_id = $2, key_prefix = $3, sealed = $4, ends_at = $5
             where id = $6 and standing = $7",
            row.standing,
            row.user_id,
            row.key_prefix,
            row.sealed,
            row.ends_at,
            row.id,
            from
        )?;
        Ok(changed == 1)
    }

    /// Removes a sandbox and the list of its contexts.
    pub(crate) async fn forget_sandbox(&self, id: &SandboxId) -> Result<(), Fault> {
        let id = id.as_str();
        let mut open = self.begin().await?;
        run_in!(
            &mut open,
            "delete from sandbox_contexts where sandbox_id = $1",
            id
        )?;
        run_in!(&mut open, "delete from sandboxes where id = $1", id)?;
        open.commit().await
    }

    /// Adds a context.
    pub(crate) async fn add_context(&self, row: &ContextRow) -> Result<(), Fault> {
        run!(
            self,
            "insert into sandbox_contexts (id, sandbox_id, cwd) values ($1, $2, $3)",
            row.id,
            row.sandbox_id,
            row.cwd
        )?;
        Ok(())
    }

    /// Returns a sandbox's contexts, the oldest first.
    pub(crate) async fn contexts(&self, sandbox: &str) -> Result<Vec<ContextRow>, Fault> {
        rows!(
            self,
            ContextRow,
            "select * from sandbox_contexts where sandbox_id = $1 order by id",
            sandbox
        )
    }

    /// Removes a context; tells whether the sandbox had it.
    pub(crate) async fn remove_context(&self, sandbox: &str, id: SessionId) -> Result<bool, Fault> {
        let id = id.to_string();
        let removed = run!(
            self,
            "delete from sandbox_contexts where sandbox_id = $1 and id = $2",
            sandbox,
            id
        )?;
        Ok(removed == 1)
    }
}

impl SandboxRow {
    /// Returns its id.
    pub(crate) fn id(&self) -> Result<SandboxId, Fault> {
        self.id.parse().map_err(Fault::internal)
    }

    /// Returns its tenant.
    pub(crate) fn tenant(&self) -> Result<TenantId, Fault> {
        self.tenant_id.parse().map_err(Fault::internal)
    }

    /// Returns the project with its files.
    pub(crate) fn project(&self) -> Result<ProjectId, Fault> {
        self.project_id.parse().map_err(Fault::internal)
    }
}
