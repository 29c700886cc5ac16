//! What the operator wants to know: the metrics, and a short account of the service.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::{Admin, May, Operator};
use super::{Answer, App};

/// A short account of the service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct System {
    version: &'static str,
    uptime_seconds: u64,
    /// Tenants of the service; shown to the operator alone.
    tenants: Option<i64>,
    /// Users of the caller's tenant.
    users: i64,
    /// API keys of the caller's tenant.
    keys: i64,
}

/// Tells the service's version, how long it runs, and how many people it has.
#[utoipa::path(get, path = "/system", tag = "operations",
    responses((status = 200, description = "An account of the service", body = System)))]
pub(super) async fn system(
    State(app): State<App>,
    May(caller, ..): May<Admin>,
) -> Answer<Json<System>> {
    let tenants = match app.tenants.require_operator(&caller) {
        Ok(()) => Some(app.store.count_tenants().await?),
        Err(_) => None,
    };
    Ok(Json(System {
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: app.started.elapsed().as_secs(),
        tenants,
        users: app.store.count_users(caller.tenant).await?,
        keys: app.store.count_keys(caller.tenant).await?,
    }))
}

/// Gives all metrics in Prometheus' text format. For the operator: they count all tenants' work.
#[utoipa::path(get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain")))]
pub(super) async fn metrics(State(app): State<App>, _: Operator) -> impl IntoResponse {
    app.sessions.measure().await;
    let kind = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    (kind, crate::telemetry::metrics_text())
}
