//! Code that ended worker processes and is not run again, until an admin lifts that.

use serde::Serialize;
use utoipa::ToSchema;

use super::registry::Sessions;
use crate::error_code::{ErrorCode, Fault};
use crate::id::TenantId;
use crate::store::strikes::StrikeRow;
use crate::tenant::Caller;
use crate::tenant::audit::{Action, Entry};

/// Worker processes that code may end before it is not run again.
pub(super) const STRIKES: i64 = 2;

/// Code that is not run again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Quarantined {
    /// BLAKE3 of the code, as the audit log has it.
    pub(crate) code_hash: String,
    /// Worker processes that ended while they ran it and nothing else.
    strikes: i64,
    /// When one did last; RFC 3339, UTC.
    last_at: String,
    /// The session in which it ran then.
    session_id: Option<String>,
}

impl From<StrikeRow> for Quarantined {
    fn from(row: StrikeRow) -> Self {
        Self {
            code_hash: row.code_hash,
            strikes: row.count,
            last_at: row.last_at,
            session_id: row.session_id,
        }
    }
}

impl Sessions {
    /// Returns the tenant's code that is not run again, from the one behind `after` on.
    pub(crate) async fn quarantined(
        &self,
        tenant: TenantId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Quarantined>, Fault> {
        let rows = self.around.store.strikes_of(tenant, STRIKES, after, limit);
        Ok(rows.await?.into_iter().map(Into::into).collect())
    }

    /// Lets code be run again.
    pub(crate) async fn lift_quarantine(&self, caller: &Caller, hash: &str) -> Result<(), Fault> {
        let tenant = caller.tenant;
        if self.around.strikes(tenant, hash) < STRIKES {
            return Err(Fault::new(
                ErrorCode::QuarantineNotFound,
                format!(
                    "No code of the digest {:?} is in quarantine.",
                    crate::text::line(hash, 80)
                ),
            ));
        }
        let entry = Entry::of(caller, Action::QuarantineLift, format!("code {hash}"));
        let store = &self.around.store;
        let forgotten = store.forget_strikes(tenant, hash);
        self.around.audit.guard(entry, forgotten).await?;
        self.around
            .forget_strikes(|owner, code| owner == tenant && code == hash);
        Ok(())
    }
}
