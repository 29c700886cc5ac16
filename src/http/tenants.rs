//! `/tenants`: for the operator.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::{Body, Operator, Parameters, id};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::error_code::ErrorCode;
use crate::tenant::people::{NewTenant, Tenant, TenantChange};
use crate::tenant::{Name, Standing};

/// A tenant to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantRequest {
    /// No other tenant has this name.
    name: Name,
    /// The name of its first admin.
    admin: Name,
}

/// What to change of a tenant; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantPatch {
    name: Option<Name>,
    /// Nobody of a suspended tenant may come in.
    standing: Option<Standing>,
}

/// Lists the tenants.
#[utoipa::path(get, path = "/tenants", tag = "people", params(PageQuery),
    responses((status = 200, description = "A page of tenants", body = Page<Tenant>)))]
pub(super) async fn list(
    State(app): State<App>,
    _: Operator,
    Parameters(query): Parameters<PageQuery>,
) -> Answer<Json<Page<Tenant>>> {
    let tenants = app.tenants.tenants(query.after(), query.rows()?).await?;
    Ok(Json(query.page(tenants, |tenant| tenant.id.to_string())))
}

/// Adds a tenant with its first admin, whose key is shown in this answer and never again.
#[utoipa::path(post, path = "/tenants", tag = "people", request_body = TenantRequest,
    responses((status = 201, description = "The tenant, its admin and the admin's key", body = NewTenant)))]
pub(super) async fn create(
    State(app): State<App>,
    Operator(caller): Operator,
    Body(request): Body<TenantRequest>,
) -> Answer<impl IntoResponse> {
    let new = app
        .tenants
        .create_tenant(&caller, &request.name, &request.admin)
        .await?;
    Ok((
        StatusCode::CREATED,
        [(header::CACHE_CONTROL, "no-store")],
        Json(new),
    ))
}

/// Returns a tenant.
#[utoipa::path(get, path = "/tenants/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 200, description = "The tenant", body = Tenant)))]
pub(super) async fn get(
    State(app): State<App>,
    _: Operator,
    Path(tenant): Path<String>,
) -> Answer<Json<Tenant>> {
    Ok(Json(
        app.tenants
            .tenant(id(&tenant, ErrorCode::TenantNotFound)?)
            .await?,
    ))
}

/// Renames a tenant, suspends it, or lets it in again. Its live connections end within seconds.
#[utoipa::path(patch, path = "/tenants/{id}", tag = "people", params(("id" = String, Path)), request_body = TenantPatch,
    responses((status = 200, description = "The tenant as it is now", body = Tenant)))]
pub(super) async fn change(
    State(app): State<App>,
    Operator(caller): Operator,
    Path(tenant): Path<String>,
    Body(patch): Body<TenantPatch>,
) -> Answer<Json<Tenant>> {
    let change = TenantChange {
        name: patch.name,
        standing: patch.standing,
    };
    let tenant = app
        .tenants
        .change_tenant(&caller, id(&tenant, ErrorCode::TenantNotFound)?, change)
        .await?;
    Ok(Json(tenant))
}
