//! What is done for all sessions again and again: memory is minded, warnings are passed on, numbers
//! are taken.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::handle::{Handle, State};
use super::registry::Sessions;

/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(1);

impl Sessions {
    /// Puts sessions to sleep while memory is short, until the service stops.
    pub(crate) async fn mind_memory(&self, mut stop: watch::Receiver<bool>) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let budget = self.around.config.sessions.memory.0;
            let mut held = self.around.workers.private_bytes();
            if held <= budget {
                continue;
            }
            let mut idle: Vec<Handle> = self.live.lock().await.values().cloned().collect();
            idle.retain(|handle| handle.view().state == State::Idle);
            idle.sort_by_key(|handle| handle.view().last_used);
            for handle in idle {
                if held <= budget {
                    break;
                }
                held = held.saturating_sub(handle.private_bytes());
                if let Err(fault) = handle.hibernate().await {
                    tracing::warn!(session = %handle.id, %fault, "a session cannot be put to sleep");
                }
            }
        }
    }

    /// Tells a tenant's sessions when it comes near a quota, until the service stops.
    pub(crate) async fn pass_on_warnings(&self, mut stop: watch::Receiver<bool>) {
        let mut warnings = self.around.quotas.warnings();
        loop {
            let warning = tokio::select! {
                warning = warnings.recv() => warning,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            match warning {
                Ok(warning) => {
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
