//! Every address of the API: the table of contents.

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::{Router, middleware};
use tower::util::MapRequest;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::request_id::PropagateRequestIdLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{
    App, audit, auth, cells, channel, checkpoints, code, docs, e2b, environments, events,
    executions, exports, files, forks, frontend, health, host, idempotency, jupyter, keys, lab,
    limits, linger, looks, mcp, notebook_execution, notebook_files, notebook_updates, notebooks,
    observe, one_shot, origin, pace, problem, projects, proxy, quarantine, quotas, secrets,
    sessions, system, templates, tenants, uploads, users,
};

/// Returns all addresses with their documentation.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(docs::Document::openapi())
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(system::metrics))
        .merge(jupyter::routes())
        .nest("/api/v1", version_1())
}

/// Returns the addresses below `/api/v1`.
fn version_1() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(notebooks::create, notebooks::list))
        .routes(routes!(
            notebooks::get,
            notebooks::change,
            notebooks::remove
        ))
        .routes(routes!(notebooks::undo))
        .routes(routes!(notebooks::redo))
        .routes(routes!(notebook_files::import))
        .routes(routes!(notebook_files::export))
        .routes(routes!(notebook_files::output))
        .routes(routes!(notebook_updates::status))
        .routes(routes!(notebook_updates::context))
        .routes(routes!(notebook_updates::updates))
        .routes(routes!(notebook_updates::acknowledge))
        .routes(routes!(notebook_execution::execute))
        .routes(routes!(notebook_execution::comm))
        .routes(routes!(notebook_execution::fork))
        .routes(routes!(notebook_execution::watch))
        .routes(routes!(cells::list, cells::add))
        .routes(routes!(cells::get, cells::change, cells::remove))
        .routes(routes!(cells::move_to))
        .routes(routes!(cells::split))
        .routes(routes!(cells::merge))
        .routes(routes!(cells::clear))
        .routes(routes!(cells::restore))
        .routes(routes!(events::watch))
        .routes(routes!(events::stream))
        .routes(routes!(sessions::images))
        .routes(routes!(sessions::create, sessions::list))
        .routes(routes!(sessions::show, sessions::change, sessions::delete))
        .routes(routes!(sessions::interrupt))
        .routes(routes!(sessions::restart))
        .routes(routes!(sessions::hibernate))
        .routes(routes!(sessions::wake))
        .routes(routes!(forks::fork))
        .routes(routes!(sessions::input))
        .routes(routes!(executions::execute))
        .routes(routes!(executions::list))
        .routes(routes!(executions::show))
        .routes(routes!(channel::channel))
        .routes(routes!(checkpoints::list, checkpoints::create))
        .routes(routes!(checkpoints::show, checkpoints::label))
        .routes(routes!(checkpoints::restore))
        .routes(routes!(checkpoints::undo))
        .routes(routes!(checkpoints::diff))
        .routes(routes!(looks::variables))
        .routes(routes!(looks::variable))
        .routes(routes!(looks::table))
        .routes(routes!(code::complete))
        .routes(routes!(code::inspect))
        .routes(routes!(code::is_complete))
        .routes(routes!(code::complete_anywhere))
        .routes(routes!(code::inspect_anywhere))
        .routes(routes!(code::format))
        .routes(routes!(code::lint))
        .routes(routes!(templates::list))
        .routes(routes!(templates::show))
        .routes(routes!(templates::render))
        .routes(routes!(exports::export))
        .routes(routes!(exports::download))
        .routes(routes!(one_shot::execute))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::lift))
        .routes(routes!(projects::create, projects::list))
        .routes(routes!(projects::read, projects::change, projects::delete))
        .routes(routes!(secrets::list))
        .routes(routes!(secrets::set, secrets::delete))
        .routes(routes!(environments::create, environments::list))
        .routes(routes!(
            environments::read,
            environments::change,
            environments::delete
        ))
        .routes(routes!(environments::lab))
        .routes(routes!(environments::start_lab))
        .routes(routes!(environments::stop_lab))
        .merge(streamed())
        .routes(routes!(system::system))
        .routes(routes!(tenants::list, tenants::create))
        .routes(routes!(tenants::get, tenants::change))
        .routes(routes!(users::me))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::get, users::change, users::delete))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::get, keys::revoke))
        .routes(routes!(keys::rotate))
        .routes(routes!(quotas::get, quotas::set, quotas::change))
        .routes(routes!(quotas::usage))
        .routes(routes!(audit::list))
        .routes(routes!(audit::head))
}

