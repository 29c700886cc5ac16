//! What the service tells of itself: logs, metrics and traces.

mod collector;
pub(crate) mod traces;

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::{Config, LogFormat};
use crate::log_sink::{LOST, LogSink, Settling};

/// Bounds of the histograms of times, in seconds.
const TIMES: [f64; 14] = [
    0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0,
];

/// The metrics of this process.
static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts the log, the metrics and the traces. A line that cannot be written is lost; the service
/// goes on. What is returned is held as long as there may be something to log.
pub(crate) fn start(config: &Config) -> anyhow::Result<Settling> {
    let log = &config.log;
    let (sink, settling) = LogSink::start(std::io::stderr())?;
    let filter = EnvFilter::try_new(&log.level)
        .map_err(|error| anyhow::anyhow!("log.level is {:?}: {error}", log.level))?;
    let lines = tracing_subscriber::fmt::layer()
        .log_internal_errors(false)
        .with_writer(sink);
    let lines = match log.format {
        LogFormat::Human => lines.with_ansi(false).with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(traces::layer(&config.traces)?)
        .init();
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &TIMES)?
        .install_recorder()?;
    METRICS.get_or_init(|| metrics);
    metrics::counter!(LOST).increment(0);
    Ok(settling)
}

/// Writes warnings to the standard error stream, for a command that is no service and has no settings.
pub(crate) fn warn() {
    tracing_subscriber::fmt()
        .log_internal_errors(false)
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
}

/// Returns all metrics as Prometheus reads them.
pub(crate) fn metrics_text() -> String {
    METRICS
        .get()
        .map(PrometheusHandle::render)
        .unwrap_or_default()
}

/// Sends what is still to be sent; the last thing before the process ends.
pub(crate) async fn stop() {
    // It waits for the collector, and the line to it needs this thread.
    let _ = tokio::task::spawn_blocking(traces::stop).await;
}

/// Folds what the histograms have collected.
pub(crate) fn sweep() {
    if let Some(metrics) = METRICS.get() {
        metrics.run_upkeep();
    }
}
