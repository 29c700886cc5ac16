//! `/quotas` and `/usage`: what a tenant may use, and what it uses.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Body, May, Operator, Parameters, Read};
use super::{Answer, App};
use crate::error_code::Fault;
use crate::id::TenantId;
use crate::store::quotas::QuotaRow;
use crate::tenant::Scope;
use crate::tenant::quotas::{Limits, Usage};

/// The largest number that every JSON reader keeps exactly.
const LARGEST: u64 = (1 << 53) - 1;

/// Whose quotas are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct QuotaQuery {
    /// Another tenant than the caller's own; for the operator.
    tenant_id: Option<TenantId>,
}

/// All that a tenant may use. What is not named is as the service is configured.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotaRequest {
    /// Another tenant than the caller's own.
    tenant_id: Option<TenantId>,
    /// Sessions that exist, awake or not.
    #[schema(maximum = 9007199254740991_u64)]
    sessions: Option<u64>,
    /// Cells that run at the same time.
    #[schema(maximum = 9007199254740991_u64)]
    cells_at_once: Option<u64>,
    /// Bytes of memory of sessions that are awake.
    #[schema(maximum = 9007199254740991_u64)]
    memory: Option<u64>,
    /// Bytes of files and checkpoints.
    #[schema(maximum = 9007199254740991_u64)]
    disk: Option<u64>,
    /// Fuel in a UTC day.
    #[schema(maximum = 9007199254740991_u64)]
    fuel_per_day: Option<u64>,
}

/// A change of what a tenant may use. What is left out stays; `null` is as the service is configured.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotaChange {
    /// Another tenant than the caller's own.
    tenant_id: Option<TenantId>,
    /// Sessions that exist, awake or not.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>, maximum = 9007199254740991_u64)]
    sessions: Option<Option<u64>>,
    /// Cells that run at the same time.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>, maximum = 9007199254740991_u64)]
    cells_at_once: Option<Option<u64>>,
    /// Bytes of memory of sessions that are awake.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>, maximum = 9007199254740991_u64)]
    memory: Option<Option<u64>>,
    /// Bytes of files and checkpoints.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>, maximum = 9007199254740991_u64)]
    disk: Option<Option<u64>>,
    /// Fuel in a UTC day.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>, maximum = 9007199254740991_u64)]
    fuel_per_day: Option<Option<u64>>,
}

/// Reads what stands there, be it `null`; what does not stand there is the default.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Tells what the tenant may use.
#[utoipa::path(get, path = "/quotas", tag = "people", params(QuotaQuery),
    responses((status = 200, description = "The limits", body = Limits)))]
pub(super) async fn get(
    State(app): State<App>,
    May(caller, ..): May<Read>,
    Parameters(query): Parameters<QuotaQuery>,
) -> Answer<Json<Limits>> {
    let tenant = match query.tenant_id {
        Some(tenant) if tenant != caller.tenant => {
            caller.require(Scope::Admin)?;
            app.tenants.require_operator(&caller)?;
            app.tenants.tenant(tenant).await?.id
        }
        Some(_) | None => caller.tenant,
    };
    Ok(Json(app.quotas.limits(tenant)))
}

/// Sets all that a tenant may use; PATCH changes some of it. For the operator; sessions that exist are not ended by it.
#[utoipa::path(put, path = "/quotas", tag = "people", request_body = QuotaRequest,
    responses((status = 200, description = "The limits as they are now", body = Limits)))]
pub(super) async fn set(
    State(app): State<App>,
    Operator(caller): Operator,
    Body(request): Body<QuotaRequest>,
) -> Answer<Json<Limits>> {
    let tenant = app
        .tenants
        .tenant(request.tenant_id.unwrap_or(caller.tenant))
        .await?
        .id;
    let row = QuotaRow {
        sessions: stored("sessions", request.sessions)?,
        cells_at_once: stored("cells_at_once", request.cells_at_once)?,
        memory: stored("memory", request.memory)?,
        disk: stored("disk", request.disk)?,
        fuel_per_day: stored("fuel_per_day", request.fuel_per_day)?,
    };
    Ok(Json(
        app.quotas
            .set_limits(&app.audit, &caller, tenant, |_| row)
            .await?,
    ))
}

/// Changes some of what a tenant may use. For the operator; sessions that exist are not ended by it.
#[utoipa::path(patch, path = "/quotas", tag = "people", request_body = QuotaChange,
    responses((status = 200, description = "The limits as they are now", body = Limits)))]
pub(super) async fn change(
    State(app): State<App>,
    Operator(caller): Operator,
    Body(request): Body<QuotaChange>,
) -> Answer<Json<Limits>> {
    let tenant = app
        .tenants
        .tenant(request.tenant_id.unwrap_or(caller.tenant))
        .await?
        .id;
    let checked = |field: &str, value: Option<Option<u64>>| {
        value.map(|value| stored(field, value)).transpose()
    };
    let sessions = checked("sessions", request.sessions)?;
    let cells_at_once = checked("cells_at_once", request.cells_at_once)?;
    let memory = checked("memory", request.memory)?;
    let disk = checked("disk", request.disk)?;
    let fuel_per_day = checked("fuel_per_day", request.fuel_per_day)?;
    let change = |set: QuotaRow| QuotaRow {
        sessions: sessions.unwrap_or(set.sessions),
        cells_at_once: cells_at_once.unwrap_or(set.cells_at_once),
        memory: memory.unwrap_or(set.memory),
        disk: disk.unwrap_or(set.disk),
        fuel_per_day: fuel_per_day.unwrap_or(set.fuel_per_day),
    };
    Ok(Json(
        app.quotas
            .set_limits(&app.audit, &caller, tenant, change)
            .await?,
    ))
}

/// Tells what the tenant uses now, and the fuel of its last days.
#[utoipa::path(get, path = "/usage", tag = "people",
    responses((status = 200, description = "What is used", body = Usage)))]
pub(super) async fn usage(
    State(app): State<App>,
    May(caller, ..): May<Read>,
) -> Answer<Json<Usage>> {
    app.files.measure(caller.tenant).await?;
    Ok(Json(app.quotas.usage(caller.tenant).await?))
}

fn stored(field: &str, value: Option<u64>) -> Result<Option<i64>, Fault> {
    match value {
        Some(value) if value > LARGEST => Err(Fault::field(
            field,
            format!("{value} is more than {LARGEST}"),
        )),
        value => Ok(value.map(u64::cast_signed)),
    }
}
