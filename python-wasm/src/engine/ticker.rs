//! The thread that has running guests looked at, and the one that stands in for it.
//!
//! Limits and interrupts work because an engine's epoch goes on. Were the ticker to stall, a guest
//! would run on beyond its limits; so a watchdog sees when it is late, counts that, and ticks in its
//! place until it is back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use wasmtime::Engine;

use super::TICK;

/// How late a tick may be before the watchdog ticks.
const LATE: Duration = Duration::from_secs(1);

/// How often the watchdog looks.
const LOOK: Duration = Duration::from_millis(100);

/// How often tickers of this process were late.
static STALLS: AtomicU64 = AtomicU64::new(0);

/// Returns how often the looking at running guests was late by more than a second in this process.
pub fn stalls() -> u64 {
    STALLS.load(Ordering::Relaxed)
}

/// When the last tick was, in milliseconds since the engine was made.
struct Beat {
    began: Instant,
    last: AtomicU64,
}

impl Beat {
    fn now(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn late(&self) -> bool {
        let since = self.now().saturating_sub(self.last.load(Ordering::Relaxed));
        since > LATE.as_millis() as u64
    }
}

/// Has an engine's epoch go on until the engine is dropped.
pub(super) fn start(engine: &Arc<Engine>) -> std::io::Result<()> {
    let beat = Arc::new(Beat {
        began: Instant::now(),
        last: AtomicU64::new(0),
    });
    let (ticked, seen) = (Arc::downgrade(engine), Arc::clone(&beat));
    std::thread::Builder::new()
        .name("cellblock-epoch".into())
        .spawn(move || tick(&ticked, &seen))?;
    let watched = Arc::downgrade(engine);
    std::thread::Builder::new()
        .name("cellblock-watch".into())
        .spawn(move || watch(&watched, &beat))?;
    Ok(())
}

fn tick(engine: &Weak<Engine>, beat: &Beat) {
    while let Some(engine) = engine.upgrade() {
        engine.increment_epoch();
        drop(engine);
        beat.last.store(beat.now(), Ordering::Relaxed);
        std::thread::sleep(TICK);
    }
}

fn watch(engine: &Weak<Engine>, beat: &Beat) {
    let mut ticks = 0;
    while let Some(engine) = engine.upgrade() {
        ticks = if beat.late() { ticks + 1 } else { 0 };
        if ticks > 0 {
            engine.increment_epoch();
        }
        // Where the whole process was stopped for a while, the ticker is back by the second look.
        if ticks == 2 {
            STALLS.fetch_add(1, Ordering::Relaxed);
        }
        drop(engine);
        std::thread::sleep(if ticks > 0 { TICK } else { LOOK });
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Instance, Module, Store, Trap};

    use super::*;

    /// Runs a guest that does not end by itself, and returns why it did.
    fn endless(engine: &Engine) -> Trap {
        // The text form is not compiled in: one function of type 0, exported as "f", which is a loop.
        let module = [
            &b"\0asm\x01\0\0\0"[..],
            b"\x01\x04\x01\x60\0\0",
            b"\x03\x02\x01\0",
            b"\x07\x05\x01\x01f\0\0",
            b"\x0a\x09\x01\x07\0\x03\x40\x0c\0\x0b\x0b",
        ]
        .concat();
        let module = Module::new(engine, module).expect("it is valid");
        let mut store = Store::new(engine, ());
        store.epoch_deadline_trap();
        store.set_epoch_deadline(1);
        let instance = Instance::new(&mut store, &module, &[]).expect("it starts");
        let run = instance
            .get_typed_func::<(), ()>(&mut store, "f")
            .expect("it is there");
        let stopped = run.call(&mut store, ()).expect_err("it does not end");
        stopped.downcast().expect("a trap")
    }

    fn engine() -> Arc<Engine> {
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        Arc::new(Engine::new(&config).expect("an engine"))
    }

    #[test]
    fn guests_are_stopped_when_the_ticker_stalls_and_that_is_counted() {
        let engine = engine();
        // The ticker of this engine came to a halt just now.
        let beat = Beat {
            began: Instant::now(),
            last: AtomicU64::new(0),
        };
        let before = stalls();
        let watched = Arc::downgrade(&engine);
        let watchdog = std::thread::spawn(move || watch(&watched, &beat));
        assert_eq!(endless(&engine), Trap::Interrupt);
        while stalls() == before {
            std::thread::sleep(TICK);
        }
        drop(engine);
        watchdog.join().expect("it ends with its engine");
    }

    #[test]
    fn a_ticker_that_works_is_not_stood_in_for() {
        let engine = engine();
        let beat = Arc::new(Beat {
            began: Instant::now(),
            last: AtomicU64::new(0),
        });
        let (ticked, seen) = (Arc::downgrade(&engine), Arc::clone(&beat));
        let ticker = std::thread::spawn(move || tick(&ticked, &seen));
        assert_eq!(endless(&engine), Trap::Interrupt);
        assert!(!beat.late());
        drop(engine);
        ticker.join().expect("it ends with its engine");
    }
}
