//! Agents: the Model Context Protocol, by which a program that thinks runs code, keeps its state and
//! edits notebooks. It alone uses rmcp.
//!
//! What an agent may do is what its token may do: each call is asked for its caller's scopes, and a tool
//! that the caller may not use is not shown to them.

mod call;
mod connections;
mod content;
mod demo;
mod fields;
mod homes;
mod progress;
mod relay;
mod resources;
mod server;
mod subscriptions;
mod tool;
mod tools;

use std::sync::Arc;

use bytes::Bytes;
use rmcp::ServiceExt as _;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::io::{AsyncRead, AsyncWrite};

use self::connections::{Connections, Visit};
use self::homes::Homes;
use self::server::Server;
use crate::error_code::Fault;
use crate::service::Service;
use crate::tenant::Caller;

pub(crate) use relay::{Remote, relay};

/// An answer to a request, whose body may go on as a stream.
pub(crate) type Answer =
    http::Response<http_body_util::combinators::BoxBody<Bytes, std::convert::Infallible>>;

/// What all connections of agents share.
pub(crate) struct Agent {
    service: Arc<Service>,
    homes: Arc<Homes>,
    over_http: StreamableHttpService<Server, Connections>,
}

impl Agent {
    /// Returns what answers agents from a service.
    pub(crate) fn new(service: &Arc<Service>) -> Self {
        let homes = Arc::new(Homes::default());
        let agents = &service.config.agents;
        let connections = Arc::new(Connections::new(agents.connections, agents.idle.0));
        let body = usize::try_from(service.config.server.body.0).unwrap_or(usize::MAX);
        // Which hosts and pages may call was asked before: by the rules that all addresses have.
        let config = StreamableHttpServerConfig::default()
            .disable_allowed_hosts()
            .disable_allowed_origins()
            .with_max_request_body_bytes(body);
        let server = Server::new(service, &homes, None);
        let factory = move || Ok(server.afresh());
        Self {
            service: Arc::clone(service),
            homes,
            over_http: StreamableHttpService::new(factory, connections, config),
        }
    }

    /// Answers a request of a caller. A connection (MCP session) belongs to the key that opened it; for everybody
    /// else there is none of its id.
    pub(crate) async fn answer<B>(
        &self,
        caller: &Caller,
        mut request: http::Request<B>,
    ) -> Result<Answer, Fault>
    where
        B: http_body::Body + Send + 'static,
        B::Error: std::fmt::Display,
    {
        request.extensions_mut().insert(caller.clone());
        let visit = Visit::of(caller);
        let answer = visit.during(self.over_http.handle(request)).await;
        match visit.refused() {
            Some(fault) => Err(fault),
            None => Ok(answer),
        }
    }

    /// Returns what is told of a connection that is not there, or somebody else's.
    pub(crate) fn unknown_connection() -> Fault {
        connections::missing()
    }

    /// Serves one agent over a pair of pipes, until it closes them.
    pub(crate) async fn converse(
        &self,
        caller: Caller,
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
    ) -> anyhow::Result<()> {
        let server = Server::new(&self.service, &self.homes, Some(caller));
        let running = server.serve((input, output)).await?;
        running.waiting().await?;
        Ok(())
    }
}
