//! Code that ended worker processes: seen and let go by an admin.

use serde_json::json;

use super::crashes::begin;
use crate::support::processes::{kill, worker_processes as workers};
use crate::support::service::Service;

const POISON: &str = "poison = 2\nwhile True: pass";

/// Ends the only worker while it runs the code, and waits for the next.
async fn strike(service: &Service, session: &str) {
    begin(service, session, POISON).await;
    let mut channel = service.channel(session, 0).await;
    for worker in workers(service) {
        kill(worker);
    }
    while channel.until("finished").await["content"]["outcome"] != "lost" {}
    for _ in 0..600 {
        if service.run(session, "1").await["status"] == "success" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no worker came back");
}

#[tokio::test]
async fn an_admin_sees_what_is_not_run_again_and_lifts_it() {
    let mut service = Service::start_with(&[("workers.shared", "1")]);
    let session = service.session().await;
    let execute = format!("/sessions/{session}/execute");
    let hash = blake3::hash(POISON.as_bytes()).to_hex().to_string();
    let lift = format!("/quarantine/{hash}");
    strike(&service, &session).await;
    let listed = service.get("/quarantine").await.expect(200);
    assert_eq!(listed["items"], json!([]), "one may be an accident");
    service.delete(&lift).await.refused(404, 20407);
    strike(&service, &session).await;
    let post = json!({"code": POISON});
    service
        .post(&execute, post.clone())
        .await
        .refused(409, 20208);
    service.kill_and_restart();
    service.post(&execute, post).await.refused(409, 20208);
    let listed = service.get("/quarantine").await.expect(200);
    let one = &listed["items"][0];
    assert_eq!(
        (&one["code_hash"], &one["strikes"], &one["session_id"]),
        (&json!(hash), &json!(2), &json!(session))
    );
    service.delete("/quarantine/none").await.refused(404, 20407);
    service.delete(&lift).await.expect(204);
    service.delete(&lift).await.refused(404, 20407);
    assert_eq!(
        service.get("/quarantine").await.expect(200)["items"],
        json!([])
    );
    let records = service
        .get("/audit?action=quarantine_lift")
        .await
        .expect(200);
    let outcomes: Vec<_> = records["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|record| &record["outcome"])
        .collect();
    assert_eq!(outcomes, ["done", "asked"]);
    // It runs again.
    begin(&service, &session, POISON).await;
    service
        .post(&format!("/sessions/{session}/interrupt"), json!({}))
        .await
        .expect(200);
}
