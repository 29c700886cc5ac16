//! A script that makes the service write everything it writes, and a ledger of what it acknowledged,
//! which is held against what a service finds later.

use std::path::Path;
use std::process::Command;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::archive::{Item, archive};
use super::recording::Recording;
use super::service::{Service, answered};

/// Where a value can be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The only item of a list with this text in a field.
    Listed(String, &'static str, &'static str),
    File(String),
    /// A text in an answer.
    Field(String, &'static str),
    /// What an expression is in a session.
    Expression(String, &'static str),
    /// How much of an upload is there.
    Offset(String),
}

/// Something that was asked for, and when, in steps of the recording.
#[derive(Debug)]
struct Entry {
    place: Place,
    value: Option<String>,
    began: usize,
    acknowledged: Option<usize>,
}

/// What was asked for, in order.
#[derive(Debug, Default)]
pub struct Ledger(Vec<Entry>);

/// The script on its way.
struct Script<'a> {
    service: &'a Service,
    recording: &'a Recording,
    ledger: Ledger,
}

/// Runs the script until its end, or until the service is gone. Returns whether it came to its end.
pub async fn run(service: &Service, recording: &Recording) -> (Ledger, bool) {
    let mut script = Script {
        service,
        recording,
        ledger: Ledger::default(),
    };
    let ended = script.run().await.is_some();
    (script.ledger, ended)
}

