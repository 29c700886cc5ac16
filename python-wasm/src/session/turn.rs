//! The limits of a running turn: time, fuel and the user's interrupt.
//!
//! A soft stop comes first: the flags that a signal would set are written into the guest's
//! memory, and the interpreter raises an exception that names the limit. A guest that has not
//! come to an end when the grace is over is stopped for good, and the session is rolled back.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use wasmtime::{AsContextMut, StoreContextMut, UpdateDeadline};

use super::host::Host;
use super::meter::Gauge;

/// The bits that CPython sets when a signal arrives, recorded while the image was built: address
/// and mask. They are written instead of calling into the guest, because its code keeps data
/// below the stack pointer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InterruptFlags(pub(crate) Vec<(u32, u8)>);

impl InterruptFlags {
    /// Returns the bits that `after` has and `before` has not.
    pub(crate) fn between(before: &[u8], after: &[u8]) -> Self {
        let changed = before
            .iter()
            .zip(after)
            .enumerate()
            .filter(|(_, (before, after))| before != after);
        Self(
            changed
                .map(|(address, (before, after))| (address as u32, before ^ after))
                .collect(),
        )
    }

    fn set(&self, memory: &mut [u8]) {
        for &(address, mask) in &self.0 {
            if let Some(byte) = memory.get_mut(address as usize) {
                *byte |= mask;
            }
        }
    }

    /// Takes back an interrupt that the guest has not noticed.
    pub(crate) fn clear_in(&self, memory: &mut [u8]) {
        for &(address, mask) in &self.0 {
            if let Some(byte) = memory.get_mut(address as usize) {
                *byte &= !mask;
            }
        }
    }
}

/// Why a turn is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The user asked for it.
    Interrupt,
    /// The cell ran for as long as the policy allows.
    CellTime,
    /// The cell used the fuel the policy gives to one.
    FuelPerCell,
    /// The session used the fuel the policy gives to it.
    FuelPerSession,
    /// The cell used what was left of the day's fuel when it began.
    FuelPerDay,
}

impl Stop {
    /// Returns the name of the limit in the policy or among the quotas, or `interrupt`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupt",
            Self::CellTime => "cell_time",
            Self::FuelPerCell => "fuel_per_cell",
            Self::FuelPerSession => "fuel_per_session",
            Self::FuelPerDay => "fuel_per_day",
        }
    }
}

/// The door into a running session from outside: it never waits for the session.
pub(crate) struct Control {
    interrupt: AtomicBool,
    /// A cell is about to be run, and can be interrupted already.
    expected: AtomicBool,
    wake: Notify,
    /// What the session has used.
    pub(crate) gauge: Gauge,
}

impl Control {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            interrupt: AtomicBool::new(false),
            expected: AtomicBool::new(false),
            wake: Notify::new(),
            gauge: Gauge::default(),
        })
    }

    /// Lets an interrupt count that comes before the next turn begins.
    pub(crate) fn expect(&self) {
        self.take();
        self.expected.store(true, Ordering::Release);
    }

    /// A turn begins: what came before it is forgotten, unless it was expected.
    fn begin(&self) {
        if !self.expected.swap(false, Ordering::AcqRel) {
            self.take();
        }
        self.gauge.begin();
    }

    pub(crate) fn interrupt(&self) {
        self.interrupt.store(true, Ordering::Release);
        self.wake.notify_waiters();
    }

    /// Waits for an interrupt and leaves it for the next look.
    pub(crate) async fn interrupted(&self) {
        loop {
            let woken = self.wake.notified();
            if self.interrupt.load(Ordering::Acquire) {
                return;
            }
            woken.await;
        }
    }

    fn take(&self) -> bool {
        self.interrupt.swap(false, Ordering::AcqRel)
    }
}

/// The budget of one turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) time: Duration,
    pub(crate) grace: Duration,
    pub(crate) fuel: u64,
    /// Which limit the fuel stands for.
    pub(crate) fuel_limit: Stop,
    pub(crate) grace_fuel: u64,
}

