//! One tenant's account: what is held of it, and when a warning is due.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::broadcast;

use super::{Limits, RESOURCES, Resource, Warning, lock};
use crate::error_code::{ErrorCode, Fault};
use crate::id::TenantId;
use crate::store::quotas::QuotaRow;
use crate::tenant::name;

/// An account.
pub(super) struct Account {
    pub(super) tenant: TenantId,
    state: Mutex<State>,
    warnings: broadcast::Sender<Warning>,
}

/// What stands in an account.
pub(super) struct State {
    pub(super) limits: Limits,
    /// What of the limits was set for this tenant.
    pub(super) set: QuotaRow,
    pub(super) used: [u64; RESOURCES.len()],
    warned: [bool; RESOURCES.len()],
    /// The UTC day that the fuel in `used` belongs to, and what of it is not yet stored.
    pub(super) day: String,
    pub(super) unsaved: u64,
}

/// What a session or a cell holds of its tenant's quota; dropping it gives it back.
pub(crate) struct Reservation {
    account: Arc<Account>,
    resource: Resource,
    amount: u64,
}

impl Account {
    pub(super) fn new(
        tenant: TenantId,
        limits: Limits,
        day: String,
        warnings: broadcast::Sender<Warning>,
    ) -> Self {
        let state = State {
            limits,
            set: QuotaRow::default(),
            used: Default::default(),
            warned: Default::default(),
            day,
            unsaved: 0,
        };
        Self {
            tenant,
            state: Mutex::new(state),
            warnings,
        }
    }

