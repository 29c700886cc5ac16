//! How much a tenant's files take, and how much more they may.
//!
//! Guests write without asking here, so the truth is on the disk: it is measured, and what was
//! written since is added until it is measured again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::layout::open;
use super::walk::Walk;
use crate::error_code::{ErrorCode, Fault};
use crate::id::TenantId;
use crate::layout::Layout;
use crate::tenant::quotas::{Quotas, Resource};
use crate::text;

/// What each file and folder counts for besides its bytes, for its name and place: ten million
/// empty files are no empty disk.
const ENTRY: u64 = 1024;

/// How long a measurement is good: this long, and this many times as long as it took.
const GOOD: Duration = Duration::from_secs(5);
const GOOD_TIMES: u32 = 20;

/// The room of all tenants.
pub(crate) struct Room {
    layout: Layout,
    quotas: Arc<Quotas>,
    ledgers: Mutex<HashMap<TenantId, Ledger>>,
}

/// What is known of one tenant's files, in bytes.
#[derive(Debug, Default, Clone, Copy)]
struct Ledger {
    measured: u64,
    /// Until when that is good; nothing if it has to be measured first.
    good: Option<Instant>,
    /// What came to stay since it was measured.
    added: u64,
    /// What is being written.
    reserved: u64,
}

impl Ledger {
    fn used(&self) -> u64 {
        self.measured
            .saturating_add(self.added)
            .saturating_add(self.reserved)
    }
}

/// Room that is being written to; given back when it is dropped before it was kept.
pub(crate) struct Reservation {
    room: Arc<Room>,
    tenant: TenantId,
    bytes: u64,
}

impl Room {
    /// Returns the room below a layout, of which each tenant has what its quota says.
    pub(crate) fn new(layout: Layout, quotas: Arc<Quotas>) -> Arc<Self> {
        Arc::new(Self {
            layout,
            quotas,
            ledgers: Mutex::default(),
        })
    }

    /// Reserves room for `files` files and their `bytes`. Reads the tenant's folders when it has
    /// been a while.
    pub(crate) fn reserve(
        self: &Arc<Self>,
        tenant: TenantId,
        files: u64,
        bytes: u64,
    ) -> Result<Reservation, Fault> {
        let wanted = bytes.saturating_add(files.saturating_mul(ENTRY));
        let known = self.is_known(tenant);
        if !known {
            self.measure(tenant)?;
        }
        let mut reservation = Reservation {
            room: Arc::clone(self),
            tenant,
            bytes: 0,
        };
        match reservation.grow(wanted) {
            // A guest may have deleted something since it was measured.
            Err(_) if known => {
                self.measure(tenant)?;
                reservation.grow(wanted)?;
            }
            grown => grown?,
        }
        Ok(reservation)
    }

    /// Measures what the tenant has, unless that was done just now.
    pub(crate) fn look(&self, tenant: TenantId) -> Result<(), Fault> {
        if self.is_known(tenant) {
            return Ok(());
        }
        self.measure(tenant)
    }

    fn is_known(&self, tenant: TenantId) -> bool {
        let good = self.ledgers().get(&tenant).and_then(|ledger| ledger.good);
        good.is_some_and(|good| Instant::now() < good)
    }

    /// Makes the next reservation measure again, because something was removed.
    pub(crate) fn forget(&self, tenant: TenantId) {
        if let Some(ledger) = self.ledgers().get_mut(&tenant) {
            ledger.good = None;
        }
    }

    fn measure(&self, tenant: TenantId) -> Result<(), Fault> {
        let begin = Instant::now();
        let before = self.ledgers().get(&tenant).map_or(0, |ledger| ledger.added);
        let mut measured = 0u64;
        for found in Walk::new(open(&self.layout.tenant(tenant))?, true) {
            // What went away meanwhile takes no room.
            let Ok(metadata) = found.and_then(|found| found.metadata()) else {
                continue;
            };
            let bytes = if metadata.is_file() {
                metadata.len()
            } else {
                0
            };
            measured = measured.saturating_add(ENTRY).saturating_add(bytes);
        }
        let mut ledgers = self.ledgers();
        let ledger = ledgers.entry(tenant).or_default();
        ledger.measured = measured;
        ledger.good = Some(Instant::now() + GOOD.max(begin.elapsed() * GOOD_TIMES));
        // What came during the walk may or may not have been seen, and counts.
        ledger.added = ledger.added.saturating_sub(before);
        let used = ledger.used();
        drop(ledgers);
        self.quotas.found(tenant, Resource::Disk, used);
        Ok(())
    }

