//! `/uploads`: files that come in pieces, whatever happens in between.

use reqwest::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::service::{Answered, Service, answered};

const NOTHING: &str = "01890000-0000-7000-8000-000000000000";

/// Makes an upload as a tus client does, and returns its path.
async fn create(service: &Service, project: &str, path: &str, length: usize) -> String {
    let base64 = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    let metadata = format!(
        "project_id {},path {},filetype dGV4dA==",
        base64(project),
        base64(path)
    );
    let made = answered(
        service
            .request(Method::POST, "/uploads")
            .header("tus-resumable", "1.0.0")
            .header("upload-length", length)
            .header("upload-metadata", &metadata),
    )
    .await;
    assert_eq!(made.header("tus-resumable"), Some("1.0.0"));
    assert_eq!(made.header("upload-metadata"), Some(metadata.as_str()));
    assert!(
        made.header("upload-expires")
            .is_some_and(|end| end.ends_with(" GMT"))
    );
    let address = made
        .header("location")
        .expect("an address")
        .trim_start_matches("/api/v1")
        .to_owned();
    made.expect(201);
    address
}

async fn send(service: &Service, upload: &str, offset: usize, bytes: &[u8]) -> Answered {
    answered(
        service
            .request(Method::PATCH, upload)
            .header("tus-resumable", "1.0.0")
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", offset)
            .body(bytes.to_vec()),
    )
    .await
}

async fn offset(service: &Service, upload: &str) -> usize {
    let answer = answered(
        service
            .request(Method::HEAD, upload)
            .header("tus-resumable", "1.0.0"),
    )
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer
        .header("upload-offset")
        .and_then(|offset| offset.parse().ok())
        .expect("an offset")
}

/// Begins to send bytes, and keeps the connection open in the middle of them.
async fn begin(
    service: &Service,
    upload: &str,
    offset: usize,
    bytes: &[u8],
    sent: usize,
) -> TcpStream {
    let mut stream = TcpStream::connect(&service.address)
        .await
        .expect("it listens");
    let head = format!(
        "PATCH /api/v1{upload} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: {offset}\r\nContent-Length: {}\r\n\r\n",
        service.token,
        bytes.len()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&bytes[..sent]).await.expect("sent");
    stream.flush().await.expect("sent");
    stream
}

/// Waits until the upload has these bytes.
async fn until(service: &Service, upload: &str, wanted: usize) {
    while offset(service, upload).await < wanted {
        tokio::task::yield_now().await;
    }
}

fn content(length: usize) -> Vec<u8> {
    let mut reader = blake3::Hasher::new().update(b"content").finalize_xof();
    let mut bytes = vec![0; length];
    reader.fill(&mut bytes);
    bytes
}

async fn placed(service: &Service, path: &str) -> Option<Vec<u8>> {
    let answer = service
        .request(Method::GET, path)
        .send()
        .await
        .expect("answered");
    let there = answer.status() == 200;
    let bytes = answer.bytes().await.expect("whole").to_vec();
    there.then_some(bytes)
}

#[tokio::test]
async fn a_file_that_came_in_pieces_is_whole() {
    let service = Service::start();
    let project = service.project("p").await;
    let file = format!("/projects/{project}/files/in/a.txt");
    let upload = create(&service, &project, "in/a.txt", 10).await;
    assert_eq!(offset(&service, &upload).await, 0);
    let first = send(&service, &upload, 0, b"0123").await;
    assert_eq!(first.header("upload-offset"), Some("4"));
    first.expect(204);
    assert_eq!(placed(&service, &file).await, None);
    let open = service.get(&upload).await.expect(200);
    assert_eq!(
        (
            open["state"].as_str(),
            open["offset"].as_u64(),
            open["length"].as_u64()
        ),
        (Some("open"), Some(4), Some(10))
    );
    send(&service, &upload, 4, b"456789").await.expect(204);
    assert_eq!(
        placed(&service, &file).await.as_deref(),
        Some(&b"0123456789"[..])
    );
    // A client that did not hear of it asks again.
    assert_eq!(offset(&service, &upload).await, 10);
    send(&service, &upload, 10, b"").await.expect(204);
    assert_eq!(service.get(&upload).await.expect(200)["state"], "placed");
    service.delete(&upload).await.expect(204);
    service.get(&upload).await.refused(404, 50409);
    assert!(placed(&service, &file).await.is_some());
    create(&service, &project, "empty", 0).await;
    assert_eq!(
        placed(&service, &format!("/projects/{project}/files/empty"))
            .await
            .as_deref(),
        Some(&b""[..])
    );
}

