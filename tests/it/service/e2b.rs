//! E2B's own clients, from their packages and unmodified.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::service::{Service, answered};
use crate::support::{node, python};

static PACKAGES: LazyLock<PathBuf> =
    LazyLock::new(|| python::packages("tests/e2b/requirements.txt", &[]));

/// Has one of the clients for Python assert what it is told.
fn python_client(service: &Service, name: &str, keys: &[&str]) {
    let output = Command::new("python3")
        .env("PYTHONPATH", PACKAGES.as_path())
        .args(["tests/e2b/sandboxes.py", name])
        .arg(format!("http://{}", service.address))
        .args(keys)
        .output()
        .expect("python3 starts");
    assert!(
        output.status.success(),
        "{name}, {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs a part of the client's assertions, and asserts that nothing is left of the sandboxes.
async fn holds(name: &str) {
    let service = Service::start();
    python_client(&service, name, &[&service.token]);
    nothing_is_left(&service).await;
}

async fn nothing_is_left(service: &Service) {
    for list in ["/sessions", "/projects"] {
        let left = service.get(list).await.expect(200);
        assert_eq!(left["items"], json!([]), "{list}");
    }
    let folders = service.data().join("tenants");
    let tenants = std::fs::read_dir(folders).expect("it is there");
    for tenant in tenants {
        let projects = tenant.expect("an entry").path().join("projects");
        let left = std::fs::read_dir(projects).map_or(0, Iterator::count);
        assert_eq!(left, 0);
    }
}

#[tokio::test]
async fn code_runs_and_is_told_as_it_runs() {
    holds("code").await;
}

#[tokio::test]
async fn results_carry_pictures_and_data() {
    holds("results").await;
}

#[tokio::test]
async fn contexts_are_apart_and_share_files() {
    holds("contexts").await;
}

#[tokio::test]
async fn files_are_read_written_listed_watched_and_signed_for() {
    holds("files").await;
}

#[tokio::test]
async fn commands_run_in_python_and_others_are_refused() {
    holds("commands").await;
}

#[tokio::test]
async fn sandboxes_live_pause_fork_and_end() {
    holds("life").await;
}

#[tokio::test]
async fn many_things_happen_at_once() {
    holds("asynchronous").await;
}

#[tokio::test]
async fn strangers_reach_nothing() {
    let service = Service::start_with_tenants(&[]);
    let one = service.tenant("one").await;
    let other = service.tenant("other").await;
    python_client(&service, "strangers", &[&one.key, &other.key]);
}

#[tokio::test]
async fn the_clients_for_javascript_find_the_same() {
    let service = Service::start();
    let output = Command::new("node")
        .env("NODE_PACKAGES", node::packages("tests/e2b/node"))
        .arg("tests/e2b/sandboxes.mjs")
        .args([&format!("http://{}", service.address), &service.token])
        .output()
        .expect("node starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    nothing_is_left(&service).await;
}

/// Makes a sandbox with a key and returns what its maker is told.
async fn made(service: &Service, key: &str) -> Value {
    let request = service
        .anonymous(Method::POST, "/v2/sandboxes")
        .header("x-api-key", key)
        .json(&json!({"templateID": "base"}));
    answered(request).await.expect(201)
}

/// Runs code in a sandbox and returns the status and the answer.
async fn ran(service: &Service, sandbox: &Value, code: &str) -> (u16, String) {
    let text = |name: &str| sandbox[name].as_str().expect("a text").to_owned();
    let answer = service
        .anonymous(Method::POST, "/execute")
        .header("e2b-sandbox-id", text("sandboxID"))
        .header("x-access-token", text("envdAccessToken"))
        .json(&json!({"code": code}))
        .send()
        .await
        .expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test]
async fn a_sandbox_is_found_again_when_the_service_was_killed() {
    let mut service = Service::start();
    let sandbox = made(&service, &service.token.clone()).await;
    let (_, said) = ran(&service, &sandbox, "x = 41").await;
    assert!(said.contains("end_of_execution"), "{said}");
    service.kill_and_restart();
    let (status, said) = ran(&service, &sandbox, "x + 1").await;
    assert_eq!(status, 200, "{said}");
    assert!(said.contains(r#""text":"42""#), "{said}");
}

#[tokio::test]
async fn what_a_killed_service_had_half_made_is_removed() {
    let mut service = Service::start_on_file(&[]);
    let sandbox = made(&service, &service.token.clone()).await;
    let file = service.data().join("cellblock.db");
    service.end();
    let said = Command::new("python3")
        .args(["-c", "import sqlite3, sys\nd = sqlite3.connect(sys.argv[1])\nd.execute(\"update sandboxes set standing = 'making'\")\nd.commit()"])
        .arg(file)
        .status();
    assert!(said.expect("python3 starts").success());
    service.kill_and_restart();
    assert_eq!(ran(&service, &sandbox, "1").await.0, 502);
    for _ in 0..200 {
        let left = service.get("/projects").await.expect(200);
        if left["items"] == json!([]) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    nothing_is_left(&service).await;
}

#[tokio::test]
async fn a_token_ends_with_the_key_that_made_it() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("one").await;
    let member = service.user(&admin, "member", "member").await;
    let sandbox = made(&service, &member.key).await;
    assert_eq!(ran(&service, &sandbox, "1").await.0, 200);
    let revoked = admin
        .delete(&service, &format!("/keys/{}", member.key_id))
        .await;
    revoked.expect(204);
    assert_eq!(ran(&service, &sandbox, "1").await.0, 401);
    // Whoever of the tenant connects has a token of their own.
    let id = sandbox["sandboxID"].as_str().expect("an id");
    let connect = |key: &str| {
        let path = format!("/v2/sandboxes/{id}/connect");
        let request = service.anonymous(Method::POST, &path);
        answered(
            request
                .header("x-api-key", key)
                .json(&json!({"timeout": 60})),
        )
    };
    let connected = connect(&admin.key).await.expect(200);
    assert_eq!(ran(&service, &connected, "1").await.0, 200);
    assert_eq!(ran(&service, &sandbox, "1").await.0, 401);
    // With the same key it stays the same.
    let again = connect(&admin.key).await.expect(200);
    assert_eq!(again["envdAccessToken"], connected["envdAccessToken"]);
}

#[tokio::test]
async fn who_may_not_run_code_makes_no_sandbox() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("one").await;
    let viewer = service.user(&admin, "viewer", "viewer").await;
    for (key, status) in [
        (viewer.key.as_str(), 403),
        ("nobody", 401),
        (&admin.key, 201),
    ] {
        let request = service
            .anonymous(Method::POST, "/sandboxes")
            .header("x-api-key", key)
            .json(&json!({"templateID": "base"}));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{key}");
    }
}

#[tokio::test]
async fn neither_tokens_nor_variables_are_in_the_clear_in_the_database() {
    let service = Service::start_on_file(&[]);
    let request = service
        .anonymous(Method::POST, "/v2/sandboxes")
        .header("x-api-key", &service.token)
        .header("idempotency-key", "once")
        .json(&json!({"templateID": "base", "envVars": {"A": "canary-of-all"}}));
    let sandbox = answered(request).await.expect(201);
    let token = sandbox["envdAccessToken"].as_str().expect("a token");
    let lent = service
        .anonymous(Method::POST, "/execute")
        .header("e2b-sandbox-id", sandbox["sandboxID"].as_str().expect("an id"))
        .header("x-access-token", token)
        .json(&json!({"code": "len(__import__('os').environ['B'])", "env_vars": {"B": "canary-of-one"}}));
    let said = lent
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    assert!(said.contains(r#""text":"13""#), "{said}");
    let mut read = 0;
    for name in ["cellblock.db", "cellblock.db-wal"] {
        let Ok(bytes) = std::fs::read(service.data().join(name)) else {
            continue;
        };
        read += bytes.len();
        for secret in ["canary-of", token] {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} in {name}");
        }
    }
    assert!(read > 0);
    let sessions = service.get("/sessions").await.expect(200);
    let session = sessions["items"][0]["id"].as_str().expect("an id");
    let ran = service
        .get(&format!("/sessions/{session}/executions"))
        .await
        .expect(200);
    assert!(!ran.to_string().contains("canary"), "{ran}");
    let events = service.data().join("tenants");
    let journals = walked(&events);
    assert!(!journals.is_empty());
    for journal in journals {
        let text = std::fs::read(&journal).expect("it is read");
        let found = text.windows(9).any(|part| part == b"canary-of");
        assert!(!found, "{journal:?}");
    }
}

/// Returns the journals below a folder.
fn walked(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(walked(&path));
        } else if path.ends_with("journal") {
            found.push(path);
        }
    }
    found
}

/// What no client sends.
#[tokio::test]
async fn what_makes_no_sense_is_refused_and_harms_nothing() {
    let service = Service::start();
    let sandbox = made(&service, &service.token.clone()).await;
    let text = |name: &str| sandbox[name].as_str().expect("a text").to_owned();
    let ask = |path: &str, kind: &str, body: Vec<u8>| {
        service
            .anonymous(Method::POST, path)
            .header("e2b-sandbox-id", text("sandboxID"))
            .header("x-access-token", text("envdAccessToken"))
            .header("content-type", kind)
            .body(body)
    };
    let streamed = "application/connect+json";
    let frame = |text: &str| {
        let length = u32::try_from(text.len()).expect("it is short");
        [&[0], &length.to_be_bytes()[..], text.as_bytes()].concat()
    };
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for (path, kind, body, status) in [
        ("/execute", "application/json", b"{".to_vec(), 400),
        (
            "/execute",
            "application/json",
            b"{\"code\": 5}".to_vec(),
            400,
        ),
        (
            "/execute",
            "application/json",
            deep.clone().into_bytes(),
            400,
        ),
        ("/execute", "application/json", vec![b' '; 5 << 20], 413),
        (
            "/execute",
            "application/json",
            br#"{"code": "1", "env_vars": {"A=B": "1"}}"#.to_vec(),
            400,
        ),
        (
            "/execute",
            "application/json",
            br#"{"code": "1", "env_vars": {"A": "\u0000"}}"#.to_vec(),
            400,
        ),
        (
            "/execute",
            "application/json",
            br#"{"code": "1", "language": "bash"}"#.to_vec(),
            501,
        ),
        (
            "/execute",
            "application/json",
            br#"{"code": "1", "context_id": "../x"}"#.to_vec(),
            404,
        ),
        ("/files?path=/etc/passwd", "text/plain", b"x".to_vec(), 400),
        (
            "/files?path=a",
            "multipart/form-data; boundary=b",
            b"--b\r\nbroken".to_vec(),
            400,
        ),
        (
            "/filesystem.Filesystem/Nothing",
            "application/json",
            b"{}".to_vec(),
            501,
        ),
        (
            "/filesystem.Filesystem/Stat",
            "text/plain",
            b"{}".to_vec(),
            415,
        ),
        (
            "/filesystem.Filesystem/Remove",
            "application/json",
            br#"{"path": "/home/user"}"#.to_vec(),
            400,
        ),
        (
            "/process.Process/SendSignal",
            "application/json",
            br#"{"process": {"pid": 1}, "signal": "SIGNAL_SIGKILL"}"#.to_vec(),
            404,
        ),
        (
            "/process.Process/SendSignal",
            "application/json",
            br#"{"process": {"pid": -1}, "signal": 9}"#.to_vec(),
            400,
        ),
    ] {
        let answer = ask(path, kind, body).send().await.expect("an answer");
        let found = answer.status().as_u16();
        let said = answer.text().await.expect("text");
        assert_eq!(found, status, "{path}: {said}");
        assert!(!said.is_empty(), "{path}");
    }
    // Streams say in their last frame what is wrong.
    for (body, code) in [
        (frame("{"), "invalid_argument"),
        (frame(&deep), "invalid_argument"),
        (vec![0, 0xff, 0xff, 0xff, 0xff], "invalid_argument"),
        (vec![1, 0, 0, 0, 0], "invalid_argument"),
        (frame(r#"{"process": {"cmd": ""}}"#), "invalid_argument"),
        (
            frame(r#"{"process": {"cmd": "ls", "cwd": "/etc"}}"#),
            "invalid_argument",
        ),
        (
            frame(r#"{"process": {"cmd": "ls"}, "pty": {}}"#),
            "unimplemented",
        ),
    ] {
        let answer = ask("/process.Process/Start", streamed, body);
        let answer = answer.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        let said = answer.bytes().await.expect("a body");
        assert_eq!(said[0], 2, "{said:?}");
        let end: Value = serde_json::from_slice(&said[5..]).expect("JSON");
        assert_eq!(end["error"]["code"], code, "{end}");
    }
    let (status, said) = ran(&service, &sandbox, "'still ' + 'here'").await;
    assert_eq!(status, 200);
    assert!(said.contains("still here"), "{said}");
}
