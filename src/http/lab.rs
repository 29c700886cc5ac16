//! `/env-{id}/`: the pages of an environment's JupyterLab, which nothing else reaches. They are shown under
//! a name of their own, so that what runs in them is of another origin than the notebook's page: it
//! sees neither that page nor its token. There, a browser has a cookie that counts for this environment alone.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use http_body_util::Limited;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::auth::{Identity, without_token};
use super::extract::{Known, id};
use super::problem;
use super::{Answer, App, host};
use crate::environment::{PROXY, Way};
use crate::error_code::{ErrorCode, Fault};
use crate::id::EnvironmentId;
use crate::tenant::passes::{Pass, Within};
use crate::tenant::{Caller, Scope};

/// Where the router has these pages; what stands in addresses is no pattern that it knows.
const INSIDE: &str = "/env/";
const OUTSIDE: &str = "/env-";

/// The cookie with a browser's pass.
const COOKIE: &str = "cellblock_visit";

/// What JupyterLab's own cookies begin with: that of who gave its password.
const LOGIN: &str = "username-";

/// The largest body that is passed on.
const BODY: usize = 192 << 20;

/// What is of one connection alone, and what tells of the caller or of the way here.
const NOT_PASSED: [HeaderName; 19] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::HOST,
    header::AUTHORIZATION,
    header::COOKIE,
    header::SET_COOKIE,
    header::ORIGIN,
    header::REFERER,
    header::FORWARDED,
    header::CONTENT_SECURITY_POLICY,
    header::SERVER,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-forwarded-for"),
];

/// Returns the addresses.
pub(super) fn pages() -> Router<App> {
    Router::new()
        .route("/env/{id}/", any(root))
        .route("/env/{id}/{*path}", any(answer))
}

/// Brings an address to the form that the router knows.
pub(super) fn to_inside(mut request: Request) -> Request {
    let whole = request.uri().path_and_query().map(PathAndQuery::as_str);
    // Nobody comes by the inner form itself.
    let inside = match whole {
        Some(whole) if whole.starts_with(INSIDE) => Some("/env".to_owned()),
        Some(whole) => whole.strip_prefix(OUTSIDE).map(|rest| {
            let path = rest.split('?').next().unwrap_or_default();
            let end = if path.contains('/') { "" } else { "/" };
            format!(
                "{INSIDE}{}",
                rest.replacen(path, &format!("{path}{end}"), 1)
            )
        }),
        None => None,
    };
    if let Some(uri) = inside.and_then(|inside| Uri::try_from(inside).ok()) {
        *request.uri_mut() = uri;
    }
    request
}

/// Tells whether a path is one of these, as the router knows it.
pub(super) fn is_inside(path: &str) -> bool {
    path.starts_with(INSIDE)
}

/// Returns the pass in the cookie of a request. It goes before what the page itself sends, which is meant for
/// JupyterLab, and behind what an address names: a browser that enters again has an old cookie.
pub(super) fn visitor(request: &Request) -> Option<String> {
    if !is_inside(request.uri().path()) || in_address(request.uri()).is_some() {
        return None;
    }
    let cookies = request.headers().get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then(|| value.to_owned())
    })
}

/// Returns the token that an address names.
fn in_address(uri: &Uri) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    let token = pairs.find(|(name, _)| name == "token");
    token.map(|(_, value)| value.into_owned())
}

/// Tells whether a pass counts at a path.
pub(super) fn reaches(pass: &Pass, path: &str) -> bool {
    match &pass.within {
        Within::Environment(id) => path.starts_with(&format!("{INSIDE}{id}/")),
        Within::Project { .. } => {
            path == "/api"
                || ["/api/", "/kernelspecs/", "/files/"]
                    .iter()
                    .any(|of| path.starts_with(of))
                    && !path.starts_with("/api/v1/")
        }
    }
}

async fn root(
    app: State<App>,
    caller: Known,
    Path(environment): Path<String>,
    request: Request,
) -> Answer<Response> {
    answer(app, caller, Path((environment, String::new())), request).await
}

