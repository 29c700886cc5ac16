//! What is done for all sessions again and again: memory is minded, warnings are passed on, numbers
//! are taken.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use sandbox_policy::format_duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::handle::{Handle, State};
use super::registry::Sessions;
use crate::error_code::Fault;
use crate::id::{SessionId, TenantId};
use crate::news::{Item, What};
use crate::store::sessions::SessionRow;
use crate::tenant::audit::{Action, Entry, Outcome};

/// How often it is looked at what cells use together; workers tell it as often.
const FUEL: Duration = Duration::from_secs(1);

/// How often the age of sessions is counted.
const AGE: Duration = Duration::from_secs(5);

impl Sessions {
    /// Ends sessions whose lifetime is over, asleep or awake, until the service stops. Time counts while
    /// the service runs, by a clock that nobody can set.
    pub(crate) async fn end_the_old(&self, mut stop: watch::Receiver<bool>) {
        let mut counted = Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(AGE) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let seconds = counted.elapsed().as_secs();
            match self
                .around
                .store
                .let_sessions_live(seconds.cast_signed())
                .await
            {
                Ok(old) => {
                    counted += Duration::from_secs(seconds);
                    for row in old {
                        if let Err(fault) = self.end_of_age(&row).await {
                            tracing::warn!(session = row.id, %fault, "a session whose lifetime is over cannot be ended");
                        }
                    }
                }
                // What was not counted now is counted the next time.
                Err(fault) => tracing::warn!(%fault, "the age of sessions could not be counted"),
            }
        }
    }

    async fn end_of_age(&self, row: &SessionRow) -> Result<(), Fault> {
        let tenant: TenantId = row.tenant_id.parse().map_err(Fault::internal)?;
        let id: SessionId = row.id.parse().map_err(Fault::internal)?;
        let handle = self.get(tenant, id).await?;
        self.end(&handle, "The session's lifetime is over.").await?;
        let lifetime = Duration::from_secs(row.lifetime.unsigned_abs());
        self.around.audit.record_later(Entry {
            tenant,
            user: row.user_id.parse().ok(),
            key_prefix: None,
            address: None,
            action: Action::SessionEnd,
            what: format!(
                "session {id}: its lifetime of {} is over",
                format_duration(lifetime)
            ),
            outcome: Outcome::Done,
            code_hash: None,
            session: Some(id),
            checkpoint: None,
            fuel: None,
        });
        Ok(())
    }

    /// Stops the cells of a tenant that together use up its fuel of the day, until the service stops: each
    /// was given all that was left when it began.
    pub(crate) async fn mind_fuel(&self, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(FUEL) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let mut running: HashMap<TenantId, (u64, Vec<Handle>)> = HashMap::new();
            for handle in self.live.lock().await.values() {
                let Some((used, given)) = handle.fuel_under_way() else {
                    continue;
                };
                let (sum, handles) = running.entry(handle.tenant).or_default();
                *sum = sum.saturating_add(used);
                // Who has used all that it was given is stopped already.
                if used < given {
                    handles.push(handle.clone());
                }
            }
            for (tenant, (fuel, handles)) in running {
                let left = self.around.quotas.fuel_left(tenant).unwrap_or_default();
                if fuel >= left {
                    for handle in handles {
                        // A session that has ended uses nothing.
                        let _ = handle.stop_for_fuel().await;
                    }
                }
            }
        }
    }

    /// Tells a tenant, and its sessions, when it comes near a quota, until the service stops.
    pub(crate) async fn pass_on_warnings(&self, mut stop: watch::Receiver<bool>) {
        let mut warnings = self.around.quotas.warnings();
        loop {
            let warning = tokio::select! {
                warning = warnings.recv() => warning,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            match warning {
                Ok(warning) => {
                    self.around.news.tell(warning.tenant, || {
                        Item::of(What::QuotaWarning {
                            resource: warning.resource,
                            used: warning.used,
                            limit: warning.limit,
                        })
                    });
                    let live = self.live.lock().await;
                    live.values()
                        .filter(|handle| handle.tenant == warning.tenant)
                        .for_each(|handle| handle.warn(&warning));
                }
                // A later one says the same.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Writes down for the metrics what there is now.
    pub(crate) async fn measure(&self) {
        let (running, waiting) = self.around.admission.counts();
        let mut states: HashMap<&'static str, u32> = HashMap::new();
        for handle in self.live.lock().await.values() {
            *states.entry(handle.view().state.name()).or_default() += 1;
        }
        for state in State::ALL {
            let count = states.get(state.name()).copied().unwrap_or_default();
            metrics::gauge!("cellblock_sessions", "state" => state.name()).set(count);
        }
        metrics::gauge!("cellblock_cells_running").set(running as f64);
        metrics::gauge!("cellblock_cells_waiting").set(waiting as f64);
        metrics::gauge!("cellblock_workers").set(self.around.workers.processes() as f64);
        metrics::gauge!("cellblock_sessions_private_bytes")
            .set(self.around.workers.private_bytes() as f64);
    }
}