    /// Counts what is there already, whatever the limit.
    pub(super) fn hold(self: Arc<Self>, resource: Resource, amount: u64) -> Reservation {
        self.add(resource, amount);
        Reservation {
            account: self,
            resource,
            amount,
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn add(&self, resource: Resource, amount: u64) {
        let mut state = self.state();
        let used = state.used[resource.place()].saturating_add(amount);
        self.set(&mut state, resource, used);
    }

    /// Notes how much of something was found to be used.
    pub(super) fn found(&self, resource: Resource, used: u64) {
        self.set(&mut self.state(), resource, used);
    }

    /// Stores what is used and warns when it passes 80 %.
    fn set(&self, state: &mut State, resource: Resource, used: u64) {
        let limit = state.limits.of(resource);
        state.used[resource.place()] = used;
        let much = used > 0 && u128::from(used) * 5 >= u128::from(limit) * 4;
        let warned = std::mem::replace(&mut state.warned[resource.place()], much);
        if much && !warned {
            tracing::warn!(tenant = %self.tenant, resource = name(&resource), used, limit, "a quota is used up to 80 %");
            // Nobody may be listening.
            let _ = self.warnings.send(Warning {
                tenant: self.tenant,
                resource,
                used,
                limit,
            });
        }
    }
}

impl State {
    /// Begins a new day with no fuel used. What the day before has not stored is counted to the new
    /// one: a second's worth at most.
    pub(super) fn turn_day(&mut self, today: &str) {
        if self.day != today {
            today.clone_into(&mut self.day);
            self.used[Resource::FuelPerDay.place()] = self.unsaved;
            self.warned[Resource::FuelPerDay.place()] = false;
        }
    }
}

impl Reservation {
    /// Counts what was found to be held, whatever the limit.
    pub(crate) fn found(&mut self, amount: u64) {
        let account = Arc::clone(&self.account);
        let mut state = account.state();
        let others = state.used[self.resource.place()].saturating_sub(self.amount);
        account.set(&mut state, self.resource, others.saturating_add(amount));
        self.amount = amount;
    }

    /// Takes more, or gives some back. What is more than the tenant may have is refused, and
    /// nothing changes.
    pub(crate) fn resize(&mut self, amount: u64) -> Result<(), Fault> {
        let account = Arc::clone(&self.account);
        let mut state = account.state();
        let others = state.used[self.resource.place()].saturating_sub(self.amount);
        let limit = state.limits.of(self.resource);
        let used = others.saturating_add(amount);
        if amount > self.amount && used > limit {
            return Err(exceeded(self.resource, others, amount, limit));
        }
        account.set(&mut state, self.resource, used);
        self.amount = amount;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut state = self.account.state();
        let left = state.used[self.resource.place()].saturating_sub(self.amount);
        self.account.set(&mut state, self.resource, left);
    }
}

pub(super) fn exceeded(resource: Resource, used: u64, more: u64, limit: u64) -> Fault {
    let resource = name(&resource);
    Fault::new(
        ErrorCode::QuotaExceeded,
        format!("The tenant's quota of {resource} is {limit}; {used} are used and {more} more were asked for."),
    )
    .with_details(serde_json::json!({"quota": resource, "used": used, "limit": limit}))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        sessions: 10,
        cells_at_once: 2,
        memory: 1000,
        disk: 1000,
        fuel_per_day: 1000,
    };

    fn account() -> (Arc<Account>, broadcast::Receiver<Warning>) {
        let (sender, warnings) = broadcast::channel(16);
        let account = Account::new(TenantId::new(), LIMITS, "2026-01-31".into(), sender);
        (Arc::new(account), warnings)
    }

    fn take(account: &Arc<Account>, resource: Resource, amount: u64) -> Result<Reservation, Fault> {
        let mut reservation = Arc::clone(account).hold(resource, 0);
        reservation.resize(amount).map(|()| reservation)
    }

    #[test]
    fn what_is_held_is_given_back_and_more_is_refused() {
        let (account, _warnings) = account();
        let first = take(&account, Resource::CellsAtOnce, 1).expect("one of two");
        let _second = take(&account, Resource::CellsAtOnce, 1).expect("two of two");
        let fault = take(&account, Resource::CellsAtOnce, 1)
            .err()
            .expect("no third");
        assert_eq!(fault.code, ErrorCode::QuotaExceeded);
        assert_eq!(fault.details.expect("facts")["quota"], "cells_at_once");
        drop(first);
        take(&account, Resource::CellsAtOnce, 1).expect("the place of the first");
    }

    #[test]
    fn a_reservation_grows_within_the_limit_and_always_shrinks() {
        let (account, _warnings) = account();
        let mut memory = take(&account, Resource::Memory, 600).expect("there is room");
        memory.resize(1000).expect("all of it");
        assert!(memory.resize(1001).is_err());
        // A limit that was lowered meanwhile refuses growth and never that something is given back.
        account.state().limits.memory = 100;
        memory.resize(900).expect("less");
        assert!(memory.resize(901).is_err());
        drop(memory);
        assert_eq!(account.state().used[Resource::Memory.place()], 0);
    }

    #[test]
    fn four_fifths_of_a_limit_are_told_once() {
        let (account, mut warnings) = account();
        let held: Vec<_> = (0..9)
            .map(|_| take(&account, Resource::Sessions, 1).expect("there is room"))
            .collect();
        let warning = warnings.try_recv().expect("a warning at the eighth");
        assert_eq!(
            (warning.resource, warning.used, warning.limit),
            (Resource::Sessions, 8, 10)
        );
        assert!(warnings.try_recv().is_err(), "and none at the ninth");
        drop(held);
        let _held: Vec<_> = (0..8)
            .map(|_| take(&account, Resource::Sessions, 1).expect("there is room"))
            .collect();
        assert!(warnings.try_recv().is_ok(), "and again after it had fallen");
    }

    #[test]
    fn a_new_day_begins_with_no_fuel_used() {
        let (account, mut warnings) = account();
        account.add(Resource::FuelPerDay, 900);
        assert_eq!(
            warnings.try_recv().expect("a warning").resource,
            Resource::FuelPerDay
        );
        account.state().turn_day("2026-02-01");
        assert_eq!(account.state().used[Resource::FuelPerDay.place()], 0);
        account.add(Resource::FuelPerDay, 900);
        assert!(warnings.try_recv().is_ok());
    }
}
