//! Clients that hold connections and send little or nothing.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::service::{Answered, Service, answered};

/// Sends the start of a request and then a byte a second, until the service answers or closes.
/// Returns what it said.
async fn drip(service: &Service, start: &str) -> String {
    let stream = TcpStream::connect(&service.address)
        .await
        .expect("it listens");
    let (mut reader, mut writer) = stream.into_split();
    writer
        .write_all(start.as_bytes())
        .await
        .expect("it is sent");
    let dripping = tokio::spawn(async move {
        while writer.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut answer = Vec::new();
    let minute = Duration::from_secs(60);
    // A connection that is closed while its client sends may also be reset.
    let read = tokio::time::timeout(minute, reader.read_to_end(&mut answer)).await;
    dripping.abort();
    assert!(read.is_ok(), "{start:?} is still open");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Writes a file in pieces of 4 KiB with pauses, which takes longer than any one piece may.
async fn slowly(service: &Service, path: &str, pieces: usize) -> Answered {
    let body = futures_util::stream::unfold(0, move |sent| async move {
        if sent == pieces {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(600)).await;
        Some((Ok::<_, std::io::Error>(vec![b'a'; 4 << 10]), sent + 1))
    });
    let request = service.request(Method::PUT, path);
    answered(request.body(reqwest::Body::wrap_stream(body))).await
}

#[tokio::test]
async fn who_drips_is_cut_off_and_who_is_slow_is_not() {
    let service = Service::start();
    let project = service.project("slow").await;
    let file = format!("/api/v1/projects/{project}/files/dripped");
    let head = |line: &str| {
        format!(
            "{line}\r\nHost: {}\r\nAuthorization: Bearer {}\r\n",
            service.address, service.token
        )
    };
    let header = head("GET /api/v1/users/me HTTP/1.1") + "X-A: ";
    let json = head("POST /api/v1/users HTTP/1.1")
        + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
    let put = head(&format!("PUT {file} HTTP/1.1")) + "Content-Length: 100000\r\n\r\n";
    let chunked =
        head(&format!("PUT {file} HTTP/1.1")) + "Transfer-Encoding: chunked\r\n\r\nffff\r\n";
    let moving = format!("/projects/{project}/files/moving");
    let silent = async {
        let mut stream = TcpStream::connect(&service.address)
            .await
            .expect("it listens");
        let minute = Duration::from_secs(60);
        let mut answer = Vec::new();
        let read = tokio::time::timeout(minute, stream.read_to_end(&mut answer)).await;
        read.expect("it is closed").expect("in order");
        String::from_utf8_lossy(&answer).into_owned()
    };
    let (silent, header, json, put, chunked, moved) = tokio::join!(
        silent,
        drip(&service, &header),
        drip(&service, &json),
        drip(&service, &put),
        drip(&service, &chunked),
        slowly(&service, &moving, 25),
    );
    assert_eq!(
        (silent, header),
        Default::default(),
        "nothing is said to who has not asked yet"
    );
    for answer in [json, put, chunked] {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("\"code\":50213"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
    assert_eq!(moved.expect(201)["size"], 25 * (4 << 10));
    let listed = service
        .get(&format!("/projects/{project}/files?list"))
        .await
        .expect(200);
    let names = listed["items"].as_array().expect("a list").len();
    assert_eq!((names, service.under_way()), (1, 0), "{listed}");
}

/// Opens connections that say nothing.
async fn idle(service: &Service, count: usize) -> Vec<TcpStream> {
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        let stream = TcpStream::connect(&service.address).await;
        open.push(stream.expect("it listens"));
    }
    open
}

#[tokio::test]
async fn idle_connections_stop_nobody() {
    // As many as the limits allow here, up to 10,000.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let count = usize::try_from(limit.unwrap_or(20_000) / 2)
        .expect("it fits")
        .min(10_000);
    let service = Service::start();
    let session = service.session().await;
    let open = idle(&service, count.saturating_sub(500)).await;
    assert_eq!(service.text(&session, "1 + 1").await, "2");
    drop(open);

    // Where there is no room for more, those who asked for nothing make room.
    let service = Service::start_with(&[("server.connections", "8")]);
    let session = service.session().await;
    let running = service.channel(&session, 0).await;
    let mut open = idle(&service, 30).await;
    for _ in 0..20 {
        let fresh = reqwest::Client::new()
            .get(format!("http://{}/health", service.address))
            .send();
        assert_eq!(fresh.await.expect("it is answered").status(), 200);
    }
    let mut nothing = Vec::new();
    let first = open.first_mut().expect("there are some");
    let _ = first.read_to_end(&mut nothing).await;
    assert_eq!(nothing, b"");
    drop(running);
}

#[tokio::test]
async fn a_notebook_is_edited_while_a_slow_client_sends_another_over_it() {
    let service = Service::start();
    let new = json!({"name": "n", "cells": [{"cell_type": "code", "source": "1"}]});
    let made = service.post("/notebooks", new).await.expect(201);
    let id = made["notebook_id"].as_str().expect("an id");
    let project = made["project_id"].as_str().expect("an id");
    let (parts, body) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let body = futures_util::stream::unfold(body, async |mut body| {
        let part = body.recv().await?;
        Some((part, body))
    });
    let path = format!("/projects/{project}/files/n.ipynb");
    let sent = service.request(Method::PUT, &path);
    let sent = tokio::spawn(answered(sent.body(reqwest::Body::wrap_stream(body))));
    let whole = json!({
        "cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "sent", "outputs": [], "execution_count": null}],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
    })
    .to_string();
    let (first, last) = whole.split_at(10);
    parts.send(Ok(first.into())).await.expect("it is taken");
    let cell = &made["cells"][0];
    let edit = json!({"revision": cell["revision"], "source": "edited"});
    let at = format!(
        "/notebooks/{id}/cells/{}",
        cell["cell_id"].as_str().expect("an id")
    );
    service.patch(&at, edit).await.expect(200);
    parts.send(Ok(last.into())).await.expect("it is taken");
    drop(parts);
    sent.await.expect("no panic").expect(200);
    let seen = service.get(&format!("/notebooks/{id}")).await.expect(200);
    assert_eq!(seen["cells"][0]["source"], "sent");
}
