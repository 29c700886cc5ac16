//! `/sessions`: making, finding, changing and ending sessions.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use python_wasm::{CheckpointId, Usage};
use sandbox_policy::LimitField;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Body, May, Parameters, Read, Run, id};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{NotebookId, ProjectId, SessionId};
use crate::session::{Handle, NewSession, State as SessionState};
use crate::store::sessions::SessionRow;
use crate::tenant::Caller;
use crate::tenant::passes::Within;

/// How a new session shall be. Everything may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CreateSession {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
    )]
    name: Option<String>,
    /// The image to start from; `GET /images` lists them.
    #[schema(max_length = 100)]
    image: Option<String>,
    /// A policy within the service's own: untrusted, notebook, workflow, trusted.
    #[schema(max_length = 100)]
    policy: Option<String>,
    /// A project, whose folder is the session's home.
    project_id: Option<ProjectId>,
    /// Limits by name, as `{"memory": "512 MiB"}`; never beyond the service's own.
    limits: BTreeMap<String, String>,
    /// Names of the project's secrets that the session's code may ask for, with `tools.secret("NAME")`.
    #[schema(max_items = 32)]
    secrets: Vec<String>,
}

/// A change of a session. What is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ChangeSession {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
    )]
    name: Option<String>,
    /// Names of the project's secrets that it is granted from now on, and no others. It has to rest, and is
    /// put to sleep; the next request wakes it.
    #[schema(max_items = 32)]
    secrets: Option<Vec<String>>,
}

/// What a session has used since it was woken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageView {
    /// Fuel, about one unit a WebAssembly instruction.
    fuel: u64,
    /// Seconds in which guest code ran or waited.
    seconds: f64,
    /// Bytes of the guest's memory.
    memory_bytes: u64,
    /// Bytes of memory that it does not share with other sessions of its image.
    private_bytes: u64,
    file_bytes: u64,
    files: u64,
    open_files: u64,
}

impl UsageView {
    pub(super) fn of(usage: Usage, private_bytes: u64) -> Self {
        Self {
            fuel: usage.fuel,
            seconds: usage.seconds,
            memory_bytes: usage.memory_bytes,
            private_bytes,
            file_bytes: usage.file_bytes,
            files: usage.files,
            open_files: usage.open_files,
        }
    }
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    id: SessionId,
    name: String,
    state: SessionState,
    image: String,
    policy: String,
    /// Its limits by name, in human units.
    limits: BTreeMap<String, String>,
    usage: UsageView,
    execution_count: u64,
    /// Its place in the queue for running, 1 being next, while it waits.
    queue_position: Option<usize>,
    project_id: Option<String>,
    notebook_id: Option<String>,
    /// Names of the secrets that it was granted.
    secrets: Vec<String>,
    /// The state it would come back in after a crash; nothing for the image's own.
    #[schema(value_type = Option<String>)]
    checkpoint_id: Option<CheckpointId>,
    /// The number of its last event.
    last_seq: u64,
    created_at: String,
    last_activity: String,
    /// Seconds until its lifetime is over and it ends. They pass while the service runs.
    seconds_left: i64,
}

/// Returns what is shown of a session.
fn view(row: SessionRow, handle: &Handle) -> Result<SessionView, Fault> {
    let policy = python_wasm::Policy::from_toml(&row.policy).map_err(Fault::internal)?;
    let seen = handle.view();
    let limits = LimitField::all()
        .map(|field| {
            (
                field.name().to_owned(),
                policy.limits.get(field).to_string(),
            )
        })
        .collect();
    Ok(SessionView {
        secrets: row.granted().map_err(Fault::internal)?,
        id: handle.id,
        name: row.name,
        state: seen.state,
        image: row.image,
        policy: policy.name,
        limits,
        usage: UsageView::of(handle.usage(), handle.private_bytes()),
        execution_count: seen.execution_count,
        queue_position: seen.queue_position,
        project_id: row.project_id,
        notebook_id: row.notebook_id,
        checkpoint_id: seen.checkpoint,
        last_seq: handle.log().last(),
        created_at: row.created_at,
        last_activity: seen.last_activity,
        seconds_left: (row.lifetime - row.lived).max(0),
    })
}

/// Returns the session of a path, and its handle.
pub(super) async fn find(app: &App, caller: &Caller, text: &str) -> Result<Handle, Fault> {
    let handle = app
        .sessions
        .get(caller.tenant, id(text, ErrorCode::SessionNotFound)?)
        .await?;
    if let Some(Within::Project { project, .. }) = caller.pass.as_ref().map(|pass| &pass.within) {
        let row = app.store.session(caller.tenant, handle.id).await?;
        if row.and_then(|row| row.project_id) != Some(project.to_string()) {
            let message = "There is no session of this id in the pass's project.";
            return Err(Fault::new(ErrorCode::SessionNotFound, message));
        }
    }
    Ok(handle)
}

pub(super) async fn shown(
    app: &App,
    caller: &Caller,
    handle: &Handle,
) -> Result<Json<SessionView>, Fault> {
    let row = app.store.session(caller.tenant, handle.id).await?;
    let row = row.ok_or_else(|| {
        Fault::new(
            ErrorCode::SessionNotFound,
            "There is no session of this id.",
        )
    })?;
    Ok(Json(view(row, handle)?))
}

/// Refuses what cannot be the name of a session.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    let length = name.chars().count();
    if (1..=200).contains(&length) && !name.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Fault::field(
            "name",
            "it must have 1 to 200 characters and no control characters",
        ))
    }
}

/// Makes a session and starts it.
#[utoipa::path(post, path = "/sessions", tag = "sessions", request_body = CreateSession,
    responses((status = 201, description = "It is there", body = SessionView)))]
