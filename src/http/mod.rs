//! The HTTP and WebSocket API: parsing, permissions, answers. What is asked for is done elsewhere.

mod audit;
mod auth;
mod cells;
mod channel;
mod checkpoints;
mod code;
mod comms;
mod conditional;
mod connection;
mod crowd;
mod docs;
mod download;
mod e2b;
mod environments;
mod events;
mod executions;
mod exports;
mod extract;
mod files;
mod forks;
mod form;
mod frontend;
mod health;
mod host;
mod idempotency;
mod json;
mod jupyter;
mod keys;
mod lab;
mod limits;
mod linger;
mod looks;
mod mcp;
mod notebook_execution;
mod notebook_files;
mod notebook_updates;
mod notebooks;
mod observe;
mod one_shot;
mod origin;
mod pace;
mod page;
mod problem;
mod projects;
mod proxy;
mod quarantine;
mod quotas;
mod router;
mod secrets;
mod sessions;
mod socket;
mod system;
mod templates;
mod tenants;
mod uploads;
mod users;
mod watching;

use std::sync::Arc;

pub(crate) use connection::serve;
pub(crate) use router::{document, router};

use crate::service::Service;

/// What every handler has at hand.
pub(crate) type App = Arc<Service>;

/// What a handler answers with.
type Answer<T> = Result<T, problem::Refused>;