#[tokio::test]
async fn a_client_can_ask_what_is_spoken_here() {
    let service = Service::start_with(&[("files.largest", "1 MiB")]);
    let answer = answered(service.anonymous(Method::OPTIONS, "/api/v1/uploads")).await;
    assert_eq!(answer.header("tus-version"), Some("1.0.0"));
    assert_eq!(
        answer.header("tus-extension"),
        Some("creation,expiration,termination")
    );
    assert_eq!(answer.header("tus-max-size"), Some("1048576"));
    answer.expect(204);
    // A browser's question is another.
    let preflight = service
        .anonymous(Method::OPTIONS, "/api/v1/uploads")
        .header("access-control-request-method", "POST");
    let answer = answered(preflight).await;
    assert_eq!(
        (answer.header("tus-version"), answer.status.as_u16()),
        (None, 200)
    );
    assert!(
        answer
            .header("access-control-allow-headers")
            .is_some_and(|headers| headers.contains("upload-offset"))
    );
}

#[tokio::test]
async fn an_upload_without_a_place_waits_to_be_taken() {
    let service = Service::start();
    let made = service
        .post("/uploads", json!({"length": 3}))
        .await
        .expect(201);
    let upload = format!("/uploads/{}", made["id"].as_str().expect("an id"));
    send(&service, &upload, 0, b"abc").await.expect(204);
    let upload = service.get(&upload).await.expect(200);
    assert_eq!(
        (upload["state"].as_str(), upload["project_id"].as_str()),
        (Some("finished"), None)
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let service = Service::start_with(&[("files.largest", "64 KiB"), ("quotas.disk", "100 KiB")]);
    let project = service.project("p").await;
    for (body, status, code) in [
        (json!({"length": 65 << 10}), 413, 50203),
        (json!({"length": -1}), 422, 50202),
        (json!({"length": 1.5}), 422, 50202),
        (json!({}), 422, 50202),
        (json!({"length": 1, "path": "a"}), 422, 50202),
        (json!({"length": 1, "project_id": project}), 422, 50202),
        (
            json!({"length": 1, "project_id": project, "path": "../a"}),
            422,
            50404,
        ),
        (
            json!({"length": 1, "project_id": project, "path": "a.exe"}),
            415,
            50405,
        ),
        (
            json!({"length": 1, "project_id": NOTHING, "path": "a"}),
            404,
            50408,
        ),
        (
            json!({"length": 1, "project_id": "x", "path": "a"}),
            404,
            50408,
        ),
        (json!({"length": 1, "colour": "red"}), 422, 50202),
    ] {
        service.post("/uploads", body).await.refused(status, code);
    }
    let upload = create(&service, &project, "a", 10).await;
    for id in [NOTHING, "x"] {
        let path = format!("/uploads/{id}");
        service.get(&path).await.refused(404, 50409);
        service.delete(&path).await.refused(404, 50409);
        send(&service, &path, 0, b"x").await.refused(404, 50409);
    }
    let conflict = send(&service, &upload, 3, b"x").await.refused(409, 50406);
    assert_eq!(conflict["details"]["offset"], 0);
    send(&service, &upload, 0, b"01234567890")
        .await
        .refused(413, 50203);
    assert_eq!(offset(&service, &upload).await, 0);
    let patch = || {
        service
            .request(Method::PATCH, &upload)
            .header("upload-offset", 0)
            .body("x")
    };
    answered(patch().header("content-type", "text/plain"))
        .await
        .refused(415, 50204);
    let other = patch()
        .header("content-type", "application/offset+octet-stream")
        .header("tus-resumable", "0.2.2");
    answered(other).await.refused(412, 50210);
    let nowhere = service
        .request(Method::PATCH, &upload)
        .header("content-type", "application/offset+octet-stream");
    answered(nowhere.body("x")).await.refused(422, 50202);
    let metadata = service
        .request(Method::POST, "/uploads")
        .header("upload-length", 1)
        .header("upload-metadata", "path ???");
    answered(metadata).await.refused(422, 50202);
    send(&service, &upload, 0, b"0123456789").await.expect(204);
    // Two that fit each by itself, and not together.
    let first = create(&service, &project, "b", 60 << 10).await;
    let second = create(&service, &project, "c", 60 << 10).await;
    send(&service, &first, 0, &content(60 << 10))
        .await
        .expect(204);
    send(&service, &second, 0, &content(60 << 10))
        .await
        .refused(429, 50305);
    service
        .get(&format!("/projects/{project}/files/c"))
        .await
        .refused(404, 50403);
}

#[tokio::test]
async fn what_stands_in_the_way_at_the_end_is_said_and_can_be_mended() {
    let service = Service::start();
    let project = service.project("p").await;
    let upload = create(&service, &project, "a.txt", 3).await;
    service
        .put(&format!("/projects/{project}/files/A.TXT"), "other")
        .await
        .expect(201);
    send(&service, &upload, 0, b"abc").await.refused(422, 50404);
    assert_eq!(service.get(&upload).await.expect(200)["state"], "finished");
    service
        .delete(&format!("/projects/{project}/files/A.TXT"))
        .await
        .expect(204);
    send(&service, &upload, 3, b"").await.expect(204);
    assert_eq!(
        service
            .get(&format!("/projects/{project}/files/a.txt"))
            .await
            .expect(200),
        "abc"
    );
}

#[tokio::test]
async fn of_two_that_send_at_once_one_is_refused() {
    let service = Service::start();
    let project = service.project("p").await;
    let bytes = content(100_000);
    let upload = create(&service, &project, "a", bytes.len()).await;
    let mut first = begin(&service, &upload, 0, &bytes, 50_000).await;
    until(&service, &upload, 50_000).await;
    send(&service, &upload, 50_000, &bytes[50_000..])
        .await
        .refused(409, 50406);
    service.delete(&upload).await.refused(409, 50406);
    first.write_all(&bytes[50_000..]).await.expect("sent");
    until(&service, &upload, bytes.len()).await;
    while service.get(&upload).await.expect(200)["state"] != "placed" {}
    assert_eq!(
        placed(&service, &format!("/projects/{project}/files/a")).await,
        Some(bytes)
    );
}

#[tokio::test]
async fn an_upload_that_was_cut_anywhere_goes_on_and_becomes_the_whole_file_once() {
    let service = Service::start();
    let project = service.project("p").await;
    let bytes = content(300_000);
    for (number, percent) in [0, 1, 13, 50, 77, 99].into_iter().enumerate() {
        let name = format!("file{number}");
        let file = format!("/projects/{project}/files/{name}");
        let upload = create(&service, &project, &name, bytes.len()).await;
        let sent = bytes.len() * percent / 100;
        drop(begin(&service, &upload, 0, &bytes, sent).await);
        assert_eq!(placed(&service, &file).await, None);
        // Two go on at once, each until it is told that nothing is missing.
        let resume = async || loop {
            let at = offset(&service, &upload).await;
            assert!(at <= bytes.len());
            let answer = send(&service, &upload, at, &bytes[at..]).await;
            match answer.status.as_u16() {
                204 => break,
                _ => drop(answer.refused(409, 50406)),
            }
        };
        tokio::join!(resume(), resume());
        assert!(
            placed(&service, &file).await == Some(bytes.clone()),
            "cut at {percent} %"
        );
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_crash() {
    let mut service = Service::start();
    let project = service.project("p").await;
    let file = format!("/projects/{project}/files/a");
    let bytes = content(200_000);
    let upload = create(&service, &project, "a", bytes.len()).await;
    send(&service, &upload, 0, &bytes[..50_000])
        .await
        .expect(204);
    let _open = begin(&service, &upload, 50_000, &bytes[50_000..], 70_000).await;
    until(&service, &upload, 60_000).await;
    let acknowledged = offset(&service, &upload).await;
    service.kill_and_restart();
    let kept = offset(&service, &upload).await;
    assert!(
        (acknowledged..=120_000).contains(&kept),
        "{acknowledged} {kept}"
    );
    assert_eq!(placed(&service, &file).await, None);
    send(&service, &upload, kept, &bytes[kept..])
        .await
        .expect(204);
    assert!(placed(&service, &file).await == Some(bytes));
    service.kill_and_restart();
    assert_eq!(service.get(&upload).await.expect(200)["state"], "placed");
}

#[tokio::test]
async fn a_write_that_a_crash_cut_leaves_nothing() {
    let mut service = Service::start();
    let project = service.project("p").await;
    let files = format!("/projects/{project}/files");
    service
        .put(&format!("{files}/a"), "before")
        .await
        .expect(201);
    let mut stream = TcpStream::connect(&service.address)
        .await
        .expect("it listens");
    let head = format!(
        "PUT /api/v1{files}/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Length: 100000\r\n\r\n",
        service.token
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&content(50_000)).await.expect("sent");
    while service.under_way() == 0 {
        tokio::task::yield_now().await;
    }
    service.kill_and_restart();
    assert_eq!(
        service.get(&format!("{files}/a")).await.expect(200),
        "before"
    );
    assert_eq!(service.under_way(), 0);
}

#[tokio::test]
async fn an_upload_comes_to_its_end() {
    let service = Service::start_with(&[("files.upload_lifetime", "1 s")]);
    let project = service.project("p").await;
    let upload = create(&service, &project, "a", 10).await;
    let id = upload.rsplit('/').next().expect("an id").to_owned();
    let folder = std::fs::read_dir(service.data().join("tenants"))
        .expect("tenants")
        .flatten()
        .next()
        .expect("one");
    let file = folder.path().join("uploads").join(id);
    while service.get(&upload).await.status == 200 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    service.get(&upload).await.refused(404, 50409);
    while file.exists() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    service
        .put(&format!("/projects/{project}/files/a"), "a")
        .await
        .expect(201);
}
