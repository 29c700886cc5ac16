//! `/keys`: the API keys of the caller's tenant. An admin manages all; every key may rotate or
//! revoke itself.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::extract::{Admin, Body, Known, May, Parameters, id};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::error_code::ErrorCode;
use crate::id::UserId;
use crate::tenant::keys::{ApiKey, IssuedKey, NewKey};
use crate::tenant::{Name, Scope};

/// Which keys are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeyQuery {
    /// Only keys of this user.
    user_id: Option<UserId>,
    /// How many to return, from 1 to 1000; 50 if it is not said.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before; nothing for the first.
    #[param(max_length = 4096, pattern = "^[^\\u0000]*$")]
    after: Option<String>,
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRequest {
    /// What it is for.
    name: Name,
    /// Whose it is; the caller's own if it is not said.
    user_id: Option<UserId>,
    /// What it is limited to; nothing for all that the user's role includes.
    #[schema(min_items = 1, max_items = 5)]
    scopes: Option<Vec<Scope>>,
    /// When it ends; it does not if this is not said.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<jiff::Timestamp>,
}

/// Lists the keys of the tenant, without their secrets.
#[utoipa::path(get, path = "/keys", tag = "people", params(KeyQuery),
    responses((status = 200, description = "A page of keys", body = Page<ApiKey>)))]
pub(super) async fn list(
    State(app): State<App>,
    May(caller, ..): May<Admin>,
    Parameters(query): Parameters<KeyQuery>,
) -> Answer<Json<Page<ApiKey>>> {
    let page = PageQuery::new(query.limit, query.after);
    let keys = app
        .tenants
        .keys(&caller, query.user_id, page.after(), page.rows()?)
        .await?;
    Ok(Json(page.page(keys, |key| key.id.to_string())))
}

/// Makes a key. Its secret is shown in this answer and never again.
#[utoipa::path(post, path = "/keys", tag = "people", request_body = KeyRequest,
    responses((status = 201, description = "The key with its secret", body = IssuedKey)))]
pub(super) async fn create(
    State(app): State<App>,
    May(caller, ..): May<Admin>,
    Body(request): Body<KeyRequest>,
) -> Answer<impl IntoResponse> {
    let KeyRequest {
        name,
        user_id,
        scopes,
        expires_at,
    } = request;
    let key = app
        .tenants
        .create_key(
            &caller,
            NewKey {
                name,
                user: user_id,
                scopes,
                expires_at,
            },
        )
        .await?;
    Ok((
        StatusCode::CREATED,
        [(header::CACHE_CONTROL, "no-store")],
        Json(key),
    ))
}

/// Returns a key, without its secret.
#[utoipa::path(get, path = "/keys/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 200, description = "The key", body = ApiKey)))]
pub(super) async fn get(
    State(app): State<App>,
    Known(caller): Known,
    Path(key): Path<String>,
) -> Answer<Json<ApiKey>> {
    Ok(Json(
        app.tenants
            .key(&caller, id(&key, ErrorCode::KeyNotFound)?)
            .await?,
    ))
}

/// Gives a key a new secret, which is shown in this answer and never again. The old one ends at once.
#[utoipa::path(post, path = "/keys/{id}/rotate", tag = "people", params(("id" = String, Path)),
    responses((status = 200, description = "The key with its new secret", body = IssuedKey)))]
pub(super) async fn rotate(
    State(app): State<App>,
    Known(caller): Known,
    Path(key): Path<String>,
) -> Answer<impl IntoResponse> {
    let key = app
        .tenants
        .rotate_key(&caller, id(&key, ErrorCode::KeyNotFound)?)
        .await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(key)))
}

/// Revokes a key. It ends at once, and live connections that it opened within seconds.
#[utoipa::path(delete, path = "/keys/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 204, description = "The key is gone")))]
pub(super) async fn revoke(
    State(app): State<App>,
    Known(caller): Known,
    Path(key): Path<String>,
) -> Answer<StatusCode> {
    app.tenants
        .revoke_key(&caller, id(&key, ErrorCode::KeyNotFound)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
