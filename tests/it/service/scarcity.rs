//! Too few descriptors, and logs that cannot be written.

use std::fs::File;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;

use crate::support::processes::worker_processes;
use crate::support::service::Service;

/// Lets a process have so many more files open than it has now, and returns what it might before.
fn allow_more(process: u32, more: u64) -> (Pid, Rlimit) {
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).expect("it runs");
    let open = open.count() as u64;
    let process = Pid::from_raw(process.cast_signed()).expect("a process");
    let new = Rlimit {
        current: Some(open + more),
        maximum: None,
    };
    let before = prlimit(
        Some(process),
        Resource::Nofile,
        Rlimit {
            maximum: limit(process).maximum,
            ..new
        },
    );
    (process, before.expect("it may be lowered"))
}

fn limit(process: Pid) -> Rlimit {
    let text = std::fs::read_to_string(format!("/proc/{}/limits", process.as_raw_nonzero()));
    let text = text.expect("it runs");
    let line = text.lines().find(|line| line.starts_with("Max open files"));
    let mut numbers = line
        .expect("a line")
        .split_whitespace()
        .filter_map(|word| word.parse().ok());
    Rlimit {
        current: numbers.next(),
        maximum: numbers.next(),
    }
}

#[tokio::test]
async fn without_descriptors_new_sessions_are_refused_and_those_there_are_go_on() {
    let service = Service::start_with(&[("workers.shared", "1")]);
    let session = service.session().await;
    service.text(&session, "a = 1").await;
    let worker = worker_processes(&service)[0];
    let mut ours = 1;
    for (process, more) in [(worker, 80), (service.pid(), 80)] {
        let (process, before) = allow_more(process, more);
        let mut made = Vec::new();
        loop {
            let answer = service.post("/sessions", json!({})).await;
            if answer.status != 201 {
                assert!(answer.header("retry-after").is_some());
                answer.refused(503, 20103);
                break;
            }
            made.push(answer.expect(201)["id"].as_str().expect("an id").to_owned());
            assert!(made.len() < 100, "there is no end");
        }
        assert_eq!(service.text(&session, "a").await, "1");
        let other = made.first().expect("some are made before");
        assert_eq!(service.text(other, "1 + 1").await, "2");
        let listed = service.get("/sessions?limit=200").await.expect(200);
        let expected = made.len() + ours;
        assert_eq!(
            listed["items"].as_array().map(Vec::len),
            Some(expected),
            "what was refused is not there"
        );
        ours = expected + 1;
        prlimit(Some(process), Resource::Nofile, before).expect("it may be raised again");
        service.session().await;
    }
}

/// Starts a service that logs everything to `log`.
fn logging_to(log: Stdio) -> Service {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_owned();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
    command.env("CELLBLOCK_LOG__LEVEL", "trace").stderr(log);
    Service::start_by(command, folder, data)
}

/// Returns how many lines of the log were lost.
async fn lost(service: &Service) -> f64 {
    let metrics = service.anonymous(reqwest::Method::GET, "/metrics");
    let metrics = metrics.bearer_auth(&service.token).send().await;
    let metrics = metrics.expect("it answers").text().await.expect("a text");
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("cellblock_log_lines_lost_total "));
    line.unwrap_or_else(|| panic!("{metrics}"))
        .parse()
        .expect("a number")
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_lost_and_counted_and_the_service_goes_on() {
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("it is there");
    let (reader, closed) = std::io::pipe().expect("a pipe");
    drop(reader);
    // Its reader is there and does not read.
    let (reader, stuck) = std::io::pipe().expect("a pipe");
    for (what, log) in [
        ("a full disk", Stdio::from(full)),
        ("a closed pipe", Stdio::from(closed)),
        ("a pipe that nobody reads", Stdio::from(stuck)),
    ] {
        let service = logging_to(log);
        let session = service.session().await;
        let mut left = 2000;
        while lost(&service).await == 0.0 {
            left -= 1;
            assert!(left > 0, "{what}: nothing was lost");
            assert_eq!(service.text(&session, "1 + 1").await, "2", "{what}");
        }
        // What has to be recorded is, in the audit log.
        service
            .post("/users", json!({"name": "ada", "role": "viewer"}))
            .await
            .expect(201);
        let audit = service.get("/audit?action=user_create").await.expect(200);
        assert_eq!(
            audit["items"].as_array().map(Vec::len),
            Some(2),
            "{audit:#}"
        );
    }
    drop(reader);
    let file = tempfile::NamedTempFile::new().expect("a file");
    let service = logging_to(Stdio::from(file.reopen().expect("it opens")));
    service.session().await;
    assert_eq!(
        lost(&service).await,
        0.0,
        "a log that can be written loses nothing"
    );
}
