//! What tenants may use and what they use now. What is held (sessions, cells, memory) is counted in
//! memory by whoever holds it; the disk is measured; fuel is counted by the UTC day and stored.

mod account;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use account::Account;
pub(crate) use account::Reservation;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use utoipa::ToSchema;

use super::Caller;
use super::audit::{Action, Audit, Entry};
use crate::config;
use crate::error_code::Fault;
use crate::id::TenantId;
use crate::store::Store;
use crate::store::quotas::QuotaRow;

/// Days of fuel that are shown.
const DAYS_SHOWN: i64 = 31;

/// Warnings that a slow listener may be behind.
const WARNINGS: usize = 256;

/// Something a tenant may use so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Resource {
    /// Sessions that exist, awake or not.
    Sessions,
    /// Cells that run at the same time.
    CellsAtOnce,
    /// Bytes of memory of sessions that are awake.
    Memory,
    /// Bytes of files and checkpoints.
    Disk,
    /// Fuel in this UTC day.
    FuelPerDay,
}

/// All of them, in the order in which they are shown.
const RESOURCES: [Resource; 5] = [
    Resource::Sessions,
    Resource::CellsAtOnce,
    Resource::Memory,
    Resource::Disk,
    Resource::FuelPerDay,
];

/// What a tenant may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Limits {
    pub(crate) sessions: u64,
    pub(crate) cells_at_once: u64,
    /// Bytes.
    pub(crate) memory: u64,
    /// Bytes.
    pub(crate) disk: u64,
    pub(crate) fuel_per_day: u64,
}

/// How much of one thing a tenant uses.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Used {
    resource: Resource,
    used: u64,
    limit: u64,
}

/// What a tenant uses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    now: Vec<Used>,
    /// The last 31 days on which fuel was used, the newest first.
    days: Vec<DayOfFuel>,
}

/// The fuel of one UTC day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayOfFuel {
    #[schema(example = "2026-01-31")]
    day: String,
    fuel: u64,
}

/// That a tenant uses 80 % of something; told once, and again when it had fallen below.
#[derive(Debug, Clone)]
pub(crate) struct Warning {
    pub(crate) tenant: TenantId,
    pub(crate) resource: Resource,
    pub(crate) used: u64,
    pub(crate) limit: u64,
}

/// The accounts of all tenants.
pub(crate) struct Quotas {
    store: Store,
    defaults: Limits,
    accounts: Mutex<HashMap<TenantId, Arc<Account>>>,
    /// Who changes limits, one after the other: a change is of what the one before left.
    changing: tokio::sync::Mutex<()>,
    warnings: broadcast::Sender<Warning>,
}

impl Quotas {
    /// Opens the accounts, as they were stored.
    pub(crate) async fn open(store: &Store, defaults: &config::Quotas) -> Result<Self, Fault> {
        let quotas = Self {
            store: store.clone(),
            defaults: Limits {
                sessions: defaults.sessions,
                cells_at_once: defaults.cells_at_once,
                memory: defaults.memory.0,
                disk: defaults.disk.0,
                fuel_per_day: defaults.fuel_per_day,
            },
            accounts: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            warnings: broadcast::Sender::new(WARNINGS),
        };
        for row in store.quotas().await? {
            let account = quotas.account(super::stored(&row.tenant_id)?);
            let set = QuotaRow {
                sessions: row.sessions,
                cells_at_once: row.cells_at_once,
                memory: row.memory,
                disk: row.disk,
                fuel_per_day: row.fuel_per_day,
            };
            let mut state = account.state();
            state.limits = quotas.defaults.with(&set);
            state.set = set;
        }
        for row in store.fuel_of_day(&today()).await? {
            let account = quotas.account(super::stored(&row.tenant_id)?);
            account.add(Resource::FuelPerDay, row.used.unsigned_abs());
        }
        Ok(quotas)
    }

    /// Returns what the tenant may use.
    pub(crate) fn limits(&self, tenant: TenantId) -> Limits {
        self.account(tenant).state().limits
    }

    /// Takes room for one more session, or refuses.
    pub(crate) fn reserve_session(&self, tenant: TenantId) -> Result<Reservation, Fault> {
        self.reserve(tenant, Resource::Sessions, 1)
    }

    /// Takes so much of something, or refuses.
    pub(crate) fn reserve(
        &self,
        tenant: TenantId,
        resource: Resource,
        amount: u64,
    ) -> Result<Reservation, Fault> {
        let mut reservation = self.hold(tenant, resource, 0);
        reservation.resize(amount)?;
        Ok(reservation)
    }

    /// Counts what is there already, whatever the limit is now: sessions that a start found.
    pub(crate) fn hold(&self, tenant: TenantId, resource: Resource, amount: u64) -> Reservation {
        self.account(tenant).hold(resource, amount)
    }

    /// Notes how much of something was found to be used.
    pub(crate) fn found(&self, tenant: TenantId, resource: Resource, used: u64) {
        self.account(tenant).found(resource, used);
    }

    /// Returns how much of something the tenant uses and may use.
    pub(crate) fn of(&self, tenant: TenantId, resource: Resource) -> (u64, u64) {
        let account = self.account(tenant);
        let state = account.state();
        (state.used[resource.place()], state.limits.of(resource))
    }

    /// Refuses while the tenant's fuel of the day is used up, or its disk: each cell leaves a state.
    pub(crate) fn may_run(&self, tenant: TenantId) -> Result<(), Fault> {
        self.may_store(tenant)?;
        self.fuel_left(tenant).map(drop)
    }

