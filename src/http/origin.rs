//! Which pages may call the service. A browser says in `Origin` from which page a request comes; a
//! page of anybody else's may neither change anything nor open a WebSocket, even if it got hold of
//! a token.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::problem::Refused;
use super::proxy::Scheme;
use crate::error_code::{ErrorCode, Fault};

/// Refuses what comes from a foreign page.
pub(super) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let looks_only = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if looks_only && !headers.contains_key(header::UPGRADE) {
        return next.run(request).await;
    }
    let scheme = request.extensions().get::<Scheme>().copied();
    match foreign(headers, scheme, &app.config.server.allowed_origins) {
        None => next.run(request).await,
        Some(origin) => {
            let origin = crate::text::line(&origin, 200);
            let message = format!("Pages of the origin {origin:?} may not change anything here.");
            Refused(Fault::new(ErrorCode::OriginRefused, message)).into_response()
        }
    }
}

/// Returns the origin if it is neither the service's own nor allowed. Several are refused: a
/// browser sends one. Where a proxy told the scheme that the service is reached by, only that is its own.
fn foreign(headers: &HeaderMap, scheme: Option<Scheme>, allowed: &[String]) -> Option<String> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = String::from_utf8_lossy(origins.next()?.as_bytes()).into_owned();
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = match scheme {
        Some(scheme) => origin.strip_prefix(scheme.prefix()),
        None => origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://")),
    };
    let own = authority
        .is_some_and(|authority| host.is_some_and(|host| host.eq_ignore_ascii_case(authority)));
    let single = origins.next().is_none();
    (!single || !own && !allowed.contains(&origin)).then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_and_allowed_pages_may_call_and_no_others() {
        let allowed = ["https://example.org".to_owned()];
        let refused = |origins: &[&str]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "localhost:8888".parse().expect("a host"));
            for origin in origins {
                headers.append(header::ORIGIN, origin.parse().expect("an origin"));
            }
            foreign(&headers, None, &allowed).is_some()
        };
        for good in [
            &[][..],
            &["http://localhost:8888"],
            &["https://LOCALHOST:8888"],
            &["https://example.org"],
        ] {
            assert!(!refused(good), "{good:?}");
        }
        for bad in [
            &["null"][..],
            &["http://evil.example"],
            &["http://localhost:8889"],
            &["http://localhost"],
            &["http://localhost:8888.evil.example"],
            &["https://example.org.evil.example"],
            &["http://example.org"],
            &["localhost:8888"],
            &["http://localhost:8888", "http://evil.example"],
            &[""],
        ] {
            assert!(refused(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_page_of_another_scheme_than_the_proxys_is_a_foreign_one() {
        let refused = |scheme, origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "cells.example".parse().expect("a host"));
            headers.insert(header::ORIGIN, origin.parse().expect("an origin"));
            foreign(&headers, scheme, &[]).is_some()
        };
        assert!(!refused(Some(Scheme::Https), "https://cells.example"));
        assert!(refused(Some(Scheme::Https), "http://cells.example"));
        assert!(!refused(Some(Scheme::Http), "http://cells.example"));
        assert!(!refused(None, "http://cells.example"));
    }
}
