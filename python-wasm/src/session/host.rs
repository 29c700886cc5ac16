//! What the host keeps for one running session, inside of its wasmtime store.

use wasmtime::{Memory, ResourceLimiter};

use super::turn::TurnState;
use crate::door::{DoorState, Output};
use crate::wasi::Wasi;

/// The data of a session's store. Who calls a host function is known from here alone.
pub(crate) struct Host {
    /// The guest's memory, known once it is instantiated.
    pub(crate) memory: Option<Memory>,
    pub(crate) wasi: Wasi,
    pub(crate) door: DoorState,
    pub(crate) output: Output,
    pub(crate) turn: TurnState,
    pub(crate) limiter: Limiter,
}

/// The guest ended its own process (`os._exit`).
#[derive(Debug, thiserror::Error)]
#[error("the interpreter was ended with exit code {code}")]
pub(crate) struct Exited {
    pub(crate) code: u32,
}

/// Holds a session's memory to its policy.
pub(crate) struct Limiter {
    pub(crate) memory_bytes: usize,
    /// Whether growth was refused since the turn began.
    pub(crate) refused: bool,
}

/// Entries of the interpreter's function table, which never grows.
const TABLE_ELEMENTS: usize = 1 << 17;

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let admitted = desired <= self.memory_bytes;
        self.refused |= !admitted;
        Ok(admitted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }
}