    /// Returns how much fuel the tenant has left of the day, or refuses when that is none. A cell that
    /// begins may use no more; cells that run at the same time are stopped together when they have.
    pub(crate) fn fuel_left(&self, tenant: TenantId) -> Result<u64, Fault> {
        let account = self.account(tenant);
        let mut state = account.state();
        state.turn_day(&today());
        let used = state.used[Resource::FuelPerDay.place()];
        let left = state.limits.fuel_per_day.saturating_sub(used);
        if left > 0 {
            return Ok(left);
        }
        Err(
            account::exceeded(Resource::FuelPerDay, used, 0, state.limits.fuel_per_day)
                .retry_after(seconds_to_midnight()),
        )
    }

    /// Refuses while the tenant's files and checkpoints take more than they may.
    pub(crate) fn may_store(&self, tenant: TenantId) -> Result<(), Fault> {
        let account = self.account(tenant);
        let state = account.state();
        let (used, limit) = (state.used[Resource::Disk.place()], state.limits.disk);
        if used > limit {
            return Err(account::exceeded(Resource::Disk, used, 0, limit));
        }
        Ok(())
    }

    /// Counts fuel that was used. It is stored within a second.
    pub(crate) fn charge_fuel(&self, tenant: TenantId, fuel: u64) {
        let account = self.account(tenant);
        {
            let mut state = account.state();
            state.turn_day(&today());
            state.unsaved = state.unsaved.saturating_add(fuel);
        }
        account.add(Resource::FuelPerDay, fuel);
        metrics::counter!("cellblock_fuel_total", "tenant" => tenant.to_string()).increment(fuel);
    }

    /// Stores the fuel that was used since the last time.
    pub(crate) async fn save(&self) -> Result<(), Fault> {
        let accounts: Vec<_> = lock(&self.accounts).values().cloned().collect();
        for account in accounts {
            let (day, unsaved) = {
                let mut state = account.state();
                (state.day.clone(), std::mem::take(&mut state.unsaved))
            };
            if unsaved == 0 {
                continue;
            }
            if let Err(fault) = self
                .store
                .add_fuel(account.tenant, &day, stored(unsaved))
                .await
            {
                let mut state = account.state();
                state.unsaved = state.unsaved.saturating_add(unsaved);
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Returns warnings from now on.
    pub(crate) fn warnings(&self) -> broadcast::Receiver<Warning> {
        self.warnings.subscribe()
    }

    /// Sets what a tenant may use to what `change` makes of what was set before; nothing where the
    /// configuration shall hold. The operator may.
    pub(crate) async fn set_limits(
        &self,
        audit: &Audit,
        caller: &Caller,
        tenant: TenantId,
        change: impl FnOnce(QuotaRow) -> QuotaRow,
    ) -> Result<Limits, Fault> {
        let _turn = self.changing.lock().await;
        let account = self.account(tenant);
        let row = change(account.state().set);
        let entry = Entry::of(
            caller,
            Action::QuotaChange,
            format!("tenant {tenant}: {row:?}"),
        );
        audit
            .guard(entry, self.store.set_quotas(tenant, &row))
            .await?;
        let limits = self.defaults.with(&row);
        let mut state = account.state();
        state.limits = limits;
        state.set = row;
        Ok(limits)
    }

    /// Returns what a tenant uses.
    pub(crate) async fn usage(&self, tenant: TenantId) -> Result<Usage, Fault> {
        self.save().await?;
        let account = self.account(tenant);
        let days = self.store.fuel(tenant, DAYS_SHOWN).await?;
        let mut state = account.state();
        state.turn_day(&today());
        let used = |resource: Resource| Used {
            resource,
            used: state.used[resource.place()],
            limit: state.limits.of(resource),
        };
        Ok(Usage {
            now: RESOURCES.map(used).to_vec(),
            days: days
                .into_iter()
                .map(|row| DayOfFuel {
                    day: row.day,
                    fuel: row.used.unsigned_abs(),
                })
                .collect(),
        })
    }

    /// Returns the tenants that have used something since the start.
    pub(crate) fn tenants(&self) -> Vec<TenantId> {
        lock(&self.accounts).keys().copied().collect()
    }

    /// Returns a tenant's account; one that is new has the limits that are configured.
    fn account(&self, tenant: TenantId) -> Arc<Account> {
        let mut accounts = lock(&self.accounts);
        let account = accounts.entry(tenant).or_insert_with(|| {
            let warnings = self.warnings.clone();
            Arc::new(Account::new(tenant, self.defaults, today(), warnings))
        });
        Arc::clone(account)
    }
}

impl Resource {
    fn place(self) -> usize {
        self as usize
    }
}

impl Limits {
    fn of(&self, resource: Resource) -> u64 {
        match resource {
            Resource::Sessions => self.sessions,
            Resource::CellsAtOnce => self.cells_at_once,
            Resource::Memory => self.memory,
            Resource::Disk => self.disk,
            Resource::FuelPerDay => self.fuel_per_day,
        }
    }

    /// Returns these limits, and what was set for a tenant in their place.
    fn with(self, row: &QuotaRow) -> Self {
        let set = |value: Option<i64>, default| value.map_or(default, i64::unsigned_abs);
        Self {
            sessions: set(row.sessions, self.sessions),
            cells_at_once: set(row.cells_at_once, self.cells_at_once),
            memory: set(row.memory, self.memory),
            disk: set(row.disk, self.disk),
            fuel_per_day: set(row.fuel_per_day, self.fuel_per_day),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn today() -> String {
    crate::clock::now().strftime("%Y-%m-%d").to_string()
}

fn seconds_to_midnight() -> u64 {
    let second = crate::clock::now().as_second().rem_euclid(24 * 3600);
    (24 * 3600 - second).unsigned_abs()
}

#[cfg(test)]
mod tests;
