//! Memory, processors and files when there are more sessions than there is of them.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::processes::worker_processes as workers;
use crate::support::service::{Service, answered};

/// Returns the memory of a process that it shares with nobody, in bytes.
fn anonymous(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line
        .and_then(|line| line.trim().strip_suffix("kB"))
        .expect("a line");
    kilobytes.trim().parse::<u64>().expect("a number") * 1024
}

#[tokio::test]
async fn two_hundred_sessions_that_fill_their_memory_sleep_and_nothing_is_ended() {
    const BUDGET: u64 = 512 << 20;
    let service = Service::start_with(&[
        ("workers.shared", "1"),
        ("workers.memory", "512 MiB"),
        ("server.request_burst", "100000"),
    ]);
    let worker = workers(&service);
    let mut sessions = Vec::new();
    for _ in 0..200 {
        sessions.push(service.session().await);
    }
    let fill = |session: String| {
        let service = &service;
        async move {
            let code = "data = b'x' * (24 << 20)\nlen(data)";
            let body = json!({"code": code});
            service
                .post(&format!("/sessions/{session}/execute"), body)
                .await
        }
    };
    let mut most = 0;
    for some in sessions.chunks(10) {
        for answer in join_all(some.iter().cloned().map(fill)).await {
            let answer = answer.expect(200);
            assert_eq!(answer["text"], "25165824", "{answer}");
        }
        most = most.max(anonymous(worker[0]));
    }
    assert!(most < BUDGET, "{most}");
    assert_eq!(workers(&service), worker, "no worker was ended");
    let list = service.get("/sessions?limit=1000").await.expect(200);
    let states = list["items"].as_array().expect("a list").iter();
    let asleep = states
        .filter(|session| session["state"] == "hibernated")
        .count();
    // They hold 24 MiB and some more each.
    assert!(asleep >= 200 - 512 / 24, "{asleep}");
    for session in [&sessions[0], &sessions[100], &sessions[199]] {
        assert_eq!(service.text(session, "len(data)").await, "25165824");
    }
}

#[tokio::test]
async fn a_worker_that_passes_its_memory_is_ended_and_its_sessions_go_on() {
    let service = Service::start_with(&[("workers.shared", "1"), ("workers.memory", "256 MiB")]);
    let before = workers(&service);
    let (greedy, other) = (service.session().await, service.session().await);
    service.text(&greedy, "kept = 1").await;
    service.text(&other, "kept = 2").await;
    let code = "import time\nheld = []\nwhile True:\n    held.append(b'x' * (4 << 20))\n    time.sleep(0.02)";
    let ran = service.run(&greedy, code).await;
    assert_eq!(ran["status"], "lost", "{ran}");
    for (session, expected) in [(&greedy, "(1, False)"), (&other, "(2, False)")] {
        assert_eq!(
            service.text(session, "kept, 'held' in globals()").await,
            expected
        );
    }
    assert_ne!(workers(&service), before);
}

#[tokio::test]
async fn who_finds_no_room_is_told_to_come_again() {
    let service = Service::start_with(&[
        ("workers.shared", "1"),
        ("workers.memory", "256 MiB"),
        ("sessions.cells_at_once", "20"),
    ]);
    let (mut made, mut refused) = (Vec::new(), false);
    // Running cells cannot sleep, and each is let in with its part of the budget.
    while !refused && made.len() < 20 {
        let answer = service.post("/sessions", json!({})).await;
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some());
            answer.refused(503, 20103);
            break;
        }
        let session = answer.expect(201)["id"].as_str().expect("an id").to_owned();
        let mut channel = service.channel(&session, 0).await;
        let request = service.request(Method::POST, &format!("/sessions/{session}/execute"));
        let request = request.header("prefer", "respond-async");
        answered(request.json(&json!({"code": "while True: pass"})))
            .await
            .expect(202);
        made.push(session);
        loop {
            let event = channel.next().await.expect("it is open");
            match event["type"].as_str() {
                Some("started") => break,
                Some("finished") => {
                    assert_eq!(event["content"]["error"]["code"], 20103, "{event}");
                    refused = true;
                    break;
                }
                _other => {}
            }
        }
    }
    assert!((4..20).contains(&made.len()), "{}", made.len());
    for session in &made {
        service
            .delete(&format!("/sessions/{session}"))
            .await
            .expect(204);
    }
    let session = service.session().await;
    assert_eq!(service.text(&session, "1 + 1").await, "2");
}

