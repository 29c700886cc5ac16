//! What the operator needs: metrics, an account of the service, its log and its configuration.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use reqwest::Method;
use serde_json::json;

use crate::support::service::{Service, answered};

#[tokio::test]
async fn metrics_count_requests_by_route_and_are_the_operators() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("acme").await;
    admin
        .get(&service, "/users/0190b5a8-0000-7000-8000-000000000000")
        .await
        .refused(404, 50410);
    let metrics = || service.anonymous(Method::GET, "/metrics");
    answered(metrics()).await.refused(401, 50301);
    answered(metrics().bearer_auth(&admin.key))
        .await
        .refused(403, 50302);
    let answer = answered(metrics().bearer_auth(&service.token)).await;
    assert!(
        answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/plain"))
    );
    let text = answer.expect(200);
    let text = text.as_str().expect("a text");
    let line =
        r#"cellblock_http_requests_total{method="GET",route="/api/v1/users/{id}",status="404"} 1"#;
    assert!(text.contains(line), "{text}");
    assert!(
        text.contains("cellblock_http_request_seconds_bucket"),
        "{text}"
    );
}

#[tokio::test]
async fn the_service_gives_an_account_of_itself() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("acme").await;
    let system = service.get("/system").await.expect(200);
    assert_eq!(
        (&system["tenants"], &system["users"]),
        (&json!(2), &json!(1))
    );
    let system = admin.get(&service, "/system").await.expect(200);
    assert_eq!(
        (&system["tenants"], &system["keys"]),
        (&json!(null), &json!(1))
    );
}

#[tokio::test]
async fn the_log_names_requests_and_never_a_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let mut process = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["serve", "--address", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("data"))
        .env("CELLBLOCK_LOG__LEVEL", "trace")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).expect("a file"))
        .spawn()
        .expect("the service starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("it is a pipe"))
        .read_line(&mut line)
        .expect("an address");
    let url = url::Url::parse(line.trim()).expect("a URL");
    let token = url
        .query_pairs()
        .find(|(name, _)| name == "token")
        .expect("a token")
        .1
        .into_owned();
    let path = format!(
        "{}api/v1/users/me?token={token}",
        url.origin().ascii_serialization() + "/"
    );
    for _ in 0..2 {
        let status = reqwest::get(&path).await.expect("an answer").status();
        assert_eq!(status, 200);
    }
    // What is logged is written soon after.
    let log = loop {
        let log = std::fs::read_to_string(&log).expect("the log");
        if log.matches("answered").count() >= 2 {
            break log;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    process.kill().expect("it runs");
    process.wait().expect("it ended");
    let told = log
        .lines()
        .find(|line| line.contains("answered"))
        .unwrap_or_else(|| panic!("{log}"));
    for part in [
        "path=\"/api/v1/users/me\"",
        "status=200",
        "method=\"GET\"",
        "key=\"local\"",
        "tenant=",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!log.contains(&token), "{log}");
}

fn config(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
    command
        .arg("config")
        .args(arguments)
        .envs(variables.iter().copied());
    command.output().expect("it runs")
}

#[test]
fn the_configuration_is_checked_and_shown_without_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cellblock.toml");
    let path = file.to_str().expect("a text");
    std::fs::write(
        &file,
        "[server]\nrequest_burst = 5\n[access]\ntoken = \"canary-canary-canary\"",
    )
    .expect("written");
    let checked = config(&["check", path], &[]);
    assert!(checked.status.success(), "{checked:?}");
    let named = config(&["check", "--config", path], &[]);
    assert_eq!(named.stdout, checked.stdout, "{named:?}");
    let twice = config(&["check", path, "--config", path], &[]);
    assert_eq!(twice.status.code(), Some(2), "{twice:?}");
    let shown = config(
        &["show", "--config", path],
        &[("CELLBLOCK_WORKERS__SHARED", "3")],
    );
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        text.contains("request_burst = 5") && text.contains("shared = 3"),
        "{text}"
    );
    assert!(
        text.contains("token = \"(hidden)\"") && !text.contains("canary"),
        "{text}"
    );

    for (text, told) in [
        ("[server]\nrequest_burst = 0", "server.request_burst"),
        ("[server]\nadress = 1", "adress"),
        ("[server]\nallowed_origins = [\"*\"]", "allowed_origins"),
        ("[access]\ntoken = \"short\"", "access.token"),
        ("[quotas]\nmemory = \"much\"", "memory"),
    ] {
        std::fs::write(&file, text).expect("written");
        let refused = config(&["check", path], &[]);
        assert_eq!(refused.status.code(), Some(2), "{text}: {refused:?}");
        assert!(
            String::from_utf8_lossy(&refused.stderr).contains(told),
            "{text}: {refused:?}"
        );
    }
    let missing = config(&["check", "nowhere.toml"], &[]);
    assert_eq!(missing.status.code(), Some(2), "{missing:?}");
}
