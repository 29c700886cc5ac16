//! What kernels there are, and what a client asks of the server before it asks for one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use crate::error_code::{ErrorCode, Fault};
use crate::http::download;
use crate::http::extract::{Known, May, Read};
use crate::http::{Answer, App};
use crate::jupyter;
use crate::tenant::passes::Within;

/// Tells the version of the Jupyter Server whose addresses these are.
#[utoipa::path(get, path = "/api", tag = "jupyter", security(()),
    responses((status = 200, description = "It", body = Object)))]
pub(super) async fn version() -> Json<Value> {
    Json(json!({"version": "2.17.0"}))
}

/// Tells what the server does, for clients of Jupyter.
#[utoipa::path(get, path = "/api/status", tag = "jupyter",
    responses((status = 200, description = "It", body = Object)))]
pub(super) async fn status(State(app): State<App>, caller: May<Read>) -> Answer<Json<Value>> {
    let kernels = super::kernels::all(&app, &caller.0).await?;
    let connections: usize = kernels.iter().map(|kernel| kernel.connections).sum();
    let last = kernels.iter().map(|kernel| kernel.last_activity.clone());
    let now = crate::store::now();
    Ok(Json(json!({
        "started": now, "last_activity": last.max().unwrap_or(now),
        "kernels": kernels.len(), "connections": connections,
    })))
}

/// Tells who the caller is, for clients of Jupyter.
#[utoipa::path(get, path = "/api/me", tag = "jupyter",
    responses((status = 200, description = "It", body = Object)))]
pub(super) async fn me(caller: Known) -> Json<Value> {
    let name = caller.0.user.to_string();
    Json(json!({
        "identity": {"username": name, "name": name, "display_name": name, "initials": null, "avatar_url": null,
            "color": null},
        "permissions": {},
    }))
}

/// Lists the kernels that can be started: one for each image.
#[utoipa::path(get, path = "/api/kernelspecs", tag = "jupyter",
    responses((status = 200, description = "All of them", body = Object)))]
pub(super) async fn list(State(app): State<App>, caller: May<Read>) -> Json<Value> {
    let images = app.sessions.images().iter();
    let specs: Map<String, Value> = images
        .map(|image| (image.name.clone(), kernelspec(&image.name)))
        .collect();
    let default = match caller.0.pass.as_ref().map(|pass| &pass.within) {
        Some(Within::Project { image, .. }) => image,
        Some(Within::Environment(_)) | None => &app.config.sessions.image,
    };
    Json(json!({"default": default, "kernelspecs": specs}))
}

/// Shows a kernel that can be started.
#[utoipa::path(get, path = "/api/kernelspecs/{name}", tag = "jupyter",
    params(("name" = String, Path, description = "The image")),
    responses((status = 200, description = "It", body = Object)))]
pub(super) async fn show(
    State(app): State<App>,
    _caller: May<Read>,
    Path(name): Path<String>,
) -> Answer<Json<Value>> {
    require(&app, &name)?;
    Ok(Json(kernelspec(&name)))
}

/// Returns a picture of a kernel.
#[utoipa::path(get, path = "/kernelspecs/{name}/{file}", tag = "jupyter",
    params(("name" = String, Path, description = "The image"), ("file" = String, Path, description = "The file")),
    responses((status = 200, description = "It", body = String, content_type = "image/svg+xml")))]
pub(super) async fn resource(
    State(app): State<App>,
    _caller: May<Read>,
    Path((name, file)): Path<(String, String)>,
) -> Answer<impl IntoResponse> {
    require(&app, &name)?;
    if file != jupyter::LOGO_FILE {
        let file = crate::text::line(&file, 80);
        let message = format!("A kernel has no file {file:?}.");
        return Err(Fault::new(ErrorCode::FileNotFound, message).into());
    }
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("image/svg+xml"),
    );
    download::protect(&mut headers, "inline");
    Ok((headers, jupyter::LOGO))
}

/// Refuses a name that no kernel has.
fn require(app: &App, name: &str) -> Result<(), Fault> {
    if app.sessions.images().iter().any(|image| image.name == name) {
        return Ok(());
    }
    let message = format!("There is no kernel {:?}.", crate::text::line(name, 80));
    Err(Fault::new(ErrorCode::KernelNotFound, message))
}

fn kernelspec(image: &str) -> Value {
    let logo = format!("/kernelspecs/{image}/{}", jupyter::LOGO_FILE);
    json!({"name": image, "spec": jupyter::spec(image, &[]), "resources": {"logo-svg": logo}})
}

/// Returns the image of a kernel's name. Notebooks that others made name the kernel of every Python.
pub(super) fn image(app: &App, name: &str) -> Result<String, Fault> {
    let known = app.sessions.images().iter();
    if known.clone().any(|image| image.name == name) {
        return Ok(name.to_owned());
    }
    if matches!(name, "python3" | "python" | "") {
        return Ok(app.config.sessions.image.clone());
    }
    let allowed: Vec<&str> = known.map(|image| image.name.as_str()).collect();
    let name = crate::text::line(name, 80);
    let message = format!("There is no kernel {name:?}.");
    Err(Fault::new(ErrorCode::UnknownImage, message).with_details(json!({"allowed": allowed})))
}