/// Lets a browser in, or passes its request on.
async fn answer(
    State(app): State<App>,
    Known(caller): Known,
    Path((environment, path)): Path<(String, String)>,
    request: Request,
) -> Answer<Response> {
    let id: EnvironmentId = id(&environment, ErrorCode::EnvironmentNotFound)?;
    caller.require(Scope::Run)?;
    let way = app.environments.way(caller.tenant, id).await?;
    let (own, port) = host::of_pages(&app.config, request.headers())?;
    let query = without_token(request.uri().query().unwrap_or_default());
    let mark = if query.is_empty() { "" } else { "?" };
    let here = format!(
        "/env-{id}/{}{mark}{query}",
        encoded(request.uri(), id, &path)
    );
    let by_address = in_address(request.uri());
    let looks = request.method() == Method::GET && !request.headers().contains_key(header::UPGRADE);
    let visits = caller.pass.is_some();
    if !own.is_here || by_address.is_some() && looks && !visits {
        if !looks {
            let message = format!("JupyterLab is reached under the name {:?}.", own.name);
            return Err(Fault::new(ErrorCode::HostRefused, message).into());
        }
        let pass = app.environments.visit(&caller, id).await?;
        let mark = if query.is_empty() { '?' } else { '&' };
        return see(
            format!("//{}{port}{here}{mark}token={pass}", own.name),
            None,
        );
    }
    if let (Some(token), true) = (by_address, looks) {
        let cookie = format!("{COOKIE}={token}; Path=/env-{id}/; HttpOnly; SameSite=Lax");
        return see(here, Some(cookie));
    }
    let host = format!("{}{port}", own.name);
    let response = pass_on(app, caller, way, request, &here).await?;
    Ok(problem::as_it_is(protected(response, &host, id)))
}

/// Returns the path behind the environment as it came, with what is encoded in it.
fn encoded(uri: &Uri, id: EnvironmentId, path: &str) -> String {
    let prefix = format!("{INSIDE}{id}/");
    uri.path().strip_prefix(&prefix).unwrap_or(path).to_owned()
}

/// Sends a browser somewhere else.
fn see(location: String, cookie: Option<String>) -> Answer<Response> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::LOCATION,
        HeaderValue::try_from(location).map_err(Fault::internal)?,
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    if let Some(cookie) = cookie {
        headers.insert(
            header::SET_COOKIE,
            HeaderValue::try_from(cookie).map_err(Fault::internal)?,
        );
    }
    Ok(response)
}

