//! Notebooks: cells, revisions, undo, readers; and that nothing acknowledged is lost.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::service::{Service, answered};

const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

/// Makes a notebook of code cells and returns its address and its cells.
async fn notebook(service: &Service, sources: &[&str]) -> (String, Vec<Value>) {
    let cells: Vec<Value> = sources
        .iter()
        .map(|source| json!({"source": source}))
        .collect();
    let made = service
        .post("/notebooks", json!({"name": "test", "cells": cells}))
        .await;
    let location = made
        .header("location")
        .expect("an address")
        .strip_prefix("/api/v1")
        .expect("ours")
        .to_owned();
    let body = made.expect(201);
    (location, body["cells"].as_array().expect("cells").clone())
}

async fn sources(service: &Service, address: &str) -> Vec<String> {
    let body = service.get(address).await.expect(200);
    let cells = body["cells"].as_array().expect("cells").iter();
    cells
        .map(|cell| cell["source"].as_str().expect("a text").to_owned())
        .collect()
}

fn cell_address(address: &str, cell: &Value) -> String {
    format!(
        "{address}/cells/{}",
        cell["cell_id"].as_str().expect("an id")
    )
}

#[tokio::test]
async fn a_notebook_is_made_listed_changed_and_removed() {
    let service = Service::start();
    let (address, cells) = notebook(&service, &["a = 1"]).await;
    assert_eq!(
        (&cells[0]["cell_type"], &cells[0]["stale"]),
        (&json!("code"), &json!(false))
    );
    let (other, _) = notebook_named(&service, "other").await;
    let list = service.get("/notebooks?limit=1").await.expect(200);
    assert_eq!(list["items"][0]["name"], "test");
    let next = list["next"].as_str().expect("there is another");
    let list = service
        .get(&format!("/notebooks?limit=1&after={next}"))
        .await
        .expect(200);
    assert_eq!(
        (&list["items"][0]["name"], &list["next"]),
        (&json!("other"), &json!(null))
    );
    // An ETag that is not the present one is refused, and changes nothing.
    let got = service.get(&address).await;
    let tag = got.header("etag").expect("an ETag").to_owned();
    let rename = |tag: &str, name: &str| {
        let request = service
            .request(Method::PATCH, &address)
            .header("If-Match", tag);
        answered(request.json(&json!({"name": name, "path": format!("{name}.ipynb")})))
    };
    rename("\"99\"", "wrong").await.refused(412, 50210);
    rename("nonsense", "wrong").await.refused(422, 50202);
    let renamed = rename(&tag, "renamed").await.expect(200);
    assert_eq!(
        (&renamed["name"], &renamed["path"]),
        (&json!("renamed"), &json!("renamed.ipynb"))
    );
    rename(&tag, "again").await.refused(412, 50210);
    service
        .patch(&address, json!({"path": "other.ipynb"}))
        .await
        .refused(409, 50402);
    service
        .patch(&address, json!({"path": "../x.ipynb"}))
        .await
        .refused(422, 50404);
    assert_eq!(sources(&service, &address).await, ["a = 1"]);
    service.delete(&address).await.expect(204);
    service.get(&address).await.refused(404, 20411);
    service.get(&other).await.expect(200);
}

async fn notebook_named(service: &Service, name: &str) -> (String, Value) {
    let body = service
        .post("/notebooks", json!({"name": name}))
        .await
        .expect(201);
    (
        format!(
            "/notebooks/{}",
            body["notebook_id"].as_str().expect("an id")
        ),
        body,
    )
}

#[tokio::test]
async fn what_does_not_exist_is_not_found_and_what_is_wrong_is_named() {
    let service = Service::start();
    let (address, cells) = notebook(&service, &["a"]).await;
    for id in [NOBODY, "nonsense", "..%2f..", "%00"] {
        service
            .get(&format!("/notebooks/{id}"))
            .await
            .refused(404, 20411);
        service
            .delete(&format!("/notebooks/{id}"))
            .await
            .refused(404, 20411);
        service
            .get(&format!("{address}/cells/{id}"))
            .await
            .refused(404, 20412);
        service
            .post(&format!("/notebooks/{id}/undo"), json!({}))
            .await
            .refused(404, 20411);
    }
    service
        .get(&format!("{address}/outputs/{}", "0".repeat(64)))
        .await
        .refused(404, 50403);
    service
        .post("/notebooks", json!({"name": "test"}))
        .await
        .refused(409, 50402);
    service
        .post("/notebooks", json!({"name": "a\nb"}))
        .await
        .refused(422, 50202);
    service
        .post("/notebooks", json!({"name": "x", "path": "/etc/x.ipynb"}))
        .await
        .refused(422, 50404);
    service
        .post("/notebooks", json!({"name": "x", "project_id": NOBODY}))
        .await
        .refused(404, 50408);
    let body = service
        .post("/notebooks", json!({"name": "x", "typo": 1}))
        .await
        .refused(422, 50202);
    assert_eq!(body["errors"][0]["field"], "typo");
    let cell = cell_address(&address, &cells[0]);
    let large = "a".repeat((1 << 20) + 1);
    let body = service
        .patch(&cell, json!({"revision": 1, "source": large}))
        .await;
    assert_eq!(body.refused(422, 50202)["errors"][0]["field"], "source");
    service
        .post(&format!("{address}/cells"), json!({"index": 2}))
        .await
        .refused(422, 50202);
    service
        .post(
            &format!("{address}/cells"),
            json!({"index": 0, "after": "x"}),
        )
        .await
        .refused(422, 50202);
    service
        .get(&format!("{address}/updates?reader=a/b"))
        .await
        .refused(422, 50202);
    service
        .get(&format!("{address}/context?budget_tokens=1"))
        .await
        .refused(422, 50202);
    assert_eq!(sources(&service, &address).await, ["a"]);
}

