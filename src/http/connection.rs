//! Connections: how many, how slow, how large, and how they end.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::http::{Extensions, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use super::crowd::{Answer, Crowd};

/// Time in which a request's headers must have come, and after which a silent connection is closed.
const HEADER_TIME: Duration = Duration::from_secs(10);

/// Time in which a client has to take something of its answer; then it is cut off.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// Headers of a request, and bytes of all of them.
const HEADERS: usize = 100;
const HEADER_BYTES: usize = 64 << 10;

/// Where a request's connection comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(IpAddr);

impl Peer {
    /// Returns the place of an address.
    pub(super) fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// Returns the address of a request's sender.
    pub(super) fn of(extensions: &Extensions) -> IpAddr {
        extensions
            .get()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Self(address)| *address)
    }
}

/// Takes connections, `most` at once, until `stop` says so, then lets open requests end within
/// `grace`.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    most: usize,
    mut stop: watch::Receiver<bool>,
    grace: Duration,
) {
    // Held by every connection, so that its other end tells when all have ended.
    let (open, mut ended) = mpsc::channel::<()>(1);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_headers(HEADERS)
        .max_buf_size(HEADER_BYTES);
    let crowd = Crowd::new(most.min(descriptors_for_connections()));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok((stream, address)) => (stream, Peer::new(address.ip())),
            Err(error) => {
                // Out of descriptors, usually: those that are open go on, and new ones wait.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(place) = crowd.enter().await else {
            break;
        };
        // A last small packet shall not wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(ANSWER_TIME));
        let (router, desk) = (router.clone(), place.desk());
        let service = tower::service_fn(move |mut request: Request<Incoming>| {
            let busy = desk.begin();
            request.extensions_mut().insert(peer);
            let response = router.clone().oneshot(request);
            async move {
                let response = response.await?;
                Ok::<_, Infallible>(response.map(|body| Answer::new(body, busy)))
            }
        });
        let service = TowerToHyperService::new(service);
        let connection = builder
            .serve_connection(TokioIo::new(Box::pin(stream)), service)
            .with_upgrades();
        let (open, mut stop) = (open.clone(), stop.clone());
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = place.needed() => return,
                () = async { drop(stop.wait_for(|stop| *stop).await) } => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended");
            }
            drop(open);
        });
    }
    drop(listener);
    drop(open);
    if tokio::time::timeout(grace, ended.recv()).await.is_err() {
        tracing::warn!("some requests had not ended when the service stopped");
    }
}

/// Returns how many connections leave as many descriptors for everything else.
fn descriptors_for_connections() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit / 2).unwrap_or(usize::MAX).max(1)
    })
}
