//! Traces: a collector receives the spans of a request, its execution and the worker.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::support::service::{Service, answered};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector on a local port.
struct Collector {
    listener: TcpListener,
    spans: Vec<Span>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self {
            listener,
            spans: Vec::new(),
        }
    }

    fn endpoint(&self) -> String {
        let address = self.listener.local_addr().expect("it listens");
        format!("http://{address}/v1/traces")
    }

    /// Takes one request.
    async fn take(&mut self) {
        let (stream, _) = self.listener.accept().await.expect("somebody comes");
        let mut stream = BufReader::new(stream);
        let (mut line, mut length, mut first) = (String::new(), 0, String::new());
        loop {
            line.clear();
            stream.read_line(&mut line).await.expect("a line");
            if first.is_empty() {
                first.clone_from(&line);
            }
            let text = line.trim().to_ascii_lowercase();
            if let Some(value) = text.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            if text.is_empty() {
                break;
            }
        }
        assert!(first.starts_with("POST /v1/traces HTTP/1.1"), "{first}");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("the whole body");
        let request = ExportTraceServiceRequest::decode(&body[..]).expect("spans");
        let resources = request.resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        self.spans.extend(scopes.flat_map(|scope| scope.spans));
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).await.expect("it is answered");
    }

    /// Returns the first span that is looked for, waiting for it.
    async fn find(&mut self, wanted: impl Fn(&Span) -> bool) -> Span {
        loop {
            if let Some(span) = self.spans.iter().find(|span| wanted(span)) {
                return span.clone();
            }
            let taken = tokio::time::timeout(Duration::from_secs(60), self.take());
            taken
                .await
                .unwrap_or_else(|_| panic!("no such span: {:#?}", self.spans));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Returns an attribute of a span as a text.
fn attribute(span: &Span, name: &str) -> String {
    let found = span
        .attributes
        .iter()
        .find(|attribute| attribute.key == name);
    format!("{:?}", found.and_then(|attribute| attribute.value.clone()))
}

#[tokio::test]
async fn a_request_its_execution_and_the_worker_are_one_trace() {
    let mut collector = Collector::start().await;
    let service = Service::start_with(&[("traces.endpoint", &collector.endpoint())]);
    let session = service.session().await;
    let token = &service.token;
    let path = format!("/sessions/{session}/execute?token={token}");
    let request = service
        .request(Method::POST, &path)
        .header("traceparent", format!("00-{TRACE}-{PARENT}-01"));
    let ran = answered(request.json(&json!({"code": "secret_of_the_code = 1"}))).await;
    let execution_id = ran.expect(200)["execution_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let execution = collector
        .find(|span| span.name == "execution" && attribute(span, "id").contains(&execution_id))
        .await;
    assert_eq!(hex(&execution.trace_id), TRACE);
    assert!(attribute(&execution, "session").contains(&session));
    assert!(attribute(&execution, "outcome").contains("ok"));
    let worker = collector
        .find(|span| span.name == "worker" && span.parent_span_id == execution.span_id)
        .await;
    assert_eq!(worker.trace_id, execution.trace_id);
    assert!(worker.start_time_unix_nano >= execution.start_time_unix_nano);
    assert!(worker.end_time_unix_nano <= execution.end_time_unix_nano);
    let request = collector
        .find(|span| span.name == "request" && span.span_id == execution.parent_span_id)
        .await;
    assert_eq!(hex(&request.parent_span_id), PARENT);
    assert!(attribute(&request, "http.route").contains("/api/v1/sessions/{session_id}/execute"));
    assert!(attribute(&request, "http.response.status_code").contains("200"));
    // Who sends no trace begins one; what is no trace is none.
    let request = service
        .request(Method::GET, "/images")
        .header("traceparent", "00-zz-zz-01");
    answered(request).await.expect(200);
    let own = collector
        .find(|span| attribute(span, "http.route").contains("/api/v1/images"))
        .await;
    assert!(own.parent_span_id.is_empty() && own.trace_id != execution.trace_id);
    let all = format!("{:?}", collector.spans);
    assert!(
        !all.contains(token.as_str()) && !all.contains("secret_of_the_code"),
        "{all}"
    );
}

#[tokio::test]
async fn a_collector_that_is_away_is_in_nobodys_way() {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    drop(collector);
    let service = Service::start_with(&[("traces.endpoint", &endpoint)]);
    let session = service.session().await;
    assert_eq!(service.text(&session, "1 + 1").await, "2");
}
