//! Executions, as rows.

use super::checkpoints::{CheckpointRow, keep};
use super::{Store, now};
use crate::error_code::Fault;
use crate::id::{ExecutionId, SessionId, TenantId};

/// An execution as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct ExecutionRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) session_id: String,
    pub(crate) cell_id: Option<String>,
    pub(crate) code: String,
    pub(crate) code_hash: String,
    pub(crate) status: String,
    pub(crate) execution_count: Option<i64>,
    pub(crate) first_seq: Option<i64>,
    pub(crate) last_seq: Option<i64>,
    pub(crate) checkpoint_before: Option<String>,
    pub(crate) checkpoint_after: Option<String>,
    pub(crate) usage: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) created_at: String,
    pub(crate) started_at: Option<String>,
    pub(crate) finished_at: Option<String>,
}

/// What is known when an execution has ended.
#[derive(Debug)]
pub(crate) struct ExecutionEnd {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) execution_count: Option<i64>,
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
    pub(crate) checkpoint_before: Option<String>,
    pub(crate) checkpoint_after: Option<String>,
    pub(crate) usage: String,
    pub(crate) error: Option<String>,
    pub(crate) started_at: String,
    pub(crate) finished_at: String,
}

/// A cell that ran.
#[derive(Debug, sqlx::FromRow)]
struct RanRow {
    cell_id: Option<String>,
}

impl Store {
    /// Adds an execution.
    pub(crate) async fn add_execution(&self, row: &ExecutionRow) -> Result<(), Fault> {
        let cell = row.cell_id.as_deref().map(storable);
        let code = storable(&row.code);
        run!(
            self,
            "insert into executions (id, tenant_id, session_id, cell_id, code, code_hash, status, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            row.id,
            row.tenant_id,
            row.session_id,
            cell,
            code,
            row.code_hash,
            row.status,
            row.created_at
        )?;
        Ok(())
    }

