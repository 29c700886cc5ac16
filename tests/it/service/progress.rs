//! What is shown of an execution and of its session while it runs, and the names of the states it left.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::patience::until;
use crate::support::service::{Service, answered};

/// Begins code without waiting for its end, and returns the address of its execution when it runs.
async fn begin(service: &Service, session: &str, code: &str) -> String {
    let request = service.request(Method::POST, &format!("/sessions/{session}/execute"));
    let request = request.header("prefer", "respond-async");
    let taken = answered(request.json(&json!({"code": code})))
        .await
        .expect(202);
    let after = taken["after_seq"].as_u64().expect("a number");
    service.channel(session, after).await.until("started").await;
    let execution = taken["execution_id"].as_str().expect("an id");
    format!("/sessions/{session}/executions/{execution}")
}

#[tokio::test]
async fn an_execution_says_that_it_runs_since_when_and_what_it_showed() {
    let service = Service::start();
    let session = service.session().await;
    service.text(&session, "1").await;
    let first = begin(
        &service,
        &session,
        "print('so far', flush=True)\nwhile True: pass",
    )
    .await;
    let waiting = service.request(Method::POST, &format!("/sessions/{session}/execute"));
    let waiting = waiting.header("prefer", "respond-async");
    let waiting = answered(waiting.json(&json!({"code": "2"})))
        .await
        .expect(202);
    let shown = async || service.get(&first).await.expect(200);
    until("it shows something", || async {
        shown().await["text"] != ""
    })
    .await;
    let running = shown().await;
    assert_eq!(running["status"], "running");
    assert_eq!(running["text"], "so far\n");
    assert_eq!(running["finished_at"], Value::Null);
    let created = running["created_at"].as_str().expect("a time");
    assert!(running["started_at"].as_str().expect("a time") >= created);
    let listed = service
        .get(&format!("/sessions/{session}/executions"))
        .await
        .expect(200);
    let states = listed["items"].as_array().expect("a list").iter();
    let states: Vec<_> = states
        .map(|one| (one["status"].clone(), one["started_at"].is_string()))
        .collect();
    assert_eq!(
        states,
        [
            (json!("success"), true),
            (json!("running"), true),
            (json!("queued"), false)
        ]
    );
    assert_eq!(listed["items"][2]["execution_id"], waiting["execution_id"]);
    service
        .post(&format!("/sessions/{session}/interrupt"), json!({}))
        .await
        .expect(200);
    until("it has ended", || async {
        shown().await["status"] != "running"
    })
    .await;
    let ended = shown().await;
    assert_eq!(ended["status"], "interrupted");
    assert_eq!(ended["started_at"], running["started_at"]);
}

#[tokio::test]
async fn what_a_session_uses_is_seen_while_its_cell_runs() {
    let service = Service::start();
    let session = service.session().await;
    service.text(&session, "1").await;
    let path = format!("/sessions/{session}");
    let usage = async || {
        let usage = service.get(&path).await.expect(200)["usage"].clone();
        let number = |name: &str| usage[name].as_f64().expect("a number");
        (number("fuel"), number("seconds"), number("memory_bytes"))
    };
    let before = usage().await;
    assert_eq!(usage().await, before, "nothing runs");
    begin(
        &service,
        &session,
        "kept = bytes(300_000_000)\nwhile True: pass",
    )
    .await;
    let mut last = before;
    for _ in 0..2 {
        let more = || async {
            let now = usage().await;
            assert!(
                now.0 >= last.0 && now.1 >= last.1 && now.2 >= last.2,
                "{last:?} {now:?}"
            );
            now.0 > last.0 && now.1 > last.1 && now.2 > before.2 + 200e6
        };
        until("it has used more", more).await;
        last = usage().await;
    }
    service
        .post(&format!("{path}/interrupt"), json!({}))
        .await
        .expect(200);
    // The next cell ends behind the interrupted one, and what both used is there.
    service.run(&session, "1").await;
    let after = usage().await;
    assert!(after.0 >= last.0 && after.1 >= last.1, "{last:?} {after:?}");
}

#[tokio::test]
async fn a_checkpoint_is_given_a_label_and_loses_it() {
    let service = Service::start_with(&[("sessions.checkpoints", "1"), ("retention.sweep", "1 s")]);
    let session = service.session().await;
    let ran = service.run(&session, "a = 1").await;
    let checkpoint = ran["checkpoint_after"].as_str().expect("an id");
    let path = format!("/sessions/{session}/checkpoints/{checkpoint}");
    let label = async |label: Value| service.patch(&path, json!({"label": label})).await;
    for wrong in [json!(""), json!("a\nb"), json!("a".repeat(201)), json!(1)] {
        let status = label(wrong.clone()).await.status;
        assert!([400, 422].contains(&status.as_u16()), "{wrong}: {status}");
    }
    service.patch(&path, json!({})).await.refused(422, 50202);
    assert_eq!(label(json!("kept")).await.expect(200)["label"], "kept");
    assert_eq!(label(json!("ä b")).await.expect(200)["label"], "ä b");
    for number in 0..3 {
        service.text(&session, &format!("b = {number}")).await;
    }
    let ids = async || {
        let listed = service
            .get(&format!("/sessions/{session}/checkpoints"))
            .await
            .expect(200);
        let items = listed["items"].as_array().expect("a list").clone();
        items
            .into_iter()
            .map(|one| one["id"].clone())
            .collect::<Vec<_>>()
    };
    until("the sweep leaves it and the newest", || async {
        ids().await.len() == 2
    })
    .await;
    assert_eq!(ids().await[0], checkpoint);
    assert_eq!(label(Value::Null).await.expect(200)["label"], Value::Null);
    until("it is swept too", || async { ids().await.len() == 1 }).await;
    label(json!("gone")).await.refused(404, 20403);
    let other = service.session().await;
    let newest = ids().await[0].as_str().expect("an id").to_owned();
    let foreign = format!("/sessions/{other}/checkpoints/{newest}");
    service
        .patch(&foreign, json!({"label": "x"}))
        .await
        .refused(404, 20403);
}
