//! Whom a request is meant for. A page of somebody else's whose name suddenly stands for this
//! machine ("DNS rebinding") counts in a browser as one of the service's own; its name in `Host`
//! gives it away. So the local user's service answers to the names of this machine alone.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::Refused;
use super::{App, lab};
use crate::config::{AccessMode, Config};
use crate::error_code::{ErrorCode, Fault};

/// Refuses what is meant for somebody else, or for nobody in particular.
pub(super) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let mut response = match meant(&app.config, &request) {
        Ok(()) => next.run(request).await,
        Err(fault) => Refused(fault).into_response(),
    };
    if chunked {
        // Where such a body ends is what proxies and servers understand differently. Whatever comes
        // behind it on this connection is not taken for a request.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

fn meant(config: &Config, request: &Request) -> Result<(), Fault> {
    let malformed = |message: &'static str| Fault::new(ErrorCode::MalformedRequest, message);
    if request.uri().authority().is_some() {
        return Err(malformed(
            "The request names a whole address, as for a proxy; this is none. Send the path alone.",
        ));
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host,
        (None, _) if request.version() == Version::HTTP_10 => return Ok(()),
        (None, _) => return Err(malformed("The request has no Host header.")),
        (Some(_), Some(_)) => return Err(malformed("The request has several Host headers.")),
    };
    let name = name(host).ok_or_else(|| malformed("The Host header is no host with a port."))?;
    if name == lab_name(config) {
        if lab::is_inside(request.uri().path()) {
            return Ok(());
        }
        let message = format!("Under the name {name:?} there are the pages of JupyterLab alone.");
        return Err(Fault::new(ErrorCode::HostRefused, message));
    }
    if config.access.mode == AccessMode::Tenants || answers_to(config, &name) {
        return Ok(());
    }
    let message = format!("The service does not answer to the name {name:?}.");
    Err(Fault::new(ErrorCode::HostRefused, message))
}

/// The name under which JupyterLab's pages are, and whether a request came by it.
pub(super) struct OfPages {
    pub(super) name: String,
    pub(super) is_here: bool,
}

/// Returns the name of JupyterLab's pages for somebody who called the service as these headers say, and the
/// port with its colon.
pub(super) fn of_pages(config: &Config, headers: &HeaderMap) -> Result<(OfPages, String), Fault> {
    let host = headers.get(header::HOST);
    let here = host.and_then(name).unwrap_or_default();
    let text = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = text.rsplit_once(':').map(|(_, port)| port);
    let port = port.filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    let of_pages = lab_name(config);
    let loopback = here
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback());
    if config.jupyter.host.is_none() && !loopback && here != "localhost" && here != of_pages {
        let message = "JupyterLab's pages need a name of their own, and the operator has set none (`jupyter.host`).";
        return Err(Fault::new(ErrorCode::HostRefused, message));
    }
    let of_pages = OfPages {
        is_here: here == of_pages,
        name: of_pages.to_owned(),
    };
    Ok((
        of_pages,
        port.map(|port| format!(":{port}")).unwrap_or_default(),
    ))
}

/// Returns the name under which JupyterLab's pages are. Browsers know that all below `localhost` is this machine.
fn lab_name(config: &Config) -> &str {
    config.jupyter.host.as_deref().unwrap_or("lab.localhost")
}

/// Returns the host without its port, in small letters; an IPv6 address without its brackets.
fn name(host: &HeaderValue) -> Option<String> {
    let text = host.to_str().ok()?;
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let right = port.is_empty() || port.strip_prefix(':').is_some_and(digits);
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte));
    (right && plain && !name.is_empty()).then(|| name.to_ascii_lowercase())
}

/// Tells whether a name is one of this machine's. A page cannot take an address for its name unless
/// it is served from there.
fn answers_to(config: &Config, name: &str) -> bool {
    let mut hosts = config.server.hosts.iter();
    if hosts.any(|host| host.eq_ignore_ascii_case(name)) {
        return true;
    }
    let own = config.server.address.ip();
    match name.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || own.is_unspecified() || address == own,
        Err(_) => name == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(address: &str, hosts: &[&str]) -> Config {
        let mut config = Config::default();
        config.server.address = format!("{address}:8888").parse().expect("an address");
        config.server.hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        config
    }

    fn refused(config: &Config, hosts: &[&'static str]) -> Option<ErrorCode> {
        let mut request = Request::new(axum::body::Body::empty());
        for host in hosts {
            let host = HeaderValue::from_static(host);
            request.headers_mut().append(header::HOST, host);
        }
        meant(config, &request).err().map(|fault| fault.code)
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let config = local("127.0.0.1", &["cells.example.org"]);
        for host in [
            "localhost",
            "LocalHost:8888",
            "127.0.0.1:8888",
            "127.8.8.8",
            "[::1]:8888",
            "cells.example.org",
            "Cells.example.ORG:443",
        ] {
            assert_eq!(refused(&config, &[host]), None, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8888",
            "localhost.evil.example",
            "evil-localhost",
            "127.0.0.1.evil.example",
            "192.168.1.1",
            "0.0.0.0:8888",
            "2130706433",
            "0x7f.1",
            "[::2]",
        ] {
            let refused = refused(&config, &[host]);
            assert_eq!(refused, Some(ErrorCode::HostRefused), "{host}");
        }
        for host in [
            "",
            ":8888",
            "localhost:x",
            "me@localhost",
            "[::1",
            "[::1]x",
            "a b",
        ] {
            let refused = refused(&config, &[host]);
            assert_eq!(refused, Some(ErrorCode::MalformedRequest), "{host}");
        }
        assert_eq!(refused(&config, &[]), Some(ErrorCode::MalformedRequest));
        let both = refused(&config, &["localhost", "evil.example"]);
        assert_eq!(both, Some(ErrorCode::MalformedRequest));
    }

    #[test]
    fn a_service_for_a_network_answers_to_its_address() {
        let all = local("0.0.0.0", &[]);
        assert_eq!(refused(&all, &["192.168.1.1:8888"]), None);
        assert_eq!(
            refused(&all, &["evil.example"]),
            Some(ErrorCode::HostRefused)
        );
        let one = local("192.168.1.1", &[]);
        assert_eq!(refused(&one, &["192.168.1.1"]), None);
        assert_eq!(
            refused(&one, &["192.168.1.2"]),
            Some(ErrorCode::HostRefused)
        );
        let mut tenants = local("127.0.0.1", &[]);
        tenants.access.mode = AccessMode::Tenants;
        assert_eq!(refused(&tenants, &["cells.example.org"]), None);
    }
}