    fn ledgers(&self) -> MutexGuard<'_, HashMap<TenantId, Ledger>> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Adds to what is reserved.
    ///
    /// # Errors
    /// `QuotaExceeded`; nothing was added.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Fault> {
        let quota = self.room.quotas.limits(self.tenant).disk;
        let mut ledgers = self.room.ledgers();
        let ledger = ledgers.entry(self.tenant).or_default();
        let used = ledger.used();
        if used.saturating_add(bytes) > quota {
            return Err(Fault::new(
                ErrorCode::QuotaExceeded,
                format!(
                    "The files take {} of {}, and {} more do not fit; nothing was changed.",
                    text::size(used),
                    text::size(quota),
                    text::size(bytes)
                ),
            )
            .with_details(serde_json::json!({"quota": "disk", "limit": quota, "used": used})));
        }
        ledger.reserved += bytes;
        self.bytes += bytes;
        let used = ledger.used();
        drop(ledgers);
        self.room.quotas.found(self.tenant, Resource::Disk, used);
        Ok(())
    }

    /// Counts what was reserved as there to stay.
    pub(crate) fn keep(mut self) {
        let mut ledgers = self.room.ledgers();
        let ledger = ledgers.entry(self.tenant).or_default();
        ledger.reserved = ledger.reserved.saturating_sub(self.bytes);
        ledger.added = ledger.added.saturating_add(self.bytes);
        drop(ledgers);
        self.bytes = 0;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(ledger) = self.room.ledgers().get_mut(&self.tenant) {
            ledger.reserved = ledger.reserved.saturating_sub(self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::store::Store;

    /// Returns room for 10 KiB.
    async fn small(data: &std::path::Path) -> Arc<Room> {
        let store = Store::open(None, data).await.expect("a database");
        let limits = config::Quotas {
            disk: config::Size(10 * 1024),
            ..config::Quotas::default()
        };
        let quotas = Quotas::open(&store, &limits).await.expect("they open");
        Room::new(Layout::new(data), Arc::new(quotas))
    }

    #[tokio::test]
    async fn what_is_there_and_what_is_being_written_counts_and_what_went_is_room_again() {
        let data = tempfile::tempdir().expect("a folder");
        let layout = Layout::new(data.path());
        let tenant = TenantId::new();
        let folder = layout.tenant(tenant);
        std::fs::create_dir_all(&folder).expect("made");
        std::fs::write(folder.join("there"), vec![0; 4 * 1024]).expect("written");
        let room = small(data.path()).await;
        let first = room.reserve(tenant, 1, 3 * 1024).expect("nine of ten");
        let fault = room.reserve(tenant, 1, 1024).err().expect("eleven of ten");
        assert_eq!(fault.code, ErrorCode::QuotaExceeded);
        drop(first);
        // A guest deletes what is there.
        std::fs::remove_file(folder.join("there")).expect("removed");
        room.reserve(tenant, 1, 9 * 1024).expect("ten of ten");
    }

    #[tokio::test]
    async fn what_was_written_counts_before_it_is_measured() {
        let data = tempfile::tempdir().expect("a folder");
        let tenant = TenantId::new();
        let room = small(data.path()).await;
        let mut kept = room.reserve(tenant, 1, 0).expect("room");
        kept.grow(8 * 1024).expect("room");
        kept.keep();
        let mut next = room.reserve(tenant, 1, 0).expect("room");
        assert_eq!(
            next.grow(1).expect_err("full").code,
            ErrorCode::QuotaExceeded
        );
    }

    #[tokio::test]
    async fn empty_files_take_room_too() {
        let data = tempfile::tempdir().expect("a folder");
        let layout = Layout::new(data.path());
        let tenant = TenantId::new();
        std::fs::create_dir_all(layout.tenant(tenant)).expect("made");
        for number in 0..10 {
            std::fs::write(layout.tenant(tenant).join(number.to_string()), "").expect("written");
        }
        let room = small(data.path()).await;
        assert_eq!(
            room.reserve(tenant, 0, 1).err().expect("full").code,
            ErrorCode::QuotaExceeded
        );
    }
}
