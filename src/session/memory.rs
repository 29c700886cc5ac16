//! When memory is short: who is put to sleep, who waits, and what a worker may hold at most.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::actor::Actor;
use super::around::Surroundings;
use super::handle::{Handle, State};
use super::link::Link;
use super::registry::Sessions;
use super::room::Held;
use crate::error_code::{ErrorCode, Fault};
use crate::id::TenantId;
use crate::tenant::quotas::{Reservation, Resource};

/// How often memory is looked at when nobody waits for some.
const LOOK: Duration = Duration::from_millis(200);

/// How often someone who waits for memory asks again.
const AGAIN: Duration = Duration::from_millis(20);

/// How long a session waits for memory to begin with, and a cell to be let in.
const TO_BEGIN: Duration = Duration::from_secs(2);
const TO_RUN: Duration = Duration::from_secs(10);

/// How long going to sleep may take before the next one is asked to.
const TO_SLEEP: Duration = Duration::from_secs(5);

/// What a session of which nothing is known yet is taken to need.
pub(super) const LEAST: u64 = 8 << 20;

/// Who waits for memory.
#[derive(Default)]
pub(super) struct Shortage {
    /// What tenants wait for that their quotas have no room for.
    tenants: Mutex<HashMap<TenantId, u64>>,
    noticed: Notify,
}

impl Actor {
    /// Counts what the session is about to need to its tenant's quota. Others of the tenant are put
    /// to sleep for it.
    pub(super) async fn reserve_memory(&self) -> Result<Reservation, Fault> {
        let (around, tenant, bytes) = (&self.around, self.tenant, self.private);
        let reserve = || {
            let reserved = around.quotas.reserve(tenant, Resource::Memory, bytes);
            if reserved.is_err() {
                let mut tenants = around.shortage.tenants.lock().expect("no holder panics");
                let wanted = tenants.entry(tenant).or_default();
                *wanted = bytes.max(*wanted);
            }
            reserved
        };
        around.patiently(TO_BEGIN, reserve).await
    }

    /// Picks a worker with room for the session. Others are put to sleep for it.
    pub(super) async fn pick_worker(&self) -> Result<(Arc<Link>, Held), Fault> {
        let pick = || self.around.workers.pick(self.tenant, self.private);
        self.around.patiently(TO_BEGIN, pick).await
    }

    /// Holds room on a worker for the session to begin there.
    pub(super) async fn room_to_begin(&self, link: &Arc<Link>) -> Result<Held, Fault> {
        let hold = || link.room.hold(self.private).ok_or_else(full);
        self.around.patiently(TO_BEGIN, hold).await
    }

    /// Holds room on the session's worker for a cell to run.
    pub(super) async fn room_to_run(&self, link: &Arc<Link>) -> Result<Held, Fault> {
        let bytes = link
            .room
            .for_a_cell(self.private, self.policy.limits.memory);
        let hold = || match link.room.hold(bytes) {
            Some(held) => Ok(held),
            None if link.is_alive() => Err(full()),
            None => Err(super::link::lost()),
        };
        self.around.patiently(TO_RUN, hold).await
    }

    /// Notes how many bytes the session does not share with others.
    pub(super) fn holds(&mut self, bytes: u64) {
        self.private = bytes.max(LEAST);
        if let Some(link) = &self.link {
            link.room.note(self.id, bytes);
        }
    }
}

impl Surroundings {
    /// Asks for memory until there is some or patience ends.
    async fn patiently<T>(
        &self,
        patience: Duration,
        mut ask: impl FnMut() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let since = Instant::now();
        loop {
            match ask() {
                Err(fault) if is_shortage(fault.code) && since.elapsed() < patience => {
                    self.shortage.noticed.notify_one();
                    tokio::time::sleep(AGAIN).await;
                }
                done => return done,
            }
        }
    }
}

fn is_shortage(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::NoCapacity | ErrorCode::QuotaExceeded)
}

/// Returns what a caller is told when no worker has room.
pub(super) fn full() -> Fault {
    Fault::new(
        ErrorCode::NoCapacity,
        "The workers hold as much memory as they may (`workers.memory`), and no session can be put to sleep now.",
    )
    .retry_after(5)
}

