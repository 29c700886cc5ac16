//! Requests that no client library sends: each is refused or its connection closed, and others
//! notice nothing.

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::service::{Service, answered};

/// Sends bytes as they are, and returns all that comes until the service closes the connection.
async fn exchange(service: &Service, bytes: &[u8]) -> String {
    let stream = TcpStream::connect(&service.address)
        .await
        .expect("it listens");
    let (mut reader, mut writer) = stream.into_split();
    // The service may close while there is more to send.
    let sending = async { writer.write_all(bytes).await.is_ok() };
    let reading = async {
        let mut answer = Vec::new();
        let _ = reader.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    let minute = std::time::Duration::from_secs(60);
    let both = tokio::time::timeout(minute, async { tokio::join!(sending, reading) });
    both.await.expect("it is closed within a minute").1
}

/// Returns the statuses of all answers in what came over a connection.
fn statuses(answer: &str) -> Vec<u16> {
    let parts = answer.split("HTTP/1.1 ").skip(1);
    parts
        .filter_map(|part| part.get(..3)?.parse().ok())
        .collect()
}

/// Returns the head of a request up to its last line, with a token.
fn head(service: &Service, line: &str) -> String {
    format!(
        "{line}\r\nHost: {}\r\nAuthorization: Bearer {}\r\n",
        service.address, service.token
    )
}

#[tokio::test]
async fn broken_heads_are_refused() {
    let service = Service::start();
    let get = head(&service, "GET /api/v1/users/me HTTP/1.1");
    let close = "Connection: close\r\n\r\n";
    let sound = exchange(&service, format!("{get}{close}").as_bytes()).await;
    assert_eq!(statuses(&sound), [200], "{sound}");

    let many = "X-A: b\r\n".repeat(100_000);
    let long = format!("X-A: {}\r\n", "b".repeat(1 << 20));
    let absolute = format!("GET http://{}/api/v1/users/me HTTP/1.1", service.address);
    let foreign = "GET http://evil.example/api/v1/users/me HTTP/1.1";
    let token = format!("Authorization: Bearer {}\r\n", service.token);
    for (name, request) in [
        ("10^5 headers", format!("{get}{many}{close}")),
        ("1 MB of header", format!("{get}{long}{close}")),
        ("a folded line", format!("{get}X-A: b\r\n c\r\n{close}")),
        (
            "a blank before the colon",
            format!("{get}X-A : b\r\n{close}"),
        ),
        ("NUL in a header", format!("{get}X-A: b\0c\r\n{close}")),
        (
            "a lone CR in a header",
            format!("{get}X-A: b\rc\r\n{close}"),
        ),
        ("a header without a name", format!("{get}: b\r\n{close}")),
        (
            "a second Host",
            format!("{get}Host: evil.example\r\n{close}"),
        ),
        (
            "no Host",
            format!("GET /api/v1/users/me HTTP/1.1\r\n{token}{close}"),
        ),
        (
            "a whole address",
            format!("{}{close}", head(&service, &absolute)),
        ),
        (
            "a whole address elsewhere",
            format!("{}{close}", head(&service, foreign)),
        ),
        (
            "a method for proxies",
            format!(
                "{}{close}",
                head(&service, "CONNECT evil.example:80 HTTP/1.1")
            ),
        ),
        (
            "no such version",
            format!("{}{close}", head(&service, "GET /health HTTP/1.7")),
        ),
        ("HTTP/0.9", "GET /health\r\n".to_owned()),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("no HTTP", "\u{16}\u{3}\u{1}\0\u{5}hello\r\n\r\n".to_owned()),
    ] {
        let answer = exchange(&service, request.as_bytes()).await;
        let refused = statuses(&answer).iter().all(|status| *status / 100 == 4);
        assert!(refused, "{name}: {answer}");
    }
    // Bytes above ASCII are no address, and invalid UTF-8 is none when it is decoded.
    for path in [
        "/api/v1/users/%00",
        "/api/v1/users/%c0%ae%c0%ae",
        "/api/v1/users/%ff",
        "/api/v1/users/..%2f..%2fhealth",
        "/api/v1/users/%2e%2e%2f%2e%2e%2fhealth",
        "/api/v1/../../health",
        "/api/v1/users/me;role=admin",
        "/api/v1/users/me/",
        "//health",
    ] {
        let (status, answer) = service.raw("GET", path).await;
        assert!((400..500).contains(&status), "{path}: {answer}");
        assert!(
            answer.contains("application/problem+json"),
            "{path}: {answer}"
        );
    }
    service.get("/users/me").await.expect(200);
}

#[tokio::test]
async fn nothing_is_smuggled_in_behind_a_body() {
    let service = Service::start();
    let post = head(&service, "POST /api/v1/users HTTP/1.1") + "Content-Type: application/json\r\n";
    let behind = head(&service, "DELETE /api/v1/users/x HTTP/1.1") + "\r\n";
    let user = |name: &str| json!({"name": name, "role": "viewer"}).to_string();
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n0\r\n\r\n", text.len());

    // Both ways to send a body work, and one request may follow another.
    let body = user("length");
    let request = format!("{post}Content-Length: {}\r\n\r\n{body}", body.len());
    let last = head(&service, "GET /health HTTP/1.1") + "Connection: close\r\n\r\n";
    let answer = exchange(&service, format!("{request}{last}").as_bytes()).await;
    assert_eq!(statuses(&answer), [201, 200], "{answer}");
    let request = format!(
        "{post}Transfer-Encoding: chunked\r\n\r\n{}",
        chunk(&user("chunked"))
    );
    let answer = exchange(&service, format!("{request}{behind}").as_bytes()).await;
    assert_eq!(
        statuses(&answer),
        [201],
        "nothing is read behind chunks: {answer}"
    );

    let body = chunk(&user("smuggled"));
    let lengths = format!("Content-Length: {}\r\n", body.len());
    for (name, headers, sent) in [
        (
            "length and chunks",
            format!("{lengths}Transfer-Encoding: chunked\r\n"),
            body.clone(),
        ),
        (
            "chunks and length",
            format!("Transfer-Encoding: chunked\r\n{lengths}"),
            body.clone(),
        ),
        (
            "two lengths",
            format!("{lengths}Content-Length: 3\r\n"),
            body.clone(),
        ),
        (
            "a length with a sign",
            "Content-Length: +5\r\n".into(),
            "hello".into(),
        ),
        (
            "a length of letters",
            "Content-Length: 0x5\r\n".into(),
            "hello".into(),
        ),
        (
            "chunks that are not the last coding",
            "Transfer-Encoding: chunked, gzip\r\n".into(),
            body.clone(),
        ),
        (
            "an unknown coding",
            "Transfer-Encoding: xchunked\r\n".into(),
            body.clone(),
        ),
        (
            "a chunk without its end",
            "Transfer-Encoding: chunked\r\n".into(),
            "2\r\n{}0\r\n\r\n".into(),
        ),
        (
            "a chunk's size with a bare line feed",
            "Transfer-Encoding: chunked\r\n".into(),
            "2\n{}\r\n0\r\n\r\n".into(),
        ),
        (
            "a chunk of 2^64 bytes",
            "Transfer-Encoding: chunked\r\n".into(),
            "10000000000000000\r\n{}".into(),
        ),
        (
            "an endless extension of a chunk",
            "Transfer-Encoding: chunked\r\n".into(),
            format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "a".repeat(100_000)),
        ),
    ] {
        let request = format!("{post}{headers}\r\n{sent}{behind}");
        let answer = exchange(&service, request.as_bytes()).await;
        let answers = statuses(&answer);
        // Those that RFC 9112 lets a server read are read as one request, and the connection ends.
        assert!(answers.len() <= 1, "{name}: {answer}");
        let read = name.contains("and") && answers == [201];
        let refused = answers.iter().all(|status| status / 100 == 4);
        assert!(read || refused, "{name}: {answer}");
        if read {
            let user = answer
                .split("\"id\":\"")
                .nth(1)
                .and_then(|rest| rest.get(..36));
            let user = user.expect("an id");
            service.delete(&format!("/users/{user}")).await.expect(204);
        }
    }
    let users = service.get("/users").await.expect(200);
    assert_eq!(users["items"].as_array().map(Vec::len), Some(3), "{users}");
}

