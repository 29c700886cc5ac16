//! Clients that stop reading, break the protocol or are not allowed any more: they are cut off, and
//! nobody else notices.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::service::Service;

/// Sends an upgrade and returns the connection behind it.
async fn upgrade(service: &Service, path: &str, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&service.address)
        .await
        .expect("it listens");
    let request = format!(
        "GET /api/v1{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        service.address
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("it is answered"));
    }
    let head = String::from_utf8_lossy(&head);
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream
}

/// Returns the next frame's opcode and content; nothing when the connection has ended.
async fn frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let first = stream.read_u8().await.ok()?;
    let length = match stream.read_u8().await.ok()? {
        126 => u64::from(stream.read_u16().await.ok()?),
        127 => stream.read_u64().await.ok()?,
        length => u64::from(length),
    };
    let mut content = vec![0; usize::try_from(length).expect("a length")];
    stream.read_exact(&mut content).await.ok()?;
    Some((first & 0x0f, content))
}

/// Reads to the end and returns the code that the connection was closed with.
async fn closed_with(stream: &mut TcpStream) -> Option<u16> {
    while let Some((opcode, content)) = frame(stream).await {
        if opcode == 8 {
            return Some(u16::from_be_bytes([content[0], content[1]]));
        }
    }
    None
}

/// Returns a frame as a client has to send it.
fn masked(first: u8, content: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match content.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
    }
    // The mask is zero, so the content is as it is.
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(content);
    frame
}

#[tokio::test]
async fn who_breaks_the_protocol_is_told_so_and_others_go_on() {
    let service = Service::start_with(&[("server.body", "1 MiB")]);
    let session = service.session().await;
    let path = format!("/sessions/{session}/channel");
    let command = json!({"id": 1, "type": "is_complete", "content": {"code": "1"}}).to_string();
    let mut long = masked(0x81, &[]);
    long[1] = 0x80 | 127;
    long.splice(2..2, (64_u64 << 20).to_be_bytes());
    let mut pieces = masked(0x01, b"x");
    for _ in 0..1_100_000 {
        pieces.extend_from_slice(&masked(0x00, b"x"));
    }
    let cases: [(&str, Vec<u8>, u16); 12] = [
        ("no mask", vec![0x81, 1, b'x'], 1002),
        ("reserved bits", masked(0xc1, b"x"), 1002),
        ("an unknown opcode", masked(0x83, b"x"), 1002),
        ("a ping in pieces", masked(0x09, b"x"), 1002),
        ("a long ping", masked(0x89, &[0; 126]), 1002),
        ("a continuation of nothing", masked(0x80, b"x"), 1002),
        (
            "a close code that is no code",
            masked(0x88, &[0x03, 0xed]),
            1002,
        ),
        ("a text that is none", masked(0x81, &[0xc3, 0x28]), 1007),
        ("bytes", masked(0x82, b"x"), 1003),
        ("64 MiB at once", long, 1009),
        ("more than is taken in a million pieces", pieces, 1009),
        ("many pings", masked(0x89, b"x").repeat(2000), 1008),
    ];
    for (what, bytes, code) in cases {
        let mut stream = upgrade(&service, &path, &service.token).await;
        // It works, until then.
        stream
            .write_all(&masked(0x81, command.as_bytes()))
            .await
            .expect("sent");
        loop {
            let (opcode, content) = frame(&mut stream).await.expect("a reply");
            if opcode == 1 && String::from_utf8_lossy(&content).contains("reply_to") {
                break;
            }
        }
        // It may be closed before all is sent.
        let _ = stream.write_all(&bytes).await;
        assert_eq!(closed_with(&mut stream).await, Some(code), "{what}");
        assert_eq!(service.text(&session, "1 + 1").await, "2", "{what}");
    }
}

