//! The guest that builds: trusted input, no user, generous limits.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cap_std::fs::Dir;
use sandbox_policy::{Limits, Policy};
use serde_json::{Map, Value};

use super::PACKAGES;
use crate::door::{Audience, DoorState, Frame, Output, Rate};
use crate::memory::{GuestMemory, PageRun};
use crate::runtime::Runtime;
use crate::session::{
    Budget, Control, Host, InterruptFlags, Limiter, Machine, Stop, TurnState, wasi,
};
use crate::wasi::{Clock, Descriptors, Mount, OpenState, Quota, Tree, World};

/// What a step of a build may use; it is the operator's own code.
const STEP: Budget = Budget {
    time: Duration::from_secs(15 * 60),
    grace: Duration::from_secs(1),
    fuel: u64::MAX / 4,
    fuel_limit: Stop::FuelPerCell,
    grace_fuel: 0,
};

/// Boots the kernel; everything else goes through the door.
const BOOT: &[u8] =
    b"import sys\nsys.path.append('/usr/local/lib/kernel')\nimport cellblock_kernel.boot";

/// An interpreter that boots, runs the steps of a recipe and is written down.
pub(super) struct Builder {
    machine: Machine,
}

impl Builder {
    pub(super) fn start(
        runtime: &Runtime,
        scratch: &Path,
        packages: Option<&Arc<Dir>>,
        library_writable: bool,
    ) -> Result<Self, String> {
        let limits = Policy::profile("trusted")
            .map_err(|error| error.to_string())?
            .limits;
        let parts = runtime.parts();
        let memory = GuestMemory::of(Arc::clone(&parts.unbooted), parts.tracking.clone())
            .map_err(|error| error.to_string())?;
        let host = host(runtime, scratch, packages, library_writable, &limits)
            .map_err(|error| error.to_string())?;
        let linked = runtime
            .with_stack(limits.stack)
            .map_err(|error| error.to_string())?;
        let machine = Machine::start(&linked, Arc::new(memory), host, None)
            .map_err(|error| format!("{error:#}"))?;
        Ok(Self { machine })
    }

    pub(super) async fn initialize(&mut self) -> Result<(), String> {
        self.machine.host_mut().turn.begin(STEP);
        self.machine.boot().await.map_err(|death| death.to_string())
    }

    pub(super) async fn boot(&mut self) -> Result<(), String> {
        self.initialize().await?;
        self.run_source(BOOT).await
    }

    pub(super) async fn run(&mut self, source: &str) -> Result<(), String> {
        self.run_source(source.as_bytes()).await
    }

    async fn run_source(&mut self, source: &[u8]) -> Result<(), String> {
        self.machine.host_mut().turn.begin(STEP);
        let status = self
            .machine
            .run(source)
            .await
            .map_err(|death| death.to_string());
        let said = self.said();
        match status {
            Ok(0) => Ok(()),
            Ok(status) => Err(format!("status {status}: {said}")),
            Err(reason) => Err(format!("{reason}: {said}")),
        }
    }

    /// Returns what was written to the raw descriptors.
    fn said(&mut self) -> String {
        let events = self.machine.host_mut().output.take_raw();
        events
            .into_iter()
            .filter_map(|(event, _)| match event {
                crate::event::Event::Stream(stream) => Some(stream.text),
                _ => None,
            })
            .collect()
    }

    pub(super) async fn ask(&mut self, request: Value) -> Result<Map<String, Value>, String> {
        let reply = self
            .machine
            .ask(Frame::of(request), STEP)
            .await
            .map_err(|death| death.to_string())?;
        if reply.text("status") == "error" {
            let traceback: Vec<&str> = reply
                .header
                .get("traceback")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            return Err(format!(
                "{}: {}\n{}",
                reply.text("ename"),
                reply.text("evalue"),
                traceback.join("\n")
            ));
        }
        Ok(reply.header)
    }

    /// Returns the files that the packages keep open.
    pub(super) fn open_files(&self) -> Vec<OpenState> {
        self.machine.host().wasi.descriptors.state()
    }

    /// Lets CPython note an interrupt and records what changed.
    pub(super) async fn interrupt_flags(&mut self) -> Result<InterruptFlags, String> {
        let before = self.contents().to_vec();
        self.machine
            .note_interrupt()
            .await
            .map_err(|death| death.to_string())?;
        let flags = InterruptFlags::between(&before, self.contents());
        flags.clear_in(self.contents_mut());
        if !(2..=4).contains(&flags.0.len()) {
            return Err(format!(
                "noting an interrupt changed {} bytes, where three were expected",
                flags.0.len()
            ));
        }
        Ok(flags)
    }

    pub(super) fn contents(&self) -> &[u8] {
        let memory = self.machine.memory();
        let run = PageRun {
            first: 0,
            count: (memory.len() / crate::memory::PAGE) as u32,
        };
        // SAFETY: the guest runs only in methods that take `&mut self`.
        unsafe { memory.pages(run) }
    }

    fn contents_mut(&mut self) -> &mut [u8] {
        let memory = self.machine.memory();
        // SAFETY: as above, and no other slice is held: this takes `&mut self`.
        unsafe { std::slice::from_raw_parts_mut(memory.as_ptr(), memory.len()) }
    }
}

fn host(
    runtime: &Runtime,
    scratch: &Path,
    packages: Option<&Arc<Dir>>,
    library_writable: bool,
    limits: &Limits,
) -> io::Result<Host> {
    let parts = runtime.parts();
    let own = |name: &str| {
        let folder = scratch.join(name);
        fs::create_dir(&folder)?;
        Dir::open_ambient_dir(&folder, cap_std::ambient_authority()).map(Arc::new)
    };
    let at = |path: &str| {
        path.split('/')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut mounts = vec![
        Mount {
            at: at("/usr/local/lib"),
            folder: Arc::clone(&parts.library),
            writable: library_writable,
        },
        Mount {
            at: at("/usr/local/lib/kernel"),
            folder: Arc::clone(&parts.kernel),
            writable: false,
        },
        Mount {
            at: at("/home/user"),
            folder: own("home")?,
            writable: true,
        },
        Mount {
            at: at("/tmp"),
            folder: own("tmp")?,
            writable: true,
        },
    ];
    if let Some(packages) = packages {
        mounts.push(Mount {
            at: at(PACKAGES),
            folder: Arc::clone(packages),
            writable: false,
        });
    }
    let quota = Quota::new(8 << 30, 1 << 20, 1 << 30);
    let control = Control::new();
    Ok(Host {
        memory: None,
        wasi: wasi(
            Tree::new(mounts),
            quota,
            Descriptors::new(limits.open_files),
            Clock::fixed(),
            World::fixed(),
            &[],
        ),
        door: DoorState {
            request: None,
            reply: None,
            audience: Audience::default(),
            tools: Arc::default(),
            rate: Rate::per_second(1_000_000),
            building: true,
            tables: crate::columnar::TableDoor::default(),
        },
        output: Output::new(1 << 20, 1 << 20),
        turn: TurnState::new(control, Arc::new(InterruptFlags(Vec::new())), STEP),
        limiter: Limiter {
            memory_bytes: crate::memory::MAXIMUM_BYTES,
        },
    })
}
