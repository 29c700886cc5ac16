//! `Idempotency-Key`: what is sent twice is done once.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::service::{Answered, Service, answered};

fn create(service: &Service, key: &str, body: &Value) -> RequestBuilder {
    service
        .request(Method::POST, "/users")
        .header("Idempotency-Key", key)
        .json(body)
}

fn replayed(answer: &Answered) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

async fn users(service: &Service) -> usize {
    let users = service.get("/users").await.expect(200);
    users["items"].as_array().expect("a list").len()
}

#[tokio::test]
async fn the_first_answer_is_repeated_also_after_a_kill() {
    let mut service = Service::start();
    let body = json!({"name": "ada", "role": "viewer"});
    let first = answered(create(&service, "one", &body)).await;
    assert!(!replayed(&first));
    let first = first.expect(201);
    let again = answered(create(&service, "one", &body)).await;
    assert!(replayed(&again));
    assert_eq!(again.header("content-type"), Some("application/json"));
    assert_eq!(again.expect(201), first);
    service.kill_and_restart();
    let later = answered(create(&service, "one", &body)).await;
    assert!(replayed(&later));
    assert_eq!(later.expect(201), first);
    assert_eq!(users(&service).await, 2);
    // The control: without the key it is done again, and refused here because the name is taken.
    service.post("/users", body).await.refused(409, 50402);
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_user() {
    let service = Service::start_with_tenants(&[]);
    let (ours, theirs) = (service.tenant("ours").await, service.tenant("theirs").await);
    let body = json!({"name": "ada", "role": "viewer"});
    answered(create(&service, "one", &body)).await.expect(201);
    let other = json!({"name": "bob", "role": "viewer"});
    answered(create(&service, "one", &other))
        .await
        .refused(422, 50208);
    let elsewhere = service
        .request(Method::POST, "/keys")
        .header("Idempotency-Key", "one")
        .json(&body);
    answered(elsewhere).await.refused(422, 50208);
    for person in [ours, theirs] {
        let request = person
            .request(&service, Method::POST, "/users")
            .header("Idempotency-Key", "one");
        let answer = answered(request.json(&other)).await;
        assert!(!replayed(&answer));
        answer.expect(201);
    }
}

#[tokio::test]
async fn of_many_at_once_one_is_done() {
    let service = Service::start();
    for number in 1..=10 {
        let (key, body) = (
            format!("key-{number}"),
            json!({"name": format!("ada-{number}"), "role": "viewer"}),
        );
        let many = (0..30).map(|_| answered(create(&service, &key, &body)));
        let mut done = 0;
        for answer in futures_util::future::join_all(many).await {
            if answer.status == 409 {
                answer.refused(409, 50209);
            } else {
                done += u32::from(!replayed(&answer));
                answer.expect(201);
            }
        }
        assert_eq!(done, 1);
        assert_eq!(users(&service).await, 1 + number);
    }
}

#[tokio::test]
async fn what_was_refused_may_come_again() {
    let service = Service::start();
    let bad = json!({"name": "ada", "role": "king"});
    answered(create(&service, "one", &bad))
        .await
        .refused(422, 50202);
    let good = json!({"name": "ada", "role": "viewer"});
    answered(create(&service, "one", &good)).await.expect(201);
    for key in ["", "a b", "ä", "x".repeat(256).as_str()] {
        answered(create(&service, key, &good))
            .await
            .refused(422, 50202);
    }
}

#[tokio::test]
async fn a_secret_is_not_kept_to_be_repeated() {
    let service = Service::start();
    let request = || {
        let request = service
            .request(Method::POST, "/keys")
            .header("Idempotency-Key", "one");
        answered(request.json(&json!({"name": "laptop"})))
    };
    request().await.expect(201);
    request().await.refused(409, 50217);
    let keys = service.get("/keys").await.expect(200);
    assert_eq!(keys["items"].as_array().map(Vec::len), Some(1));
}
