//! A ledger of what was acknowledged, kept by clients that go on while the service and its workers
//! are killed at any moment, and compared with what the service has: nothing is lost, done twice or
//! old, and a request that is sent again with its key has its effect once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::processes::{kill, worker_processes};
use crate::support::service::Service;

/// How often something is killed.
const KILLS: usize = 9;

/// Random numbers that are the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Where the service is now; a restart changes it.
#[derive(Clone)]
struct Place {
    address: String,
    token: String,
}

/// A client that goes on after the service was killed.
#[derive(Clone)]
struct Client {
    place: watch::Receiver<Place>,
    http: reqwest::Client,
    over: Arc<AtomicBool>,
}

impl Client {
    /// Sends a request once; nothing when there was no answer.
    async fn once(
        &self,
        method: &Method,
        path: &str,
        key: Option<&str>,
        body: Vec<u8>,
    ) -> Option<(StatusCode, Value)> {
        let place = self.place.borrow().clone();
        let url = format!("http://{}/api/v1{path}", place.address);
        let mut request = self.http.request(method.clone(), url);
        request = request.bearer_auth(place.token).body(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if *method == Method::POST || *method == Method::PATCH {
            request = request.header("content-type", "application/json");
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let bytes = answer.bytes().await.ok()?;
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Some((status, body))
    }

    /// Asks until there is an answer that is not to be waited for.
    async fn ask(&self, path: &str) -> (StatusCode, Value) {
        loop {
            match self.once(&Method::GET, path, None, Vec::new()).await {
                Some((status, _)) if status == StatusCode::SERVICE_UNAVAILABLE => {}
                Some(answer) => return answer,
                None => {}
            }
            pause().await;
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// Until a service that was killed is there again.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(30)).await;
}

/// How a request that creates or runs something ended.
enum Ended {
    Answered(StatusCode, Value),
    /// It may have been done, and cannot be asked by its key any more.
    Unknown,
}

/// Sends a request with a key until it is known how it ended.
async fn post(client: &Client, path: &str, key: &str, body: &Value) -> Ended {
    loop {
        let sent = client
            .once(
                &Method::POST,
                path,
                Some(key),
                body.to_string().into_bytes(),
            )
            .await;
        match sent {
            None => {}
            Some((status, body)) => match (status.as_u16(), body["code"].as_u64()) {
                // It still runs, or cannot be done now.
                (409, Some(50209)) | (503, _) => {}
                (409, Some(50217)) => return Ended::Unknown,
                _ => return Ended::Answered(status, body),
            },
        }
        pause().await;
    }
}

/// Adds numbers to a list in a session, and returns those that were.
async fn execute(client: Client, session: String, name: &'static str) -> Vec<u64> {
    let path = format!("/sessions/{session}/execute");
    let mut there = Vec::new();
    for number in 0.. {
        if client.is_over() {
            break;
        }
        let code = format!("n.append({number})");
        let key = format!("{name}-{number}");
        let added = match post(&client, &path, &key, &json!({"code": code})).await {
            Ended::Answered(status, body) => {
                assert_eq!(status, 200, "{body:#}");
                match body["status"].as_str() {
                    Some("success") => true,
                    Some("lost") => false,
                    // No worker was there.
                    Some("error") if body["error"]["code"] == 20102 => false,
                    _ => panic!("{body:#}"),
                }
            }
            Ended::Unknown => {
                let found = executions(&client, &session, &code).await;
                assert!(found.len() <= 1, "{code} ran twice: {found:?}");
                found.first().is_some_and(|status| status == "success")
            }
        };
        if added {
            there.push(number);
        }
    }
    there
}

/// Returns how the executions of some code in a session ended.
async fn executions(client: &Client, session: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = format!("/sessions/{session}/executions?limit=100");
    loop {
        let (status, page) = client.ask(&path).await;
        assert_eq!(status, 200, "{page:#}");
        let items = page["items"].as_array().expect("a list");
        let of_code = items.iter().filter(|one| one["code"] == code);
        found.extend(of_code.map(|one| one["status"].as_str().expect("a text").to_owned()));
        let Some(next) = page["next"].as_str() else {
            return found;
        };
        path = format!("/sessions/{session}/executions?limit=100&after={next}");
    }
}

/// Edits a cell again and again; what was acknowledged is there, or what was sent last.
async fn edit(client: Client, cell: String) -> String {
    let mut known = "first".to_owned();
    for number in 0.. {
        let (status, shown) = client.ask(&cell).await;
        assert_eq!(status, 200, "{shown:#}");
        assert_eq!(
            shown["source"],
            known.as_str(),
            "an edit was lost or came back"
        );
        if client.is_over() {
            break;
        }
        let text = format!("edit {number} {}", "x".repeat(number % 3000));
        let body = json!({"source": text, "revision": shown["revision"]}).to_string();
        match client
            .once(&Method::PATCH, &cell, None, body.into_bytes())
            .await
        {
            Some((status, _)) if status == 200 => known = text,
            Some((status, body)) => assert_eq!(status, 503, "{body:#}"),
            None => {
                let (_, shown) = client.ask(&cell).await;
                let source = shown["source"].as_str().expect("a text");
                assert!(
                    source == known || source == text,
                    "half an edit: {source:?}"
                );
                known = source.to_owned();
            }
        }
    }
    known
}

/// Writes files again and again; each has all of what was acknowledged or of what was sent last.
async fn write(client: Client, files: String) -> BTreeMap<String, String> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut random = Random(7);
    for number in 0.. {
        let name = format!("file-{}", random.below(5));
        let path = format!("{files}/{name}");
        let (status, shown) = client.ask(&path).await;
        match known.get(&name) {
            Some(content) => assert_eq!(shown, content.as_str(), "{name} is not what was written"),
            None => assert_eq!(status, 404, "{name} came from nowhere"),
        }
        if client.is_over() {
            break;
        }
        let content = format!("{number} ").repeat(1 + random.below(20_000) as usize);
        let sent = client.once(&Method::PUT, &path, None, content.clone().into_bytes());
        match sent.await {
            Some((status, _)) if status.is_success() => {
                known.insert(name, content);
            }
            Some((status, body)) => assert_eq!(status, 503, "{body:#}"),
            None => {
                let (status, shown) = client.ask(&path).await;
                if shown == content.as_str() {
                    known.insert(name, content);
                } else {
                    match known.get(&name) {
                        Some(before) => assert_eq!(shown, before.as_str(), "half of {name}"),
                        None => assert_eq!(status, 404, "half of {name}"),
                    }
                }
            }
        }
    }
    known
}

/// Makes projects, and returns the id of each.
async fn make(client: Client) -> BTreeMap<String, Option<String>> {
    let mut made = BTreeMap::new();
    for number in 0.. {
        if client.is_over() {
            break;
        }
        let name = format!("project-{number}");
        let ended = post(&client, "/projects", &name, &json!({"name": name})).await;
        let id = match ended {
            Ended::Answered(status, body) => {
                assert_eq!(status, 201, "{body:#}");
                body["id"].as_str().map(str::to_owned)
            }
            Ended::Unknown => None,
        };
        made.insert(name, id);
    }
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_whatever_is_killed_when() {
    let mut service = Service::start_with(&[("workers.shared", "2")]);
    let (first, second) = (service.session().await, service.session().await);
    for session in [&first, &second] {
        service.text(session, "n = []").await;
    }
    let project = service.project("ledger").await;
    let body = json!({"name": "ledger", "cells": [{"source": "first"}]});
    let notebook = service.post("/notebooks", body).await.expect(201);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let cell = format!(
        "/notebooks/{}/cells/{}",
        text(&notebook["notebook_id"]),
        text(&notebook["cells"][0]["cell_id"])
    );
    let files = format!("/projects/{project}/files");
    let place = |service: &Service| Place {
        address: service.address.clone(),
        token: service.token.clone(),
    };
    let (at, there) = watch::channel(place(&service));
    let client = Client {
        place: there,
        http: reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .build()
            .expect("a client"),
        over: Arc::default(),
    };
    let executing = [(&first, "first"), (&second, "second")]
        .map(|(session, name)| tokio::spawn(execute(client.clone(), session.clone(), name)));
    let editing = tokio::spawn(edit(client.clone(), cell.clone()));
    let writing = tokio::spawn(write(client.clone(), files.clone()));
    let making = tokio::spawn(make(client.clone()));
    let mut random = Random(20_261_122);
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(100 + random.below(900))).await;
        if random.below(3) == 0 {
            let workers = worker_processes(&service);
            if let Some(worker) = workers.get(random.below(2) as usize) {
                kill(*worker);
            }
        } else {
            service.kill_and_restart();
            at.send_replace(place(&service));
        }
    }
    client.over.store(true, Ordering::Relaxed);
    let [of_first, of_second] = executing;
    let lists = [of_first.await, of_second.await].map(|list| list.expect("no lie was told"));
    let edited = editing.await.expect("no lie was told");
    let written = writing.await.expect("no lie was told");
    let made = making.await.expect("no lie was told");
    service.kill_and_restart();
    for (session, numbers) in [&first, &second].into_iter().zip(&lists) {
        let shown = service.text(session, "print(*n)").await;
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        assert_eq!(shown, numbers.join(" "), "{session}");
        assert!(!numbers.is_empty(), "nothing was done in {session}");
    }
    assert_eq!(service.get(&cell).await.expect(200)["source"], edited);
    for (name, content) in &written {
        let shown = service.get(&format!("{files}/{name}")).await.expect(200);
        assert_eq!(shown, content.as_str(), "{name}");
    }
    let mut projects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut path = "/projects?limit=100".to_owned();
    loop {
        let page = service.get(&path).await.expect(200);
        for project in page["items"].as_array().expect("a list") {
            let ids = projects.entry(text(&project["name"])).or_default();
            ids.push(text(&project["id"]));
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/projects?limit=100&after={next}"),
            None => break,
        }
    }
    for (name, id) in &made {
        let found = projects.get(name).map(Vec::as_slice).unwrap_or_default();
        match id {
            Some(id) => assert_eq!(found, std::slice::from_ref(id), "{name}"),
            None => assert!(found.len() <= 1, "{name} was made twice"),
        }
    }
    assert!(made.len() > 5 && edited != "first" && !written.is_empty());
}
