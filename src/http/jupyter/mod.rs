//! The addresses that Jupyter's clients know: those of a Jupyter Server, as a Kernel Gateway has them.

mod channels;
mod contents;
mod kernels;
mod kernelspecs;
mod project;
mod sessions;
mod token;

pub(super) use token::from_path;

use axum::extract::DefaultBodyLimit;
use serde::de::DeserializeOwned;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::json::parse;
use super::problem::Refused;

/// Returns the addresses, which lie beside those of the API.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(kernelspecs::version))
        .routes(routes!(kernelspecs::status))
        .routes(routes!(kernelspecs::me))
        .routes(routes!(kernelspecs::list))
        .routes(routes!(kernelspecs::show))
        .routes(routes!(kernelspecs::resource))
        .routes(routes!(kernels::list, kernels::create))
        .routes(routes!(kernels::show, kernels::delete))
        .routes(routes!(kernels::interrupt))
        .routes(routes!(kernels::restart))
        .routes(routes!(channels::channels))
        .routes(routes!(sessions::list, sessions::create))
        .routes(routes!(sessions::show, sessions::change, sessions::delete))
        .layer(DefaultBodyLimit::max(1 << 20))
        .merge(contents::routes())
}

/// Reads a body. These clients leave out what type it is, and send none where nothing is to be said.
fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Refused> {
    match body {
        [] | b"null" => Ok(T::default()),
        body => Ok(parse(body)?),
    }
}
