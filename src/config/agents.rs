//! Agents, who speak the Model Context Protocol; and the service that `cellblock mcp` passes them on to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Span;

/// Agents that come over `/mcp`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Agents {
    /// Connections (MCP sessions) that one tenant may hold at once.
    pub(crate) connections: usize,
    /// After so long without a message, a connection is ended.
    pub(crate) idle: Span,
    /// Offer the fixed tools that the protocol's own conformance tests call. For those tests alone.
    pub(crate) conformance: bool,
}

impl Default for Agents {
    fn default() -> Self {
        Self {
            connections: 100,
            idle: Span(Duration::from_secs(3600)),
            conformance: false,
        }
    }
}

/// The service that `cellblock mcp` talks to, and as whom. A service itself does not look at this.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Client {
    /// Its address, such as "http://127.0.0.1:8888"; without one, `cellblock mcp` is a service of its own.
    pub(crate) url: Option<String>,
    /// An API key, or the local user's token.
    pub(crate) token: Option<String>,
}