#[tokio::test]
async fn cells_are_added_edited_moved_split_merged_deleted_and_all_of_it_is_undone() {
    let service = Service::start();
    let (address, cells) = notebook(&service, &["one\ntwo", "three"]).await;
    let split = cell_address(&address, &cells[0]);
    let parts = service
        .post(
            &format!("{split}/split"),
            json!({"revision": cells[0]["revision"], "at": 4}),
        )
        .await
        .expect(200);
    assert_eq!(sources(&service, &address).await, ["one", "two", "three"]);
    assert_eq!(parts["second"]["cell_id"], cells[0]["cell_id"]);
    let first = cell_address(&address, &parts["first"]);
    let added = service
        .post(
            &format!("{address}/cells"),
            json!({"cell_type": "markdown", "source": "# T", "index": 0}),
        )
        .await;
    let added = added.expect(201);
    let edited =
        json!({"revision": added["revision"], "source": "# Title", "metadata": {"tags": ["x"]}});
    let edited = service
        .patch(&cell_address(&address, &added), edited)
        .await
        .expect(200);
    assert_eq!(edited["metadata"], json!({"tags": ["x"]}));
    service
        .post(
            &format!("{first}/move"),
            json!({"revision": parts["first"]["revision"], "index": 3}),
        )
        .await
        .expect(200);
    assert_eq!(
        sources(&service, &address).await,
        ["# Title", "two", "three", "one"]
    );
    let second = cell_address(&address, &parts["second"]);
    let merged = service
        .post(
            &format!("{second}/merge"),
            json!({"revision": parts["second"]["revision"]}),
        )
        .await
        .expect(200);
    assert_eq!(merged["source"], "two\nthree");
    service
        .delete(&format!("{second}?revision=1"))
        .await
        .refused(409, 20211);
    service
        .delete(&format!("{second}?revision={}", merged["revision"]))
        .await
        .expect(204);
    assert_eq!(sources(&service, &address).await, ["# Title", "one"]);
    for _ in 0..6 {
        service
            .post(&format!("{address}/undo"), json!({}))
            .await
            .expect(200);
    }
    assert_eq!(sources(&service, &address).await, ["one\ntwo", "three"]);
    service
        .post(&format!("{address}/undo"), json!({}))
        .await
        .refused(409, 20210);
    for _ in 0..6 {
        service
            .post(&format!("{address}/redo"), json!({}))
            .await
            .expect(200);
    }
    assert_eq!(sources(&service, &address).await, ["# Title", "one"]);
    let page = service
        .get(&format!("{address}/cells?limit=1"))
        .await
        .expect(200);
    let after = page["next"].as_str().expect("there is another");
    let page = service
        .get(&format!("{address}/cells?limit=1&after={after}"))
        .await
        .expect(200);
    assert_eq!(page["items"][0]["source"], "one");
}

