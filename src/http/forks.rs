//! `/sessions/{id}/fork`: sessions in the state of another one, one or many at once.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use python_wasm::CheckpointId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Body, May, Run, id};
use super::sessions::{SessionView, check_name, shown};
use super::{Answer, App};
use crate::error_code::ErrorCode;
use crate::session::NewForks;

/// What a fork begins with.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ForkSession {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
    )]
    name: Option<String>,
    /// A checkpoint of the session; its present state when nothing is given. While a cell runs, that
    /// is the state before it.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{32}$")]
    checkpoint_id: Option<CheckpointId>,
    /// How many forks to make, all or none; with it the answer is a list, and their names have numbers. The
    /// operator may allow fewer (`sessions.forks`).
    #[schema(minimum = 1, maximum = 200)]
    count: Option<u32>,
}

/// The fork, or the list of forks when a count was given.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Forked {
    One(Box<SessionView>),
    Many { items: Vec<SessionView> },
}

/// Makes a second session in the state of this one, or many of them.
///
/// It is a session alone: `POST /notebooks/{id}/fork` makes a copy of a notebook with such a session.
///
/// A fork has its parent's image, policy, limits and project, and the same secrets are granted to it: `secrets` in the answer names
/// them, and PATCH of the fork takes them away.
#[utoipa::path(post, path = "/sessions/{session_id}/fork", tag = "sessions", request_body = ForkSession,
    params(("session_id" = String, Path,)),
    responses((status = 201, description = "The fork is there, or all that were asked for", body = Forked,
        headers(("Location", description = "The address of the fork, of one")))))]
pub(super) async fn fork(
    State(app): State<App>,
    caller: May<Run>,
    Path(session): Path<String>,
    Body(body): Body<ForkSession>,
) -> Answer<Response> {
    if let Some(name) = &body.name {
        check_name(name)?;
    }
    let parent = id(&session, ErrorCode::SessionNotFound)?;
    let new = NewForks {
        checkpoint: body.checkpoint_id,
        name: body.name,
        notebook: None,
        ..NewForks::default()
    };
    let Some(count) = body.count else {
        let handle = app.sessions.fork(&caller.0, parent, new).await?;
        let location = [(header::LOCATION, format!("/api/v1/sessions/{}", handle.id))];
        let Json(view) = shown(&app, &caller.0, &handle).await?;
        return Ok((
            StatusCode::CREATED,
            location,
            Json(Forked::One(Box::new(view))),
        )
            .into_response());
    };
    let handles = app
        .sessions
        .fork_many(&caller.0, parent, new, count)
        .await?;
    let mut items = Vec::with_capacity(handles.len());
    for handle in handles {
        items.push(shown(&app, &caller.0, &handle).await?.0);
    }
    Ok((StatusCode::CREATED, Json(Forked::Many { items })).into_response())
}
