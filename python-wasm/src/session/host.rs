//! What the host keeps for one running session, inside of its wasmtime store.

use wasmtime::{Memory, ResourceLimiter};

use std::sync::Arc;

use super::turn::{Budget, Control, Stop, TurnState};
use super::{Folders, GRACE_FUEL, SessionError, SessionOptions};
use crate::checkpoint::About;
use crate::door::{Audience, DoorState, Output, Rate};
use crate::image::Image;
use crate::wasi::{Clock, Descriptors, Quota, Tree, Wasi, World};

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
        Ok(desired <= self.memory_bytes)
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

/// Returns the host state of a session about to start.
pub(super) fn host(
    image: &Image,
    options: &SessionOptions,
    folders: &Folders,
    control: &Arc<Control>,
    about: &About,
    own: bool,
) -> Result<Host, SessionError> {
    let limits = &options.policy.limits;
    let tree = folders.tree(image.runtime(), image.packages(), &options.policy)?;
    let quota = folders.quota(limits, &tree, own);
    let descriptors = Descriptors::reopen(limits.open_files, &about.open, &tree);
    let budget = Budget {
        time: limits.cell_time,
        grace: limits.grace_time,
        fuel: 0,
        fuel_limit: Stop::FuelPerCell,
        grace_fuel: GRACE_FUEL,
    };
    Ok(Host {
        memory: None,
        wasi: wasi(
            tree,
            quota,
            descriptors,
            Clock::going_on_from(about.clock),
            World::Real,
            &options.environment,
        ),
        door: DoorState {
            request: None,
            reply: None,
            audience: Audience::default(),
            tools: Arc::clone(&options.tools),
            rate: Rate::per_second(limits.host_calls_per_second),
            building: false,
            tables: crate::columnar::TableDoor::default(),
        },
        output: Output::new(limits.stdout_bytes, limits.display_bytes),
        turn: TurnState::new(Arc::clone(control), image.interrupt_flags(), budget),
        limiter: Limiter {
            memory_bytes: limits.memory as usize,
        },
    })
}

/// Returns the system that a guest sees.
pub(crate) fn wasi(
    tree: Tree,
    quota: Quota,
    descriptors: Descriptors,
    clock: Clock,
    world: World,
    environment: &[(String, String)],
) -> Wasi {
    let fixed = [
        ("HOME", "/home/user"),
        ("TMPDIR", "/tmp"),
        ("PYTHONTZPATH", ""),
        ("MPLCONFIGDIR", "/tmp/matplotlib"),
    ];
    let fixed = fixed.iter().map(|(name, value)| format!("{name}={value}"));
    let own = environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    Wasi {
        tree,
        descriptors,
        quota,
        clock,
        world,
        arguments: vec!["/usr/local/bin/python.wasm".into()],
        environment: fixed.chain(own).collect(),
    }
}