#[tokio::test]
async fn of_concurrent_edits_of_one_cell_one_wins_and_the_others_see_it() {
    let service = Service::start();
    let (address, cells) = notebook(&service, &["start"]).await;
    let cell = cell_address(&address, &cells[0]);
    let edits = (0..20).map(|number| {
        let body = json!({"revision": cells[0]["revision"], "source": format!("edit {number}")});
        let (service, cell) = (&service, &cell);
        async move { service.patch(cell, body).await }
    });
    let mut winners = Vec::new();
    let mut losers = Vec::new();
    for answer in join_all(edits).await {
        match answer.status.as_u16() {
            200 => winners.push(answer.body),
            _ => losers.push(answer.refused(409, 20211)),
        }
    }
    assert_eq!((winners.len(), losers.len()), (1, 19));
    for loser in losers {
        assert_eq!(loser["details"]["current"]["source"], winners[0]["source"]);
    }
    assert_eq!(
        sources(&service, &address).await[0],
        winners[0]["source"].as_str().expect("a text")
    );
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_power_cut() {
    let mut service = Service::start();
    let (address, _) = notebook(&service, &["first"]).await;
    for round in 0..3 {
        let (sender, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
        for number in 0..60 {
            let request = service.request(Method::POST, &format!("{address}/cells"));
            let request = request.json(&json!({"source": format!("round {round} cell {number}")}));
            let sender = sender.clone();
            tokio::spawn(async move {
                // The service dies under most of these.
                if let Ok(answer) = request.send().await
                    && let Ok(body) = answer.json::<Value>().await
                    && body["cell_id"].is_string()
                {
                    let _ = sender.send(body);
                }
            });
        }
        drop(sender);
        let mut seen = Vec::new();
        while seen.len() < 10 {
            seen.push(acknowledged.recv().await.expect("some are acknowledged"));
        }
        service.kill_and_restart();
        while let Some(late) = acknowledged.recv().await {
            seen.push(late);
        }
        let body = service.get(&address).await.expect(200);
        let cells = body["cells"].as_array().expect("cells");
        for cell in seen {
            let found = cells
                .iter()
                .find(|found| found["cell_id"] == cell["cell_id"]);
            assert_eq!(
                found.map(|found| &found["source"]),
                Some(&cell["source"]),
                "an acknowledged cell is lost"
            );
            assert_eq!(
                found.map(|found| &found["revision"]),
                Some(&cell["revision"])
            );
        }
    }
    let names = walk(&service.data().join("tenants"));
    assert!(
        names.iter().filter(|name| name.ends_with(".ipynb")).count() == 1,
        "{names:?}"
    );
}

fn walk(folder: &std::path::Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.file_type().expect("a type").is_dir() {
            true => names.extend(walk(&entry.path())),
            false => names.push(entry.path().to_string_lossy().into_owned()),
        }
    }
    names
}

#[tokio::test]
async fn readers_are_told_what_changed_also_after_a_restart() {
    let mut service = Service::start();
    let (address, cells) = notebook(&service, &["a", "b"]).await;
    let updates = format!("{address}/updates?reader=agent");
    let acknowledge = format!("{address}/updates/ack");
    let seen = service.get(&updates).await.expect(200);
    assert_eq!(seen["updated_cells"].as_array().map(Vec::len), Some(2));
    service
        .post(&acknowledge, json!({"reader": "agent", "revision": 10_000}))
        .await
        .refused(422, 50202);
    service
        .post(
            &acknowledge,
            json!({"reader": "agent", "revision": seen["revision"]}),
        )
        .await
        .expect(200);
    service.kill_and_restart();
    assert_eq!(
        service.get(&updates).await.expect(200)["updated_cells"],
        json!([])
    );
    let cell = cell_address(&address, &cells[1]);
    let revision = cells[1]["revision"].clone();
    service
        .patch(&cell, json!({"revision": revision, "source": "b"}))
        .await
        .expect(200);
    service
        .post(&format!("{address}/clear_outputs"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        service.get(&updates).await.expect(200)["updated_cells"],
        json!([]),
        "nothing is different"
    );
    service
        .patch(&cell, json!({"revision": revision, "source": "c"}))
        .await
        .expect(200);
    service.kill_and_restart();
    let seen = service.get(&updates).await.expect(200);
    assert_eq!(seen["updated_cells"][0]["cell_id"], cells[1]["cell_id"]);
    assert_eq!(seen["updated_cells"].as_array().map(Vec::len), Some(1));
    let context = service
        .get(&format!("{address}/context?reader=agent&budget_tokens=500"))
        .await
        .expect(200);
    let marks: Vec<&Value> = context["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .map(|cell| &cell["isUpdate"])
        .collect();
    assert_eq!(marks, [false, true]);
    assert_eq!(
        service.get(&format!("{address}/status")).await.expect(200)["status"],
        "idle"
    );
}

#[tokio::test]
async fn what_another_program_writes_is_seen_and_a_link_is_not_followed() {
    let service = Service::start();
    let (address, _) = notebook(&service, &["a"]).await;
    let file = walk(&service.data().join("tenants"))
        .into_iter()
        .find(|name| name.ends_with("test.ipynb"));
    let file = file.expect("its file");
    let text = std::fs::read_to_string(&file).expect("it is text");
    std::fs::write(&file, text.replace("\"a\"", "\"from elsewhere\"")).expect("it is written");
    assert_eq!(sources(&service, &address).await, ["from elsewhere"]);
    std::fs::write(&file, "{").expect("it is written");
    service.get(&address).await.refused(422, 20413);
    std::fs::remove_file(&file).expect("it is there");
    service.get(&address).await.refused(404, 20411);
    let secret = service.data().join("local.json");
    std::os::unix::fs::symlink(&secret, &file).expect("a link");
    service.get(&address).await.refused(422, 50404);
    // What cannot be read can be removed; what the link led to stays.
    service.delete(&address).await.expect(204);
    assert!(secret.exists() && !std::path::Path::new(&file).exists());
}
