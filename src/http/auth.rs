//! Who sends a request: the token in it, whichever way it comes. Found out once for each request,
//! before anything else is done with it.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use super::connection::Peer;
use super::{App, e2b, lab};
use crate::error_code::{ErrorCode, Fault};
use crate::tenant::Caller;

/// Who sends a request.
#[derive(Debug, Clone)]
pub(super) enum Identity {
    /// Somebody without a token.
    Anonymous,
    /// Somebody whose token does not count, and why.
    Refused(Fault),
    /// A caller.
    Known(Caller),
}

impl Identity {
    /// Returns the caller, or refuses.
    pub(super) fn caller(&self) -> Result<&Caller, Fault> {
        match self {
            Self::Known(caller) => Ok(caller),
            Self::Refused(fault) => Err(fault.clone()),
            Self::Anonymous => Err(Fault::new(
                ErrorCode::NotAuthenticated,
                "The request carries no token.",
            )),
        }
    }
}

/// Puts the [`Identity`] to each request. Nobody is refused here: some addresses are for everybody.
pub(super) async fn authenticate(State(app): State<App>, request: Request, next: Next) -> Response {
    let given = lab::visitor(&request);
    let given = given.or_else(|| token(request.headers(), request.uri().query()));
    let (mut parts, body) = request.into_parts();
    let identity = match e2b::visitor(&app, &mut parts).await {
        Some(identity) => identity,
        None => identity(&app, given, &parts).await,
    };
    let mut request = Request::from_parts(parts, body);
    if let Identity::Known(caller) = &identity {
        let span = tracing::Span::current();
        span.record("tenant", tracing::field::display(caller.tenant));
        span.record("key", caller.key_prefix.as_deref().unwrap_or("local"));
    }
    request.extensions_mut().insert(identity);
    next.run(request).await
}

/// Returns whose token this is, if it counts at the address.
async fn identity(app: &App, token: Option<String>, parts: &Parts) -> Identity {
    let Some(token) = token else {
        return Identity::Anonymous;
    };
    let address = Peer::of(&parts.extensions);
    match app.tenants.caller(&token, address).await {
        Ok(caller) => match &caller.pass {
            Some(pass) if !lab::reaches(pass, parts.uri.path()) => lab::out_of_reach(),
            Some(_) | None => Identity::Known(caller),
        },
        Err(fault) => Identity::Refused(fault),
    }
}

/// Returns a query without the token in it, which is the caller's affair and no parameter.
pub(super) fn without_token(query: &str) -> String {
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("token=") && !pair.is_empty())
        .collect();
    kept.join("&")
}

/// Returns the token of a request: `Authorization: Bearer|token|Basic`, `X-API-Key` or `?token=`.
fn token(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(authorization) = text(header::AUTHORIZATION) {
        let (scheme, rest) = authorization.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token") {
            return Some(rest.to_owned());
        }
        if scheme.eq_ignore_ascii_case("basic") {
            // The password is the token; the name says nothing.
            let decoded = data_encoding::BASE64.decode(rest.as_bytes()).ok()?;
            let pair = String::from_utf8(decoded).ok()?;
            return pair
                .split_once(':')
                .map(|(_, password)| password.to_owned());
        }
        return None;
    }
    if let Some(key) = text(header::HeaderName::from_static("x-api-key")) {
        return Some(key.to_owned());
    }
    url::form_urlencoded::parse(query?.as_bytes())
        .find(|(name, _)| name == "token")
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("a header"));
        token(&headers, None)
    }

    #[test]
    fn every_way_to_send_a_token_is_understood() {
        for value in [
            "Bearer abc",
            "token abc",
            "bearer  abc",
            "Basic dXNlcjphYmM=",
        ] {
            assert_eq!(
                with(header::AUTHORIZATION, value).as_deref(),
                Some("abc"),
                "{value}"
            );
        }
        let key = header::HeaderName::from_static("x-api-key");
        assert_eq!(with(key, "abc").as_deref(), Some("abc"));
        assert_eq!(
            token(&HeaderMap::new(), Some("a=b&token=a%20c")).as_deref(),
            Some("a c")
        );
        for value in ["abc", "Digest abc", "Basic ???"] {
            assert_eq!(with(header::AUTHORIZATION, value), None, "{value}");
        }
    }
}
