//! Undo and redo of a notebook, which go on after the service was started again.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::people::text;
use crate::support::service::Service;

/// Returns the file of this name below a folder.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.flatten().find_map(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true => find(&path, name),
            false => (entry.file_name() == name).then_some(path),
        }
    })
}

#[tokio::test]
async fn edits_are_undone_and_made_again_after_a_power_cut() {
    let mut service = Service::start();
    let made = service
        .post(
            "/notebooks",
            json!({"name": "history", "cells": [{"source": "a"}]}),
        )
        .await
        .expect(201);
    let address = format!("/notebooks/{}", text(&made["notebook_id"]));
    let cell = format!("{address}/cells/{}", text(&made["cells"][0]["cell_id"]));
    let mut revision = made["cells"][0]["revision"].clone();
    for source in ["b", "c", "d"] {
        let body = json!({"source": source, "revision": revision});
        revision = service.patch(&cell, body).await.expect(200)["revision"].clone();
    }
    let go = async |service: &Service, way: &str| {
        let notebook = service.post(&format!("{address}/{way}"), json!({})).await;
        let notebook = notebook.expect(200);
        text(&notebook["cells"][0]["source"])
    };
    assert_eq!(go(&service, "undo").await, "c");
    service.kill_and_restart();
    let shown = service.get(&address).await.expect(200);
    assert_eq!(
        (&shown["can_undo"], &shown["can_redo"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(go(&service, "redo").await, "d");
    for expected in ["c", "b", "a"] {
        assert_eq!(go(&service, "undo").await, expected);
        service.kill_and_restart();
    }
    let undo = format!("{address}/undo");
    service.post(&undo, json!({})).await.refused(409, 20210);
    assert_eq!(go(&service, "redo").await, "b");
    // Another program writes the file while the service is away: its text is nothing to go back from.
    service.end();
    let file = find(service.data(), "history.ipynb").expect("it is there");
    let written = std::fs::read_to_string(&file).expect("it is text");
    std::fs::write(&file, written.replace("\"b\"", "\"z\"")).expect("it is written");
    service.kill_and_restart();
    let shown = service.get(&address).await.expect(200);
    assert_eq!(shown["cells"][0]["source"], "z");
    assert_eq!(
        (&shown["can_undo"], &shown["can_redo"]),
        (&json!(false), &json!(false))
    );
    service.post(&undo, json!({})).await.refused(409, 20210);
    // A new history begins.
    let body = json!({"source": "y", "revision": shown["cells"][0]["revision"]});
    service.patch(&cell, body).await.expect(200);
    service.kill_and_restart();
    assert_eq!(go(&service, "undo").await, "z");
    service.post(&undo, json!({})).await.refused(409, 20210);
    service.delete(&address).await.expect(204);
}
