//! `/templates`: code for common tasks, with parameters.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Answer;
use super::extract::{Body, May, Read};
use crate::template::{self, Template};

/// Values of a template's parameters.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RenderBody {
    /// By name; what is left out is as the template has it.
    #[schema(value_type = Object)]
    parameters: BTreeMap<String, Value>,
}

/// A template with its parameters put in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rendered {
    cells: Vec<RenderedCell>,
    /// All cells as one, for `/execute`.
    code: String,
}

/// A cell that can be added to a notebook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RenderedCell {
    cell_type: &'static str,
    source: String,
}

/// Lists the templates.
#[utoipa::path(get, path = "/templates", tag = "code",
    responses((status = 200, description = "All of them", body = Vec<Template>)))]
pub(super) async fn list(_caller: May<Read>) -> Json<&'static [Template]> {
    Json(template::all())
}

/// Shows a template.
#[utoipa::path(get, path = "/templates/{id}", tag = "code", params(("id" = String, Path)),
    responses((status = 200, description = "It", body = Template)))]
pub(super) async fn show(
    _caller: May<Read>,
    Path(id): Path<String>,
) -> Answer<Json<&'static Template>> {
    Ok(Json(template::find(&id)?))
}

/// Returns the code of a template with values for its parameters.
#[utoipa::path(post, path = "/templates/{id}/render", tag = "code", params(("id" = String, Path)),
    request_body = RenderBody,
    responses((status = 200, description = "The code", body = Rendered)))]
pub(super) async fn render(
    _caller: May<Read>,
    Path(id): Path<String>,
    Body(body): Body<RenderBody>,
) -> Answer<Json<Rendered>> {
    let parameters = body.parameters.into_iter().collect();
    let sources = template::find(&id)?.render(&parameters)?;
    let code = sources.join("\n\n");
    let cells = sources.into_iter().map(|source| RenderedCell {
        cell_type: "code",
        source,
    });
    Ok(Json(Rendered {
        cells: cells.collect(),
        code,
    }))
}
