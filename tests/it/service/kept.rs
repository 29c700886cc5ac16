//! What is kept, and for how long: checkpoints, executions, exports, sessions.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::crashes::checkpoints;
use crate::support::service::{Service, answered};

/// Asks again until something is so; a minute at most.
pub async fn until<F: Future<Output = bool>>(what: &str, so: impl Fn() -> F) {
    for _ in 0..600 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not within a minute: {what}");
}

async fn listed(service: &Service, path: &str) -> Vec<Value> {
    let list = service.get(&format!("{path}?limit=1000")).await.expect(200);
    list["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn old_checkpoints_go_and_labelled_ones_and_what_is_needed_stay() {
    let mut service =
        Service::start_with(&[("sessions.checkpoints", "3"), ("retention.sweep", "1 s")]);
    let session = service.session().await;
    service.text(&session, "first = 'kept'").await;
    let labelled = service
        .post(
            &format!("/sessions/{session}/checkpoints"),
            json!({"label": "good"}),
        )
        .await
        .expect(201);
    let executions = listed(&service, &format!("/sessions/{session}/executions")).await;
    let mut all = Vec::new();
    for number in 0..10 {
        let ran = service
            .run(
                &session,
                &format!("import os\nnoise = os.urandom(1 << 20)\nnumber = {number}"),
            )
            .await;
        all.push(ran["checkpoint_after"].as_str().expect("an id").to_owned());
    }
    let timeline = format!("/sessions/{session}/checkpoints");
    until("three and the labelled one are left", || async {
        listed(&service, &timeline).await.len() == 4
    })
    .await;
    let left = listed(&service, &timeline).await;
    let left: Vec<&str> = left.iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(left[1..], all[7..], "the newest stay");
    assert_eq!(left[0], labelled["id"]);
    for gone in &all[..7] {
        service
            .get(&format!("{timeline}/{gone}"))
            .await
            .refused(404, 20403);
        service
            .post(&format!("{timeline}/{gone}/restore"), json!({}))
            .await
            .refused(404, 20403);
    }
    // The labelled one is the state after the first execution, and in it the second began.
    assert_eq!(executions[0]["checkpoint_after"], labelled["id"]);
    // Their files stay as long as a newer state has a page in them.
    service
        .post(&format!("/sessions/{session}/hibernate"), json!({}))
        .await
        .expect(200);
    service.kill_and_restart();
    assert_eq!(
        service.text(&session, "first, number, len(noise)").await,
        "('kept', 9, 1048576)"
    );
    for (index, checkpoint) in left[1..].iter().enumerate() {
        service
            .post(&format!("{timeline}/{checkpoint}/restore"), json!({}))
            .await
            .expect(204);
        let expected = format!("({}, 1048576)", 7 + index);
        assert_eq!(service.text(&session, "number, len(noise)").await, expected);
    }
    service
        .delete(&format!("/sessions/{session}"))
        .await
        .expect(204);
    until("nothing of a deleted session is left", || async {
        checkpoints(&service).is_empty()
    })
    .await;
    let metrics = answered(
        service
            .anonymous(Method::GET, "/metrics")
            .bearer_auth(&service.token),
    );
    let metrics = metrics.await.expect(200);
    let freed = metrics.as_str().expect("a text").lines();
    let freed = freed
        .filter_map(|line| line.strip_prefix("cellblock_checkpoint_bytes_freed_total "))
        .next()
        .and_then(|number| number.parse::<u64>().ok());
    assert!(freed.is_some_and(|freed| freed > 1 << 20), "{freed:?}");
}

#[tokio::test]
async fn sessions_that_run_sleep_fork_and_end_beside_sweeps_lose_nothing() {
    let mut service =
        Service::start_with(&[("sessions.checkpoints", "2"), ("retention.sweep", "1 s")]);
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(service.session().await);
    }
    let begun = std::time::Instant::now();
    let mut round = 0;
    while begun.elapsed() < Duration::from_secs(8) {
        for (index, session) in sessions.clone().iter().enumerate() {
            // The same pages in several sessions, so that they share files.
            let code = format!("data = bytes([{}]) * 300_000\nround = {round}", round % 3);
            service.text(session, &code).await;
            match (round + index) % 5 {
                0 => {
                    service
                        .post(&format!("/sessions/{session}/hibernate"), json!({}))
                        .await
                        .expect(200);
                }
                1 => {
                    let child = service
                        .post(&format!("/sessions/{session}/fork"), json!({}))
                        .await
                        .expect(201);
                    service
                        .delete(&format!("/sessions/{session}"))
                        .await
                        .expect(204);
                    sessions[index] = child["id"].as_str().expect("an id").to_owned();
                }
                _other => {}
            }
        }
        round += 1;
    }
    let expected = format!("({}, 300000, True)", round - 1);
    let look = format!("round, len(data), data[-1] == {}", (round - 1) % 3);
    for session in &sessions {
        assert_eq!(service.text(session, &look).await, expected);
    }
    service.kill_and_restart();
    for session in &sessions {
        assert_eq!(service.text(session, &look).await, expected);
    }
}