pub(super) async fn create(
    State(app): State<App>,
    caller: May<Run>,
    Body(body): Body<CreateSession>,
) -> Answer<impl IntoResponse> {
    if let Some(name) = &body.name {
        check_name(name)?;
    }
    if let Some(project) = body.project_id {
        app.projects.find(caller.0.tenant, project).await?;
    }
    let new = NewSession {
        once: false,
        secrets: body.secrets,
        files: Vec::new(),
        name: body.name,
        image: body.image,
        policy: body.policy,
        limits: body.limits.into_iter().collect(),
        project: body.project_id,
        notebook: None::<NotebookId>,
    };
    let handle = app.sessions.create(&caller.0, new).await?;
    let location = [(header::LOCATION, format!("/api/v1/sessions/{}", handle.id))];
    Ok((
        StatusCode::CREATED,
        location,
        shown(&app, &caller.0, &handle).await?,
    ))
}

/// Lists the sessions.
#[utoipa::path(get, path = "/sessions", tag = "sessions", params(PageQuery),
    responses((status = 200, description = "A page of them", body = Page<SessionView>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: May<Read>,
    Parameters(query): Parameters<PageQuery>,
) -> Answer<Json<Page<SessionView>>> {
    let rows = app
        .store
        .live_sessions(caller.0.tenant, query.after(), query.rows()?)
        .await?;
    let mut sessions = Vec::with_capacity(rows.len());
    for row in rows {
        let handle = app
            .sessions
            .get(caller.0.tenant, row.id.parse().map_err(Fault::internal)?)
            .await?;
        sessions.push(view(row, &handle)?);
    }
    Ok(Json(query.page(sessions, |session| session.id.to_string())))
}

/// Shows a session.
#[utoipa::path(get, path = "/sessions/{session_id}", tag = "sessions",
    params(("session_id" = String, Path,)),
    responses((status = 200, description = "It", body = SessionView)))]
pub(super) async fn show(
    State(app): State<App>,
    caller: May<Read>,
    Path(session): Path<String>,
) -> Answer<Json<SessionView>> {
    let handle = find(&app, &caller.0, &session).await?;
    Ok(shown(&app, &caller.0, &handle).await?)
}

/// Renames a session, or grants it secrets.
#[utoipa::path(patch, path = "/sessions/{session_id}", tag = "sessions", request_body = ChangeSession,
    params(("session_id" = String, Path,)),
    responses((status = 200, description = "It is changed", body = SessionView)))]
pub(super) async fn change(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    Body(body): Body<ChangeSession>,
) -> Answer<Json<SessionView>> {
    if let Some(name) = &body.name {
        check_name(name)?;
    }
    let handle = find(&app, &caller.0, &session).await?;
    if let Some(secrets) = body.secrets {
        app.sessions.grant(&caller.0, &handle, secrets).await?;
    }
    if let Some(name) = &body.name {
        app.store
            .rename_session(caller.0.tenant, handle.id, name)
            .await?;
    }
    Ok(shown(&app, &caller.0, &handle).await?)
}

/// Ends a session and removes what it kept; what it ran stays listed.
#[utoipa::path(delete, path = "/sessions/{session_id}", tag = "sessions",
    params(("session_id" = String, Path,)),
    responses((status = 204, description = "It has ended")))]
pub(super) async fn delete(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
) -> Answer<StatusCode> {
    let session = id(&session, ErrorCode::SessionNotFound)?;
    app.sessions.delete(caller.0.tenant, session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a handler that asks one thing of a session and shows it afterwards.
macro_rules! deeds {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $method:ident;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "sessions",
            params(("session_id" = String, Path,)),
            responses((status = 200, description = "It is done", body = SessionView)))]
        pub(super) async fn $name(
            State(app): State<App>,
            caller: May<Run>,
            Path(session): Path<String>,
        ) -> Answer<Json<SessionView>> {
            let handle = find(&app, &caller.0, &session).await?;
            handle.$method().await?;
            Ok(shown(&app, &caller.0, &handle).await?)
        }
    )*};
}

deeds! {
    /// Interrupts the running cell. What waits behind it is not run.
    interrupt, "/sessions/{session_id}/interrupt", interrupt;
    /// Begins anew from the image; what runs or waits is not finished.
    restart, "/sessions/{session_id}/restart", restart;
    /// Puts the state to disk and frees the memory; the next request wakes it.
    hibernate, "/sessions/{session_id}/hibernate", hibernate;
    /// Brings the state into memory.
    wake, "/sessions/{session_id}/wake", wake;
}

/// The answer to a cell's `input()`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// The line, without its end; `null` when nobody will answer, which raises `EOFError`.
    #[schema(max_length = 1_000_000)]
    value: Option<String>,
}

/// Answers the running cell's `input()`.
#[utoipa::path(post, path = "/sessions/{session_id}/input", tag = "sessions", request_body = Input,
    params(("session_id" = String, Path,)),
    responses((status = 204, description = "The cell has it")))]
pub(super) async fn input(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    Body(body): Body<Input>,
) -> Answer<StatusCode> {
    find(&app, &caller.0, &session)
        .await?
        .input(body.value)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An image that sessions can start from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageView {
    name: String,
    digest: String,
    /// Bytes of memory that all its sessions share.
    memory_bytes: u64,
}

/// Lists the images.
#[utoipa::path(get, path = "/images", tag = "sessions",
    responses((status = 200, description = "All of them", body = Vec<ImageView>)))]
pub(super) async fn images(State(app): State<App>, _caller: May<Read>) -> Json<Vec<ImageView>> {
    let images = app.sessions.images().iter().map(|image| ImageView {
        name: image.name.clone(),
        digest: image.digest.clone(),
        memory_bytes: image.memory_bytes,
    });
    Json(images.collect())
}
