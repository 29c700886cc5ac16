//! The audit log as rows. Rows are added and read, never changed.

use super::{Store, Transaction};
use crate::error_code::Fault;

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct AuditRow {
    pub(crate) tenant_id: String,
    pub(crate) seq: i64,
    pub(crate) time: String,
    pub(crate) user_id: Option<String>,
    pub(crate) key_prefix: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) action: String,
    pub(crate) what: String,
    pub(crate) outcome: String,
    pub(crate) code_hash: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) checkpoint_id: Option<String>,
    pub(crate) fuel: Option<i64>,
    pub(crate) mac: String,
}

/// Which records are wanted; an empty text asks for all.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditFilter {
    pub(crate) user: String,
    pub(crate) action: String,
    pub(crate) since: String,
    pub(crate) until: String,
    /// Only records before this one.
    pub(crate) before: i64,
}

/// The name of a tenant that has records.
#[derive(Debug, sqlx::FromRow)]
struct Tenant {
    tenant_id: String,
}

impl Store {
    /// Returns the tenant's records that pass the filter, the newest first.
    pub(crate) async fn audit(
        &self,
        tenant: &str,
        filter: &AuditFilter,
        most: i64,
    ) -> Result<Vec<AuditRow>, Fault> {
        let AuditFilter {
            user,
            action,
            since,
            until,
            before,
        } = filter;
        rows!(
            self,
            AuditRow,
            "select * from audit where tenant_id = $1 and ($2 = '' or user_id = $2) and ($3 = '' or action = $3)
                and ($4 = '' or time >= $4) and ($5 = '' or time < $5) and seq < $6
             order by seq desc limit $7",
            tenant, user, action, since, until, before, most
        )
    }

    /// Returns the tenant's records behind `after`, the oldest first.
    pub(crate) async fn audit_chain(
        &self,
        tenant: &str,
        after: i64,
        most: i64,
    ) -> Result<Vec<AuditRow>, Fault> {
        rows!(
            self,
            AuditRow,
            "select * from audit where tenant_id = $1 and seq > $2 order by seq limit $3",
            tenant,
            after,
            most
        )
    }

    /// Returns the tenant's last record.
    pub(crate) async fn audit_last(&self, tenant: &str) -> Result<Option<AuditRow>, Fault> {
        row!(
            self,
            AuditRow,
            "select * from audit where tenant_id = $1 order by seq desc limit 1",
            tenant
        )
    }

    /// Returns the tenants that have records.
    pub(crate) async fn audited_tenants(&self) -> Result<Vec<String>, Fault> {
        let rows = rows!(
            self,
            Tenant,
            "select distinct tenant_id from audit order by tenant_id"
        )?;
        Ok(rows.into_iter().map(|row| row.tenant_id).collect())
    }
}

impl Transaction<'_> {
    /// Adds a record.
    pub(crate) async fn add_audit(&mut self, row: &AuditRow) -> Result<(), Fault> {
        run_in!(
            self,
            "insert into audit (tenant_id, seq, time, user_id, key_prefix, address, action, what, outcome, code_hash,
                session_id, checkpoint_id, fuel, mac)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            row.tenant_id, row.seq, row.time, row.user_id, row.key_prefix, row.address, row.action, row.what,
            row.outcome, row.code_hash, row.session_id, row.checkpoint_id, row.fuel, row.mac
        )?;
        Ok(())
    }
}
