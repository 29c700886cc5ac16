//! The API's own documentation: the OpenAPI document, its UI, and the page of error codes.

use axum::response::Html;
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
const REFUSALS: [(&str, &str); 17] = [
    ("400", "The request cannot be read"),
    ("401", "The caller is not known"),
    ("403", "The caller may not do this"),
    ("404", "There is no such thing"),
    ("405", "Another method is needed"),
    ("406", "Nothing that is accepted can be given"),
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

/// The statuses of requests whose head alone is too much. They are answered before anything is known
/// of the request, and without a body.
const TOO_LARGE_HEADS: [(&str, &str); 2] = [
    ("414", "The address is too long"),
    ("431", "There are too many headers, or they are too large"),
];

/// Media types of bodies that are bytes.
const BYTES: [&str; 3] = [
    "application/octet-stream",
    "application/offset+octet-stream",
    "application/zip",
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
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
            ("head", &mut item.head),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            operation.operation_id = Some(operation_id(method, path));
            let asked = operation.request_body.iter_mut().filter_map(own);
            let answered = operation.responses.responses.values_mut().filter_map(own);
            let contents = asked
                .flat_map(|body| body.content.iter_mut())
                .chain(answered.flat_map(|response| response.content.iter_mut()));
            // Bytes are of no type that JSON has.
            for (kind, content) in contents {
                if BYTES.contains(&kind.as_str())
                    && let Some(content) = own(content)
                {
                    content.schema = None;
                }
            }
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
            for (status, description) in TOO_LARGE_HEADS {
                let refusal = ResponseBuilder::new().description(description).build();
                operation
                    .responses
                    .responses
                    .insert(status.into(), RefOr::T(refusal));
            }
        }
    }
    document
}

/// Returns the name that programs have for an operation. Functions of several modules have one name.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.trim_start_matches("/api/v1");
    let words = words.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    [method]
        .into_iter()
        .chain(words.filter(|word| !word.is_empty()))
        .collect::<Vec<_>>()
        .join("_")
}

/// Returns what stands in its place itself, and is not said elsewhere.
fn own<T>(part: &mut RefOr<T>) -> Option<&mut T> {
    match part {
        RefOr::T(part) => Some(part),
        RefOr::Ref(_) => None,
    }
}

/// Returns the pages under `/docs` and the document itself.
pub(super) fn pages(document: Description) -> Router<App> {
    let json = document.clone();
    Router::new()
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