/// Sends a request to JupyterLab. A WebSocket becomes a line in both directions that ends with its caller's rights.
async fn pass_on(
    app: App,
    caller: Caller,
    way: Way,
    mut request: Request,
    here: &str,
) -> Result<Response, Fault> {
    let gone = |error: &dyn std::fmt::Display| {
        tracing::debug!(%error, "a JupyterLab did not answer");
        Fault::new(
            ErrorCode::LabNotRunning,
            "The environment's JupyterLab does not answer.",
        )
    };
    let upgrade = request.headers().get(header::UPGRADE).cloned();
    let theirs = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
    let stream = TcpStream::connect(("127.0.0.1", way.port))
        .await
        .map_err(|error| gone(&error))?;
    let connecting = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = connecting.map_err(|error| gone(&error))?;
    tokio::spawn(connection.with_upgrades());
    let (parts, body) = request.into_parts();
    let mut passed = http::Request::new(Limited::new(body, BODY));
    *passed.method_mut() = parts.method;
    *passed.uri_mut() = here.parse().map_err(Fault::internal)?;
    *passed.headers_mut() = kept(&parts.headers);
    if let Some(login) = login(&parts.headers) {
        passed.headers_mut().insert(header::COOKIE, login);
    }
    let value = |text: String| HeaderValue::try_from(text).map_err(Fault::internal);
    let headers = passed.headers_mut();
    headers.insert(header::HOST, value(format!("127.0.0.1:{}", way.port))?);
    headers.insert(PROXY, value(way.token)?);
    if let Some(upgrade) = upgrade {
        headers.insert(header::UPGRADE, upgrade);
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    }
    let mut answered = sender
        .send_request(passed)
        .await
        .map_err(|error| gone(&error))?;
    let mut headers = kept(answered.headers());
    if answered.status() == StatusCode::SWITCHING_PROTOCOLS
        && let Some(theirs) = theirs
    {
        for name in [header::UPGRADE, header::CONNECTION] {
            if let Some(value) = answered.headers().get(&name) {
                headers.insert(name, value.clone());
            }
        }
        let ours = hyper::upgrade::on(&mut answered);
        tokio::spawn(async move {
            let (Ok(theirs), Ok(ours)) = tokio::join!(theirs, ours) else {
                return;
            };
            let (mut theirs, mut ours) = (TokioIo::new(theirs), TokioIo::new(ours));
            let mut stopping = app.stopping.clone();
            // However it ends, both ends are closed.
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut theirs, &mut ours) => {}
                () = app.tenants.until_revoked(&caller) => {}
                _ = stopping.wait_for(|stop| *stop) => {}
            }
        });
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        *response.headers_mut() = headers;
        return Ok(response);
    }
    let pages = pages_of(here);
    let cookies = answered.headers().get_all(header::SET_COOKIE).iter();
    for cookie in cookies.filter(|cookie| is_own(cookie, pages)) {
        headers.append(header::SET_COOKIE, cookie.clone());
    }
    let (parts, body) = answered.into_parts();
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = parts.status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// Returns the beginning that all of an environment's addresses share.
fn pages_of(here: &str) -> &str {
    let end = here
        .match_indices('/')
        .nth(1)
        .map_or(here.len(), |(at, _)| at + 1);
    &here[..end]
}

/// Returns the cookies of a request that are JupyterLab's own.
fn login(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .map(str::trim)
        .filter(|pair| pair.starts_with(LOGIN));
    let pairs: Vec<&str> = pairs.collect();
    HeaderValue::try_from(pairs.join("; "))
        .ok()
        .filter(|line| !line.is_empty())
}

/// Tells whether a cookie that JupyterLab sets is its own, and goes to its own pages alone.
fn is_own(cookie: &HeaderValue, pages: &str) -> bool {
    let text = cookie.to_str().unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let named = parts.next().is_some_and(|pair| pair.starts_with(LOGIN));
    let mut paths = parts.filter_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.eq_ignore_ascii_case("path").then_some(value)
    });
    named && paths.next() == Some(pages) && paths.next().is_none()
}

/// Returns the headers that are passed on.
fn kept(headers: &HeaderMap) -> HeaderMap {
    let lines = headers.get_all(header::CONNECTION).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let named: Vec<String> = lines
        .flat_map(|line| line.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let passed = headers.iter().filter(|(name, _)| {
        !NOT_PASSED.contains(name) && !named.iter().any(|named| named == name.as_str())
    });
    passed
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Says what the pages may do in a browser: everything that JupyterLab's own code does, with this environment alone.
fn protected(mut response: Response, host: &str, id: EnvironmentId) -> Response {
    let own = format!("{host}/env-{id}/");
    let policy = format!(
        "default-src 'none'; script-src {own} 'unsafe-inline' 'unsafe-eval' blob:; style-src {own} 'unsafe-inline'; \
         img-src {own} data: blob:; media-src {own} data: blob:; font-src {own} data:; \
         connect-src {own} ws://{own} wss://{own} data: blob:; frame-src {own} blob: data:; worker-src {own} blob:; \
         manifest-src {own}; base-uri 'none'; form-action {own}; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// Returns the identity of a caller whose pass does not count here.
pub(super) fn out_of_reach() -> Identity {
    let message = "The pass counts for its environment alone.";
    Identity::Refused(Fault::new(ErrorCode::NotAuthenticated, message))
}
