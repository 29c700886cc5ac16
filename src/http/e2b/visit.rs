//! Who comes to a sandbox. Its own clients have its token, or sign an address with it; some of their requests show its
//! id alone, which nobody can guess.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::e2b::Signed;
use crate::error_code::{ErrorCode, Fault};
use crate::http::auth::Identity;
use crate::http::connection::Peer;
use crate::http::problem::Refused;
use crate::http::{Answer, App};
use crate::store::sandboxes::SandboxRow;
use crate::tenant::Caller;

/// The headers that name a sandbox and show its token.
const SANDBOX: &str = "e2b-sandbox-id";
const TOKEN: &str = "x-access-token";

/// The sandbox that a request is for.
#[derive(Debug, Clone)]
pub(super) struct Visited(pub(super) SandboxRow);

impl FromRequestParts<App> for Visited {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refused> {
        let unnamed = || {
            let message = "The request names no sandbox (`E2b-Sandbox-Id`).";
            Refused(Fault::new(ErrorCode::NotAuthenticated, message))
        };
        // Who could not come in is told why.
        if let Some(Identity::Refused(fault)) = parts.extensions.get::<Identity>() {
            return Err(fault.clone().into());
        }
        parts.extensions.get::<Self>().cloned().ok_or_else(unnamed)
    }
}

/// Finds who sends a request for the inside of a sandbox, and notes the sandbox; nothing for other requests.
pub(in crate::http) async fn visitor(app: &App, parts: &mut Parts) -> Option<Identity> {
    let path = parts.uri.path();
    let by_id = path == "/contexts" || path.starts_with("/contexts/");
    let signed = path == "/files" && header(&parts.headers, TOKEN).is_none();
    let called = ["/filesystem.Filesystem/", "/process.Process/"];
    let inside = by_id
        || path == "/execute"
        || path == "/files"
        || called.iter().any(|service| path.starts_with(service));
    if !inside {
        return None;
    }
    let found = match signed {
        true => signer(app, parts).await,
        false => named(app, &parts.headers, by_id).await,
    };
    let known = match found {
        Ok(row) => enter(app, row, parts).await,
        Err(fault) => Err(fault),
    };
    Some(match known {
        Ok(caller) => Identity::Known(caller),
        Err(fault) => Identity::Refused(fault),
    })
}

/// Notes the sandbox, which wakes for somebody who may come in, and returns who that is.
async fn enter(app: &App, row: SandboxRow, parts: &mut Parts) -> Result<Caller, Fault> {
    let address = Peer::of(&parts.extensions);
    let caller = app.sandboxes.client(&row, address).await?;
    let row = app.sandboxes.awake(row).await?;
    parts.extensions.insert(Visited(row));
    Ok(caller)
}

/// Tells whether a sandbox runs; what is asked without naming one is about the service.
pub(in crate::http) async fn health(app: &App, headers: &HeaderMap) -> Option<Answer<Response>> {
    let id = header(headers, SANDBOX)?;
    Some(match app.sandboxes.require_running(id).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(fault) => Err(fault.into()),
    })
}

async fn named(app: &App, headers: &HeaderMap, by_id: bool) -> Result<SandboxRow, Fault> {
    let refuse = |message| Fault::new(ErrorCode::NotAuthenticated, message);
    let id = header(headers, SANDBOX)
        .ok_or_else(|| refuse("The request names no sandbox (`E2b-Sandbox-Id`)."))?;
    let row = app.sandboxes.reachable(id).await?;
    match header(headers, TOKEN) {
        Some(token) if app.sandboxes.knows(&row, token)? => Ok(row),
        Some(_) => Err(refuse("The token is not the sandbox's (`X-Access-Token`).")),
        None if by_id => Ok(row),
        None => Err(refuse("The request shows no token (`X-Access-Token`).")),
    }
}

/// Returns the sandbox whose token signed the address of a file.
async fn signer(app: &App, parts: &Parts) -> Result<SandboxRow, Fault> {
    let query = parts.uri.query().unwrap_or_default();
    let field = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let pair = pairs.find(|(name, _)| name == wanted);
        pair.map(|(_, value)| value.into_owned())
    };
    let Some(signature) = field("signature") else {
        return named(app, &parts.headers, false).await;
    };
    let expiration = match field("signature_expiration") {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| Fault::field("signature_expiration", "it is no number of seconds"))?,
        ),
    };
    let signed = Signed {
        path: &field("path").unwrap_or_default(),
        operation: match parts.method.is_safe() {
            true => "read",
            false => "write",
        },
        user: &field("username").unwrap_or_default(),
        signature: &signature,
        expiration,
    };
    let address = Peer::of(&parts.extensions);
    app.sandboxes.signer(&signed, address).await
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?;
    (!value.is_empty()).then_some(value)
}
