//! A database that is locked, stopped or gone: requests wait for a bounded time and are told to come
//! again, nothing piles up, and the service goes on when the database does.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use futures_util::future::join_all;
use serde_json::json;

use crate::support::postgres::Postgres;
use crate::support::service::{Answered, Service};

/// Asserts that a request was told to come again.
#[track_caller]
fn told_to_come_again(answer: Answered) {
    let seconds = answer.header("retry-after").map(str::parse::<u64>);
    assert!(matches!(seconds, Some(Ok(1..))), "{:?}", answer.headers);
    answer.refused(503, 50103);
}

/// Sends many requests that write while the database does not, and then as many again: what the
/// first ones held must not be missing to the second.
async fn writes_are_refused(service: &Service) {
    for round in 0..2 {
        let threads = threads(service);
        let answers = join_all((0..50).map(|number| {
            let user = json!({"name": format!("refused {round} {number}"), "role": "viewer"});
            service.post("/users", user)
        }));
        answers.await.into_iter().for_each(told_to_come_again);
        let grown = self::threads(service).saturating_sub(threads);
        assert!(grown < 20, "{grown} threads for 50 requests");
    }
}

fn threads(service: &Service) -> usize {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", service.pid()));
    tasks.expect("it runs").count()
}

/// Asserts that everything works and nothing of what was refused is half there.
async fn works(service: &Service, session: &str) {
    let user = json!({"name": "afterwards", "role": "viewer"});
    service.post("/users", user).await.expect(201);
    assert_eq!(service.text(session, "kept").await, "1");
    service.get("/users?limit=1000").await.expect(200);
    answered_ready(service).await;
}

async fn answered_ready(service: &Service) {
    let ready = service.anonymous(reqwest::Method::GET, "/ready");
    crate::support::service::answered(ready).await.expect(200);
}

/// Another program that holds SQLite's lock for writing until it is ended.
struct Holder(Child);

impl Holder {
    fn lock(file: &std::path::Path) -> Self {
        let script = "import sqlite3, sys\n\
            connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)\n\
            connection.execute('begin immediate')\n\
            print('locked', flush=True)\n\
            sys.stdin.read()\n";
        let mut process = Command::new("python3")
            .args(["-c", script])
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("it is a pipe"))
            .read_line(&mut line)
            .expect("it says something");
        assert_eq!(line.trim(), "locked");
        Self(process)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_locked_file_is_waited_for_and_not_for_ever() {
    let service = Service::start_on_file(&[]);
    let session = service.session().await;
    service.text(&session, "kept = 1").await;
    let holder = Holder::lock(&service.data().join("cellblock.db"));
    writes_are_refused(&service).await;
    // Who only reads is not held up.
    let users = service.get("/users").await.expect(200);
    assert_eq!(users["items"].as_array().map(Vec::len), Some(1), "{users}");
    drop(holder);
    works(&service, &session).await;
}

/// Sends a signal to a server and all its processes.
fn signal(server: u32, name: &str) {
    let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children"));
    let children = children.expect("it runs");
    let all =
        std::iter::once(server.to_string()).chain(children.split_whitespace().map(str::to_owned));
    // The parent first, so that it starts no more.
    for process in all {
        let sent = Command::new("kill").args([name, &process]).status();
        assert!(sent.expect("kill runs").success());
    }
}

#[tokio::test]
async fn a_stopped_server_is_waited_for_and_not_for_ever() {
    let mut postgres = Postgres::start();
    let service = Service::start_on(&postgres.database(), &[]);
    let session = service.session().await;
    service.text(&session, "kept = 1").await;
    signal(postgres.pid, "-STOP");
    writes_are_refused(&service).await;
    told_to_come_again(service.get("/users").await);
    signal(postgres.pid, "-CONT");
    works(&service, &session).await;
}

#[tokio::test]
async fn a_server_that_went_away_is_found_again() {
    let mut postgres = Postgres::start();
    let service = Service::start_on(&postgres.database(), &[]);
    let session = service.session().await;
    service.text(&session, "kept = 1").await;
    // All its processes but the first, as after a crash of one: it starts over by itself.
    let children = format!("/proc/{0}/task/{0}/children", postgres.pid);
    let children = std::fs::read_to_string(children).expect("it runs");
    for child in children.split_whitespace() {
        let _ = Command::new("kill").args(["-9", child]).status();
    }
    let mut again = 0;
    while service.get("/users").await.status != 200 {
        again += 1;
        assert!(again < 600, "it does not come back");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    works(&service, &session).await;
}