impl Budget {
    /// Leaves no more fuel than this, for the sake of another limit.
    pub(super) fn narrow(&mut self, fuel: u64, limit: Stop) {
        if fuel < self.fuel {
            self.fuel = fuel;
            self.fuel_limit = limit;
        }
    }

    /// Says that the fuel is used up, and whose it was.
    pub(super) fn fuel_message(&self) -> String {
        match self.fuel_limit {
            Stop::FuelPerSession => {
                "the session used all its fuel, the policy's `fuel_per_session`".into()
            }
            Stop::FuelPerDay => format!(
                "the cell used {} units of fuel, all that was left of the day's, the quota `fuel_per_day`",
                self.fuel
            ),
            Stop::Interrupt | Stop::CellTime | Stop::FuelPerCell => format!(
                "the cell used {} units of fuel, the policy's `fuel_per_cell`",
                self.fuel
            ),
        }
    }
}

/// A turn that did not come to an end in its grace.
#[derive(Debug, thiserror::Error)]
#[error("stopped by the limit {}", stop.name())]
pub(crate) struct Killed {
    pub(crate) stop: Stop,
}

/// Where the running turn stands against its budget.
#[derive(Clone)]
pub(crate) struct TurnState {
    control: Arc<Control>,
    flags: Arc<InterruptFlags>,
    budget: Budget,
    started: Instant,
    paused: Duration,
    stopped: Option<(Stop, Instant)>,
    /// The guest asked why it was stopped, so the exception is on its way up.
    acknowledged: bool,
}

impl TurnState {
    pub(crate) fn new(control: Arc<Control>, flags: Arc<InterruptFlags>, budget: Budget) -> Self {
        Self {
            control,
            flags,
            budget,
            started: Instant::now(),
            paused: Duration::ZERO,
            stopped: None,
            acknowledged: false,
        }
    }

    /// Starts the clock of a new turn. An interrupt that came in between is forgotten, for there was
    /// nothing to interrupt, unless a cell was expected.
    pub(crate) fn begin(&mut self, budget: Budget) {
        self.control.begin();
        self.budget = budget;
        self.started = Instant::now();
        self.paused = Duration::ZERO;
        self.stopped = None;
        self.acknowledged = false;
    }

    pub(crate) fn control(&self) -> Arc<Control> {
        Arc::clone(&self.control)
    }

    pub(crate) fn flags(&self) -> Arc<InterruptFlags> {
        Arc::clone(&self.flags)
    }

    /// Does not count `time` as the cell's.
    pub(crate) fn pause(&mut self, time: Duration) {
        self.paused += time;
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed().saturating_sub(self.paused)
    }

    /// Returns what stopped the turn, if anything did.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.stopped.map(|(stop, _)| stop)
    }

    /// Returns the name of the limit that was hit and a sentence for the user, when the guest
    /// asks. Its grace begins then, once, for it still has to unwind and to show a traceback.
    pub(crate) fn acknowledge(&mut self) -> (&'static str, String) {
        if !std::mem::replace(&mut self.acknowledged, true)
            && let Some((_, since)) = &mut self.stopped
        {
            *since = Instant::now();
        }
        self.reason()
    }

    fn reason(&self) -> (&'static str, String) {
        let stop = self.stopped().unwrap_or(Stop::Interrupt);
        (stop.name(), self.message(stop))
    }

    pub(crate) fn message(&self, stop: Stop) -> String {
        match stop {
            Stop::Interrupt => "the execution was interrupted".into(),
            Stop::CellTime => format!(
                "the cell ran longer than {:?}, the policy's `cell_time`",
                self.budget.time
            ),
            Stop::FuelPerCell | Stop::FuelPerSession | Stop::FuelPerDay => {
                self.budget.fuel_message()
            }
        }
    }

    /// Returns how long the guest may rest before the next stop is due.
    fn time_left(&self) -> Duration {
        match self.stopped {
            Some((_, since)) => self.budget.grace.saturating_sub(since.elapsed()),
            None => self.budget.time.saturating_sub(self.elapsed()),
        }
    }

    /// Returns the stop that is due now.
    fn due(&self, fuel_left: u64) -> Option<Stop> {
        if self.control.take() {
            return Some(Stop::Interrupt);
        }
        if self.stopped.is_some() {
            return None;
        }
        if self.elapsed() >= self.budget.time {
            Some(Stop::CellTime)
        } else if fuel_left <= self.budget.grace_fuel {
            Some(self.budget.fuel_limit)
        } else {
            None
        }
    }
}

