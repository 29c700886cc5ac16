//! The line to a collector of traces: one request at a time over plain HTTP, with the crates that the service
//! has anyway.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

/// Time that one request may take, and bytes of an answer that are read.
const PATIENCE: Duration = Duration::from_secs(10);
const ANSWER: usize = 64 << 10;

/// A collector.
#[derive(Debug)]
pub(super) struct Collector {
    /// Spans are sent by a thread of their own, which has no runtime.
    runtime: Handle,
    /// The last spans did not reach it; said once.
    away: AtomicBool,
}

impl Collector {
    pub(super) fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            away: AtomicBool::new(false),
        }
    }
}

impl HttpClient for Collector {
    fn send_bytes<'this, 'sent>(
        &'this self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'this: 'sent,
    {
        Box::pin(async {
            let sent = async { tokio::time::timeout(PATIENCE, send(request)).await };
            let answered = match self.runtime.spawn(sent).await? {
                Ok(answered) => answered,
                Err(_) => Err(format!("no answer in {} seconds", PATIENCE.as_secs()).into()),
            };
            let away = match &answered {
                Ok(answer) if answer.status().is_success() => None,
                Ok(answer) => Some(answer.status().to_string()),
                Err(error) => Some(error.to_string()),
            };
            let before = self.away.swap(away.is_some(), Ordering::Relaxed);
            if let Some(reason) = away {
                metrics::counter!("cellblock_traces_failed_total").increment(1);
                if !before {
                    tracing::warn!(
                        reason,
                        "the collector of traces does not take them; they are lost"
                    );
                }
            }
            answered
        })
    }
}

async fn send(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().ok_or("the address names no host")?;
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let port = authority.port_u16().unwrap_or(80);
    parts
        .headers
        .insert(HOST, HeaderValue::from_str(authority.as_str())?);
    parts.uri = match parts.uri.path_and_query() {
        Some(path) => Uri::from(path.clone()),
        None => Uri::from_static("/"),
    };
    let stream = TcpStream::connect((host, port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::from_parts(parts, Full::new(body));
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
    Ok(Response::from_parts(parts, body))
}
