//! Rate limits, and which pages may call.

use reqwest::Method;
use serde_json::json;

use crate::support::people::text;
use crate::support::service::{Service, answered};

#[tokio::test]
async fn too_many_requests_are_told_to_wait_and_others_are_not_held_up() {
    let service = Service::start_with(&[
        ("server.requests_per_second", "1"),
        ("server.request_burst", "20"),
    ]);
    let key = text(
        &service
            .post("/keys", json!({"name": "other"}))
            .await
            .expect(201)["secret"],
    );
    let first = service.get("/users/me").await;
    assert_eq!(first.header("ratelimit-limit"), Some("20"));
    assert!(
        first.header("ratelimit-remaining").is_some() && first.header("ratelimit-reset").is_some()
    );
    let mut refused = 0;
    for _ in 0..200 {
        let answer = service.get("/users/me").await;
        if answer.status == 429 {
            assert_eq!(answer.header("ratelimit-remaining"), Some("0"));
            let wait: u64 = answer
                .header("retry-after")
                .expect("a time")
                .parse()
                .expect("seconds");
            assert!(wait >= 1);
            answer.refused(429, 50207);
            refused += 1;
        }
    }
    assert!(refused > 100, "{refused}");
    // Another caller, and nobody at all, have budgets of their own.
    answered(
        service
            .anonymous(Method::GET, "/api/v1/users/me")
            .bearer_auth(&key),
    )
    .await
    .expect(200);
    answered(service.anonymous(Method::GET, "/health"))
        .await
        .expect(200);
    let mut refused = 0;
    for guess in 0..200 {
        let request = service
            .anonymous(Method::GET, "/health")
            .bearer_auth(format!("guess {guess}"));
        refused += u32::from(answered(request).await.status == 429);
    }
    assert!(refused > 100, "{refused}");
}

#[tokio::test]
async fn pages_of_others_change_nothing_and_open_no_socket() {
    let service = Service::start_with(&[("server.allowed_origins", "[\"https://example.org\"]")]);
    let own = format!("http://{}", service.address);
    let create = |name: &str, origin: &str| {
        let body = json!({"name": name, "role": "viewer"});
        answered(
            service
                .request(Method::POST, "/users")
                .header("Origin", origin)
                .json(&body),
        )
    };
    let upgrade = |origin: &str| {
        let request = service
            .request(Method::GET, "/users/me")
            .header("Origin", origin);
        answered(
            request
                .header("Connection", "Upgrade")
                .header("Upgrade", "websocket"),
        )
    };
    for origin in [
        "http://evil.example",
        "null",
        "http://example.org",
        "https://example.org.evil.example",
    ] {
        create("evil", origin).await.refused(403, 50304);
        upgrade(origin).await.refused(403, 50304);
    }
    for (name, origin) in [("own", own.as_str()), ("allowed", "https://example.org")] {
        create(name, origin).await.expect(201);
        upgrade(origin).await.expect(200);
    }
    let users = service.get("/users").await.expect(200);
    assert_eq!(users["items"].as_array().map(Vec::len), Some(3), "{users}");
    // What a form of another page could send is no JSON.
    let form = service
        .request(Method::POST, "/users")
        .header("Content-Type", "text/plain");
    answered(form.body(r#"{"name":"form","role":"viewer"}"#))
        .await
        .refused(415, 50204);
}
