//! The fuel of a tenant's day: a cell gets what is left of it, and cells at the same time share it.

use serde_json::{Value, json};

use crate::support::service::Service;

const ENDLESS: &str = "while True: pass";

async fn fuel_used(service: &Service) -> u64 {
    let usage = service.get("/usage").await.expect(200);
    let rows = usage["now"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["resource"] == "fuel_per_day");
    row.expect("a row")["used"].as_u64().expect("a number")
}

#[track_caller]
fn is_stopped_by_the_quota(ran: &Value) {
    assert_eq!(ran["status"], "limit", "{ran:#}");
    assert_eq!(ran["error"]["limit"], "fuel_per_day", "{ran:#}");
    let message = ran["error"]["message"].as_str().expect("a text");
    assert!(message.contains("the quota `fuel_per_day`"), "{message}");
}

#[tokio::test]
async fn a_cell_uses_no_more_than_what_is_left_of_the_day() {
    let service = Service::start();
    let session = service.session().await;
    service.text(&session, "kept = 1").await;
    let quota = fuel_used(&service).await + 3_000_000_000;
    let mut watcher = service.listen("/ws/events?", &service.token).await;
    let patch = json!({"fuel_per_day": quota});
    service.patch("/quotas", patch).await.expect(200);
    let ran = service.run(&session, ENDLESS).await;
    is_stopped_by_the_quota(&ran);
    assert!(
        ran["text"]
            .as_str()
            .is_some_and(|text| text.contains("LimitExceeded")),
        "{ran:#}"
    );
    assert_eq!(fuel_used(&service).await, quota, "to the unit");
    let warned = watcher
        .until(|event| event["type"] == "quota_warning")
        .await;
    assert_eq!(warned["content"]["resource"], "fuel_per_day");
    let path = format!("/sessions/{session}/execute");
    let refusal = service.post(&path, json!({"code": "1"})).await;
    assert_eq!(
        refusal.refused(429, 50305)["details"]["quota"],
        "fuel_per_day"
    );
    // The variables are there, and run on when there is more; then the policy's own limit counts.
    let patch = json!({"fuel_per_day": null});
    service.patch("/quotas", patch).await.expect(200);
    assert_eq!(service.text(&session, "kept").await, "1");
    let limits = json!({"limits": {"fuel_per_cell": "1000000000"}});
    let small = service.post("/sessions", limits).await.expect(201);
    let ran = service
        .run(small["id"].as_str().expect("an id"), ENDLESS)
        .await;
    assert_eq!(ran["error"]["limit"], "fuel_per_cell", "{ran:#}");
}

#[tokio::test]
async fn cells_at_the_same_time_are_stopped_when_they_have_used_it_together() {
    let service = Service::start_with(&[("sessions.cells_at_once", "3")]);
    let (one, two) = (service.session().await, service.session().await);
    let quota = 60_000_000_000;
    let patch = json!({"fuel_per_day": quota});
    service.patch("/quotas", patch).await.expect(200);
    let (first, second) = tokio::join!(service.run(&one, ENDLESS), service.run(&two, ENDLESS));
    is_stopped_by_the_quota(&first);
    is_stopped_by_the_quota(&second);
    // Each alone was given all of it.
    for ran in [&first, &second] {
        let fuel = ran["usage"]["fuel"].as_u64().expect("a number");
        assert!(fuel < quota, "{ran:#}");
    }
    let refusal = service
        .post(&format!("/sessions/{one}/execute"), json!({"code": "1"}))
        .await;
    refusal.refused(429, 50305);
    // What another cell has used until it ended counts for one that goes on, too.
    let patch = json!({"fuel_per_day": fuel_used(&service).await + quota});
    service.patch("/quotas", patch).await.expect(200);
    let small = json!({"limits": {"fuel_per_cell": (quota / 3).to_string()}});
    let small = service.post("/sessions", small).await.expect(201);
    let small = small["id"].as_str().expect("an id");
    let (first, second) = tokio::join!(service.run(small, ENDLESS), service.run(&two, ENDLESS));
    assert_eq!(first["error"]["limit"], "fuel_per_cell", "{first:#}");
    is_stopped_by_the_quota(&second);
    let fuel = second["usage"]["fuel"].as_u64().expect("a number");
    assert!(fuel < quota, "{second:#}");
}
