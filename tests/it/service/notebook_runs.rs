//! Running a notebook's cells, and what those who watch are told.

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::service::Service;

pub async fn notebook(service: &Service, sources: &[&str]) -> (String, Vec<String>) {
    let cells: Vec<Value> = sources
        .iter()
        .map(|source| json!({"source": source}))
        .collect();
    let body = service
        .post("/notebooks", json!({"name": "run", "cells": cells}))
        .await
        .expect(201);
    let id = body["notebook_id"].as_str().expect("an id");
    let cells = body["cells"].as_array().expect("cells").iter();
    let cells = cells.map(|cell| cell["cell_id"].as_str().expect("an id").to_owned());
    (format!("/notebooks/{id}"), cells.collect())
}

/// Somebody who watches a notebook.
pub struct Watcher {
    socket: tokio_tungstenite::WebSocketStream<
        tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>,
    >,
    pub last: u64,
}

impl Watcher {
    pub async fn begin(service: &Service, notebook: &str, after: u64) -> Self {
        let (address, token) = (&service.address, &service.token);
        let url = format!("ws://{address}/api/v1/ws{notebook}?after_seq={after}&token={token}");
        let (socket, _) = tokio_tungstenite::connect_async(url)
            .await
            .expect("it opens");
        Self {
            socket,
            last: after,
        }
    }

    async fn next(&mut self) -> Value {
        loop {
            let message = self.socket.next().await.expect("it is open");
            if let Message::Text(text) = message.expect("it is whole") {
                let event: Value = serde_json::from_str(&text).expect("it is JSON");
                assert_eq!(event["seq"], self.last + 1, "nothing is missed: {event}");
                self.last += 1;
                return event;
            }
        }
    }

    /// Returns the first event for which this holds.
    pub async fn until(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        loop {
            let event = self.next().await;
            if holds(&event) {
                return event;
            }
        }
    }

    /// Waits until something runs, and then until nothing runs any more; returns the status.
    pub async fn until_done(&mut self) -> Value {
        let status = |event: &Value| {
            let is_status = event["type"] == "notebook_status";
            is_status.then(|| event["content"]["status"] == "running")
        };
        self.until(|event| status(event) == Some(true)).await;
        let done = self.until(|event| status(event) == Some(false)).await;
        done["content"]["status"].clone()
    }
}

#[tokio::test]
async fn the_variables_go_back_to_before_a_cell_and_its_outputs_are_marked() {
    let service = Service::start();
    let (notebook, cells) = notebook(&service, &["a = 1", "a += 1\na", "a += 10\na"]).await;
    let mut watcher = Watcher::begin(&service, &notebook, 0).await;
    let taken = service
        .post(&format!("{notebook}/execute"), json!({"which": "all"}))
        .await
        .expect(202);
    assert_eq!(watcher.until_done().await, "idle");
    let restore = format!("{notebook}/cells/{}/restore", cells[1]);
    let after = service.post(&restore, json!({})).await.expect(200);
    let marks = |body: &Value| -> Vec<Value> {
        let cells = body["cells"].as_array().expect("cells").iter();
        cells.map(|cell| cell["undone"].clone()).collect()
    };
    assert_eq!(marks(&after), [json!(false), json!(true), json!(true)]);
    let session = taken["session_id"].as_str().expect("an id");
    assert_eq!(service.text(session, "a").await, "1");
    let context = service
        .get(&format!("{notebook}/context"))
        .await
        .expect(200);
    assert_eq!(context["variables"][0]["preview"], "1", "{context:#}");
    service
        .post(&format!("{notebook}/execute"), json!({"which": "stale"}))
        .await
        .expect(202);
    assert_eq!(watcher.until_done().await, "idle");
    let body = service.get(&notebook).await.expect(200);
    assert_eq!(marks(&body), [json!(false), json!(false), json!(false)]);
    assert_eq!(body["cells"][2]["outputs"][0]["data"]["text/plain"], "12");
    let nothing = format!("{notebook}/cells/nothing/restore");
    service.post(&nothing, json!({})).await.refused(404, 20412);
}

