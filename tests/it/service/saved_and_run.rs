//! Saving a cell and running it in one request.

use serde_json::json;

use super::notebook_runs::{Watcher, notebook};
use crate::support::people::text;
use crate::support::service::Service;

#[tokio::test]
async fn a_cell_is_saved_and_run_at_once() {
    let mut service = Service::start();
    let (at, cells) = notebook(&service, &["1", "2"]).await;
    let execute = format!("{at}/execute");
    let before = service.get(&at).await.expect(200);
    let revision = &before["cells"][0]["revision"];
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let body = json!({"cell_id": cells[0], "source": "20 + 1", "revision": revision});
    let taken = service.post(&execute, body.clone()).await.expect(202);
    assert_eq!(taken["cells"], json!([cells[0]]));
    // Those who watch see the new text before what it shows.
    let changed = watcher
        .until(|event| event["type"] == "cell_changed" || event["type"] == "execute_result")
        .await;
    assert_eq!(
        changed["content"]["cell"]["source"], "20 + 1",
        "{changed:#}"
    );
    assert_eq!(changed["content"]["cell"]["revision"], taken["revision"]);
    assert_eq!(
        watcher
            .until(|event| event["type"] == "notebook_status"
                && event["content"]["status"] != "running")
            .await["content"]["status"],
        "idle"
    );
    service.kill_and_restart();
    let after = service.get(&at).await.expect(200);
    assert_eq!(after["cells"][0]["source"], "20 + 1");
    assert_eq!(after["cells"][0]["revision"], taken["revision"]);
    assert_eq!(after["cells"][0]["outputs"][0]["data"]["text/plain"], "21");

    // Somebody else was faster: nothing runs, and the text that is there is told.
    let stale = json!({"cell_id": cells[0], "source": "30", "revision": revision});
    let refused = service.post(&execute, stale).await.refused(409, 20211);
    assert_eq!(refused["details"]["current"]["source"], "20 + 1");
    let executions = format!(
        "/sessions/{}/executions",
        taken["session_id"].as_str().expect("an id")
    );
    let ran = service.get(&executions).await.expect(200);
    assert_eq!(ran["items"].as_array().map(Vec::len), Some(1), "{ran:#}");
    // Writing what is there needs no newer revision, as everywhere.
    service.post(&execute, body).await.expect(202);
}

#[tokio::test]
async fn an_empty_cell_is_filled_and_run_and_one_that_is_emptied_is_saved() {
    let service = Service::start();
    let (at, cells) = notebook(&service, &["", "2"]).await;
    let before = service.get(&at).await.expect(200);
    let revision = |body: &serde_json::Value, cell: usize| body["cells"][cell]["revision"].clone();
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let fill = json!({"cell_id": cells[0], "source": "6 * 7", "revision": revision(&before, 0)});
    let taken = service.post(&format!("{at}/execute"), fill).await;
    assert_eq!(taken.expect(202)["cells"], json!([cells[0]]));
    assert_eq!(watcher.until_done().await, "idle");
    let empty = json!({"cell_id": cells[1], "source": "", "revision": revision(&before, 1)});
    let taken = service
        .post(&format!("{at}/execute"), empty)
        .await
        .expect(202);
    assert_eq!(
        (&taken["cells"], &taken["execution_id"]),
        (&json!([]), &json!(null))
    );
    let after = service.get(&at).await.expect(200);
    assert_eq!(after["cells"][0]["outputs"][0]["data"]["text/plain"], "42");
    assert_eq!(after["cells"][1]["source"], "");
    assert_eq!(taken["revision"], revision(&after, 1));
}

#[tokio::test]
async fn a_text_that_cannot_be_saved_is_not_run() {
    let service = Service::start();
    let (at, cells) = notebook(&service, &["1", "2"]).await;
    let execute = format!("{at}/execute");
    let cell = &cells[0];
    for (body, field) in [
        (json!({"cell_id": cell, "source": "x"}), "revision"),
        (json!({"cell_id": cell, "revision": 1}), "source"),
        (json!({"source": "x", "revision": 1}), "source"),
        (
            json!({"which": "above", "cell_id": cell, "source": "x", "revision": 1}),
            "source",
        ),
    ] {
        let refused = service.post(&execute, body).await.refused(422, 50202);
        assert_eq!(refused["errors"][0]["field"], field, "{refused:#}");
    }
    let body = json!({"cell_id": "nothing", "source": "x", "revision": 1});
    service.post(&execute, body).await.refused(404, 20412);
    let body = json!({"cell_id": cell, "source": "x".repeat((1 << 20) + 1), "revision": 1});
    service.post(&execute, body).await.refused(422, 50202);
}

#[tokio::test]
async fn who_may_run_and_not_write_runs_what_is_there() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("one").await;
    let runner = json!({"name": "runner", "scopes": ["read", "run"]});
    let runner = admin.key_for(&service, runner).await;
    let cells = json!({"name": "theirs", "cells": [{"source": "1"}]});
    let made = admin.post(&service, "/notebooks", cells).await.expect(201);
    let (id, cell) = (text(&made["notebook_id"]), &made["cells"][0]["cell_id"]);
    let execute = format!("/notebooks/{id}/execute");
    let body = json!({"cell_id": cell, "source": "3", "revision": 1});
    let refused = runner.post(&service, &execute, body).await;
    refused.refused(403, 50303);
    let body = json!({"cell_id": cell});
    runner.post(&service, &execute, body).await.expect(202);
    let after = runner.get(&service, &format!("/notebooks/{id}")).await;
    assert_eq!(after.expect(200)["cells"][0]["source"], "1");
}
