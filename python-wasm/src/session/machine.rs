//! One instance of the interpreter: a store, an instance and the memory they run on.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use wasmtime::{AsContext, Engine, Instance, InstancePre, Store, Trap, TypedFunc};

use super::host::{Exited, Host};
use super::turn::{Budget, Killed, Stop, on_tick};
use crate::door::{Frame, flush};
use crate::memory::{GuestMemory, hand_over};
use crate::runtime::{CALL_FUNCTION, Linked, SET_INTERRUPT};

/// The source text that asks for a turn where the function's address is not known yet.
const TURN: &[u8] = b"__cellblock_turn__()";

/// Compiled code keeps its count of fuel in a register while it loops and calls nothing; after
/// this much it puts the count where the limits can see it.
const FUEL_INTERVAL: u64 = 50_000_000;

/// Memory that can still be had is room enough for any request.
const ROOM_BYTES: usize = 1 << 20;
/// What the guest may use to try.
const ROOM: Budget = Budget {
    time: Duration::from_secs(5),
    grace: Duration::from_secs(1),
    fuel: 1_000_000_000,
    fuel_limit: Stop::FuelPerCell,
    grace_fuel: 1_000_000_000,
};

/// Why a turn did not come to its end. The instance is not used again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Death {
    #[error("it did not stop in its grace")]
    Limit(Stop),
    #[error("it recursed so deeply that the interpreter's stack overflowed")]
    StackOverflow,
    #[error("it ended the interpreter with exit code {0}")]
    Exited(u32),
    #[error(
        "the interpreter aborted; most often it was out of memory in a place where Python cannot say so"
    )]
    Aborted,
    #[error(
        "it used the memory that the policy gives (`memory`) and left too little to go on with"
    )]
    MemoryFull,
    #[error("the interpreter accessed memory that is not its own")]
    MemoryFault,
    #[error("the interpreter left the turn without an answer")]
    NoAnswer,
    #[error("the engine stopped it: {0}")]
    Engine(String),
}

/// A running interpreter.
pub(crate) struct Machine {
    store: Store<Host>,
    instance: Instance,
    turn: TypedFunc<(u32, u32), u32>,
    allocate: TypedFunc<u32, u32>,
    call: TypedFunc<u32, u32>,
    /// Address of the kernel's function that serves a request, in a sealed image.
    serve: Option<u32>,
    memory: Arc<GuestMemory>,
    /// Fuel that the last turn was given, and has not been counted.
    fuel_given: u64,
}

impl Machine {
    /// Starts an instance on `memory`, which holds a booted interpreter or the data of one that
    /// [`Machine::boot`] is to boot. `serve` is the address of the kernel's function that serves
    /// a request, where it is known: calling it saves compiling a line of source every time.
    pub(crate) fn start(
        linked: &Linked,
        memory: Arc<GuestMemory>,
        host: Host,
        serve: Option<u32>,
    ) -> wasmtime::Result<Self> {
        let mut store = store(&linked.engine, host)?;
        let instance = instantiate(&mut store, &linked.instance, &memory)?;
        let turn = instance.get_typed_func(&mut store, "turn")?;
        let allocate = instance.get_typed_func(&mut store, "host_alloc")?;
        let call = instance.get_typed_func(&mut store, CALL_FUNCTION)?;
        Ok(Self {
            store,
            instance,
            turn,
            allocate,
            call,
            serve,
            memory,
            fuel_given: 0,
        })
    }

    /// Boots the interpreter in a memory that holds its data alone.
    pub(crate) async fn boot(&mut self) -> Result<(), Death> {
        let initialize = self
            .instance
            .get_typed_func::<(), ()>(&mut self.store, "_initialize")
            .map_err(engine)?;
        initialize
            .call_async(&mut self.store, ())
            .await
            .map_err(|error| death(&error))
    }

    /// Lets CPython note an interrupt, as a signal would; only while an image is built.
    pub(crate) async fn note_interrupt(&mut self) -> Result<(), Death> {
        const SIGINT: u32 = 2;
        let note = self
            .instance
            .get_typed_func::<u32, u32>(&mut self.store, SET_INTERRUPT)
            .map_err(engine)?;
        note.call_async(&mut self.store, SIGINT)
            .await
            .map(|_| ())
            .map_err(|error| death(&error))
    }

    /// Runs source text and returns the interpreter's status: 0 when nothing was raised.
    pub(crate) async fn run(&mut self, source: &[u8]) -> Result<u32, Death> {
        let ran: wasmtime::Result<u32> = async {
            let len = source.len() as u32;
            let pointer = self.allocate.call_async(&mut self.store, len).await?;
            let memory = self
                .store
                .data()
                .memory
                .ok_or_else(|| wasmtime::Error::msg("no memory"))?;
            memory.write(&mut self.store, pointer as usize, source)?;
            self.turn.call_async(&mut self.store, (pointer, len)).await
        }
        .await;
        ran.map_err(|error| death(&error))
    }

