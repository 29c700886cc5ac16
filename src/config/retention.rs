//! How long, and how much of, what was made is kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Size, Span};

/// A day.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is kept, by age and by number. What is older or beyond is removed in the background.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Retention {
    /// How often what is no longer needed is looked for. A checkpoint that nobody names is removed when it is found twice.
    pub(crate) sweep: Span,
    /// Executions that have ended, with what is known of sessions that have; their outputs go earlier, with the session or
    /// when its journal is full.
    pub(crate) executions: Span,
    pub(crate) executions_per_session: u64,
    /// Files of exports.
    pub(crate) exports: Span,
    pub(crate) exports_per_session: usize,
    /// Results of one-shot executions, which stand in for another run.
    pub(crate) results: Span,
    pub(crate) results_size: Size,
    /// That code ended worker processes.
    pub(crate) strikes: Span,
    pub(crate) strikes_per_tenant: u64,
    /// Answers to requests with an idempotency key.
    pub(crate) answers: Span,
    pub(crate) answers_per_tenant: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            sweep: Span(Duration::from_secs(600)),
            executions: Span(90 * DAY),
            executions_per_session: 10_000,
            exports: Span(DAY),
            exports_per_session: 100,
            results: Span(Duration::from_secs(3600)),
            results_size: Size(64 << 20),
            strikes: Span(30 * DAY),
            strikes_per_tenant: 10_000,
            answers: Span(DAY),
            answers_per_tenant: 10_000,
        }
    }
}
