//! `/projects`: folders of files and notebooks.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

use super::extract::{Body, May, Parameters, Read, Write, id};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::error_code::ErrorCode::ProjectNotFound;
use crate::file::Project;

/// A project that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProject {
    /// Another for each project of the tenant; without control characters or spaces at its ends.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 2000)]
    description: String,
}

/// What is to be changed of a project.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectChange {
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    #[schema(max_length = 2000)]
    description: Option<String>,
}

/// Makes a project.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = NewProject,
    responses((status = 201, description = "It is made", body = Project,
        headers(("Location" = String, description = "The project's address")))))]
pub(super) async fn create(
    caller: May<Write>,
    State(app): State<App>,
    Body(new): Body<NewProject>,
) -> Answer<(StatusCode, [(HeaderName, String); 1], Json<Project>)> {
    let project = app
        .projects
        .create(caller.0.tenant, &new.name, &new.description)
        .await?;
    let location = format!("/api/v1/projects/{}", project.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(project),
    ))
}

/// Lists the projects, oldest first.
#[utoipa::path(get, path = "/projects", tag = "projects", params(PageQuery),
    responses((status = 200, description = "A page of projects", body = Page<Project>)))]
pub(super) async fn list(
    caller: May<Read>,
    State(app): State<App>,
    Parameters(query): Parameters<PageQuery>,
) -> Answer<Json<Page<Project>>> {
    let projects = app
        .projects
        .page(caller.0.tenant, query.after(), query.rows()?)
        .await?;
    Ok(Json(query.page(projects, |project| project.id.clone())))
}

/// Returns a project.
#[utoipa::path(get, path = "/projects/{id}", tag = "projects", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "The project", body = Project)))]
pub(super) async fn read(
    caller: May<Read>,
    State(app): State<App>,
    Path(project): Path<String>,
) -> Answer<Json<Project>> {
    Ok(Json(
        app.projects
            .find(caller.0.tenant, id(&project, ProjectNotFound)?)
            .await?,
    ))
}

/// Changes a project's name or description.
#[utoipa::path(patch, path = "/projects/{id}", tag = "projects", params(("id" = uuid::Uuid, Path)),
    request_body = ProjectChange,
    responses((status = 200, description = "The project as it is now", body = Project)))]
pub(super) async fn change(
    caller: May<Write>,
    State(app): State<App>,
    Path(project): Path<String>,
    Body(change): Body<ProjectChange>,
) -> Answer<Json<Project>> {
    let id = id(&project, ProjectNotFound)?;
    let (name, description) = (change.name.as_deref(), change.description.as_deref());
    Ok(Json(
        app.projects
            .change(caller.0.tenant, id, name, description)
            .await?,
    ))
}

/// Deletes a project with all its files.
#[utoipa::path(delete, path = "/projects/{id}", tag = "projects", params(("id" = uuid::Uuid, Path)),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn delete(
    caller: May<Write>,
    State(app): State<App>,
    Path(project): Path<String>,
) -> Answer<StatusCode> {
    app.projects
        .delete(caller.0.tenant, id(&project, ProjectNotFound)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
