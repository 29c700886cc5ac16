//! A clock that jumps, by an hour, by ten years, forward and back: nothing ends for it, nothing is
//! done twice, and what happened stays in order.

use std::path::PathBuf;
use std::process::Command;

use reqwest::Method;
use serde_json::json;

use crate::support::service::{Service, answered};

const HOUR: i64 = 3600;
const TEN_YEARS: i64 = 10 * 365 * 24 * HOUR;

/// Starts a service whose clock is moved by the number of seconds in a file.
fn service_with_a_clock() -> (Service, tempfile::TempDir, PathBuf) {
    let tools = tempfile::tempdir().expect("a folder");
    let (source, library) = (tools.path().join("clock.c"), tools.path().join("clock.so"));
    std::fs::write(&source, include_str!("../support/moved_clock.c")).expect("it is written");
    // Rust links with it, so it is there.
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .status()
        .expect("the C compiler runs");
    assert!(built.success());
    let moved = tools.path().join("moved");
    std::fs::write(&moved, 0_i64.to_ne_bytes()).expect("it is written");
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_owned();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
    command
        .env("LD_PRELOAD", library)
        .env("MOVED_CLOCK", &moved);
    (Service::start_by(command, folder, data), tools, moved)
}

/// Returns the year that the service believes it is, as a refusal shows it.
async fn year(service: &Service) -> i32 {
    let refused = service.get("/sessions/nothing").await.body;
    let time: jiff::Timestamp = refused["timestamp"]
        .as_str()
        .and_then(|time| time.parse().ok())
        .expect("a time");
    i32::from(time.to_zoned(jiff::tz::TimeZone::UTC).year())
}

#[tokio::test]
async fn a_clock_that_jumps_ends_nothing_and_orders_nothing() {
    let (mut service, _tools, moved) = service_with_a_clock();
    let set = |seconds: i64| {
        use std::os::unix::fs::FileExt as _;
        let file = std::fs::File::options().write(true).open(&moved);
        let file = file.expect("it opens");
        file.write_all_at(&seconds.to_ne_bytes(), 0)
            .expect("written");
    };
    let this_year = year(&service).await;
    let session = service.session().await;
    service.text(&session, "a = 0").await;
    let project = service.project("p").await;
    let once = |service: &Service| {
        let request = service.request(Method::POST, "/projects");
        let request = request.header("idempotency-key", "once");
        answered(request.json(&json!({"name": "once"})))
    };
    let first = once(&service).await.expect(201);
    let base64 = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    let metadata = format!("project_id {},path {}", base64(&project), base64("up"));
    let upload = answered(
        service
            .request(Method::POST, "/uploads")
            .header("tus-resumable", "1.0.0")
            .header("upload-length", 3)
            .header("upload-metadata", metadata),
    )
    .await;
    let upload = upload.header("location").expect("an address").to_owned();
    let upload = upload.trim_start_matches("/api/v1").to_owned();
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(2);
    let body = json!({"name": "k", "expires_at": soon.to_string()});
    let key = service.post("/keys", body).await.expect(201)["secret"].clone();
    let me = || {
        let request = service.anonymous(Method::GET, "/api/v1/users/me");
        answered(request.bearer_auth(key.as_str().expect("a text")))
    };
    me().await.expect(200);
    let mut channel = service.channel(&session, 0).await;
    let jumps = [HOUR, -HOUR, TEN_YEARS, -TEN_YEARS, 0];
    for (number, jump) in jumps.into_iter().enumerate() {
        set(jump);
        // Limits of time, waiting for a turn, and the socket go by spans.
        let code = format!("a += 1\nimport time\ntime.sleep(0.05)\nprint({number})");
        assert_eq!(service.text(&session, &code).await, number.to_string());
        while channel.until("finished").await["content"]["execution_count"] != number + 2 {}
        // A request is repeated and not done again; an upload is still waited for.
        let again = once(&service).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{jump}");
        assert_eq!(again.expect(201)["id"], first["id"]);
        assert_eq!(
            service.get(&upload).await.expect(200)["offset"],
            0,
            "{jump}"
        );
        // A key's expiry is a date that somebody set.
        if jump == TEN_YEARS {
            me().await.refused(401, 50301);
            assert!(year(&service).await > this_year + 8, "the clock was moved");
        } else {
            me().await.expect(200);
        }
        service
            .post(
                "/users",
                json!({"name": format!("user{number}"), "role": "viewer"}),
            )
            .await
            .expect(201);
    }
    let sent = answered(
        service
            .request(Method::PATCH, &upload)
            .header("tus-resumable", "1.0.0")
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", 0)
            .body("abc"),
    )
    .await;
    assert_eq!(sent.status, 204, "{:#}", sent.body);
    // Everything is in the order in which it happened.
    let executions = service
        .get(&format!("/sessions/{session}/executions"))
        .await
        .expect(200);
    let counts: Vec<_> = executions["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["execution_count"].as_u64())
        .collect();
    assert_eq!(counts, (1..=6).map(Some).collect::<Vec<_>>());
    let checkpoints = service
        .get(&format!("/sessions/{session}/checkpoints"))
        .await
        .expect(200);
    let after: Vec<_> = executions["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["checkpoint_after"])
        .collect();
    let listed: Vec<_> = checkpoints["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(listed, after);
    let records = service.get("/audit?limit=200").await.expect(200);
    let records: Vec<_> = records["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["seq"].as_u64().expect("a number"))
        .collect();
    let newest = *records.first().expect("some");
    assert_eq!(records, (1..=newest).rev().collect::<Vec<_>>());
    service.end();
    let verified = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["audit", "verify", "--data"])
        .arg(service.data())
        .status();
    assert!(verified.expect("it runs").success());
    service.kill_and_restart();
    assert_eq!(service.text(&session, "a").await, "5");
}
