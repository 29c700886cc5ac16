//! API keys: every way to send one, their ends, and what guessing costs.

use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::json;

use crate::support::people::{Person, text};
use crate::support::service::{Service, answered};

#[tokio::test]
async fn a_key_counts_in_every_way_it_can_be_sent() {
    let service = Service::start();
    let key = text(
        &service
            .post("/keys", json!({"name": "laptop"}))
            .await
            .expect(201)["secret"],
    );
    let me = || service.anonymous(Method::GET, "/api/v1/users/me");
    for request in [
        me().bearer_auth(&key),
        me().header("Authorization", format!("token {key}")),
        me().basic_auth("anybody", Some(&key)),
        me().header("X-API-Key", &key),
        me().query(&[("token", &key)]),
    ] {
        answered(request).await.expect(200);
    }
    answered(me().header("Authorization", format!("Digest {key}")))
        .await
        .refused(401, 50301);
    let refusal = answered(me()).await;
    assert_eq!(refusal.header("www-authenticate"), Some("Bearer"));
    refusal.refused(401, 50301);
}

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_hash() {
    let service = Service::start();
    let made = service.post("/keys", json!({"name": "laptop"})).await;
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.expect(201);
    let secret = text(&made["secret"]);
    assert!(
        secret.starts_with(&format!("cb_{}_", text(&made["prefix"]))),
        "{secret}"
    );
    let shown = service
        .get(&format!("/keys/{}", text(&made["id"])))
        .await
        .expect(200);
    assert_eq!(shown["secret"], json!(null));
    assert_eq!(shown["name"], "laptop");
    // Nothing in the data folder holds it.
    let hidden = &secret[16..];
    for entry in std::fs::read_dir(service.data()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            assert!(
                !bytes
                    .windows(hidden.len())
                    .any(|window| window == hidden.as_bytes()),
                "{path:?}"
            );
        }
    }
}

#[tokio::test]
async fn rotation_and_revocation_end_a_key_at_once() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("acme").await;
    let ada = service.user(&admin, "ada", "viewer").await;
    ada.get(&service, "/users/me").await.expect(200);
    // A key may rotate itself, and no other.
    let rotated = ada
        .post(&service, &format!("/keys/{}/rotate", ada.key_id), json!({}))
        .await
        .expect(200);
    ada.get(&service, "/users/me").await.refused(401, 50301);
    let ada = Person {
        key: text(&rotated["secret"]),
        ..ada
    };
    ada.get(&service, "/users/me").await.expect(200);
    ada.post(
        &service,
        &format!("/keys/{}/rotate", admin.key_id),
        json!({}),
    )
    .await
    .refused(403, 50302);
    ada.delete(&service, &format!("/keys/{}", admin.key_id))
        .await
        .refused(403, 50302);
    ada.delete(&service, &format!("/keys/{}", ada.key_id))
        .await
        .expect(204);
    ada.get(&service, "/users/me").await.refused(401, 50301);
    admin
        .get(&service, &format!("/keys/{}", ada.key_id))
        .await
        .refused(404, 50411);
}

#[tokio::test]
async fn an_expired_key_is_refused() {
    let service = Service::start();
    service
        .post(
            "/keys",
            json!({"name": "late", "expires_at": "2001-01-01T00:00:00Z"}),
        )
        .await
        .refused(422, 50202);
    service
        .post("/keys", json!({"name": "late", "expires_at": "tomorrow"}))
        .await
        .refused(422, 50202);
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(1);
    let made = service
        .post(
            "/keys",
            json!({"name": "soon", "expires_at": soon.to_string()}),
        )
        .await
        .expect(201);
    let key = text(&made["secret"]);
    while jiff::Timestamp::now() <= soon {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let refusal = answered(
        service
            .anonymous(Method::GET, "/api/v1/users/me")
            .bearer_auth(key),
    )
    .await;
    let refusal = refusal.refused(401, 50301);
    assert!(
        refusal["message"]
            .as_str()
            .is_some_and(|told| told.contains("expired")),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_limited_key_makes_none_that_may_more() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("acme").await;
    let narrow = admin
        .key_for(
            &service,
            json!({"name": "narrow", "scopes": ["admin", "read"]}),
        )
        .await;
    narrow
        .post(&service, "/keys", json!({"name": "x", "scopes": ["run"]}))
        .await
        .refused(403, 50303);
    narrow
        .post(&service, "/keys", json!({"name": "x"}))
        .await
        .refused(422, 50202);
    narrow
        .post(
            &service,
            &format!("/keys/{}/rotate", admin.key_id),
            json!({}),
        )
        .await
        .refused(422, 50202);
    let reader = narrow
        .key_for(&service, json!({"name": "x", "scopes": ["read"]}))
        .await;
    reader.get(&service, "/quotas").await.expect(200);
    let refusal = reader.get(&service, "/users").await.refused(403, 50303);
    assert_eq!(refusal["details"]["scope"], "admin");
}

#[tokio::test]
async fn guessing_is_stopped_and_known_keys_go_on() {
    let service = Service::start_with(&[("access.sign_ins_per_minute", "5")]);
    let made = service
        .post("/keys", json!({"name": "known"}))
        .await
        .expect(201);
    let (known, prefix) = (text(&made["secret"]), text(&made["prefix"]));
    let me = |key: String| {
        answered(
            service
                .anonymous(Method::GET, "/api/v1/users/me")
                .bearer_auth(key),
        )
    };
    me(known.clone()).await.expect(200);
    let mut stopped = 0;
    for guess in 0..1000 {
        // Of a prefix that exists, and of one that does not.
        let prefix = if guess % 2 == 0 {
            &prefix
        } else {
            "0123456789ab"
        };
        let answer = me(format!("cb_{prefix}_{guess:048x}")).await;
        if answer.status == 429 {
            assert!(answer.header("retry-after").is_some());
            answer.refused(429, 50207);
            stopped += 1;
        } else {
            answer.refused(401, 50301);
        }
    }
    assert!(stopped > 900, "{stopped}");
    me(known).await.expect(200);
}

#[tokio::test]
async fn many_sign_ins_at_once_are_bounded() {
    let service = Service::start_with(&[("access.sign_ins_per_minute", "100000")]);
    let guesses = (0..2_000).map(|guess| {
        let key = format!("cb_0123456789ab_{guess:048x}");
        answered(
            service
                .anonymous(Method::GET, "/api/v1/users/me")
                .bearer_auth(key),
        )
    });
    let made = service
        .post("/keys", json!({"name": "known"}))
        .await
        .expect(201);
    let known = text(&made["secret"]);
    let me = || {
        answered(
            service
                .anonymous(Method::GET, "/api/v1/users/me")
                .bearer_auth(&known),
        )
    };
    me().await.expect(200);
    let mut refused = [0, 0];
    let mut answers = futures_util::stream::iter(guesses).buffer_unordered(500);
    while let Some(answer) = answers.next().await {
        match answer.status.as_u16() {
            401 => refused[0] += 1,
            _ => {
                // Too many come from one address, are being checked, or ask the database who they are.
                assert!(answer.header("retry-after").is_some());
                match answer.body["code"].as_u64() {
                    Some(50207) => answer.refused(429, 50207),
                    Some(50103) => answer.refused(503, 50103),
                    _other => answer.refused(503, 50106),
                };
                refused[1] += 1;
            }
        }
        // Whose key was checked before is answered meanwhile.
        if (refused[0] + refused[1]) % 100 == 50 {
            me().await.expect(200);
        }
    }
    assert!(refused[0] > 0 && refused[1] > 1000, "{refused:?}");
    service.get("/users/me").await.expect(200);
}