/// Looks at a turn: stops it softly when something is due, for good when its grace is over.
pub(crate) fn look(mut context: impl AsContextMut<Data = Host>) -> Option<Killed> {
    let mut context = context.as_context_mut();
    let fuel_left = context.get_fuel().unwrap_or(0);
    let memory = context.data().memory;
    let memory_bytes = memory.map_or(0, |memory| memory.data_size(&context));
    let turn = &mut context.data_mut().turn;
    let given = turn.budget.fuel.saturating_add(turn.budget.grace_fuel);
    let gauge = &turn.control.gauge;
    gauge.note(given.saturating_sub(fuel_left), memory_bytes as u64);
    if let Some(stop) = turn.due(fuel_left) {
        // A second interrupt is told again, but the grace runs from the first.
        turn.stopped.get_or_insert((stop, Instant::now()));
        let flags = Arc::clone(&turn.flags);
        if let Some(memory) = memory {
            flags.set(memory.data_mut(&mut context));
        }
        return None;
    }
    match turn.stopped {
        Some((stop, since)) if since.elapsed() >= turn.budget.grace => Some(Killed { stop }),
        Some(_) | None => None,
    }
}

/// The epoch callback: on every tick it looks, and lets others run.
pub(crate) fn on_tick(context: StoreContextMut<'_, Host>) -> wasmtime::Result<UpdateDeadline> {
    match look(context) {
        Some(killed) => Err(wasmtime::Error::new(killed)),
        None => Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(tokio::task::yield_now()),
        )),
    }
}

/// Rests for `wait`, or until the turn is to be stopped; tells whether it rested to the end.
pub(crate) async fn rest(host: &mut Host, wait: Duration) -> bool {
    bounded(host, tokio::time::sleep(wait)).await.is_some()
}

/// Works for the guest, which rests meanwhile, until the turn is to be stopped; `None` if that came first.
pub(crate) async fn bounded<T>(host: &mut Host, work: impl Future<Output = T>) -> Option<T> {
    let control = host.turn.control();
    let left = host.turn.time_left();
    host.wasi.clock.rest();
    let done = tokio::select! {
        biased;
        done = work => Some(done),
        () = control.interrupted() => None,
        () = tokio::time::sleep(left) => None,
    };
    host.wasi.clock.work();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_only_the_bits_that_changed() {
        let flags = InterruptFlags::between(&[0, 0b100, 7], &[1, 0b110, 7]);
        assert_eq!(flags.0, vec![(0, 1), (1, 0b10)]);
        let mut memory = [0, 0b1000, 7];
        flags.set(&mut memory);
        assert_eq!(memory, [1, 0b1010, 7]);
        flags.clear_in(&mut memory);
        assert_eq!(memory, [0, 0b1000, 7]);
        flags.set(&mut []);
    }

    #[tokio::test]
    async fn an_interrupt_between_two_turns_is_forgotten() {
        let control = Control::new();
        let budget = Budget {
            time: Duration::from_secs(10),
            grace: Duration::from_secs(1),
            fuel: 1000,
            fuel_limit: Stop::FuelPerCell,
            grace_fuel: 10,
        };
        let mut turn = TurnState::new(
            Arc::clone(&control),
            Arc::new(InterruptFlags(vec![])),
            budget,
        );
        control.interrupt();
        turn.begin(budget);
        assert_eq!(turn.due(1000), None);
        control.interrupt();
        assert_eq!(turn.due(1000), Some(Stop::Interrupt));
        assert_eq!(turn.due(10), Some(Stop::FuelPerCell));
    }
}
