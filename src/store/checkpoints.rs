//! The states that executions left and that can be gone back to, as rows.

use std::collections::HashMap;

use super::{Store, now};
use crate::error_code::Fault;
use crate::id::{SessionId, TenantId};

/// A state that can be gone back to.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct CheckpointRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) session_id: String,
    pub(crate) execution_id: Option<String>,
    pub(crate) cell_id: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) image: String,
    pub(crate) pages: i64,
    pub(crate) execution_count: i64,
    pub(crate) created_at: String,
    /// The state that its session was in before; nothing for the image's own.
    pub(crate) parent_id: Option<String>,
}

/// A checkpoint and the one before it.
#[derive(Debug, sqlx::FromRow)]
struct Parent {
    id: String,
    parent_id: Option<String>,
}

impl Store {
    /// Notes a stored state as the session's present one.
    pub(crate) async fn keep_checkpoint(&self, row: &CheckpointRow) -> Result<(), Fault> {
        let mut open = self.begin().await?;
        keep(&mut open, row).await?;
        open.commit().await
    }

    /// Returns a checkpoint of a session.
    pub(crate) async fn checkpoint(
        &self,
        tenant: TenantId,
        session: SessionId,
        id: &str,
    ) -> Result<Option<CheckpointRow>, Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        row!(
            self,
            CheckpointRow,
            "select * from checkpoints where tenant_id = $1 and session_id = $2 and id = $3",
            tenant,
            session,
            id
        )
    }

    /// Returns the session's checkpoints that were made after a time, the oldest first.
    pub(crate) async fn checkpoints(
        &self,
        tenant: TenantId,
        session: SessionId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<CheckpointRow>, Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        rows!(
            self,
            CheckpointRow,
            "select * from checkpoints where tenant_id = $1 and session_id = $2 and created_at > $3
             order by created_at limit $4",
            tenant,
            session,
            after,
            limit
        )
    }

    /// Returns the session's newest checkpoint.
    pub(crate) async fn last_checkpoint(
        &self,
        tenant: TenantId,
        session: SessionId,
    ) -> Result<Option<CheckpointRow>, Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        row!(
            self,
            CheckpointRow,
            "select * from checkpoints where tenant_id = $1 and session_id = $2 order by created_at desc limit 1",
            tenant,
            session
        )
    }

    /// Returns which checkpoint of a session came from which; those that came from the image's own state are
    /// not there.
    pub(crate) async fn checkpoint_parents(
        &self,
        tenant: TenantId,
        session: SessionId,
    ) -> Result<HashMap<String, String>, Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        let rows = rows!(
            self,
            Parent,
            "select id, parent_id from checkpoints where tenant_id = $1 and session_id = $2",
            tenant,
            session
        )?;
        let pairs = rows.into_iter().map(|row| Some((row.id, row.parent_id?)));
        Ok(pairs.flatten().collect())
    }

    /// Gives a checkpoint a label, or takes it away.
    pub(crate) async fn label_checkpoint(
        &self,
        tenant: TenantId,
        session: SessionId,
        id: &str,
        label: Option<&str>,
    ) -> Result<(), Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        run!(
            self,
            "update checkpoints set label = $4 where tenant_id = $1 and session_id = $2 and id = $3",
            tenant,
            session,
            id,
            label
        )?;
        Ok(())
    }

    /// Forgets a checkpoint. Those that came from it come from the one before it then.
    pub(crate) async fn remove_checkpoint(
        &self,
        tenant: TenantId,
        session: SessionId,
        id: &str,
    ) -> Result<(), Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        run!(
            self,
            "update checkpoints set parent_id = (select gone.parent_id from checkpoints gone
                where gone.tenant_id = $1 and gone.session_id = $2 and gone.id = $3)
             where tenant_id = $1 and session_id = $2 and parent_id = $3",
            tenant,
            session,
            id
        )?;
        run!(
            self,
            "delete from checkpoints where tenant_id = $1 and session_id = $2 and id = $3",
            tenant,
            session,
            id
        )?;
        Ok(())
    }

    /// Notes which state is the session's present one; nothing for the image's own.
    pub(crate) async fn set_checkpoint(
        &self,
        tenant: TenantId,
        session: SessionId,
        checkpoint: Option<&str>,
    ) -> Result<(), Fault> {
        let (tenant, session, time) = (tenant.to_string(), session.to_string(), now());
        run!(
            self,
            "update sessions set checkpoint_id = $1, last_activity = $2 where tenant_id = $3 and id = $4",
            checkpoint,
            time,
            tenant,
            session
        )?;
        Ok(())
    }
}

/// Adds a checkpoint, or gives one that is there a label, and makes it the session's present state.
pub(super) async fn keep(
    open: &mut super::Transaction<'_>,
    row: &CheckpointRow,
) -> Result<(), Fault> {
    run_in!(
        open,
        "insert into checkpoints (id, tenant_id, session_id, execution_id, cell_id, label, image, pages, execution_count, created_at, parent_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (session_id, id) do update set label = coalesce(excluded.label, checkpoints.label)",
        row.id,
        row.tenant_id,
        row.session_id,
        row.execution_id,
        row.cell_id,
        row.label,
        row.image,
        row.pages,
        row.execution_count,
        row.created_at,
        row.parent_id
    )?;
    run_in!(
        open,
        "update sessions set checkpoint_id = $1, last_activity = $2 where tenant_id = $3 and id = $4",
        row.id,
        row.created_at,
        row.tenant_id,
        row.session_id
    )?;
    Ok(())
}
