//! `/quarantine`: code that ended worker processes and is not run again.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::extract::{Admin, May, Parameters};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::session::Quarantined;

/// Lists the tenant's code that is not run again, by its digest.
#[utoipa::path(get, path = "/quarantine", tag = "executions", params(PageQuery),
    responses((status = 200, description = "A page of it", body = Page<Quarantined>)))]
pub(super) async fn list(
    State(app): State<App>,
    May(caller, ..): May<Admin>,
    Parameters(query): Parameters<PageQuery>,
) -> Answer<Json<Page<Quarantined>>> {
    let found = app
        .sessions
        .quarantined(caller.tenant, query.after(), query.rows()?)
        .await?;
    Ok(Json(query.page(found, |one| one.code_hash.clone())))
}

/// Lets code be run again.
#[utoipa::path(delete, path = "/quarantine/{code_hash}", tag = "executions",
    params(("code_hash" = String, Path, description = "BLAKE3 of the code")),
    responses((status = 204, description = "It may be run again")))]
pub(super) async fn lift(
    State(app): State<App>,
    May(caller, ..): May<Admin>,
    Path(code_hash): Path<String>,
) -> Answer<StatusCode> {
    app.sessions.lift_quarantine(&caller, &code_hash).await?;
    Ok(StatusCode::NO_CONTENT)
}
