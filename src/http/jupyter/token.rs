//! A token in front of the path. Some clients of Jupyter open their WebSocket without a word about who
//! they are; their base address is `/g/{token}`, and everything else is as for the others.

use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Uri, header};

/// What stands in a path in the place of a token that leads nowhere.
const HIDDEN: &str = "-";

/// Takes a token out of the path and puts it where the others have it, before anything is logged.
pub(in crate::http) fn from_path(mut request: Request) -> Request {
    let path = request.uri().path();
    let Some(behind) = path.strip_prefix("/g/") else {
        return request;
    };
    let (token, rest) = behind.split_once('/').unwrap_or((behind, ""));
    // The service's own API, and its page, are not to be had this way.
    let meant = ["api/", "kernelspecs/", "files/"]
        .iter()
        .any(|of| rest.starts_with(of))
        && !rest.starts_with("api/v1/");
    let token = HeaderValue::try_from(format!("token {token}"));
    let path = match meant {
        true => format!("/{rest}"),
        false => format!("/g/{HIDDEN}/{rest}"),
    };
    if let (true, Ok(mut token)) = (meant, token) {
        token.set_sensitive(true);
        // Those clients also send a header with an empty token in it.
        request.headers_mut().insert(header::AUTHORIZATION, token);
    }
    *request.uri_mut() = with_path(request.uri(), &path);
    request
}

/// Returns an address with another path, which is a part of the one it has.
fn with_path(uri: &Uri, path: &str) -> Uri {
    let path = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(path).ok();
    Uri::from_parts(parts).unwrap_or_default()
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
    fn a_token_is_taken_out_of_every_path_and_counts_for_jupyters_addresses_alone() {
        let token = Some("token abc".to_owned());
        for (uri, rest) in [
            ("/g/abc/api/kernels", "/api/kernels"),
            (
                "/g/abc/api/kernels/1/channels?session_id=2",
                "/api/kernels/1/channels?session_id=2",
            ),
            ("/g/abc/files/a.txt", "/files/a.txt"),
        ] {
            assert_eq!(passed(uri), (rest.to_owned(), token.clone()));
        }
        for (uri, left) in [
            ("/api/kernels", "/api/kernels"),
            ("/graph", "/graph"),
            ("/g/abc/api/v1/sessions", "/g/-/api/v1/sessions"),
            ("/g/abc/docs?x=1", "/g/-/docs?x=1"),
            ("/g/abc", "/g/-/"),
            ("/g//x", "/g/-/x"),
        ] {
            assert_eq!(passed(uri), (left.to_owned(), None));
        }
    }
}