#[tokio::test]
async fn cells_run_in_order_and_their_outputs_are_in_the_notebook_for_good() {
    let mut service = Service::start();
    let (at, cells) = notebook(&service, &["a = 20", "print('shown')\na + 1", ""]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let taken = service
        .post(&format!("{at}/execute"), json!({"which": "all"}))
        .await
        .expect(202);
    assert_eq!(
        taken["cells"],
        json!(cells[..2]),
        "an empty cell has nothing to run"
    );
    assert_eq!(watcher.until_done().await, "idle");
    let body = service.get(&at).await.expect(200);
    let outputs = &body["cells"][1]["outputs"];
    assert_eq!(outputs[0]["text"], "shown\n");
    assert_eq!(outputs[1]["data"]["text/plain"], "21");
    assert_eq!(body["cells"][1]["execution_count"], 2);
    assert_eq!(
        (&body["status"], &body["session_id"]),
        (&json!("idle"), &taken["session_id"])
    );
    service.kill_and_restart();
    let again = service.get(&at).await.expect(200);
    assert_eq!(
        again["cells"], body["cells"],
        "nothing is lost and nothing is newer"
    );
    // A client that comes back sees all that happened once more.
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let shown = watcher.until(|event| event["type"] == "stream").await;
    assert_eq!(
        (&shown["cell_id"], &shown["content"]["text"]),
        (&json!(cells[1]), &json!("shown\n"))
    );
    // The variables are those of the session, which came back.
    service
        .post(&format!("{at}/execute"), json!({"cell_id": cells[1]}))
        .await
        .expect(202);
    assert_eq!(watcher.until_done().await, "idle");
}

#[tokio::test]
async fn a_cell_that_fails_ends_the_run_unless_it_is_meant_to() {
    let service = Service::start();
    let (at, cells) = notebook(&service, &["a = 1", "1 / 0", "b = 2"]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    service
        .post(&format!("{at}/execute"), json!({"which": "all"}))
        .await
        .expect(202);
    assert_eq!(watcher.until_done().await, "error");
    let body = service.get(&at).await.expect(200);
    assert_eq!(body["cells"][1]["outputs"][0]["ename"], "ZeroDivisionError");
    assert_eq!(
        body["cells"][2]["execution_count"],
        Value::Null,
        "it was not begun"
    );
    let context = service.get(&format!("{at}/context")).await.expect(200);
    assert_eq!(context["last_error"]["name"], "ZeroDivisionError");
    let revision = body["cells"][1]["revision"].clone();
    let tags = json!({"revision": revision, "metadata": {"tags": ["raises-exception"]}});
    service
        .patch(&format!("{at}/cells/{}", cells[1]), tags)
        .await
        .expect(200);
    service
        .post(
            &format!("{at}/execute"),
            json!({"which": "below", "cell_id": cells[1]}),
        )
        .await
        .expect(202);
    assert_eq!(watcher.until_done().await, "idle");
    let body = service.get(&at).await.expect(200);
    assert_eq!(body["cells"][2]["execution_count"], 4);
}

#[tokio::test]
async fn stale_cells_are_known_and_run_again() {
    let service = Service::start();
    let (at, cells) = notebook(&service, &["a = 1", "a + 1"]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let execute = format!("{at}/execute");
    let run = |body: Value| service.post(&execute, body);
    run(json!({"which": "all"})).await.expect(202);
    watcher.until_done().await;
    let nothing = run(json!({"which": "stale"})).await.expect(202);
    assert_eq!(
        (&nothing["cells"], &nothing["execution_id"]),
        (&json!([]), &Value::Null)
    );
    let body = service.get(&at).await.expect(200);
    let edit = json!({"revision": body["cells"][0]["revision"], "source": "a = 10"});
    service
        .patch(&format!("{at}/cells/{}", cells[0]), edit)
        .await
        .expect(200);
    let changed = watcher
        .until(|event| event["type"] == "cell_changed" && event["content"]["stale"] == true)
        .await;
    assert_eq!(changed["cell_id"], json!(cells[0]));
    let taken = run(json!({"which": "stale"})).await.expect(202);
    // When it has run, the one below is out of date: once is enough.
    assert_eq!(taken["cells"], json!(cells));
    watcher.until_done().await;
    let taken = run(json!({"which": "stale"})).await.expect(202);
    assert_eq!(taken["cells"], json!([]));
    run(json!({"cell_id": cells[0]})).await.expect(202);
    watcher.until_done().await;
    // The cell above ran later, so the one below is out of date.
    let taken = run(json!({"which": "stale"})).await.expect(202);
    assert_eq!(taken["cells"], json!([cells[1]]));
    watcher.until_done().await;
    let body = service.get(&at).await.expect(200);
    assert_eq!(
        body["cells"][1]["outputs"][0]["data"]["text/plain"],
        json!("11")
    );
}

#[tokio::test]
async fn watchers_are_told_of_every_change_and_wrong_requests_are_refused() {
    let service = Service::start();
    let (at, cells) = notebook(&service, &["a", "b", "c"]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let joined = watcher.until(|event| event["type"] == "presence").await;
    assert_eq!(joined["content"]["watchers"], 1);
    let moved = json!({"revision": 1, "index": 2});
    service
        .post(&format!("{at}/cells/{}/move", cells[0]), moved)
        .await
        .expect(200);
    let told = watcher.until(|event| event["type"] == "cells_moved").await;
    let content = &told["content"];
    assert_eq!(
        (&content["at"], &content["removed"], &content["cells"]),
        (&json!(0), &json!(3), &json!([cells[1], cells[2], cells[0]]))
    );
    for (body, field) in [
        (json!({}), "which"),
        (json!({"which": "above"}), "cell_id"),
        (json!({"which": "all", "cell_id": cells[0]}), "cell_id"),
        (json!({"which": "all", "code": "1"}), "code"),
        (json!({"which": "none"}), "which"),
    ] {
        let refused = service
            .post(&format!("{at}/execute"), body)
            .await
            .refused(422, 50202);
        assert_eq!(refused["errors"][0]["field"], field);
    }
    // Whoever watches is told that it is over, and its session ends.
    let run = json!({"cell_id": cells[0], "which": null, "code": null});
    let taken = service
        .post(&format!("{at}/execute"), run)
        .await
        .expect(202);
    watcher.until_done().await;
    let unknown = json!({"cell_id": "unknown"});
    service
        .post(&format!("{at}/execute"), unknown)
        .await
        .refused(404, 20412);
    service.delete(&at).await.expect(204);
    let session = taken["session_id"].as_str().expect("an id");
    service
        .get(&format!("/sessions/{session}"))
        .await
        .refused(409, 20209);
    while let Some(Ok(message)) = watcher.socket.next().await {
        if let Message::Close(frame) = message {
            assert_eq!(u16::from(frame.expect("a reason").code), 1000);
        }
    }
}

#[tokio::test]
async fn what_another_tenant_has_is_not_there() {
    let service = Service::start_with_tenants(&[]);
    let (ours, theirs) = (service.tenant("ours").await, service.tenant("theirs").await);
    let body = json!({"name": "secret", "cells": [{"source": "a"}]});
    let made = ours.post(&service, "/notebooks", body).await.expect(201);
    let at = format!(
        "/notebooks/{}",
        made["notebook_id"].as_str().expect("an id")
    );
    let cell = made["cells"][0]["cell_id"].as_str().expect("an id");
    for (path, body) in [
        ("/undo", json!({})),
        ("/redo", json!({})),
        ("/cells", json!({})),
        ("/clear_outputs", json!({})),
        ("/execute", json!({"which": "all"})),
        ("/updates/ack", json!({"reader": "r"})),
    ] {
        theirs
            .post(&service, &format!("{at}{path}"), body)
            .await
            .refused(404, 20411);
    }
    let of_cell = format!("/cells/{cell}");
    let output = format!("/outputs/{}", "0".repeat(64));
    for path in [
        "",
        "/cells",
        "/status",
        "/context",
        "/updates?reader=r",
        "/export?format=py",
        &of_cell,
        &output,
    ] {
        theirs
            .get(&service, &format!("{at}{path}"))
            .await
            .refused(404, 20411);
    }
    let edit = json!({"revision": 1, "source": "b"});
    theirs
        .patch(&service, &format!("{at}{of_cell}"), edit)
        .await
        .refused(404, 20411);
    theirs.delete(&service, &at).await.refused(404, 20411);
    let into_ours = json!({"name": "x", "project_id": made["project_id"]});
    let create = theirs.post(&service, "/notebooks", into_ours);
    create.await.refused(404, 50408);
    let listed = theirs.get(&service, "/notebooks").await.expect(200);
    assert_eq!(listed["items"], json!([]));
    // The control: who has it finds it as it was.
    let kept = ours.get(&service, &at).await.expect(200);
    assert_eq!(kept["cells"], made["cells"]);
}
