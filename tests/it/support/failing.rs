//! Disks that fail when a test says so: writes and syncs of a started program fail, end it, or happen.

use std::ffi::c_int;
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::calls::{self, Answer, Asked};

/// System calls that can be made to fail.
const WATCHED: [i64; 4] = [
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_pwrite64,
    libc::SYS_write,
];

/// Calls by which a file gets to the disk for certain.
pub const SYNCS: &[i64] = &[libc::SYS_fsync, libc::SYS_fdatasync];

/// Calls that write.
pub const WRITES: &[i64] = &[libc::SYS_pwrite64, libc::SYS_write];

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It fails with this number.
    Fails(c_int),
    /// The program ends before it.
    Ends,
}

/// Which calls fail.
#[derive(Debug, Clone)]
pub struct Rule {
    pub calls: &'static [i64],
    /// A part of the path of the file that it is about.
    pub path: &'static str,
    /// So many of them are let be first.
    pub after: usize,
    /// And so many fail.
    pub times: usize,
    pub fate: Fate,
}

/// The rules that hold now, and what they did.
#[derive(Clone, Default)]
pub struct Failing(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rule: Option<Rule>,
    seen: usize,
    failed: usize,
}

impl Failing {
    /// Lets calls fail from now on.
    pub fn begin(&self, rule: Rule) {
        let mut state = self.0.lock().expect("no holder panics");
        *state = State {
            rule: Some(rule),
            ..State::default()
        };
    }

    /// Ends that, and returns how many calls were seen that the rule is about, and how many failed.
    pub fn end(&self) -> (usize, usize) {
        let mut state = self.0.lock().expect("no holder panics");
        state.rule = None;
        (state.seen, state.failed)
    }

    fn decide(&self, asked: &Asked) -> Answer {
        let mut state = self.0.lock().expect("no holder panics");
        let Some(rule) = state.rule.clone() else {
            return Answer::Happens;
        };
        let path = || asked.file(asked.arguments[0]).unwrap_or_default();
        if !rule.calls.contains(&asked.call) || !path().to_string_lossy().contains(rule.path) {
            return Answer::Happens;
        }
        state.seen += 1;
        if state.seen <= rule.after || state.failed >= rule.times {
            return Answer::Happens;
        }
        state.failed += 1;
        match rule.fate {
            Fate::Fails(number) => Answer::Fails(number),
            Fate::Ends => {
                asked.end();
                Answer::Happens
            }
        }
    }

    /// Has the calls of a program, and of those that it starts, decided here. `spawn` starts it.
    pub fn watch<T>(&self, command: Command, spawn: impl FnOnce(Command) -> T) -> T {
        let rules = self.clone();
        let decide = move |asked: &Asked| rules.decide(asked);
        calls::watch(command, &calls::all(&WATCHED), decide, spawn)
    }
}
