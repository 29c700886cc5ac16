//! A token in front of the path. Some clients of Jupyter open their WebSocket without a word about who
//! they are; their base address is `/g/{token}`, and everything else is as for the others.

use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Uri, header};

/// Takes a token out of the path and puts it where the others have it, before anything is logged.
pub(in crate::http) fn from_path(mut request: Request) -> Request {
    let Some((mut token, rest)) = taken(request.uri()) else {
        return request;
    };
    token.set_sensitive(true);
    // Those clients also send a header with an empty token in it.
    request.headers_mut().insert(header::AUTHORIZATION, token);
    *request.uri_mut() = rest;
    request
}

fn taken(uri: &Uri) -> Option<(HeaderValue, Uri)> {
    let (token, rest) = uri.path().strip_prefix("/g/")?.split_once('/')?;
    // The service's own API, and its page, are not to be had this way.
    if !rest.starts_with("api/") || rest.starts_with("api/v1/") {
        return None;
    }
    let token = HeaderValue::try_from(format!("token {token}")).ok()?;
    let path = match uri.query() {
        Some(query) => format!("/{rest}?{query}"),
        None => format!("/{rest}"),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Some((token, Uri::from_parts(parts).ok()?))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn passed(uri: &str) -> (String, Option<String>) {
        let request = Request::builder().uri(uri).body(Body::empty());
        let request = from_path(request.expect("a request"));
        let token = request.headers().get(header::AUTHORIZATION);
        let token = token.map(|token| token.to_str().expect("text").to_owned());
        (request.uri().to_string(), token)
    }

    #[test]
    fn a_token_is_taken_out_of_the_path_for_jupyters_addresses_alone() {
        let token = Some("token abc".to_owned());
        for (uri, rest) in [
            ("/g/abc/api/kernels", "/api/kernels"),
            (
                "/g/abc/api/kernels/1/channels?session_id=2",
                "/api/kernels/1/channels?session_id=2",
            ),
        ] {
            assert_eq!(passed(uri), (rest.to_owned(), token.clone()));
        }
        for uri in [
            "/api/kernels",
            "/g/abc/api/v1/sessions",
            "/g/abc",
            "/g/abc/docs",
            "/g//x",
        ] {
            assert_eq!(passed(uri), (uri.to_owned(), None));
        }
    }
}
