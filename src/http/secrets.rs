//! `/projects/{id}/secrets`: values that sessions are given by name, and that nobody is shown.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::{Body, May, Parameters, Write, id};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::error_code::{ErrorCode, Fault};
use crate::id::ProjectId;
use crate::secret::{SecretText, SecretView};
use crate::tenant::Caller;

/// The value of a secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretBody {
    /// 8 to 16384 bytes. It is not shown again.
    #[schema(value_type = String, min_length = 8, max_length = 16384)]
    value: SecretText,
}

/// Lists the project's secrets by name, without their values.
#[utoipa::path(get, path = "/projects/{id}/secrets", tag = "projects",
    params(("id" = uuid::Uuid, Path), PageQuery),
    responses((status = 200, description = "A page of them", body = Page<SecretView>)))]
pub(super) async fn list(
    State(app): State<App>,
    May(caller, ..): May<Write>,
    Path(project): Path<String>,
    Parameters(query): Parameters<PageQuery>,
) -> Answer<Json<Page<SecretView>>> {
    let project = found(&app, &caller, &project).await?;
    let secrets = app
        .secrets
        .page(caller.tenant, project, query.after(), query.rows()?)
        .await?;
    Ok(Json(query.page(secrets, |secret| secret.name.clone())))
}

/// Sets a secret. Sessions that were granted it have the new value when they are brought into memory the
/// next time.
#[utoipa::path(put, path = "/projects/{id}/secrets/{name}", tag = "projects", request_body = SecretBody,
    params(("id" = uuid::Uuid, Path), ("name" = String, Path, pattern = "^[A-Za-z_][A-Za-z0-9_]{0,99}$")),
    responses(
        (status = 201, description = "It is there"),
        (status = 204, description = "It was there, and has this value now")))]
pub(super) async fn set(
    State(app): State<App>,
    May(caller, ..): May<Write>,
    Path((project, name)): Path<(String, String)>,
    Body(body): Body<SecretBody>,
) -> Answer<StatusCode> {
    let project = found(&app, &caller, &project).await?;
    let new = app
        .secrets
        .set(&caller, project, &name, &body.value)
        .await?;
    Ok(if new {
        StatusCode::CREATED
    } else {
        StatusCode::NO_CONTENT
    })
}

/// Removes a secret. Sessions that are in memory with it keep it until they sleep, restart or end.
#[utoipa::path(delete, path = "/projects/{id}/secrets/{name}", tag = "projects",
    params(("id" = uuid::Uuid, Path), ("name" = String, Path, pattern = "^[A-Za-z_][A-Za-z0-9_]{0,99}$")),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn delete(
    State(app): State<App>,
    May(caller, ..): May<Write>,
    Path((project, name)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let project = found(&app, &caller, &project).await?;
    app.secrets.delete(&caller, project, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the id of a project of the caller's tenant.
async fn found(app: &App, caller: &Caller, project: &str) -> Result<ProjectId, Fault> {
    let project = id(project, ErrorCode::ProjectNotFound)?;
    app.projects.find(caller.tenant, project).await?;
    Ok(project)
}
