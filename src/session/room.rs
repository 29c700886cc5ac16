//! The memory of one worker: what its sessions hold, what is held for those about to need more, and
//! how much of it there may be.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use python_wasm::SoFar;
use tokio::sync::Notify;

use crate::id::SessionId;

/// The part of the budget that a cell is let in with: cells seldom take all that they may. Who takes
/// more than that makes others sleep while it runs.
const FOR_A_CELL: u64 = 8;

/// The memory of a worker.
pub(super) struct Room {
    pub(super) budget: u64,
    /// What sessions are let in with together. Of the rest the process itself needs some, and cells that take
    /// more than they were let in with: what is above is put to sleep.
    pub(super) for_sessions: u64,
    state: Mutex<State>,
    /// The worker has passed its budget, and has to end.
    pub(super) passed: Notify,
}

#[derive(Default)]
struct State {
    /// Bytes that each session does not share.
    private: HashMap<SessionId, u64>,
    /// What those have used that run something.
    running: HashMap<SessionId, SoFar>,
    /// Bytes that are about to be used.
    held: u64,
    /// The most that somebody waits for.
    wanted: u64,
}

/// Room for what a session is about to need; given back when it is dropped.
pub(super) struct Held {
    room: Arc<Room>,
    bytes: u64,
}

impl Room {
    pub(super) fn new(budget: u64) -> Arc<Self> {
        Arc::new(Self {
            budget,
            for_sessions: budget / 8 * 7,
            state: Mutex::default(),
            passed: Notify::new(),
        })
    }

    /// Returns the bytes that its sessions do not share.
    pub(super) fn private_bytes(&self) -> u64 {
        self.state().private.values().sum()
    }

    /// Returns the bytes that one session does not share.
    pub(super) fn private_bytes_of(&self, session: SessionId) -> Option<u64> {
        self.state().private.get(&session).copied()
    }

    /// Notes what a session holds.
    pub(super) fn note(&self, session: SessionId, bytes: u64) {
        self.state().private.insert(session, bytes);
    }

    /// Returns what a session has used that runs something, as last told.
    pub(super) fn running(&self, session: SessionId) -> Option<SoFar> {
        self.state().running.get(&session).copied()
    }

    /// Notes what all sessions hold, and what the running ones have used, as the worker says.
    pub(super) fn told(&self, private: Vec<(SessionId, u64)>, running: Vec<(SessionId, SoFar)>) {
        let mut state = self.state();
        state.private = private.into_iter().collect();
        state.running = running.into_iter().collect();
    }

    pub(super) fn forget(&self, session: SessionId) {
        let mut state = self.state();
        state.private.remove(&session);
        state.running.remove(&session);
    }

    /// Holds room, if there is so much. A worker that holds nothing has room for whatever begins, for
    /// nobody could make more.
    pub(super) fn hold(self: &Arc<Self>, bytes: u64) -> Option<Held> {
        let mut state = self.state();
        let used = state.used();
        if bytes > 0 && used > 0 && used.saturating_add(bytes) > self.for_sessions {
            state.wanted = state.wanted.max(bytes);
            return None;
        }
        state.held += bytes;
        Some(Held {
            room: Arc::clone(self),
            bytes,
        })
    }

    /// Returns what a cell is let in with whose session holds `private` and may hold `most`.
    pub(super) fn for_a_cell(&self, private: u64, most: u64) -> u64 {
        most.saturating_sub(private)
            .min(self.budget / FOR_A_CELL)
            .min(self.for_sessions.saturating_sub(private))
    }

    /// Returns how many bytes somebody waits for that are not there; they have to ask again.
    pub(super) fn short(&self) -> u64 {
        let mut state = self.state();
        let wanted = std::mem::take(&mut state.wanted);
        if wanted == 0 {
            return 0;
        }
        state
            .used()
            .saturating_add(wanted)
            .saturating_sub(self.for_sessions)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

impl State {
    fn used(&self) -> u64 {
        self.private.values().sum::<u64>().saturating_add(self.held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.state().held -= self.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_and_what_sessions_have_stays_within_the_budget() {
        let room = Room::new(800);
        let (one, two) = (SessionId::new(), SessionId::new());
        room.note(one, 300);
        let first = room.hold(300).expect("there is room");
        assert!(room.hold(300).is_none(), "nine of seven hundred");
        assert_eq!(room.short(), 200);
        assert_eq!(room.short(), 0, "until somebody asks again");
        drop(first);
        room.note(two, 100);
        drop(room.hold(300).expect("it was given back"));
        room.told(vec![(one, 600)], vec![(one, SoFar::default())]);
        assert_eq!(room.running(one), Some(SoFar::default()));
        assert_eq!(room.running(two), None);
        assert!(room.hold(101).is_none());
        room.forget(one);
        assert_eq!(room.running(one), None);
        drop(room.hold(2000).expect("one alone always finds room"));
        assert_eq!(room.private_bytes(), 0);
    }

    #[test]
    fn a_cell_is_let_in_with_a_part_of_the_budget() {
        let room = Room::new(800);
        assert_eq!(room.for_a_cell(0, 1 << 30), 100);
        assert_eq!(room.for_a_cell(40, 90), 50);
        assert_eq!(room.for_a_cell(90, 40), 0);
        assert_eq!(room.for_a_cell(650, 1 << 30), 50, "there is no more");
    }
}
