//! `/users`: the people of the caller's tenant.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Admin, Body, Known, May, Parameters, id};
use super::page::{Page, PageQuery};
use super::{Answer, App};
use crate::error_code::ErrorCode;
use crate::id::{KeyId, TenantId, UserId};
use crate::tenant::people::{User, UserChange};
use crate::tenant::{Name, Role, Scope, Standing};

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    tenant_id: TenantId,
    user_id: UserId,
    role: Role,
    /// The key that the request came with; nothing for the local token.
    key_id: Option<KeyId>,
    /// What the key is limited to; nothing for all that the role includes.
    scopes: Option<Vec<Scope>>,
}

/// A user to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserRequest {
    /// No other user of the tenant has this name.
    name: Name,
    role: Role,
}

/// What to change of a user; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserPatch {
    name: Option<Name>,
    role: Option<Role>,
    /// A suspended user may not come in.
    standing: Option<Standing>,
}

/// Tells who the caller is and what they may do.
#[utoipa::path(get, path = "/users/me", tag = "people",
    responses((status = 200, description = "The caller", body = Me)))]
pub(super) async fn me(Known(caller): Known) -> Json<Me> {
    Json(Me {
        tenant_id: caller.tenant,
        user_id: caller.user,
        role: caller.role,
        key_id: caller.key,
        scopes: caller.scopes,
    })
}

/// Lists the users of the tenant.
#[utoipa::path(get, path = "/users", tag = "people", params(PageQuery),
    responses((status = 200, description = "A page of users", body = Page<User>)))]
pub(super) async fn list(
    State(app): State<App>,
    May(caller, ..): May<Admin>,
    Parameters(query): Parameters<PageQuery>,
) -> Answer<Json<Page<User>>> {
    let users = app
        .tenants
        .users(&caller, query.after(), query.rows()?)
        .await?;
    Ok(Json(query.page(users, |user| user.id.to_string())))
}

/// Adds a user to the tenant.
#[utoipa::path(post, path = "/users", tag = "people", request_body = UserRequest,
    responses((status = 201, description = "The user", body = User)))]
pub(super) async fn create(
    State(app): State<App>,
    May(caller, ..): May<Admin>,
    Body(request): Body<UserRequest>,
) -> Answer<(StatusCode, Json<User>)> {
    let user = app
        .tenants
        .create_user(&caller, &request.name, request.role)
        .await?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// Returns a user of the tenant.
#[utoipa::path(get, path = "/users/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 200, description = "The user", body = User)))]
pub(super) async fn get(
    State(app): State<App>,
    May(caller, ..): May<Admin>,
    Path(user): Path<String>,
) -> Answer<Json<User>> {
    Ok(Json(
        app.tenants
            .user(&caller, id(&user, ErrorCode::UserNotFound)?)
            .await?,
    ))
}

/// Changes a user. A tenant keeps at least one active admin.
#[utoipa::path(patch, path = "/users/{id}", tag = "people", params(("id" = String, Path)), request_body = UserPatch,
    responses((status = 200, description = "The user as it is now", body = User)))]
pub(super) async fn change(
    State(app): State<App>,
    May(caller, ..): May<Admin>,
    Path(user): Path<String>,
    Body(patch): Body<UserPatch>,
) -> Answer<Json<User>> {
    let change = UserChange {
        name: patch.name,
        role: patch.role,
        standing: patch.standing,
    };
    Ok(Json(
        app.tenants
            .change_user(&caller, id(&user, ErrorCode::UserNotFound)?, change)
            .await?,
    ))
}

/// Removes a user with all keys; what the user made stays with the tenant.
#[utoipa::path(delete, path = "/users/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 204, description = "The user is gone")))]
pub(super) async fn delete(
    State(app): State<App>,
    May(caller, ..): May<Admin>,
    Path(user): Path<String>,
) -> Answer<StatusCode> {
    app.tenants
        .delete_user(&caller, id(&user, ErrorCode::UserNotFound)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
