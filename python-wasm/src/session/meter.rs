//! What a session has used up to now, for whoever looks from outside while a turn of it runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::turn::Control;

/// What a session has used up to a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct SoFar {
    /// Fuel, about one unit a WebAssembly instruction.
    pub fuel: u64,
    /// Time in which guest code ran or waited.
    pub time: Duration,
    /// Bytes of the guest's memory.
    pub memory_bytes: u64,
}

/// Reads what a session has used, from anywhere. It never waits for the session.
#[derive(Clone)]
pub struct Meter(pub(super) Arc<Control>);

impl Meter {
    /// Returns what the session has used up to now, the running turn as it was last looked at; nothing
    /// while none runs.
    pub fn running(&self) -> Option<SoFar> {
        self.0.gauge.read()
    }
}

/// Where a session writes down what it uses.
#[derive(Debug, Default)]
pub(crate) struct Gauge(Mutex<Reading>);

#[derive(Debug, Default)]
struct Reading {
    /// What the turns that have ended used.
    settled: SoFar,
    turn: Option<Turn>,
}

/// The turn that runs.
#[derive(Debug)]
struct Turn {
    started: Instant,
    /// Time in which it waited for a person, which does not count.
    paused: Duration,
    waiting: Option<Instant>,
    fuel: u64,
}

impl Gauge {
    /// A turn begins.
    pub(super) fn begin(&self) {
        self.reading().turn = Some(Turn {
            started: Instant::now(),
            paused: Duration::ZERO,
            waiting: None,
            fuel: 0,
        });
    }

    /// The turn was looked at.
    pub(super) fn note(&self, fuel: u64, memory_bytes: u64) {
        let mut reading = self.reading();
        reading.settled.memory_bytes = memory_bytes;
        if let Some(turn) = &mut reading.turn {
            turn.fuel = fuel;
        }
    }

    /// The turn waits for a person, or goes on.
    pub(crate) fn wait(&self, waits: bool) {
        if let Some(turn) = &mut self.reading().turn {
            let since = std::mem::replace(&mut turn.waiting, waits.then(Instant::now));
            turn.paused += since.map_or(Duration::ZERO, |since| since.elapsed());
        }
    }

    /// The turn has ended, and this is what all of them used.
    pub(super) fn settle(&self, settled: SoFar) {
        *self.reading() = Reading {
            settled,
            turn: None,
        };
    }

    fn read(&self) -> Option<SoFar> {
        let reading = self.reading();
        let turn = reading.turn.as_ref()?;
        let until = turn.waiting.unwrap_or_else(Instant::now);
        let ran = until.duration_since(turn.started);
        Some(SoFar {
            fuel: reading.settled.fuel.saturating_add(turn.fuel),
            time: reading.settled.time + ran.saturating_sub(turn.paused),
            memory_bytes: reading.settled.memory_bytes,
        })
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        // Nothing is done under this lock that could leave it half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_turn_counts_and_waiting_for_a_person_does_not() {
        let gauge = Gauge::default();
        let settled = SoFar {
            fuel: 10,
            time: Duration::from_secs(1),
            memory_bytes: 100,
        };
        gauge.settle(settled);
        assert_eq!(gauge.read(), None);
        gauge.begin();
        let read = || gauge.read().expect("a turn runs");
        gauge.note(5, 200);
        let running = read();
        assert_eq!((running.fuel, running.memory_bytes), (15, 200));
        gauge.wait(true);
        let waiting = read();
        assert!(waiting.time >= running.time);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(read(), waiting, "it waits");
        gauge.wait(false);
        assert!(read().time >= waiting.time);
        gauge.settle(running);
        assert_eq!(gauge.read(), None);
    }
}
