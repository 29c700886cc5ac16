//! What tenants may use, and the fuel they used, as rows.

use super::Store;
use crate::error_code::Fault;
use crate::id::TenantId;

/// What was set for a tenant; nothing where the configuration holds.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub(crate) struct QuotaRow {
    pub(crate) sessions: Option<i64>,
    pub(crate) cells_at_once: Option<i64>,
    pub(crate) memory: Option<i64>,
    pub(crate) disk: Option<i64>,
    pub(crate) fuel_per_day: Option<i64>,
}

/// What was set for one of the tenants.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct TenantQuotaRow {
    pub(crate) tenant_id: String,
    pub(crate) sessions: Option<i64>,
    pub(crate) cells_at_once: Option<i64>,
    pub(crate) memory: Option<i64>,
    pub(crate) disk: Option<i64>,
    pub(crate) fuel_per_day: Option<i64>,
}

/// The fuel of one of the tenants in one UTC day.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct TenantFuelRow {
    pub(crate) tenant_id: String,
    pub(crate) used: i64,
}

/// The fuel of one UTC day.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct FuelRow {
    pub(crate) day: String,
    pub(crate) used: i64,
}

impl Store {
    /// Returns what was set for tenants.
    pub(crate) async fn quotas(&self) -> Result<Vec<TenantQuotaRow>, Fault> {
        rows!(
            self,
            TenantQuotaRow,
            "select tenant_id, sessions, cells_at_once, memory, disk, fuel_per_day from quotas"
        )
    }

    /// Returns the fuel that tenants used in a day.
    pub(crate) async fn fuel_of_day(&self, day: &str) -> Result<Vec<TenantFuelRow>, Fault> {
        rows!(
            self,
            TenantFuelRow,
            "select tenant_id, used from fuel where day = $1",
            day
        )
    }

    /// Sets what the tenant may use.
    pub(crate) async fn set_quotas(&self, tenant: TenantId, row: &QuotaRow) -> Result<(), Fault> {
        let tenant = tenant.to_string();
        run!(
            self,
            "insert into quotas (tenant_id, sessions, cells_at_once, memory, disk, fuel_per_day)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (tenant_id) do update set sessions = $2, cells_at_once = $3, memory = $4, disk = $5,
                fuel_per_day = $6",
            tenant, row.sessions, row.cells_at_once, row.memory, row.disk, row.fuel_per_day
        )?;
        Ok(())
    }

    /// Returns the fuel of the tenant's last days, the newest first.
    pub(crate) async fn fuel(&self, tenant: TenantId, days: i64) -> Result<Vec<FuelRow>, Fault> {
        let tenant = tenant.to_string();
        rows!(
            self,
            FuelRow,
            "select day, used from fuel where tenant_id = $1 order by day desc limit $2",
            tenant,
            days
        )
    }

    /// Adds to the fuel of a day.
    pub(crate) async fn add_fuel(
        &self,
        tenant: TenantId,
        day: &str,
        more: i64,
    ) -> Result<(), Fault> {
        let tenant = tenant.to_string();
        run!(
            self,
            "insert into fuel (tenant_id, day, used) values ($1, $2, $3)
             on conflict (tenant_id, day) do update set used = fuel.used + $3",
            tenant,
            day,
            more
        )?;
        Ok(())
    }
}
