//! Code that ended worker processes, as rows.

use super::Store;
use crate::error_code::Fault;
use crate::id::{SessionId, TenantId};

/// Code that ended worker processes.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StrikeRow {
    pub(crate) tenant_id: String,
    pub(crate) code_hash: String,
    pub(crate) count: i64,
    pub(crate) last_at: String,
    pub(crate) session_id: Option<String>,
}

impl Store {
    /// Returns all code that ended worker processes.
    pub(crate) async fn strikes(&self) -> Result<Vec<StrikeRow>, Fault> {
        rows!(
            self,
            StrikeRow,
            "select tenant_id, code_hash, count, last_at, session_id from strikes"
        )
    }

    /// Returns the tenant's code that ended at least so many worker processes, from the one behind
    /// `after` on.
    pub(crate) async fn strikes_of(
        &self,
        tenant: TenantId,
        least: i64,
        after: &str,
        limit: i64,
    ) -> Result<Vec<StrikeRow>, Fault> {
        let tenant = tenant.to_string();
        rows!(
            self,
            StrikeRow,
            "select tenant_id, code_hash, count, last_at, session_id from strikes
             where tenant_id = $1 and count >= $2 and code_hash > $3 order by code_hash limit $4",
            tenant,
            least,
            after,
            limit
        )
    }

    /// Counts that a worker process ended while it ran this code.
    pub(crate) async fn strike(
        &self,
        tenant: TenantId,
        session: SessionId,
        code_hash: &str,
        time: &str,
    ) -> Result<(), Fault> {
        let (tenant, session) = (tenant.to_string(), session.to_string());
        run!(
            self,
            "insert into strikes (tenant_id, code_hash, count, last_at, session_id) values ($1, $2, 1, $3, $4)
             on conflict (tenant_id, code_hash) do update set count = strikes.count + 1, last_at = $3, session_id = $4",
            tenant,
            code_hash,
            time,
            session
        )?;
        Ok(())
    }

    /// Forgets that worker processes ended while they ran this code; tells whether any did.
    pub(crate) async fn forget_strikes(
        &self,
        tenant: TenantId,
        code_hash: &str,
    ) -> Result<bool, Fault> {
        let tenant = tenant.to_string();
        let forgotten = run!(
            self,
            "delete from strikes where tenant_id = $1 and code_hash = $2",
            tenant,
            code_hash
        )?;
        Ok(forgotten > 0)
    }

    /// Forgets what is older than `oldest`, and of each tenant all but the newest `most`.
    pub(crate) async fn forget_old_strikes(&self, oldest: &str, most: i64) -> Result<(), Fault> {
        run!(self, "delete from strikes where last_at < $1", oldest)?;
        run!(
            self,
            "delete from strikes where (select count(*) from strikes as newer
                where newer.tenant_id = strikes.tenant_id and newer.last_at > strikes.last_at) >= $1",
            most
        )?;
        Ok(())
    }
}
