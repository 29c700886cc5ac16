//! Traces for a collector (OTLP over HTTP), when the configuration names one: a span for each request,
//! below it one for each execution it asks for, and below that one for the time in the worker.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider,
};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::registry::LookupSpan;

use super::collector::Collector;
use crate::config::Traces;

/// The target of spans that are for the collector alone, and cost nothing where there is none.
pub(crate) const TRACE: &str = "cellblock::trace";

/// How long ended spans wait for others to be sent with.
const GATHER: Duration = Duration::from_secs(1);

/// How long the last spans may take when the service stops.
const LAST: Duration = Duration::from_secs(3);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Returns what sends spans to the collector; nothing when there is none.
pub(super) fn layer<S>(traces: &Traces) -> anyhow::Result<Option<impl Layer<S> + use<S>>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let Some(endpoint) = &traces.endpoint else {
        return Ok(None);
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector::new(tokio::runtime::Handle::current()))
        .with_endpoint(endpoint)
        .build()?;
    let batches = BatchConfigBuilder::default()
        .with_scheduled_delay(GATHER)
        .build();
    let processor = BatchSpanProcessor::builder(exporter)
        .with_batch_config(batches)
        .build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            traces.share,
        ))))
        .with_resource(Resource::builder().with_service_name("cellblock").build())
        .build();
    let tracer = PROVIDER.get_or_init(|| provider).tracer("cellblock");
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_filter(FilterFn::new(wanted).with_max_level_hint(LevelFilter::DEBUG));
    Ok(Some(layer))
}

/// Tells which spans are sent. Lines of the log stay in the log.
fn wanted(metadata: &Metadata<'_>) -> bool {
    metadata.is_span()
        && (metadata.target() == TRACE
            || metadata.target().starts_with("cellblock") && *metadata.level() <= Level::INFO)
}

/// Sends what is left.
pub(super) fn stop() {
    if let Some(provider) = PROVIDER.get()
        && let Err(error) = provider.shutdown_with_timeout(LAST)
    {
        tracing::warn!(%error, "the last traces could not be sent");
    }
}

/// Lets a span go on where the caller's trace is, as the headers of W3C's Trace Context say. Headers that say
/// nothing readable begin a new trace.
pub(crate) fn follow(span: &Span, traceparent: Option<&str>, tracestate: Option<&str>) {
    let Some(traceparent) = traceparent.filter(|_| PROVIDER.get().is_some()) else {
        return;
    };
    let mut headers = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    if let Some(state) = tracestate {
        headers.insert("tracestate".into(), state.into());
    }
    // It fails only for spans that are not sent.
    let _ = span.set_parent(TraceContextPropagator::new().extract(&headers));
}

/// Lets a span be part of another one, which may end before it.
pub(crate) fn below(span: Span, parent: &Span) -> Span {
    if !span.is_disabled() {
        // It fails only for spans that are not sent.
        let _ = span.set_parent(parent.context());
    }
    span
}

/// Adds a fact to a span.
pub(crate) fn note(span: &Span, name: &'static str, value: impl Into<opentelemetry::Value>) {
    span.set_attribute(name, value);
}
