//! Which cells run now: at most so many at once, the rest wait in a queue that is fair between
//! tenants and has three priorities.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::id::TenantId;

/// How urgent an execution is.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Priority {
    /// Before all others: somebody looks at the screen.
    High,
    #[default]
    Normal,
    /// When nothing else waits.
    Low,
}

/// Where somebody who waits stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// So many are before it, counting itself.
    Waiting(usize),
    /// It may run.
    Admitted,
}

/// The gate that every cell goes through.
#[derive(Clone)]
pub(crate) struct Admission(Arc<Mutex<Gate>>);

struct Gate {
    /// Cells that may run at once, in all and of each tenant that waits.
    most: usize,
    most_of: BTreeMap<TenantId, usize>,
    running: BTreeMap<TenantId, usize>,
    waiting: [VecDeque<Waiting>; 3],
    /// Counts admissions, to know who waited longest for a turn.
    turns: u64,
    last_turn: BTreeMap<TenantId, u64>,
    next: u64,
}

struct Waiting {
    number: u64,
    tenant: TenantId,
    place: watch::Sender<Place>,
}

/// A place in the queue, and then the right to run. Dropped, it goes to the next.
pub(crate) struct Ticket {
    gate: Arc<Mutex<Gate>>,
    number: u64,
    tenant: TenantId,
    place: watch::Receiver<Place>,
}

impl Admission {
    /// Returns a gate for `most` cells at once.
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Gate {
            most: most.max(1),
            most_of: BTreeMap::new(),
            running: BTreeMap::new(),
            waiting: Default::default(),
            turns: 0,
            last_turn: BTreeMap::new(),
            next: 0,
        })))
    }

    /// Queues up for one of the `most` cells that the tenant may run at once. A session queues up
    /// once, so the queue is as long as there are sessions.
    pub(crate) fn enter(&self, tenant: TenantId, priority: Priority, most: usize) -> Ticket {
        let mut gate = self.0.lock().expect("no holder panics");
        gate.most_of.insert(tenant, most.max(1));
        gate.next += 1;
        let number = gate.next;
        let (sender, place) = watch::channel(Place::Waiting(usize::MAX));
        let entry = Waiting {
            number,
            tenant,
            place: sender,
        };
        gate.waiting[priority as usize].push_back(entry);
        gate.admit();
        Ticket {
            gate: Arc::clone(&self.0),
            number,
            tenant,
            place,
        }
    }

    /// Returns how many run and how many wait.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let gate = self.0.lock().expect("no holder panics");
        (
            gate.running.values().sum(),
            gate.waiting.iter().map(VecDeque::len).sum(),
        )
    }
}

impl Gate {
    /// Lets in who may go in, and tells the others where they stand.
    fn admit(&mut self) {
        while self.running.values().sum::<usize>() < self.most {
            let Some((priority, index)) = self.first() else {
                break;
            };
            let Some(entry) = self.waiting[priority].remove(index) else {
                break;
            };
            self.turns += 1;
            self.last_turn.insert(entry.tenant, self.turns);
            *self.running.entry(entry.tenant).or_default() += 1;
            entry.place.send_replace(Place::Admitted);
        }
        for (position, entry) in self.waiting.iter().flatten().enumerate() {
            entry.place.send_if_modified(|place| {
                let now = Place::Waiting(position + 1);
                std::mem::replace(place, now) != now
            });
        }
    }

    /// Returns who is next: of the highest priority, of the tenant that runs least, and of those
    /// the one whose last turn is longest ago.
    fn first(&self) -> Option<(usize, usize)> {
        for (priority, queue) in self.waiting.iter().enumerate() {
            let mut best: Option<((usize, u64), usize)> = None;
            let mut seen: Vec<TenantId> = Vec::new();
            for (index, entry) in queue.iter().enumerate() {
                if seen.contains(&entry.tenant) {
                    continue;
                }
                seen.push(entry.tenant);
                let running = self.running.get(&entry.tenant).copied().unwrap_or_default();
                if running >= self.most_of.get(&entry.tenant).copied().unwrap_or(1) {
                    continue;
                }
                let rank = (
                    running,
                    self.last_turn
                        .get(&entry.tenant)
                        .copied()
                        .unwrap_or_default(),
                );
                if best.is_none_or(|(other, _)| rank < other) {
                    best = Some((rank, index));
                }
            }
            if let Some((_, index)) = best {
                return Some((priority, index));
            }
        }
        None
    }
}

impl Ticket {
    /// Returns where it stands now.
    pub(crate) fn place(&mut self) -> Place {
        *self.place.borrow_and_update()
    }

    /// Waits until that changes; for ever once it was let in.
    pub(crate) async fn moved(&mut self) -> Place {
        match self.place.changed().await {
            Ok(()) => self.place(),
            // The gate forgets who is in.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut gate = self.gate.lock().expect("no holder panics");
        if *self.place.borrow() == Place::Admitted {
            if let Some(running) = gate.running.get_mut(&self.tenant) {
                *running -= 1;
                if *running == 0 {
                    gate.running.remove(&self.tenant);
                }
            }
        } else {
            for queue in &mut gate.waiting {
                queue.retain(|entry| entry.number != self.number);
            }
        }
        gate.admit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_take_turns_however_many_wait() {
        let gate = Admission::new(1);
        let (many, few) = (TenantId::new(), TenantId::new());
        let running = gate.enter(many, Priority::Normal, 10);
        let mut waiting: Vec<Ticket> = (0..5)
            .map(|_| gate.enter(many, Priority::Normal, 10))
            .collect();
        let mut other = gate.enter(few, Priority::Normal, 10);
        assert_eq!(other.place(), Place::Waiting(6));
        drop(running);
        assert_eq!(other.place(), Place::Admitted);
        assert_eq!(waiting[0].place(), Place::Waiting(1));
        drop(other);
        assert_eq!(waiting[0].place(), Place::Admitted);
        assert_eq!(waiting[4].place(), Place::Waiting(4));
    }

    #[test]
    fn priorities_come_first_and_who_leaves_makes_room() {
        let gate = Admission::new(1);
        let tenant = TenantId::new();
        let running = gate.enter(tenant, Priority::Low, 10);
        let mut low = gate.enter(tenant, Priority::Low, 10);
        let normal = gate.enter(tenant, Priority::Normal, 10);
        let mut high = gate.enter(tenant, Priority::High, 10);
        assert_eq!(low.place(), Place::Waiting(3));
        drop(normal);
        assert_eq!(low.place(), Place::Waiting(2));
        drop(running);
        assert_eq!(
            (high.place(), low.place()),
            (Place::Admitted, Place::Waiting(1))
        );
        assert_eq!(gate.counts(), (1, 1));
        drop((high, low));
        assert_eq!(gate.counts(), (0, 0));
    }

    #[test]
    fn a_tenants_own_limits_hold() {
        let gate = Admission::new(10);
        let (one, two) = (TenantId::new(), TenantId::new());
        let _running = [
            gate.enter(one, Priority::Normal, 2),
            gate.enter(one, Priority::Normal, 2),
        ];
        let mut third = gate.enter(one, Priority::Normal, 2);
        assert_eq!(third.place(), Place::Waiting(1));
        assert_eq!(
            gate.enter(two, Priority::Normal, 2).place(),
            Place::Admitted
        );
    }
}