#[tokio::test]
async fn a_lifetime_ends_a_session_asleep_and_across_a_restart() {
    let mut service = Service::start();
    let make = |lifetime: &str| {
        let body = json!({"limits": {"lifetime": lifetime}});
        service.post("/sessions", body)
    };
    let (short, long) = (make("8 s").await.expect(201), make("1 h").await.expect(201));
    assert!(short["seconds_left"].as_i64().is_some_and(|left| left <= 8));
    let id = |session: &Value| session["id"].as_str().expect("an id").to_owned();
    let (short, long) = (id(&short), id(&long));
    service.text(&short, "a = 1").await;
    service.text(&long, "a = 2").await;
    for session in [&short, &long] {
        service
            .post(&format!("/sessions/{session}/hibernate"), json!({}))
            .await
            .expect(200);
    }
    service.kill_and_restart();
    let mut channel = service.channel(&short, 0).await;
    loop {
        let told = channel.until("log").await;
        if told["content"]["message"] == "The session's lifetime is over." {
            break;
        }
    }
    assert_eq!(
        channel.until("status").await["content"]["execution_state"],
        "dead"
    );
    until("it has ended", || async {
        service.get(&format!("/sessions/{short}")).await.status == 409
    })
    .await;
    service
        .get(&format!("/sessions/{short}"))
        .await
        .refused(409, 20209);
    assert_eq!(service.text(&long, "a").await, "2");
    until("it is in the audit log", || async {
        let records = service.get("/audit?action=session_end").await.expect(200);
        let records = records["items"].as_array().expect("a list").clone();
        records.len() == 1 && records[0]["session_id"] == json!(short)
    })
    .await;
}

#[tokio::test]
async fn old_executions_exports_and_outputs_are_named_as_gone() {
    let service = Service::start_with(&[
        ("retention.sweep", "1 s"),
        ("retention.executions_per_session", "5"),
        ("retention.exports_per_session", "1"),
        ("sessions.journal", "64 KiB"),
    ]);
    let session = service.session().await;
    let mut ids = Vec::new();
    for number in 0..8 {
        let ran = service
            .run(&session, &format!("print('{number}' * 20_000)"))
            .await;
        assert!(ran["gap"].is_null(), "{ran}");
        ids.push(ran["execution_id"].as_str().expect("an id").to_owned());
    }
    let executions = format!("/sessions/{session}/executions");
    until("five are left", || async {
        listed(&service, &executions).await.len() == 5
    })
    .await;
    service
        .get(&format!("{executions}/{}", ids[2]))
        .await
        .refused(404, 20402);
    let shown = service
        .get(&format!("{executions}/{}", ids[3]))
        .await
        .expect(200);
    assert!(shown["gap"]["first"].is_u64(), "{shown}");
    assert_eq!(shown["text"], "");
    let shown = service
        .get(&format!("{executions}/{}", ids[7]))
        .await
        .expect(200);
    assert!(
        shown["gap"].is_null()
            && shown["text"]
                .as_str()
                .is_some_and(|text| text.len() > 20_000)
    );
    service.text(&session, "a = [1, 2]").await;
    let mut files = Vec::new();
    for _ in 0..2 {
        let body = json!({"variables": ["a"], "format": "json"});
        let made = service
            .post(&format!("/sessions/{session}/export"), body)
            .await
            .expect(201);
        files.push(
            made["files"][0]["href"]
                .as_str()
                .expect("an address")
                .to_owned(),
        );
    }
    let file = |href: &str| {
        answered(
            service
                .anonymous(Method::GET, href)
                .bearer_auth(&service.token),
        )
    };
    until("the older export is gone", || async {
        file(&files[0]).await.status == 404
    })
    .await;
    file(&files[0]).await.refused(404, 50403);
    file(&files[1]).await.expect(200);
}