impl Sessions {
    /// Puts sessions to sleep while memory is short, and ends workers that have too much all the same,
    /// until the service stops.
    pub(crate) async fn mind_memory(&self, mut stop: watch::Receiver<bool>) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                () = self.around.shortage.noticed.notified() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            self.mind_quotas().await;
            for link in self.around.workers.links() {
                self.mind_worker(&link).await;
            }
            let budget = self.around.config.sessions.memory.0;
            let beyond = self.around.workers.private_bytes().saturating_sub(budget);
            self.put_to_sleep(beyond, |_| true).await;
        }
    }

    /// Counts what the sessions of each tenant hold, and makes room where a quota is passed or waited for.
    async fn mind_quotas(&self) {
        let mut wanted = std::mem::take(
            &mut *self
                .around
                .shortage
                .tenants
                .lock()
                .expect("no holder panics"),
        );
        for handle in self.handles().await {
            if handle.count_memory() {
                wanted.entry(handle.tenant).or_default();
            }
        }
        for (tenant, bytes) in wanted {
            let (used, limit) = self.around.quotas.of(tenant, Resource::Memory);
            let beyond = used.saturating_add(bytes).saturating_sub(limit);
            self.put_to_sleep(beyond, |handle| handle.tenant == tenant)
                .await;
        }
    }

    /// Makes room on a worker. One that passes its budget while nobody there can sleep is ended: its
    /// sessions go on elsewhere, and the kernel need not choose.
    async fn mind_worker(&self, link: &Arc<Link>) {
        let budget = link.room.budget;
        let resident = anonymous_bytes(link.process).unwrap_or_default();
        let beyond = resident.saturating_sub(link.room.for_sessions);
        let here = |handle: &Handle| {
            let held = handle.shared.link.lock().expect("no holder panics");
            held.as_ref().is_some_and(|held| held.number == link.number)
        };
        let freed = self.put_to_sleep(beyond.max(link.room.short()), here).await;
        if resident > budget && freed == 0 {
            tracing::error!(
                process = link.process,
                resident,
                budget,
                "a worker passed its memory budget and is ended"
            );
            metrics::counter!("cellblock_workers_ended_for_memory_total").increment(1);
            link.room.passed.notify_one();
        }
    }

    /// Puts sessions to sleep that are idle, the least recently used first, until so many bytes are
    /// free; returns how many are.
    async fn put_to_sleep(&self, bytes: u64, of: impl Fn(&Handle) -> bool) -> u64 {
        if bytes == 0 {
            return 0;
        }
        let mut idle = self.handles().await;
        idle.retain(|handle| handle.view().state == State::Idle && of(handle));
        idle.sort_by_key(|handle| handle.view().last_used);
        let mut freed = 0;
        for handle in idle {
            if freed >= bytes {
                break;
            }
            let held = handle.private_bytes().max(1);
            match tokio::time::timeout(TO_SLEEP, handle.hibernate()).await {
                Ok(Ok(())) => freed += held,
                // It began something just now.
                Ok(Err(fault)) if fault.code == ErrorCode::SessionBusy => {}
                Ok(Err(fault)) => {
                    tracing::warn!(session = %handle.id, %fault, "a session cannot be put to sleep")
                }
                Err(_) => {
                    tracing::warn!(session = %handle.id, "a session takes long to go to sleep")
                }
            }
        }
        freed
    }

    async fn handles(&self) -> Vec<Handle> {
        self.live.lock().await.values().cloned().collect()
    }
}

impl Handle {
    /// Counts what it holds to its tenant's quota, and tells whether it is awake.
    fn count_memory(&self) -> bool {
        let bytes = self.private_bytes();
        let mut memory = self.shared.memory.lock().expect("no holder panics");
        match &mut *memory {
            Some(memory) => {
                memory.found(bytes);
                true
            }
            None => false,
        }
    }
}

/// Returns the memory that a process holds and shares with nobody: what the kernel would get back.
fn anonymous_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Returns what each of `workers` processes may hold when nothing is configured: its share of three quarters of
/// what this machine has, or of what the group of processes may have that this one is in.
pub(super) fn share_of_machine(workers: usize) -> u64 {
    let limits = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let limits = limits.into_iter().filter_map(|path| {
        let text = fs::read_to_string(path).ok()?;
        text.trim().parse::<u64>().ok()
    });
    let information = rustix::system::sysinfo();
    let machine = information.totalram as u64 * u64::from(information.mem_unit);
    let memory = limits.fold(machine, u64::min);
    memory / 4 * 3 / workers.max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_holds_and_what_the_machine_has_is_known() {
        // Other tests of this process give memory back meanwhile.
        let grew = || {
            let own = anonymous_bytes(std::process::id()).expect("it is told");
            let touched = vec![1u8; 64 << 20];
            let then = anonymous_bytes(std::process::id()).expect("it is told");
            drop(touched);
            then >= own + (60 << 20)
        };
        assert!((0..20).any(|_| grew()));
        assert!(share_of_machine(1) > 2 * share_of_machine(3));
        assert_eq!(anonymous_bytes(0), None);
    }
}