#[tokio::test]
async fn sockets_of_a_revoked_key_are_closed() {
    let service = Service::start();
    let session = service.session().await;
    let notebook = service.post("/notebooks", json!({"name": "n"})).await;
    let notebook = notebook.expect(201)["notebook_id"].clone();
    let made = service
        .post("/keys", json!({"name": "k"}))
        .await
        .expect(201);
    let key = made["secret"].as_str().expect("a text");
    let paths = [
        format!("/sessions/{session}/channel"),
        format!("/ws/notebooks/{}", notebook.as_str().expect("an id")),
    ];
    let mut sockets = Vec::new();
    for path in &paths {
        sockets.push((
            upgrade(&service, path, key).await,
            upgrade(&service, path, &service.token).await,
        ));
    }
    let id = made["id"].as_str().expect("an id");
    service.delete(&format!("/keys/{id}")).await.expect(204);
    for (revoked, stays) in &mut sockets {
        assert_eq!(closed_with(revoked).await, Some(1008));
        stays.write_all(&masked(0x89, b"here")).await.expect("sent");
        loop {
            let (opcode, content) = frame(stays).await.expect("it is open");
            assert_ne!(opcode, 8, "another key's socket was closed");
            if (opcode, content.as_slice()) == (10, b"here".as_slice()) {
                break;
            }
        }
    }
}

/// Returns the memory that the control process has, in bytes.
fn memory(service: &Service) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.pid()));
    let status = status.expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .expect("a size");
    kilobytes.parse::<u64>().expect("a number") << 10
}

/// Tells whether the service still holds its end of a connection.
fn is_held(stream: &TcpStream) -> bool {
    let port = |address: std::io::Result<std::net::SocketAddr>| address.expect("an address").port();
    let (ours, theirs) = (port(stream.local_addr()), port(stream.peer_addr()));
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel tells");
    table.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.len() > 3
            && fields[1].ends_with(&format!(":{theirs:04X}"))
            && fields[2].ends_with(&format!(":{ours:04X}"))
            // Established, or closed by this end: after that nobody there has it open.
            && ["01", "08"].contains(&fields[3])
    })
}

#[tokio::test]
async fn who_stops_reading_is_cut_off_and_comes_back_to_a_gap() {
    let service = Service::start_with(&[("sessions.journal", "2 MiB")]);
    let session = service.session().await;
    let flood = "for _ in range(40):\n    print('x' * 20_000)";
    service.text(&session, "1").await;
    let before = memory(&service);
    // None of these reads anything after its head.
    let path = format!("/sessions/{session}/channel?after_seq=0");
    let socket = upgrade(&service, &path, &service.token).await;
    let other = service.session().await;
    let mut streaming = TcpStream::connect(&service.address)
        .await
        .expect("it listens");
    let body = json!({"code": "while True: print('x' * 20_000)"}).to_string();
    let request = format!(
        "POST /api/v1/sessions/{other}/execute HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Accept: application/x-ndjson\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        service.token,
        body.len()
    );
    streaming.write_all(request.as_bytes()).await.expect("sent");
    // The cells are not held up by readers.
    for _ in 0..30 {
        let ran = service.run(&session, flood).await;
        assert_eq!(ran["status"], "success", "{:.300}", ran.to_string());
    }
    let grown = memory(&service).saturating_sub(before);
    assert!(
        grown < 128 << 20,
        "{grown} bytes for readers that do not read"
    );
    for (what, stream) in [("a socket", &socket), ("a stream", &streaming)] {
        let mut left = 600;
        while is_held(stream) {
            left -= 1;
            assert!(left > 0, "{what} was not cut off within a minute");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    // What ran for the stream was ended with it.
    let shown = format!("/sessions/{other}");
    while service.get(&shown).await.expect(200)["state"] != "idle" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Who comes back is told what is not kept any more, and gets all that is.
    let mut socket = upgrade(&service, &path, &service.token).await;
    let last = service
        .get(&format!("/sessions/{session}"))
        .await
        .expect(200)["last_seq"]
        .clone();
    let mut next = None;
    loop {
        let (opcode, content) = frame(&mut socket).await.expect("it is open");
        if opcode != 1 {
            continue;
        }
        let event: Value = serde_json::from_slice(&content).expect("JSON");
        let seq = event["seq"].as_u64().expect("a number");
        match next {
            None => {
                assert_eq!(event["type"], "gap", "{event:.300}");
                assert_eq!(event["content"]["first"], 1);
                assert_eq!(event["content"]["last"], seq);
            }
            Some(next) => assert_eq!(seq, next, "an event is missing"),
        }
        next = Some(seq + 1);
        if last == seq {
            break;
        }
    }
    let answer = service.request(Method::GET, "/sessions").send().await;
    assert_eq!(answer.expect("an answer").status(), 200);
}
