//! The API's own documentation: the OpenAPI document, its UI, and the page of error codes.

use axum::response::{Html, Redirect};
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi as Description, Ref, RefOr};
use utoipa_swagger_ui::SwaggerUi;

use super::App;
use super::problem::Problem;
use crate::error_code::{ErrorCode, Meaning};

/// The document without its addresses.
#[derive(OpenApi)]
#[openapi(
    info(title = "Cellblock", description = "Runs Python notebooks whose code nobody has to trust."),
    components(schemas(Problem)),
    security(("token" = []))
)]
pub(super) struct Document;

/// The statuses any address may refuse with.
const REFUSALS: [(&str, &str); 16] = [
    ("400", "The request cannot be read"),
    ("401", "The caller is not known"),
    ("403", "The caller may not do this"),
    ("404", "There is no such thing"),
    ("405", "Another method is needed"),
    ("408", "The request came too slowly"),
    ("409", "It was changed meanwhile, or is in another state"),
    ("412", "It was changed meanwhile"),
    ("413", "The body is too large"),
    ("415", "The body's type is not understood"),
    ("416", "The file has no such range"),
    ("422", "A field is wrong"),
    ("429", "Too much at once; see Retry-After"),
    ("500", "The service failed"),
    ("503", "Not now; see Retry-After"),
    ("507", "There is no room left"),
];

/// Adds what holds for every address: how callers are known, and how refusals look.
pub(super) fn completed(mut document: Description) -> Description {
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
    );
    // The router's sign for the rest of a path is none of OpenAPI's.
    let paths = std::mem::take(&mut document.paths.paths).into_iter();
    document.paths.paths = paths
        .map(|(path, item)| (path.replace("{*", "{"), item))
        .collect();
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.patch,
            &mut item.delete,
            &mut item.head,
        ];
        for operation in operations.into_iter().flatten() {
            for (status, description) in REFUSALS {
                let content = ContentBuilder::new()
                    .schema(Some(Ref::from_schema_name("Problem")))
                    .build();
                let refusal = ResponseBuilder::new()
                    .description(description)
                    .content("application/problem+json", content)
                    .build();
                operation
                    .responses
                    .responses
                    .entry(status.into())
                    .or_insert(RefOr::T(refusal));
            }
        }
    }
    document
}

/// Returns the pages under `/docs` and the document itself.
pub(super) fn pages(document: Description) -> Router<App> {
    let json = document.clone();
    Router::new()
        .route("/", get(|| std::future::ready(Redirect::to("/docs/"))))
        .route("/openapi.json", get(move || std::future::ready(Json(json))))
        .route(
            "/docs/errors",
            get(|| std::future::ready(Html(error_page()))),
        )
        .merge(SwaggerUi::new("/docs").url("/docs/openapi.json", document))
}

/// Returns the page of all error codes, made from the table.
fn error_page() -> String {
    let rows: String = ErrorCode::ALL
        .iter()
        .map(|code| {
            let Meaning { number, status, retryable, title, solution } = code.meaning();
            let again = if retryable { "yes" } else { "no" };
            let name = code.name();
            let solution = solution.replace('<', "&lt;");
            format!(
                "<tr id=\"{number}\"><td>{number}</td><td>{name}</td><td>{status}</td><td>{again}</td><td>{title}</td><td>{solution}</td></tr>\n"
            )
        })
        .collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Cellblock: error codes</title>\
         <style>body{{font:16px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}}\
         td,th{{padding:.3rem .6rem;text-align:left;border-bottom:1px solid #ccc;vertical-align:top}}\
         tr:target{{background:#ffc}}</style><h1>Error codes</h1>\
         <table><tr><th>code</th><th>name</th><th>status</th><th>again?</th><th>meaning</th><th>what to do</th></tr>\n{rows}</table></html>"
    )
}