#[tokio::test]
async fn json_is_bounded_and_means_one_thing() {
    let service = Service::start();
    let send = |body: Vec<u8>| {
        let request = service.request(Method::POST, "/notebooks/import");
        answered(
            request
                .header("Content-Type", "application/json")
                .body(body),
        )
    };
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(
            r#"{{"name":"deep","format":"ipynb","content":{{"nbformat":4,"nbformat_minor":5,"cells":[],"metadata":{{"a":{open}{close}}}}}}}"#
        )
    };
    send(nested(50).into_bytes()).await.expect(201);
    send(nested(100_000).into_bytes()).await.refused(400, 50201);
    send("[".repeat(4 << 20).into_bytes())
        .await
        .refused(400, 50201);
    send(vec![b' '; 9 << 20]).await.refused(413, 50203);
    send(b"{\"name\": \"\xff\"}".to_vec())
        .await
        .refused(400, 50201);
    send(br#"{"name": "a", "name": "b"}"#.to_vec())
        .await
        .refused(400, 50201);
    send(br#"{"name": "a", "format": "md", "content": "", "more": 1}"#.to_vec())
        .await
        .refused(422, 50202);
    send(br#"["a", "md", ""]"#.to_vec())
        .await
        .refused(422, 50202);
    for wrong in [json!(1), json!(null), json!([]), json!({}), json!(true)] {
        let body = json!({"name": wrong, "format": "md", "content": ""});
        send(body.to_string().into_bytes())
            .await
            .refused(422, 50202);
    }
    // What is packed is not unpacked, so that there is nothing to burst.
    let request = service.request(Method::POST, "/users").json(&json!({}));
    answered(request.header("Content-Encoding", "gzip"))
        .await
        .refused(415, 50204);
}

#[tokio::test]
async fn a_name_that_is_not_this_machines_is_not_answered() {
    let service = Service::start_with(&[("server.hosts", "[\"cells.example.org\"]")]);
    let call = |host: &str| {
        let request = service.request(Method::GET, "/users/me");
        answered(request.header("Host", host))
    };
    for host in [
        "localhost",
        "127.0.0.1:1",
        "[::1]",
        "cells.example.org:8888",
    ] {
        call(host).await.expect(200);
    }
    for host in ["evil.example", "localhost.evil.example:8888", "192.0.2.1"] {
        call(host).await.refused(403, 50307);
        let page = service
            .anonymous(Method::GET, "/docs/")
            .header("Host", host);
        answered(page).await.refused(403, 50307);
        let upgrade = service
            .request(Method::GET, "/users/me")
            .header("Host", host)
            .header("Origin", format!("http://{host}"))
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket");
        answered(upgrade).await.refused(403, 50307);
    }
    // Tenants bring their tokens themselves, and a proxy may have any name.
    let service = Service::start_with_tenants(&[]);
    let request = service.request(Method::GET, "/users/me");
    answered(request.header("Host", "cells.example.net"))
        .await
        .expect(200);
}
