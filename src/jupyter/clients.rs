//! Who is connected to which kernel, and how far those were told who may come back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use moka::future::Cache;

use crate::id::SessionId;

/// How long it is known how far a client was told.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// Clients of which it is known.
const MOST: u64 = 10_000;

/// The clients of all kernels.
pub(crate) struct Clients {
    /// By the `session_id` that a client names when it connects.
    told: Cache<(SessionId, String), u64>,
    connected: Mutex<HashMap<SessionId, usize>>,
}

impl Default for Clients {
    fn default() -> Self {
        Self {
            told: Cache::builder()
                .max_capacity(MOST)
                .time_to_idle(REMEMBERED)
                .build(),
            connected: Mutex::default(),
        }
    }
}

impl Clients {
    /// Returns the number of the last event that a client was told before its connection ended.
    pub(crate) async fn told(&self, kernel: SessionId, client: &str) -> Option<u64> {
        self.told.get(&(kernel, client.to_owned())).await
    }

    /// Notes how far a client was told.
    pub(crate) async fn tell(&self, kernel: SessionId, client: &str, seq: u64) {
        self.told.insert((kernel, client.to_owned()), seq).await;
    }

    /// Returns how many connections a kernel has.
    pub(crate) fn connections(&self, kernel: SessionId) -> usize {
        let connected = self.connected.lock().expect("no holder panics");
        connected.get(&kernel).copied().unwrap_or_default()
    }

    /// Counts a connection until what is returned is dropped.
    pub(crate) fn connect(self: &Arc<Self>, kernel: SessionId) -> Connected {
        let mut connected = self.connected.lock().expect("no holder panics");
        *connected.entry(kernel).or_default() += 1;
        Connected {
            clients: Arc::clone(self),
            kernel,
        }
    }
}

/// A connection that is counted.
pub(crate) struct Connected {
    clients: Arc<Clients>,
    kernel: SessionId,
}

impl Drop for Connected {
    fn drop(&mut self) {
        let mut connected = self.clients.connected.lock().expect("no holder panics");
        if let Some(count) = connected.get_mut(&self.kernel) {
            *count -= 1;
            if *count == 0 {
                connected.remove(&self.kernel);
            }
        }
    }
}