    /// Lets the kernel serve the request that waits; tells whether it raised nothing.
    async fn serve(&mut self) -> Result<bool, Death> {
        match self.serve {
            // The answer is a pointer to an object, or null after an exception.
            Some(function) => {
                let result = self.call.call_async(&mut self.store, function).await;
                result
                    .map(|object| object != 0)
                    .map_err(|error| death(&error))
            }
            None => self.run(TURN).await.map(|status| status == 0),
        }
    }

    /// Makes a request of the guest's kernel and returns its answer.
    pub(crate) async fn ask(&mut self, request: Frame, budget: Budget) -> Result<Frame, Death> {
        let host = self.store.data_mut();
        host.door.request = Some(request);
        host.door.reply = None;
        let noticed_late = host.turn.stopped().is_some();
        host.turn.begin(budget);
        host.wasi.clock.work();
        if noticed_late {
            self.forget_interrupt();
        }
        self.fuel_given = budget.fuel.saturating_add(budget.grace_fuel);
        self.store.set_fuel(self.fuel_given).map_err(engine)?;
        self.store.set_epoch_deadline(1);
        let ran = self.serve().await;
        flush(self.store.data_mut()).await;
        let served = ran?;
        let host = self.store.data_mut();
        host.wasi.clock.rest();
        host.door.request = None;
        // A turn that raised was tampered with, whatever it answered before.
        host.door
            .reply
            .take()
            .filter(|_| served)
            .ok_or(Death::NoAnswer)
    }

    /// Tells whether memory cannot grow much further.
    pub(crate) fn is_grown(&self) -> bool {
        let limit = self.store.data().limiter.memory_bytes;
        limit.saturating_sub(self.memory.len()) < ROOM_BYTES
    }

    /// Tells whether there is memory enough left for a next request. While memory can still grow
    /// there is; after that the guest is asked to try. The account of the turn before stays.
    pub(crate) async fn has_room(&mut self) -> bool {
        if !self.is_grown() {
            return true;
        }
        let account = self.store.data().turn.clone();
        let answer = self
            .ask(Frame::of(serde_json::json!({"op": "room"})), ROOM)
            .await;
        if self.store.data().turn.stopped().is_some() {
            self.forget_interrupt();
        }
        self.store.data_mut().turn = account;
        answer.is_ok_and(|frame| frame.text("status") == "ok")
    }

    /// Takes back an interrupt that came too late for the turn before.
    fn forget_interrupt(&mut self) {
        let flags = self.store.data().turn.flags();
        if let Some(memory) = self.store.data().memory {
            flags.clear_in(memory.data_mut(&mut self.store));
        }
    }

    /// Returns the fuel that the last turn has used since this was last asked.
    pub(crate) fn take_fuel_used(&mut self) -> u64 {
        let left = self.store.get_fuel().unwrap_or(0);
        std::mem::replace(&mut self.fuel_given, left).saturating_sub(left)
    }

    pub(crate) fn host(&self) -> &Host {
        self.store.as_context().data()
    }

    pub(crate) fn host_mut(&mut self) -> &mut Host {
        self.store.data_mut()
    }

    /// Returns the memory it runs on.
    pub(crate) fn memory(&self) -> &Arc<GuestMemory> {
        &self.memory
    }
}

/// Returns a store whose guest is held to its memory, looked at on every tick, and metered.
pub(crate) fn store(engine: &Engine, host: Host) -> wasmtime::Result<Store<Host>> {
    let mut store = Store::new(engine, host);
    store.limiter(|host| &mut host.limiter);
    store.epoch_deadline_callback(on_tick);
    store.set_epoch_deadline(1);
    store.set_fuel(u64::MAX)?;
    store.fuel_async_yield_interval(Some(FUEL_INTERVAL))?;
    Ok(store)
}

/// Starts an instance on `memory`.
pub(crate) fn instantiate(
    store: &mut Store<Host>,
    instance: &InstancePre<Host>,
    memory: &Arc<GuestMemory>,
) -> wasmtime::Result<Instance> {
    let instance = hand_over(Arc::clone(memory), || {
        instance.instantiate_async(&mut *store).now_or_never()
    })
    .ok_or_else(|| {
        wasmtime::Error::msg("the module has a start function, so it cannot take a memory over")
    })??;
    store.data_mut().memory = instance.get_memory(&mut *store, "memory");
    Ok(instance)
}

fn engine(error: wasmtime::Error) -> Death {
    Death::Engine(format!("{error:#}"))
}

fn death(error: &wasmtime::Error) -> Death {
    if let Some(killed) = error.downcast_ref::<Killed>() {
        return Death::Limit(killed.stop);
    }
    if let Some(exited) = error.downcast_ref::<Exited>() {
        return Death::Exited(exited.code);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Death::StackOverflow,
        Some(Trap::OutOfFuel) => Death::Limit(Stop::FuelPerCell),
        Some(Trap::UnreachableCodeReached) => Death::Aborted,
        Some(Trap::MemoryOutOfBounds | Trap::HeapMisaligned) => Death::MemoryFault,
        // wasmtime's list of traps is open; each other one is told in its own words.
        Some(_) | None => Death::Engine(format!("{error:#}")),
    }
}