impl Script<'_> {
    async fn run(&mut self) -> Option<()> {
        let service = self.service;
        let post = |path: &str, body: Value| service.request(Method::POST, path).json(&body);
        let project = self.make("/projects", "kept", json!({})).await?;
        let project = format!("/projects/{}", text(&project["id"]));
        let file = format!("{project}/files/a/b.txt");
        for content in ["before ".repeat(9000), "after ".repeat(12_000)] {
            let request = service.request(Method::PUT, &file).body(content.clone());
            self.ask(Place::File(file.clone()), Some(&content), request)
                .await?;
        }
        self.upload(&project).await?;
        self.unpack(&project).await?;
        let cells = json!([{"source": "before"}, {"source": "c = 5\nprint(c)"}]);
        let began = self.recording.len();
        let made = self.make("/notebooks", "book", json!({"cells": cells}));
        let notebook = made.await?;
        let address = format!("/notebooks/{}", text(&notebook["notebook_id"]));
        let cell = &notebook["cells"][0];
        let cell = format!("{address}/cells/{}", text(&cell["cell_id"]));
        let source = Place::Field(cell.clone(), "/source");
        self.told(began, source.clone(), "before");
        let edit = service.request(Method::PATCH, &cell);
        let edit = edit.json(&json!({"source": "after", "revision": 1}));
        self.ask(source, Some("after"), edit).await?;
        self.run_cell(&address, &text(&notebook["cells"][1]["cell_id"]))
            .await?;
        let session = answer(post("/sessions", json!({}))).await?;
        let session = format!("/sessions/{}", text(&session["id"]));
        for (code, value) in [("n = 1", "1"), ("n += 1", "2"), ("n += 1", "3")] {
            let request = post(&format!("{session}/execute"), json!({"code": code}));
            let place = Place::Expression(session.clone(), "n");
            self.ask(place, Some(value), request).await?;
        }
        self.fork(&session).await?;
        self.run_once().await?;
        let list = format!("{session}/checkpoints");
        let place = Place::Listed(list.clone(), "label", "kept");
        self.ask(place, Some("once"), post(&list, json!({"label": "kept"})))
            .await?;
        let began = self.recording.len();
        let export = json!({"variables": ["n"], "format": "json"});
        let made = answer(post(&format!("{session}/export"), export)).await?;
        let place = text(&made["files"][0]["href"]);
        let place = place.trim_start_matches("/api/v1");
        self.told(began, Place::File(place.to_owned()), "3");
        self.make("/keys", "key", json!({})).await?;
        self.make("/users", "ada", json!({"role": "viewer"}))
            .await?;
        let list = format!("{project}/secrets");
        let secret = service.request(Method::PUT, &format!("{list}/TOKEN"));
        let secret = secret.json(&json!({"value": "no-text-of-the-test"}));
        let place = Place::Listed(list, "name", "TOKEN");
        self.ask(place, Some("once"), secret).await?;
        let delete = service.request(Method::DELETE, &file);
        self.ask(Place::File(file), None, delete).await?;
        let gone = self.make("/projects", "gone", json!({})).await?;
        let gone = format!("/projects/{}", text(&gone["id"]));
        let file = format!("{gone}/files/c");
        let request = service.request(Method::PUT, &file).body("content");
        self.ask(Place::File(file), Some("content"), request)
            .await?;
        let delete = service.request(Method::DELETE, &gone);
        let place = Place::Listed("/projects".into(), "name", "gone");
        // Its files go with it; that is no second entry, for they go behind the same answer.
        self.ledger.0.pop();
        self.ask(place, None, delete).await.map(drop)
    }

    /// Makes something with a name.
    async fn make(&mut self, list: &str, name: &'static str, mut body: Value) -> Option<Value> {
        body["name"] = name.into();
        let request = self.service.request(Method::POST, list).json(&body);
        let place = Place::Listed(list.to_owned(), "name", name);
        self.ask(place, Some("once"), request).await
    }

    /// Sends a file in two pieces.
    async fn upload(&mut self, project: &str) -> Option<()> {
        let base64 = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
        let id = project.trim_start_matches("/projects/");
        let request = |method, path: &str| {
            let request = self.service.request(method, path);
            request.header("tus-resumable", "1.0.0")
        };
        let metadata = format!("project_id {},path {}", base64(id), base64("up"));
        let make = request(Method::POST, "/uploads")
            .header("upload-length", 60_000)
            .header("upload-metadata", metadata);
        let began = self.recording.len();
        let made = make.send().await.ok()?;
        let place = made.headers().get("location")?.to_str().ok()?;
        let place = place.trim_start_matches("/api/v1").to_owned();
        let pieces = [(0, "40000"), (40_000, "60000")].map(|(from, to)| {
            let bytes = "u".repeat(60_000)[from..to.parse().expect("a number")].to_owned();
            let send = request(Method::PATCH, &place)
                .header("content-type", "application/offset+octet-stream")
                .header("upload-offset", from);
            (to, send.body(bytes))
        });
        self.told(began, Place::Offset(place.clone()), "0");
        for (to, piece) in pieces {
            self.ask(Place::Offset(place.clone()), Some(to), piece)
                .await?;
        }
        let whole = "u".repeat(60_000);
        self.told(began, Place::File(format!("{project}/files/up")), &whole);
        Some(())
    }

    /// Brings an archive into the project.
    async fn unpack(&mut self, project: &str) -> Option<()> {
        let (first, second) = ("first ".repeat(4000), "second ".repeat(4000));
        let archive = archive(&[Item::new("d/1", &first), Item::new("d/e/2", &second)]);
        let request = self
            .service
            .request(Method::POST, &format!("{project}/files?unpack"))
            .header("content-type", "application/zip")
            .body(archive);
        let began = self.recording.len();
        let place = Place::File(format!("{project}/files/d/1"));
        self.ask(place, Some(&first), request).await?;
        let place = Place::File(format!("{project}/files/d/e/2"));
        self.told(began, place, &second);
        Some(())
    }

    /// Makes a session in the state of another one.
    async fn fork(&mut self, session: &str) -> Option<()> {
        let began = self.recording.len();
        let request = self
            .service
            .request(Method::POST, &format!("{session}/fork"));
        let fork = answer(request.json(&json!({"name": "fork"}))).await?;
        let fork = format!("/sessions/{}", text(&fork["id"]));
        self.told(began, Place::Expression(fork.clone(), "n"), "3");
        let request = self
            .service
            .request(Method::POST, &format!("{fork}/execute"));
        let request = request.json(&json!({"code": "n += 1"}));
        let place = Place::Expression(fork, "n");
        self.ask(place, Some("4"), request).await.map(drop)
    }

    /// Runs code once: no session of it stays.
    async fn run_once(&mut self) -> Option<()> {
        let request = self.service.request(Method::POST, "/execute");
        let request = request.json(&json!({"code": "print(6 * 7)"}));
        let place = Place::Listed("/sessions".into(), "name", "one execution");
        let ran = self.ask(place, None, request).await?;
        assert_eq!(ran["text"], "42\n", "{ran:#}");
        Some(())
    }

    /// Runs a notebook's cell, and waits until it is told as finished.
    async fn run_cell(&mut self, notebook: &str, cell: &str) -> Option<()> {
        let began = self.recording.len();
        let path = format!("{notebook}/execute");
        let request = self.service.request(Method::POST, &path);
        let request = request.json(&json!({"cell_id": cell}));
        let taken = answer(request).await?;
        let session = format!("/sessions/{}", text(&taken["session_id"]));
        let list = format!("{session}/executions");
        loop {
            let told = answer(self.service.request(Method::GET, &list)).await?;
            if told["items"][0]["status"] == "success" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        self.told(began, Place::Expression(session, "c"), "5");
        // What the session tells as done, the notebook shows.
        let shown = Place::Field(format!("{notebook}/cells/{cell}"), "/outputs/0/text");
        self.told(began, shown, "5\n");
        Some(())
    }

    /// Asks for something that gives a place another value. Returns nothing when nobody knows what came
    /// of it.
    async fn ask(
        &mut self,
        place: Place,
        value: Option<&str>,
        request: RequestBuilder,
    ) -> Option<Value> {
        self.ledger.0.push(Entry {
            place,
            value: value.map(str::to_owned),
            began: self.recording.len(),
            acknowledged: None,
        });
        let answer = answer(request).await?;
        let entry = self.ledger.0.last_mut().expect("it was noted");
        entry.acknowledged = Some(self.recording.len());
        Some(answer)
    }

    /// Notes what an answer to something that began then says.
    fn told(&mut self, began: usize, place: Place, value: &str) {
        self.ledger.0.push(Entry {
            place,
            value: Some(value.to_owned()),
            began,
            acknowledged: Some(self.recording.len()),
        });
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Returns the answer of a service that lives; it is never refused.
async fn answer(request: RequestBuilder) -> Option<Value> {
    let response = request.send().await.ok()?;
    let status = response.status();
    let body = response.bytes().await.ok()?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    // A worker was ended a moment before the service was.
    if status.is_server_error() {
        return None;
    }
    assert!(status.is_success(), "{status}: {body:#}");
    Some(body)
}

impl Ledger {
    /// Returns when each thing was acknowledged.
    pub fn acknowledgements(&self) -> Vec<usize> {
        let entries = self.0.iter();
        entries.filter_map(|entry| entry.acknowledged).collect()
    }

    /// Compares what a service has with what had been asked for when so many steps had been made.
    /// `case` is told with what is wrong.
    pub async fn check(&self, service: &Service, at: usize, case: &str) {
        assert_eq!(
            service.under_way(),
            0,
            "{case}: something half-done was left"
        );
        let mut places: Vec<&Place> = Vec::new();
        for entry in &self.0 {
            if !places.contains(&&entry.place) {
                places.push(&entry.place);
            }
        }
        for place in places {
            let mut allowed: Vec<&Option<String>> = vec![&None];
            for entry in self.0.iter().filter(|entry| entry.place == *place) {
                if entry.acknowledged.is_some_and(|told| told <= at) {
                    allowed = vec![&entry.value];
                } else if entry.began < at {
                    allowed.push(&entry.value);
                }
            }
            let found = place.look(service).await;
            let fits = match (place, &found) {
                // A piece may be there in part.
                (Place::Offset(_), Some(found)) => {
                    let number = |text: &String| text.parse::<u64>().expect("a number");
                    let least = allowed[0].as_ref().map(number);
                    least.is_none_or(|least| number(found) >= least)
                }
                _ => allowed.contains(&&found),
            };
            let short = |value: &Option<String>| match value {
                Some(value) if value.len() > 40 => {
                    format!("{} bytes: {:?}…", value.len(), &value[..20])
                }
                other => format!("{other:?}"),
            };
            assert!(
                fits,
                "{case}: {place:?} is {}, and may be {:?}",
                short(&found),
                allowed.into_iter().map(short).collect::<Vec<_>>()
            );
        }
        audit_is_sound(service.data(), case);
        works(service).await;
    }
}

impl Place {
    async fn look(&self, service: &Service) -> Option<String> {
        match self {
            Self::Listed(list, field, name) => {
                let answer = service.get(list).await;
                if answer.status == 404 {
                    return None;
                }
                let body = answer.expect(200);
                let items = body["items"].as_array().expect("a list").iter();
                match items.filter(|item| item[field] == *name).count() {
                    0 => None,
                    1 => Some("once".to_owned()),
                    more => Some(format!("{more} times")),
                }
            }
            Self::File(path) => {
                let request = service.request(Method::GET, path);
                let response = request.send().await.expect("the service answers");
                let status = response.status();
                let body = response.text().await.expect("it is whole");
                match status.as_u16() {
                    404 => None,
                    200 => Some(body),
                    other => panic!("{path}: {other} {body}"),
                }
            }
            Self::Field(path, field) => {
                let answer = service.get(path).await;
                if answer.status == 404 {
                    return None;
                }
                answer.expect(200).pointer(field).map(text)
            }
            Self::Expression(session, code) => {
                let path = format!("{session}/execute");
                let answer = service.post(&path, json!({"code": code})).await;
                if answer.status == 404 {
                    return None;
                }
                let ran = answer.expect(200);
                let went_well = ran["status"] == "success";
                went_well.then(|| text(&ran["text"]).trim_end().to_owned())
            }
            Self::Offset(path) => {
                let head = service.request(Method::HEAD, path);
                let answer = answered(head.header("tus-resumable", "1.0.0")).await;
                (answer.status != 404).then(|| {
                    let offset = answer.header("upload-offset");
                    offset.expect("an offset").to_owned()
                })
            }
        }
    }
}

/// Asserts that the audit log of a data folder is as it was written.
pub fn audit_is_sound(data: &Path, case: &str) {
    let verified = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["audit", "verify", "--data"])
        .arg(data)
        .output()
        .expect("it runs");
    assert!(verified.status.success(), "{case}: {verified:?}");
}

/// Does some of what a service is for.
async fn works(service: &Service) {
    let project = service.project("afterwards").await;
    let file = format!("/projects/{project}/files/a/b");
    service.put(&file, "whole").await.expect(201);
    assert_eq!(service.get(&file).await.expect(200), "whole");
    let session = service.session().await;
    assert_eq!(service.text(&session, "a = 1\na").await, "1");
}
