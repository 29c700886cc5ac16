//! What every session needs of the service.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::admission::Admission;
use super::workers::Workers;
use crate::config::Config;
use crate::id::TenantId;
use crate::layout::Layout;
use crate::store::Store;
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
    /// How often a worker process ended while it ran a tenant's code of this digest.
    pub(super) strikes: Mutex<HashMap<(TenantId, String), i64>>,
}

impl Surroundings {
    /// Returns how often a worker ended while it ran this code.
    pub(super) fn strikes(&self, tenant: TenantId, code_hash: &str) -> i64 {
        let strikes = self.strikes.lock().expect("no holder panics");
        strikes
            .get(&(tenant, code_hash.to_owned()))
            .copied()
            .unwrap_or_default()
    }

    /// Counts that a worker ended while it ran this code.
    pub(super) async fn strike(&self, tenant: TenantId, code_hash: &str) {
        *self
            .strikes
            .lock()
            .expect("no holder panics")
            .entry((tenant, code_hash.to_owned()))
            .or_default() += 1;
        if let Err(fault) = self.store.strike(tenant, code_hash).await {
            tracing::error!(%fault, "a strike could not be written down");
        }
    }
}
