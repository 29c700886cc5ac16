//! `/environments`: places for programs that work on a project, and the JupyterLab in each.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::extract::{Body, May, Parameters, Read, Run, Write, id};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::environment::{Environment, LabView};
use crate::error_code::ErrorCode::{EnvironmentNotFound, UnknownImage};
use crate::error_code::Fault;
use crate::id::ProjectId;
use crate::tenant::Name;

/// An environment that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEnvironment {
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    name: Name,
    /// The image of its kernels; by default that of all sessions.
    #[schema(max_length = 200)]
    image: Option<String>,
    /// The project whose files it has; by default the tenant's own.
    project_id: Option<ProjectId>,
}

/// What is to be changed of an environment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvironmentChange {
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    name: Option<Name>,
    #[schema(max_length = 200)]
    image: Option<String>,
}

/// How a JupyterLab is to be started.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartLab {
    /// Names on PyPI of extensions, of those that the operator allows.
    #[serde(default)]
    #[schema(max_items = 20)]
    plugins: Vec<String>,
    /// What its pages ask for, besides that the caller is known here; by default nothing.
    #[schema(min_length = 1, max_length = 200)]
    password: Option<String>,
}

/// Makes an environment.
#[utoipa::path(post, path = "/environments", tag = "environments", request_body = NewEnvironment,
    responses((status = 201, description = "It is made", body = Environment,
        headers(("Location" = String, description = "The environment's address")))))]
pub(super) async fn create(
    caller: May<Write>,
    State(app): State<App>,
    Body(new): Body<NewEnvironment>,
) -> Answer<(StatusCode, [(HeaderName, String); 1], Json<Environment>)> {
    let image = match new.image {
        Some(image) => known(&app, image)?,
        None => app.config.sessions.image.clone(),
    };
    let project = match new.project_id {
        Some(project) => project,
        None => app.projects.default_of(&caller.0).await?,
    };
    let made = app
        .environments
        .create(caller.0.tenant, &new.name, image, project)
        .await?;
    let location = format!("/api/v1/environments/{}", made.id);
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, location, Json(made)))
}

/// Lists the environments, oldest first.
#[utoipa::path(get, path = "/environments", tag = "environments", params(PageQuery),
    responses((status = 200, description = "A page of environments", body = Page<Environment>)))]
pub(super) async fn list(
    caller: May<Read>,
    State(app): State<App>,
    Parameters(query): Parameters<PageQuery>,
) -> Answer<Json<Page<Environment>>> {
    let environments = app
        .environments
        .page(caller.0.tenant, query.after(), query.rows()?)
        .await?;
    let key = |environment: &Environment| environment.id.clone();
    Ok(Json(query.page(environments, key)))
}

/// Returns an environment.
#[utoipa::path(get, path = "/environments/{id}", tag = "environments", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The environment", body = Environment)))]
pub(super) async fn read(
    caller: May<Read>,
    State(app): State<App>,
    Path(environment): Path<String>,
) -> Answer<Json<Environment>> {
    let id = id(&environment, EnvironmentNotFound)?;
    Ok(Json(app.environments.find(caller.0.tenant, id).await?))
}

/// Changes an environment's name or image. A JupyterLab that runs keeps the image that it has.
#[utoipa::path(patch, path = "/environments/{id}", tag = "environments", params(("id" = uuid::Uuid, Path)),
    request_body = EnvironmentChange,
    responses((status = 200, description = "The environment as it is now", body = Environment)))]
pub(super) async fn change(
    caller: May<Write>,
    State(app): State<App>,
    Path(environment): Path<String>,
    Body(change): Body<EnvironmentChange>,
) -> Answer<Json<Environment>> {
    let id = id(&environment, EnvironmentNotFound)?;
    let image = change.image.map(|image| known(&app, image)).transpose()?;
    Ok(Json(
        app.environments
            .change(caller.0.tenant, id, change.name, image)
            .await?,
    ))
}

/// Deletes an environment, and stops what runs in it. The project and its sessions stay.
#[utoipa::path(delete, path = "/environments/{id}", tag = "environments", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn delete(
    caller: May<Write>,
    State(app): State<App>,
    Path(environment): Path<String>,
) -> Answer<StatusCode> {
    let id = id(&environment, EnvironmentNotFound)?;
    app.environments.delete(caller.0.tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Starts a JupyterLab in the environment; the first start installs it.
#[utoipa::path(post, path = "/environments/{id}/jupyter/start", tag = "environments", request_body = StartLab,
    params(("id" = uuid::Uuid, Path)),
    responses((status = 202, description = "It is being installed or started", body = LabView)))]
pub(super) async fn start_lab(
    caller: May<Run>,
    State(app): State<App>,
    Path(environment): Path<String>,
    Body(start): Body<StartLab>,
) -> Answer<(StatusCode, Json<LabView>)> {
    let id = id(&environment, EnvironmentNotFound)?;
    let StartLab { plugins, password } = start;
    let length = password.as_deref().map(|password| password.chars().count());
    if length.is_some_and(|length| !(1..=200).contains(&length)) {
        return Err(Fault::field("password", "it has 1 to 200 characters").into());
    }
    let view = app
        .environments
        .start_lab(&caller.0, id, &plugins, password)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// Stops the environment's JupyterLab. Its kernels stay, as sessions.
#[utoipa::path(post, path = "/environments/{id}/jupyter/stop", tag = "environments", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "It does not run", body = LabView)))]
pub(super) async fn stop_lab(
    caller: May<Run>,
    State(app): State<App>,
    Path(environment): Path<String>,
) -> Answer<Json<LabView>> {
    let id = id(&environment, EnvironmentNotFound)?;
    Ok(Json(app.environments.stop_lab(caller.0.tenant, id).await?))
}

/// Tells what the environment's JupyterLab does.
#[utoipa::path(get, path = "/environments/{id}/jupyter", tag = "environments", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "It", body = LabView)))]
pub(super) async fn lab(
    caller: May<Read>,
    State(app): State<App>,
    Path(environment): Path<String>,
) -> Answer<Json<LabView>> {
    let id = id(&environment, EnvironmentNotFound)?;
    Ok(Json(app.environments.lab(caller.0.tenant, id).await?))
}

/// Refuses an image that there is not.
fn known(app: &App, image: String) -> Result<String, Fault> {
    let images = app.sessions.images().iter().map(|image| &image.name);
    if images.clone().any(|known| *known == image) {
        return Ok(image);
    }
    let message = format!("There is no image {:?}.", crate::text::line(&image, 80));
    let allowed: Vec<&String> = images.collect();
    Err(Fault::new(UnknownImage, message).with_details(json!({"allowed": allowed})))
}