/// Returns the addresses whose bodies are streamed to the disk, and bounded by what a file may have.
fn streamed() -> OpenApiRouter<App> {
    let uploads = OpenApiRouter::new()
        .routes(routes!(uploads::create))
        .routes(routes!(uploads::read, uploads::append, uploads::delete))
        .layer(SetResponseHeaderLayer::overriding(
            uploads::RESUMABLE,
            uploads::VERSION,
        ));
    let files = OpenApiRouter::new()
        .routes(routes!(files::read_root, files::add_root))
        .routes(routes!(
            files::read,
            files::write,
            files::add,
            files::rename,
            files::delete
        ))
        .layer(DefaultBodyLimit::disable());
    uploads.merge(files)
}

/// Returns the description of all addresses.
pub(crate) fn document() -> OpenApi {
    docs::completed(api().split_for_parts().1)
}

/// Returns the service's router.
pub(crate) fn router(app: App) -> Router {
    let body = usize::try_from(app.config.server.body.0).unwrap_or(usize::MAX);
    let (routes, document) = api().split_for_parts();
    let routes = routes
        .merge(docs::pages(docs::completed(document)))
        .merge(mcp::pages(&app))
        .merge(lab::pages())
        .merge(e2b::pages())
        .layer(DefaultBodyLimit::max(body))
        // A request comes in from below: who sends it, whether from a page that may, whether not too
        // often, whether for the first time.
        .layer(middleware::from_fn_with_state(
            app.clone(),
            idempotency::once,
        ))
        .layer(middleware::from_fn_with_state(app.clone(), limits::limit))
        .layer(middleware::from_fn_with_state(app.clone(), origin::check))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            auth::authenticate,
        ))
        // The files of the page are for everybody, and there are many of them.
        .merge(frontend::pages())
        .layer(middleware::from_fn_with_state(app.clone(), host::check))
        .layer(middleware::from_fn(linger::linger))
        .layer(middleware::from_fn(pace::keep))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(problem::finish))
        .layer(middleware::from_fn(observe::observe))
        .layer(middleware::from_fn_with_state(app.clone(), proxy::unwrap))
        .layer(
            CompressionLayer::new().compress_when(DefaultPredicate::new().and(may_be_compressed)),
        )
        .layer(cors(&app))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            uploads::capabilities,
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(PropagateRequestIdLayer::new(problem::REQUEST_ID))
        .layer(middleware::from_fn(health::name_request))
        .with_state(app);
    // Before it is known which address is meant.
    Router::new().fallback_service(MapRequest::new(routes, |request| {
        lab::to_inside(jupyter::from_path(request))
    }))
}

/// Files go out as they are: their ETags and ranges are of those bytes. So do lines of a running
/// cell, which a compressor would keep back.
fn may_be_compressed(
    _: axum::http::StatusCode,
    _: axum::http::Version,
    headers: &HeaderMap,
    _: &axum::http::Extensions,
) -> bool {
    let lines = |kind: &HeaderValue| kind == "application/x-ndjson";
    !headers.contains_key(header::CONTENT_DISPOSITION)
        && !headers.get(header::CONTENT_TYPE).is_some_and(lines)
}

fn cors(app: &App) -> CorsLayer {
    let origins: Vec<HeaderValue> = app
        .config
        .server
        .allowed_origins
        .iter()
        .filter_map(|origin| origin.parse().ok())
        .collect();
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::RANGE,
            uploads::RESUMABLE,
            uploads::LENGTH,
            uploads::OFFSET,
            uploads::METADATA,
            HeaderName::from_static("x-api-key"),
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("prefer"),
            HeaderName::from_static("e2b-sandbox-id"),
            HeaderName::from_static("e2b-sandbox-port"),
            HeaderName::from_static("x-access-token"),
            HeaderName::from_static("connect-protocol-version"),
            HeaderName::from_static("connect-timeout-ms"),
            HeaderName::from_static("traceparent"),
            HeaderName::from_static("tracestate"),
        ])
        .expose_headers(
            limits::HEADERS
                .into_iter()
                .chain([
                    header::ETAG,
                    header::LOCATION,
                    header::RETRY_AFTER,
                    header::CONTENT_DISPOSITION,
                    header::CONTENT_RANGE,
                    problem::REQUEST_ID,
                    uploads::RESUMABLE,
                    uploads::LENGTH,
                    uploads::OFFSET,
                    uploads::METADATA,
                    uploads::EXPIRES,
                ])
                .collect::<Vec<_>>(),
        )
}