    /// Notes how an execution ended, and the state after it, which is the session's present one.
    pub(crate) async fn end_execution(
        &self,
        tenant: TenantId,
        session: SessionId,
        end: &ExecutionEnd,
        after: Option<&CheckpointRow>,
    ) -> Result<(), Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        let mut open = self.begin().await?;
        run_in!(
            &mut open,
            "update executions set status = $1, execution_count = $2, first_seq = $3, last_seq = $4,
                checkpoint_before = $5, checkpoint_after = $6, usage = $7, error = $8, started_at = $9, finished_at = $10
             where tenant_id = $11 and session_id = $12 and id = $13",
            end.status,
            end.execution_count,
            end.first_seq,
            end.last_seq,
            end.checkpoint_before,
            end.checkpoint_after,
            end.usage,
            end.error,
            end.started_at,
            end.finished_at,
            tenant,
            session,
            end.id
        )?;
        if let Some(row) = after {
            keep(&mut open, row).await?;
        } else {
            run_in!(
                &mut open,
                "update sessions set last_activity = $1 where tenant_id = $2 and id = $3",
                end.finished_at,
                tenant,
                session
            )?;
        }
        open.commit().await
    }

    /// Marks executions that a crash of the service left open: their effects are gone.
    pub(crate) async fn lose_open_executions(&self) -> Result<u64, Fault> {
        let finished = now();
        let message = "The service ended while it ran or waited. The variables are as they were before the cell.";
        let error = serde_json::json!({"message": message}).to_string();
        run!(
            self,
            "update executions set status = 'lost', error = $1, finished_at = $2 where finished_at is null",
            error,
            finished
        )
    }

    /// Returns the executions of a session whose loss is in no event yet, the oldest first.
    pub(crate) async fn untold_losses(
        &self,
        tenant: TenantId,
        session: SessionId,
    ) -> Result<Vec<ExecutionRow>, Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        rows!(
            self,
            ExecutionRow,
            "select id, tenant_id, session_id, cell_id, code, code_hash, status, execution_count, first_seq, last_seq, checkpoint_before, checkpoint_after, usage, error, created_at, started_at, finished_at from executions where tenant_id = $1 and session_id = $2 and status = 'lost' and last_seq is null order by id",
            tenant,
            session
        )
    }

    /// Returns the executions of a session whose end is, or was going to be, in an event behind `after`,
    /// the oldest first.
    pub(crate) async fn executions_ended_behind(
        &self,
        tenant: TenantId,
        session: SessionId,
        after: u64,
    ) -> Result<Vec<ExecutionRow>, Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        let after = i64::try_from(after).map_err(Fault::internal)?;
        rows!(
            self,
            ExecutionRow,
            "select * from executions where tenant_id = $1 and session_id = $2 and last_seq > $3 order by id",
            tenant,
            session,
            after
        )
    }

    /// Remembers the event with which the end of an execution was told.
    pub(crate) async fn end_is_told(
        &self,
        tenant: TenantId,
        session: SessionId,
        id: ExecutionId,
        last: u64,
    ) -> Result<(), Fault> {
        let (tenant, session, id) = (tenant.to_string(), session.to_string(), id.to_string());
        let last = i64::try_from(last).map_err(Fault::internal)?;
        run!(
            self,
            "update executions set last_seq = $1 where tenant_id = $2 and session_id = $3 and id = $4",
            last,
            tenant,
            session,
            id
        )
        .map(drop)
    }

    /// Remembers the event with which the losses of a session were told.
    pub(crate) async fn losses_are_told(
        &self,
        tenant: TenantId,
        session: SessionId,
        last: u64,
    ) -> Result<(), Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        let last = i64::try_from(last).map_err(Fault::internal)?;
        run!(
            self,
            "update executions set last_seq = $1 where tenant_id = $2 and session_id = $3 and status = 'lost' and last_seq is null",
            last,
            tenant,
            session
        )
        .map(drop)
    }

    /// Returns an execution of a session of the tenant.
    pub(crate) async fn execution(
        &self,
        tenant: TenantId,
        session: SessionId,
        id: ExecutionId,
    ) -> Result<Option<ExecutionRow>, Fault> {
        let (tenant, session, id) = (tenant.to_string(), session.to_string(), id.to_string());
        row!(
            self,
            ExecutionRow,
            "select * from executions where tenant_id = $1 and session_id = $2 and id = $3",
            tenant,
            session,
            id
        )
    }

    /// Returns the last execution of a cell in a session.
    pub(crate) async fn last_execution_of(
        &self,
        tenant: TenantId,
        session: SessionId,
        cell: &str,
    ) -> Result<Option<ExecutionRow>, Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        row!(
            self,
            ExecutionRow,
            "select * from executions where tenant_id = $1 and session_id = $2 and cell_id = $3 order by id desc limit 1",
            tenant,
            session,
            cell
        )
    }

    /// Returns the cells that began to run in a session after a time.
    pub(crate) async fn cells_since(
        &self,
        tenant: TenantId,
        session: SessionId,
        time: &str,
    ) -> Result<Vec<String>, Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        let ran = rows!(
            self,
            RanRow,
            "select distinct cell_id from executions
             where tenant_id = $1 and session_id = $2 and started_at > $3 and cell_id is not null",
            tenant,
            session,
            time
        )?;
        Ok(ran.into_iter().filter_map(|row| row.cell_id).collect())
    }

    /// Returns the session's executions behind `after`.
    pub(crate) async fn executions(
        &self,
        tenant: TenantId,
        session: SessionId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ExecutionRow>, Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        rows!(
            self,
            ExecutionRow,
            "select * from executions where tenant_id = $1 and session_id = $2 and id > $3 order by id limit $4",
            tenant,
            session,
            after,
            limit
        )
    }
}

impl ExecutionRow {
    /// Returns the row of an execution that waits.
    pub(crate) fn queued(
        tenant: TenantId,
        session: SessionId,
        id: ExecutionId,
        code: &str,
        code_hash: String,
        cell: Option<String>,
    ) -> Self {
        Self {
            id: id.to_string(),
            tenant_id: tenant.to_string(),
            session_id: session.to_string(),
            cell_id: cell,
            code: code.into(),
            code_hash,
            status: "queued".into(),
            execution_count: None,
            first_seq: None,
            last_seq: None,
            checkpoint_before: None,
            checkpoint_after: None,
            usage: None,
            error: None,
            created_at: now(),
            started_at: None,
            finished_at: None,
        }
    }
}

/// Returns a text as every database can keep it: PostgreSQL's have no U+0000. Code with one does not
/// compile, and is refused by Python in its own words.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
