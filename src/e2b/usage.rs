//! What a sandbox uses.

use super::Sandboxes;
use crate::error_code::Fault;
use crate::session::State;
use crate::store::sandboxes::SandboxRow;

/// What a sandbox uses at a moment, and may use.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Contexts in which something runs.
    pub(crate) running: usize,
    /// Bytes.
    pub(crate) memory: u64,
    pub(crate) most_memory: u64,
    pub(crate) disk: u64,
    pub(crate) most_disk: u64,
}

impl Sandboxes {
    /// Measures a sandbox.
    pub(crate) async fn measure(&self, row: &SandboxRow) -> Result<Measured, Fault> {
        let mut measured = Measured::default();
        for (_, handle) in self.contexts(row).await? {
            if matches!(handle.view().state, State::Busy | State::Queued) {
                measured.running += 1;
            }
            measured.memory += handle.private_bytes();
            measured.disk = measured.disk.max(handle.usage().file_bytes);
            let session = self.store.session(handle.tenant, handle.id).await?;
            if let Some(session) = session {
                let policy = python_wasm::Policy::from_toml(&session.policy);
                let limits = policy.map_err(Fault::internal)?.limits;
                measured.most_memory = measured.most_memory.max(limits.memory);
                measured.most_disk = measured.most_disk.max(limits.files_total_bytes);
            }
        }
        Ok(measured)
    }
}
