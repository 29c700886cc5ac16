//! Who stands behind a proxy. What a proxy says of its client is believed when the connection comes from an
//! address of `server.trusted_proxies`, and read in the one header that the configuration names: a proxy
//! that writes one of them passes the other on as the client made it up.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::Response;

use super::App;
use super::connection::Peer;
use crate::config::{ProxyHeader, Server};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The scheme that the client uses, where a trusted proxy told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// Returns what an origin of this scheme begins with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }

    fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("https") || name.eq_ignore_ascii_case("wss") {
            Some(Self::Https)
        } else if name.eq_ignore_ascii_case("http") || name.eq_ignore_ascii_case("ws") {
            Some(Self::Http)
        } else {
            None
        }
    }
}

/// What a trusted proxy said of a request.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    client: IpAddr,
    scheme: Option<Scheme>,
}

/// Puts the client's own address in the place of its proxy's.
pub(super) async fn unwrap(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = Peer::of(request.extensions());
    if app.config.server.trusts(peer) {
        let told = told(peer, request.headers(), &app.config.server);
        request.extensions_mut().insert(Peer::new(told.client));
        if let Some(scheme) = told.scheme {
            request.extensions_mut().insert(scheme);
        }
    }
    next.run(request).await
}

/// Returns the nearest client that is no trusted proxy. Each proxy adds at the end whom it was
/// called by, so the list is read from there; what stands before a stranger is what that stranger
/// says, and an entry that is no address says nothing.
fn told(peer: IpAddr, headers: &HeaderMap, server: &Server) -> Told {
    let (hops, scheme) = match server.proxy_header {
        ProxyHeader::XForwardedFor => (
            list(headers, &FORWARDED_FOR, ',')
                .into_iter()
                .map(|hop| address(&hop))
                .collect::<Vec<_>>(),
            list(headers, &FORWARDED_PROTO, ',')
                .last()
                .and_then(|name| Scheme::named(name)),
        ),
        ProxyHeader::Forwarded => {
            let hops = list(headers, &header::FORWARDED, ',');
            let scheme = hops.last().and_then(|hop| parameter(hop, "proto"));
            (
                hops.iter()
                    .map(|hop| parameter(hop, "for").and_then(|node| address(&node)))
                    .collect(),
                scheme.and_then(|name| Scheme::named(&name)),
            )
        }
    };
    let mut client = peer;
    for hop in hops.into_iter().rev() {
        let Some(hop) = hop else { break };
        client = hop;
        if !server.trusts(client) {
            break;
        }
    }
    Told { client, scheme }
}

/// Returns the parts of all lines of a header, in order. A separator in quotes is none.
fn list(headers: &HeaderMap, name: &HeaderName, separator: char) -> Vec<String> {
    let lines = headers.get_all(name).iter();
    lines
        .flat_map(|line| split(&String::from_utf8_lossy(line.as_bytes()), separator))
        .collect()
}

fn split(text: &str, separator: char) -> Vec<String> {
    let mut quoted = false;
    let parts = text.split(|letter| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    });
    parts.map(|part| part.trim().to_owned()).collect()
}

/// Returns a parameter of one hop of `Forwarded`, as `for=192.0.2.60;proto=https`.
fn parameter(hop: &str, wanted: &str) -> Option<String> {
    split(hop, ';').into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim()
            .eq_ignore_ascii_case(wanted)
            .then(|| value.to_owned())
    })
}

/// Reads an address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse()
        .or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(proxy_header: ProxyHeader, headers: &[(&str, &str)]) -> (String, Option<Scheme>) {
        let server = Server {
            trusted_proxies: ["10.0.0.0/8", "2001:db8::/32"]
                .map(|network| network.to_owned().try_into().expect("a network"))
                .to_vec(),
            proxy_header,
            ..Server::default()
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a name");
            map.append(name, value.parse().expect("a value"));
        }
        let told = told("10.0.0.1".parse().expect("an address"), &map, &server);
        (told.client.to_string(), told.scheme)
    }

    #[test]
    fn the_last_stranger_in_the_list_is_the_client() {
        for (lines, client) in [
            (&["192.0.2.1"][..], "192.0.2.1"),
            (&["192.0.2.1:1234"], "192.0.2.1"),
            (&["[2001:dead::1]:80"], "2001:dead::1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
            // What stands before the client is its own invention.
            (&["1.1.1.1, 192.0.2.1"], "192.0.2.1"),
            (&["1.1.1.1", "192.0.2.1, 10.0.0.2"], "192.0.2.1"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // What is no address ends the list: the last known hop is all that is known.
            (&["192.0.2.1, unknown, 10.0.0.2"], "10.0.0.2"),
            (&["192.0.2.1, "], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            let headers: Vec<_> = lines
                .iter()
                .map(|line| ("x-forwarded-for", *line))
                .collect();
            assert_eq!(
                of(ProxyHeader::XForwardedFor, &headers).0,
                client,
                "{lines:?}"
            );
        }
    }

    #[test]
    fn forwarded_is_read_with_its_quotes_and_parameters() {
        for (line, client, scheme) in [
            ("for=192.0.2.1", "192.0.2.1", None),
            (
                "For=\"192.0.2.1:80\";proto=https;by=10.0.0.1",
                "192.0.2.1",
                Some(Scheme::Https),
            ),
            (
                "for=\"[2001:dead::1]:80\"; Proto=http",
                "2001:dead::1",
                Some(Scheme::Http),
            ),
            ("for=1.1.1.1;proto=https, for=192.0.2.1", "192.0.2.1", None),
            ("for=192.0.2.1, for=_hidden", "10.0.0.1", None),
            ("for=\"1.1.1.1, for=192.0.2.9", "10.0.0.1", None),
            ("by=10.0.0.1", "10.0.0.1", None),
        ] {
            let told = of(ProxyHeader::Forwarded, &[("forwarded", line)]);
            assert_eq!(told, (client.to_owned(), scheme), "{line}");
        }
    }

    #[test]
    fn the_header_that_the_proxy_does_not_write_is_not_read() {
        let both = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=192.0.2.2;proto=http"),
        ];
        let told = of(ProxyHeader::XForwardedFor, &both);
        assert_eq!(told, ("192.0.2.1".into(), Some(Scheme::Https)));
        let told = of(ProxyHeader::Forwarded, &both);
        assert_eq!(told, ("192.0.2.2".into(), Some(Scheme::Http)));
    }
}
