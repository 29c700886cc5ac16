//! What every session needs of the service.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::admission::Admission;
use super::memory::Shortage;
use super::workers::Workers;
use crate::config::Config;
use crate::error_code::Fault;
use crate::id::{SessionId, TenantId};
use crate::layout::Layout;
use crate::news::News;
use crate::secret::{Granted, Secrets};
use crate::store::Store;
use crate::store::sessions::SessionRow;
use crate::tenant::audit::Audit;
use crate::tenant::quotas::Quotas;

/// What every session needs of the service.
pub(crate) struct Surroundings {
    pub(super) config: Config,
    pub(super) layout: Layout,
    pub(super) store: Store,
    pub(super) workers: Workers,
    pub(super) admission: Admission,
    pub(super) quotas: Arc<Quotas>,
    pub(super) audit: Arc<Audit>,
    pub(super) secrets: Arc<Secrets>,
    pub(super) news: Arc<News>,
    pub(super) shortage: Shortage,
    /// How often a worker process ended while it ran a tenant's code of this digest.
    pub(super) strikes: Mutex<HashMap<(TenantId, String), i64>>,
}

impl Surroundings {
    /// Returns the secrets that a session was granted.
    pub(super) async fn granted(
        &self,
        tenant: TenantId,
        row: &SessionRow,
    ) -> Result<Vec<Granted>, Fault> {
        let names = row.granted().map_err(Fault::internal)?;
        match &row.project_id {
            Some(project) if !names.is_empty() => {
                let project = project.parse().map_err(Fault::internal)?;
                self.secrets.granted(tenant, project, names).await
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }

    /// Returns how often a worker ended while it ran this code.
    pub(super) fn strikes(&self, tenant: TenantId, code_hash: &str) -> i64 {
        let strikes = self.strikes.lock().expect("no holder panics");
        strikes
            .get(&(tenant, code_hash.to_owned()))
            .copied()
            .unwrap_or_default()
    }

    /// Counts that a worker ended while it ran this code.
    pub(super) async fn strike(&self, tenant: TenantId, session: SessionId, code_hash: &str) {
        *self
            .strikes
            .lock()
            .expect("no holder panics")
            .entry((tenant, code_hash.to_owned()))
            .or_default() += 1;
        let now = crate::store::now();
        if let Err(fault) = self.store.strike(tenant, session, code_hash, &now).await {
            tracing::error!(%fault, "a strike could not be written down");
        }
    }

    /// Forgets the strikes of some code.
    pub(super) fn forget_strikes(&self, of: impl Fn(TenantId, &str) -> bool) {
        let mut strikes = self.strikes.lock().expect("no holder panics");
        strikes.retain(|(tenant, code), _| !of(*tenant, code));
    }
}
