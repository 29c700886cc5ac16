//! What a session is right after it woke or was forked: all of what it was before.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::service::{Service, answered};

/// Begins code that does not end, and waits until it runs.
async fn begin_endless(service: &Service, session: &str, code: &str) {
    let path = format!("/sessions/{session}");
    let last = service.get(&path).await.expect(200)["last_seq"].as_u64();
    let mut channel = service.channel(session, last.expect("a number")).await;
    let code = format!("{code}\nwhile True: pass");
    let request = service.request(Method::POST, &format!("{path}/execute"));
    let request = request
        .header("prefer", "respond-async")
        .json(&json!({"code": code}));
    answered(request).await.expect(202);
    channel.until("started").await;
}

async fn fork(service: &Service, session: &str) -> String {
    let fork = service
        .post(&format!("/sessions/{session}/fork"), json!({}))
        .await
        .expect(201);
    fork["id"].as_str().expect("an id").to_owned()
}

async fn preview(service: &Service, session: &str, name: &str) -> Value {
    service
        .get(&format!("/sessions/{session}/variables/{name}"))
        .await
        .expect(200)["preview"]
        .clone()
}

#[tokio::test]
async fn questions_under_the_first_cell_after_waking_or_forking_are_of_the_state_before() {
    let service = Service::start();
    let session = service.session().await;
    service.text(&session, "kept = [1, 2]").await;
    let twin = fork(&service, &session).await;
    service
        .post(&format!("/sessions/{session}/hibernate"), json!({}))
        .await
        .expect(200);
    for each in [&session, &twin] {
        begin_endless(&service, each, "kept = 'changed'").await;
        assert_eq!(preview(&service, each, "kept").await, "[1, 2]");
        service
            .post(&format!("/sessions/{each}/interrupt"), json!({}))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn the_first_execution_of_a_fork_is_undone_and_its_state_has_a_label_of_its_own() {
    let service = Service::start();
    let session = service.session().await;
    service.text(&session, "a = 1").await;
    let twin = fork(&service, &session).await;
    let labelled = service
        .post(
            &format!("/sessions/{twin}/checkpoints"),
            json!({"label": "twin's"}),
        )
        .await;
    labelled.expect(201);
    let labels = async |of: &str| {
        let listed = service
            .get(&format!("/sessions/{of}/checkpoints"))
            .await
            .expect(200);
        let items = listed["items"].as_array().expect("a list");
        items
            .iter()
            .map(|one| one["label"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(labels(&twin).await, [Value::Null, json!("twin's")]);
    assert_eq!(labels(&session).await, [Value::Null]);
    let ran = service.run(&twin, "a = 2").await;
    let execution = ran["execution_id"].as_str().expect("an id");
    service
        .post(
            &format!("/sessions/{twin}/executions/{execution}/undo"),
            json!({}),
        )
        .await
        .expect(204);
    assert_eq!(service.text(&twin, "a").await, "1");
    // What one session forgets, the other one still has.
    service
        .delete(&format!("/sessions/{session}"))
        .await
        .expect(204);
    service
        .post(&format!("/sessions/{twin}/hibernate"), json!({}))
        .await
        .expect(200);
    assert_eq!(service.text(&twin, "a").await, "1");
}

#[tokio::test]
async fn a_session_that_cannot_begin_is_not_left_behind() {
    let service = Service::start();
    // The policy allows it; the image needs more.
    let small = json!({"limits": {"memory": "64 MiB"}});
    service.post("/sessions", small).await.refused(422, 20203);
    let listed = service.get("/sessions").await.expect(200);
    assert_eq!(listed["items"], json!([]));
    let enough = json!({"limits": {"memory": "1 GiB"}});
    service.post("/sessions", enough).await.expect(201);
}

#[tokio::test]
async fn a_restart_gets_through_a_flood_of_output() {
    let service = Service::start();
    let session = service.session().await;
    for _ in 0..3 {
        // Each line is an event of its own.
        begin_endless(
            &service,
            &session,
            "import sys\nfor n in range(20_000): print(n, file=[sys.stdout, sys.stderr][n % 2])",
        )
        .await;
        service
            .post(&format!("/sessions/{session}/restart"), json!({}))
            .await
            .expect(200);
        assert_eq!(service.text(&session, "1 + 1").await, "2");
    }
}

#[tokio::test]
async fn many_forks_are_made_at_once_all_or_none() {
    let service = Service::start_with(&[("quotas.sessions", "24"), ("sessions.forks", "30")]);
    let session = service.session().await;
    service.text(&session, "a = list(range(1000))").await;
    let path = format!("/sessions/{session}/fork");
    let made = service
        .post(&path, json!({"count": 20, "name": "twin"}))
        .await
        .expect(201);
    let made = made["items"].as_array().expect("a list").clone();
    let names: Vec<_> = made.iter().map(|one| one["name"].clone()).collect();
    let expected: Vec<_> = (1..=20)
        .map(|number| json!(format!("twin {number}")))
        .collect();
    assert_eq!(names, expected);
    for one in [&made[0], &made[19]] {
        let twin = one["id"].as_str().expect("an id");
        service.text(twin, "a.append(twin := 1)").await;
        assert_eq!(service.text(twin, "len(a)").await, "1001");
    }
    assert_eq!(service.text(&session, "len(a)").await, "1000");
    // Three more are allowed, and of four none is made.
    let count = async || {
        let listed = service.get("/sessions?limit=100").await.expect(200);
        listed["items"].as_array().expect("a list").len()
    };
    service
        .post(&path, json!({"count": 4}))
        .await
        .refused(429, 50305);
    assert_eq!(count().await, 21);
    let one = service.post(&path, json!({"count": 1})).await.expect(201);
    assert_eq!(one["items"].as_array().map(Vec::len), Some(1));
    for wrong in [0, 31, u32::MAX] {
        let refused = service.post(&path, json!({"count": wrong})).await;
        assert_eq!(refused.refused(422, 50202)["errors"][0]["field"], "count");
    }
    assert_eq!(count().await, 22);
}
