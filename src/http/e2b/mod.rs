//! The addresses that clients of E2B know: its control plane below `/sandboxes`, and what they expect inside of a
//! sandbox, which the header `E2b-Sandbox-Id` names.

mod code;
mod connect;
mod control;
mod files;
mod filesystem;
mod listing;
mod process;
mod refusal;
mod views;
mod visit;

use axum::extract::DefaultBodyLimit;
use axum::routing::{any, delete, get, post, put};
use axum::{Router, middleware};
use tower_http::decompression::RequestDecompressionLayer;
pub(super) use visit::{health, visitor};

use super::App;
use crate::tenant::Caller;

/// Bytes of the bodies that say what shall be done.
const BODY: usize = 4 << 20;

/// Waits until a caller may no longer call. What is told them ends then.
async fn revoked(app: App, caller: Caller) {
    app.tenants.until_revoked(&caller).await;
}

/// Returns the addresses.
pub(super) fn pages() -> Router<App> {
    let control = Router::new()
        .route("/sandboxes", post(control::create).get(listing::list))
        .route("/v2/sandboxes", post(control::create).get(listing::list))
        .route("/sandboxes/metrics", get(control::all_metrics))
        .route("/sandboxes/{id}", get(control::show).delete(control::kill))
        .route("/sandboxes/{id}/timeout", post(control::set_timeout))
        .route("/sandboxes/{id}/refreshes", post(control::refresh))
        .route("/sandboxes/{id}/pause", post(control::pause))
        .route("/sandboxes/{id}/resume", post(control::resume))
        .route("/sandboxes/{id}/connect", post(control::connect))
        .route("/v2/sandboxes/{id}/connect", post(control::connect))
        .route("/sandboxes/{id}/fork", post(control::fork))
        .route("/sandboxes/{id}/snapshots", post(control::take_snapshot))
        .route("/sandboxes/{id}/metrics", get(control::metrics))
        .route("/sandboxes/{id}/network", put(control::set_network))
        .route("/sandboxes/{id}/logs", get(control::logs))
        .route("/v2/sandboxes/{id}/logs", get(control::logs))
        .route("/snapshots", get(listing::list_snapshots))
        .route("/templates/{id}", delete(control::delete_snapshot))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn(refusal::as_json));
    let files = Router::new()
        .route("/files", get(files::read).post(files::write))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestDecompressionLayer::new())
        .layer(middleware::from_fn(refusal::as_json));
    let code = Router::new()
        .route("/execute", post(code::execute))
        .route(
            "/contexts",
            post(code::add_context).get(code::list_contexts),
        )
        .route("/contexts/{id}", delete(code::remove_context))
        .route("/contexts/{id}/restart", post(code::restart_context))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn(refusal::as_text));
    let calls = Router::new()
        .route("/filesystem.Filesystem/{call}", any(filesystem::call))
        .route("/process.Process/{call}", any(process::call))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn(refusal::as_call));
    control.merge(files).merge(code).merge(calls)
}
