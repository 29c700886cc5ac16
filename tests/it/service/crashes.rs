//! What a crash of the service, of a worker or of the disk leaves behind.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::processes::{kill, worker_processes as workers};
use crate::support::service::{Service, answered};

/// Begins code that does not end, and waits until it runs.
pub async fn begin(service: &Service, session: &str, code: &str) {
    let last = service
        .get(&format!("/sessions/{session}"))
        .await
        .expect(200)["last_seq"]
        .as_u64();
    let mut channel = service.channel(session, last.expect("a number")).await;
    let request = service.request(Method::POST, &format!("/sessions/{session}/execute"));
    answered(
        request
            .header("prefer", "respond-async")
            .json(&json!({"code": code})),
    )
    .await
    .expect(202);
    channel.until("started").await;
}

#[tokio::test]
async fn everything_is_found_again_after_the_service_was_killed() {
    let mut service = Service::start();
    let session = service.session().await;
    service
        .text(&session, "a = 1\nopen('kept.txt', 'w').write('kept')")
        .await;
    begin(&service, &session, "a = 2\nwhile True: pass").await;
    service.kill_and_restart();
    let shown = service
        .get(&format!("/sessions/{session}"))
        .await
        .expect(200);
    assert_eq!(shown["state"], "hibernated");
    let executions = service
        .get(&format!("/sessions/{session}/executions"))
        .await
        .expect(200);
    let statuses: Vec<&Value> = executions["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["status"])
        .collect();
    assert_eq!(statuses, ["success", "lost"]);
    assert_eq!(
        service.text(&session, "a, open('kept.txt').read()").await,
        "(1, 'kept')"
    );
    // The log goes on where it was, without a gap.
    let mut channel = service.channel(&session, 0).await;
    while channel.until("finished").await["content"]["execution_count"] != 2 {}
}

#[tokio::test]
async fn a_worker_that_ends_takes_one_cell_and_nothing_else() {
    let service = Service::start_with(&[("workers.shared", "1")]);
    let (busy, idle) = (service.session().await, service.session().await);
    service.text(&busy, "a = 1").await;
    service.text(&idle, "b = 1").await;
    begin(&service, &busy, "a = 2\nwhile True: pass").await;
    let mut channel = service.channel(&busy, 0).await;
    for worker in workers(&service) {
        kill(worker);
    }
    while channel.until("finished").await["content"]["outcome"] != "lost" {}
    let restored = channel.until("restored").await;
    assert_eq!(
        restored["content"]["lost"].as_array().map(Vec::len),
        Some(1),
        "{restored}"
    );
    // Until another worker is there, requests are told to come again.
    for session in [&busy, &idle] {
        for _ in 0..200 {
            let ran = service
                .run(session, "globals().get('a'), globals().get('b')")
                .await;
            if ran["status"] == "success" {
                let expected = if session == &busy {
                    "(1, None)"
                } else {
                    "(None, 1)"
                };
                assert_eq!(ran["text"], expected);
                break;
            }
            assert_eq!(ran["error"]["code"], 20102, "{ran:#}");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }
    let scratch = std::fs::read_dir(service.data().join("scratch")).expect("a folder");
    assert_eq!(
        scratch.count(),
        1,
        "the folder of the worker that ended is left"
    );
}

#[tokio::test]
async fn code_that_ended_two_workers_is_not_run_again() {
    let service = Service::start_with(&[("workers.shared", "2")]);
    let session = service.session().await;
    let poison = "poison = 1\nwhile True: pass";
    for _ in 0..2 {
        // The second worker starts beside the first.
        for _ in 0..200 {
            if workers(&service).len() == 2 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let mut channel = service.channel(&session, 0).await;
        begin(&service, &session, poison).await;
        for worker in workers(&service) {
            kill(worker);
        }
        while channel.until("finished").await["content"]["outcome"] != "lost" {}
        for _ in 0..200 {
            if service.run(&session, "1").await["status"] == "success" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    service
        .post(
            &format!("/sessions/{session}/execute"),
            json!({"code": poison}),
        )
        .await
        .refused(409, 20208);
    assert_eq!(service.text(&session, "1 + 1").await, "2");
}

/// Returns the files of all checkpoints, the newest last.
pub fn checkpoints(service: &Service) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for tenant in std::fs::read_dir(service.data().join("tenants"))
        .expect("it is there")
        .flatten()
    {
        let folder = tenant.path().join("checkpoints");
        let files = std::fs::read_dir(folder)
            .expect("it is there")
            .flatten()
            .map(|entry| entry.path());
        found.extend(files.filter(|path| {
            path.extension()
                .is_some_and(|ending| ending == "checkpoint")
        }));
    }
    found.sort_by_key(|path| {
        path.metadata()
            .and_then(|data| data.modified())
            .expect("a time")
    });
    found
}

#[tokio::test]
async fn a_damaged_checkpoint_is_not_run_and_the_one_before_it_is() {
    let mut service = Service::start();
    let session = service.session().await;
    service.text(&session, "a = 1").await;
    service.text(&session, "a = 2").await;
    let newest = checkpoints(&service).pop().expect("a checkpoint");
    let mut bytes = std::fs::read(&newest).expect("it is there");
    let middle = 60;
    bytes[middle] ^= 0xff;
    std::fs::write(&newest, bytes).expect("it is written");
    service.kill_and_restart();
    assert_eq!(service.text(&session, "a").await, "1");
    let mut channel = service.channel(&session, 0).await;
    let restored = channel.until("restored").await;
    assert!(
        restored["content"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("cannot be read")),
        "{restored}"
    );
}
