//! What clients find out after the service ended and began again, and who may begin it.

use std::process::Command;

use serde_json::json;

use crate::support::service::Service;

#[tokio::test]
async fn the_events_tell_which_executions_ended_with_the_service() {
    let mut service = Service::start();
    let session = service.session().await;
    service.text(&session, "x = 1").await;
    let mut channel = service.channel(&session, 0).await;
    let run = async |code: &str| {
        let path = format!("/sessions/{session}/execute");
        let request = service.request(reqwest::Method::POST, &path);
        let request = request.header("prefer", "respond-async");
        let answer = crate::support::service::answered(request.json(&json!({"code": code})));
        let taken = answer.await.expect(202);
        taken["execution_id"].as_str().expect("an id").to_owned()
    };
    let running = run("x = 2\nwhile True: pass").await;
    while channel.until("started").await["execution_id"] != running.as_str() {}
    let waiting = run("x = 3").await;
    let seen = service
        .get(&format!("/sessions/{session}"))
        .await
        .expect(200);
    let seen = seen["last_seq"].as_u64().expect("a number");
    for _ in 0..2 {
        service.kill_and_restart();
        let mut channel = service.channel(&session, seen).await;
        for lost in [&running, &waiting] {
            let finished = channel.until("finished").await;
            assert_eq!(finished["execution_id"], lost.as_str());
            assert_eq!(finished["content"]["outcome"], "lost");
        }
        let restored = channel.until("restored").await;
        assert_eq!(restored["content"]["lost"], json!([running, waiting]));
        assert_eq!(
            channel.until("status").await["content"]["execution_state"],
            "idle"
        );
    }
    // They are told once, however often it begins again.
    let mut channel = service.channel(&session, 0).await;
    assert_eq!(service.text(&session, "x").await, "1");
    let mut lost = 0;
    loop {
        let finished = channel.until("finished").await;
        match finished["content"]["outcome"].as_str() {
            Some("lost") => lost += 1,
            _ if lost > 0 => break,
            _ => {}
        }
    }
    assert_eq!(lost, 2);
}

#[tokio::test]
async fn a_second_service_on_the_same_data_is_refused_and_the_first_goes_on() {
    let service = Service::start();
    let session = service.session().await;
    let second = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["serve", "--address", "127.0.0.1:0", "--data"])
        .arg(service.data())
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(2), "{told}");
    assert!(
        told.contains("another `cellblock serve` uses the data folder"),
        "{told}"
    );
    assert!(second.stdout.is_empty(), "it shows no token");
    assert_eq!(service.text(&session, "1 + 1").await, "2");
    service.session().await;
}
