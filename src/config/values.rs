//! Values of a configuration that are written as text.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use sandbox_policy::{format_duration, format_size, parse_duration, parse_size};
use serde::{Deserialize, Serialize};

/// A number of bytes, written as "512 MiB".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Size(pub(crate) u64);

/// A length of time, written as "30 s".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Span(pub(crate) Duration);

impl TryFrom<String> for Size {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        parse_size(&text)
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        format_size(size.0)
    }
}

impl TryFrom<String> for Span {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        parse_duration(&text)
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        format_duration(span.0)
    }
}

/// Addresses, written as "10.0.0.0/8" or "192.0.2.1".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Network(pub(super) IpNet);

impl TryFrom<String> for Network {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let network = text
            .parse()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| {
            format!("{text:?} is no address and no network; write \"192.0.2.1\" or \"10.0.0.0/8\"")
        })
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_addresses_with_or_without_a_length() {
        for (text, shown) in [
            ("192.0.2.1", "192.0.2.1/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("2001:db8::/32", "2001:db8::/32"),
        ] {
            let network = Network::try_from(text.to_owned()).expect(text);
            assert_eq!(String::from(network), shown);
        }
        for wrong in ["", "10.0.0.0/33", "proxy.example", "10.0.0"] {
            let error = Network::try_from(wrong.to_owned()).expect_err(wrong);
            assert!(error.contains("10.0.0.0/8"), "{error}");
        }
    }
}