#[tokio::test]
async fn fifty_endless_loops_leave_the_service_answering() {
    let service = Service::start_with(&[("sessions.cells_at_once", "2")]);
    let mut sessions = Vec::new();
    for _ in 0..50 {
        sessions.push(service.session().await);
    }
    for (number, session) in sessions.iter().enumerate() {
        let request = service.request(Method::POST, &format!("/sessions/{session}/execute"));
        let body = json!({"code": format!("while True:\n    try:\n        while True: pass\n    except BaseException: n = {number}")});
        answered(request.header("prefer", "respond-async").json(&body))
            .await
            .expect(202);
    }
    let state = async |session: &String| {
        service
            .get(&format!("/sessions/{session}"))
            .await
            .expect(200)["state"]
            .clone()
    };
    let mut busy = 0;
    for session in &sessions {
        busy += usize::from(state(session).await == "busy");
    }
    assert!((1..=2).contains(&busy), "{busy}");
    // Files, sessions and looks at variables are answered meanwhile; none waits for a loop.
    let project = service.project("p").await;
    service
        .put(&format!("/projects/{project}/files/a"), "text")
        .await
        .expect(201);
    let probe = service.session().await;
    service
        .get(&format!("/sessions/{probe}/variables"))
        .await
        .expect(200);
    let all = sessions
        .iter()
        .map(async |session| service.delete(&format!("/sessions/{session}")).await);
    for answer in join_all(all).await {
        answer.expect(204);
    }
    assert_eq!(service.text(&probe, "1 + 1").await, "2");
}

#[tokio::test]
async fn sessions_that_open_all_files_they_may_are_refused_and_the_service_accepts() {
    let service = Service::start_with(&[("workers.shared", "1")]);
    // Neither process may open as many files as 16 sessions may together.
    for process in workers(&service).into_iter().chain([service.pid()]) {
        let done = std::process::Command::new("prlimit")
            .args(["--nofile=4096:4096", "--pid", &process.to_string()])
            .status();
        assert!(done.expect("prlimit runs").success());
    }
    let mut sessions = Vec::new();
    for _ in 0..24 {
        sessions.push(service.session().await);
    }
    let code = "import errno\nfiles = []\ntry:\n    while True: files.append(open(f'f{len(files)}', 'w'))\nexcept OSError as error:\n    print(error.errno == errno.EMFILE)";
    let mut fewest = 256;
    for session in &sessions {
        // Too many files are open: of the session, or of all.
        assert_eq!(service.text(session, code).await, "True");
        let open = service.text(session, "len(files)").await;
        fewest = fewest.min(open.parse::<usize>().expect("a number"));
    }
    assert!(fewest < 200, "the last ones got fewer: {fewest}");
    // What the service itself needs is left: connections, states, sessions that begin and sleep.
    let clients: Vec<_> = (0..50).map(|_| reqwest::Client::new()).collect();
    for client in &clients {
        let health = client
            .get(format!("http://{}/health", service.address))
            .send()
            .await;
        assert_eq!(health.expect("it accepts").status(), 200);
    }
    let another = service.session().await;
    assert_eq!(service.text(&another, "a = 1\na").await, "1");
    service
        .post(&format!("/sessions/{another}/hibernate"), json!({}))
        .await
        .expect(200);
    assert_eq!(service.text(&another, "a").await, "1");
    for session in &sessions[..4] {
        service.text(session, "files.clear()").await;
    }
    assert_eq!(
        service
            .text(&sessions[23], "more = open('more', 'w'); more.write('x')")
            .await,
        "1"
    );
}
