//! What was acknowledged is there after the service was killed under load, once and as it was sent;
//! what was not is there whole or not at all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::service::Service;

/// What clients sent, by name, and whether it was acknowledged.
type Ledger = Arc<Mutex<BTreeMap<String, bool>>>;

/// Sends requests until the service is gone, each once, and notes them. `request` returns the
/// request of a name.
async fn send(ledger: Ledger, prefix: String, request: impl Fn(&str) -> reqwest::RequestBuilder) {
    for number in 0.. {
        let name = format!("{prefix} {number}");
        ledger.lock().expect("no panic").insert(name.clone(), false);
        match request(&name).send().await {
            Ok(response) => {
                let status = response.status();
                assert!(
                    matches!(status, StatusCode::OK | StatusCode::CREATED),
                    "{name}: {status} {:?}",
                    response.text().await
                );
                ledger.lock().expect("no panic").insert(name, true);
            }
            // Killed. Whether it was done nobody knows.
            Err(_) => return,
        }
    }
}

/// Compares what is there with what was sent.
fn compare(ledger: &Ledger, what: &str, found: &[String]) {
    let ledger = ledger.lock().expect("no panic");
    let mut seen = std::collections::BTreeSet::new();
    for name in found {
        assert!(seen.insert(name), "{what}: {name} is there twice");
        assert!(ledger.contains_key(name), "{what}: nobody sent {name}");
    }
    let acknowledged = ledger.iter().filter(|(_, done)| **done);
    let mut count = 0;
    for (name, _) in acknowledged {
        assert!(
            seen.contains(name),
            "{what}: {name} was acknowledged and is lost"
        );
        count += 1;
    }
    assert!(count > 0, "{what}: nothing was acknowledged before the end");
}

/// Returns a text of every item of a list, whose pages are read one after the other.
async fn listed(service: &Service, path: &str, field: &str) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let mut url = url::Url::parse("x:/").expect("a URL");
        url.query_pairs_mut()
            .append_pair("limit", "1000")
            .append_pair("after", &after);
        let query = url.query().expect("a query").to_owned();
        let page = service.get(&format!("{path}?{query}")).await.expect(200);
        let items = page["items"].as_array().expect("a list");
        found.extend(
            items
                .iter()
                .filter_map(|item| item[field].as_str())
                .map(str::to_owned),
        );
        match &page["next"] {
            Value::String(next) => after.clone_from(next),
            _ => return found,
        }
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_or_doubled_when_the_service_is_killed() {
    let mut service = Service::start();
    let notebook = service
        .post("/notebooks", json!({"name": "book"}))
        .await
        .expect(201);
    let notebook = notebook["notebook_id"].as_str().expect("an id").to_owned();
    let session = service.session().await;
    let (users, cells, ran) = (Ledger::default(), Ledger::default(), Ledger::default());
    for _ in 0..3 {
        let base = format!("http://{}/api/v1", service.address);
        let (client, token) = (reqwest::Client::new(), service.token.clone());
        let post = move |path: String, body: Value| {
            client
                .request(Method::POST, format!("{base}{path}"))
                .bearer_auth(&token)
                .json(&body)
        };
        let round = users.lock().expect("no panic").len();
        let round = format!("round {round}");
        let user = post.clone();
        let adding = send(Arc::clone(&users), round.clone(), move |name| {
            user("/users".into(), json!({"name": name, "role": "viewer"}))
        });
        let (cell, path) = (post.clone(), format!("/notebooks/{notebook}/cells"));
        let editing = send(Arc::clone(&cells), round.clone(), move |name| {
            cell(path.clone(), json!({"source": name}))
        });
        let path = format!("/sessions/{session}/execute");
        let running = send(Arc::clone(&ran), round.clone(), move |name| {
            let code = format!("done = [*globals().get('done', []), {name:?}]");
            post(path.clone(), json!({"code": code}))
        });
        let clients = [
            tokio::spawn(adding),
            tokio::spawn(editing),
            tokio::spawn(running),
        ];
        // Until each of them has been told of something in this round.
        while !clients.iter().all(tokio::task::JoinHandle::is_finished) {
            let done = [&users, &cells, &ran].iter().all(|ledger| {
                let ledger = ledger.lock().expect("no panic");
                let this = ledger.iter().filter(|(name, _)| name.starts_with(&round));
                this.filter(|(_, done)| **done).count() > 5
            });
            if done {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        service.kill_and_restart();
        for client in clients {
            client.await.expect("it was never refused");
        }
        let mut names = listed(&service, "/users", "name").await;
        names.retain(|name| name.starts_with("round"));
        compare(&users, "users", &names);
        let path = format!("/notebooks/{notebook}/cells");
        compare(&cells, "cells", &listed(&service, &path, "source").await);
        let done = service
            .text(&session, "import json; print(json.dumps(done))")
            .await;
        compare(
            &ran,
            "executions",
            &serde_json::from_str::<Vec<String>>(&done).expect("JSON"),
        );
    }
}
