//! Notebooks that are moved and deleted as files, alone or with their folder: they stay the same notebooks,
//! and their large outputs neither get lost nor stay behind.

use reqwest::Method;
use serde_json::{Value, json};

use super::notebook_runs::Watcher;
use crate::support::people::text;
use crate::support::service::{Service, answered};

/// A notebook with an output that is kept in a file of its own.
struct Large {
    address: String,
    hash: String,
}

impl Large {
    /// Puts it into a project; outputs are the same if `line` is.
    async fn put(service: &Service, project: &str, path: &str, line: &str) -> Self {
        let output =
            json!({"output_type": "stream", "name": "stdout", "text": line.repeat(100_000)});
        let cell = json!({"id": "cell", "cell_type": "code", "source": "x", "metadata": {},
            "outputs": [output], "execution_count": null});
        let file = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]});
        let files = format!("/projects/{project}/files/{path}");
        service.put(&files, file.to_string()).await.expect(201);
        let body = json!({"project_id": project, "path": path});
        let made = service.post("/notebooks", body).await.expect(201);
        let address = format!("/notebooks/{}", text(&made["notebook_id"]));
        // With its first edit the output gets its own file.
        let edit = json!({"source": "y", "revision": made["cells"][0]["revision"]});
        let cell = format!("{address}/cells/cell");
        let cell = service.patch(&cell, edit);
        let cell = cell.await.expect(200);
        let kept = &cell["outputs"][0]["metadata"]["cellblock"]["kept"];
        let hash = text(&kept["text/plain"]["hash"]);
        Self { address, hash }
    }

    /// Asserts where it is, and that its output is there.
    async fn is_at(&self, service: &Service, path: &str) {
        let shown = service.get(&self.address).await.expect(200);
        assert_eq!(shown["path"], path);
        let output = format!("{}/outputs/{}", self.address, self.hash);
        let whole = service.get(&output).await.expect(200);
        assert!(whole.as_str().is_some_and(|whole| whole.len() >= 300_000));
    }
}

/// Returns how many large outputs lie beside a path's notebooks.
fn kept(service: &Service, project: &str, folder: &str) -> usize {
    let outputs = service.project_folder(project).join(folder);
    std::fs::read_dir(outputs.join(".cellblock/outputs")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_notebook_that_is_moved_as_a_file_takes_its_outputs_along() {
    let service = Service::start();
    let project = &service.project("files").await;
    let files = format!("/projects/{project}/files");
    let one = Large::put(&service, project, "x/one.ipynb", "one\n").await;
    let before = service.get(&one.address).await.expect(200);
    let move_to = async |from: &str, to: &str| {
        let from = format!("{files}/{from}");
        let moved = service.patch(&from, json!({"to": to}));
        moved.await.expect(200)
    };
    move_to("x/one.ipynb", "x/two.ipynb").await;
    one.is_at(&service, "x/two.ipynb").await;
    assert_eq!(kept(&service, project, "x"), 1);
    move_to("x/two.ipynb", "y/two.ipynb").await;
    one.is_at(&service, "y/two.ipynb").await;
    assert_eq!(
        (kept(&service, project, "x"), kept(&service, project, "y")),
        (0, 1)
    );
    // It is edited where it is now, with the revisions that it had.
    let shown = service.get(&one.address).await.expect(200);
    assert_eq!(shown["cells"], before["cells"]);
    assert!(shown["revision"].as_u64() > before["revision"].as_u64());
    let edit = json!({"source": "z", "revision": shown["cells"][0]["revision"]});
    let cell = format!("{}/cells/cell", one.address);
    service.patch(&cell, edit).await.expect(200);
    let file = service
        .get(&format!("{files}/y/two.ipynb"))
        .await
        .expect(200);
    assert_eq!(file["cells"][0]["source"], json!(["z"]));
    service
        .get(&format!("{files}/x/two.ipynb"))
        .await
        .refused(404, 50403);
    // A folder goes with all that is in it.
    move_to("y", "z").await;
    one.is_at(&service, "z/two.ipynb").await;
    assert_eq!(kept(&service, project, "z"), 1);
    // By the notebook's own address it is the same.
    let path = json!({"path": "w/two.ipynb"});
    service.patch(&one.address, path).await.expect(200);
    one.is_at(&service, "w/two.ipynb").await;
    assert_eq!(
        (kept(&service, project, "z"), kept(&service, project, "w")),
        (0, 1)
    );
}

#[tokio::test]
async fn what_another_notebook_shows_too_stays_until_the_last_is_gone() {
    let service = Service::start();
    let project = &service.project("files").await;
    let files = format!("/projects/{project}/files");
    let mut same = Vec::new();
    for path in ["x/1.ipynb", "x/2.ipynb", "x/3.ipynb", "x/4.ipynb"] {
        same.push(Large::put(&service, project, path, "same\n").await);
    }
    let other = Large::put(&service, project, "x/other.ipynb", "other\n").await;
    assert_eq!(kept(&service, project, "x"), 2, "the same is there once");
    service
        .patch(&format!("{files}/x/1.ipynb"), json!({"to": "y/1.ipynb"}))
        .await
        .expect(200);
    same[0].is_at(&service, "y/1.ipynb").await;
    same[1].is_at(&service, "x/2.ipynb").await;
    service
        .delete(&format!("{files}/x/2.ipynb"))
        .await
        .expect(204);
    same[2].is_at(&service, "x/3.ipynb").await;
    service.delete(&same[2].address).await.expect(204);
    same[3].is_at(&service, "x/4.ipynb").await;
    assert_eq!(kept(&service, project, "x"), 2);
    // The last one gives its place to another.
    let over = json!({"to": "x/4.ipynb", "replace": true});
    service
        .patch(&format!("{files}/x/other.ipynb"), over)
        .await
        .expect(200);
    assert_eq!(kept(&service, project, "x"), 1);
    let shown = service.get(&same[3].address).await.expect(200);
    let outputs = shown["cells"][0]["outputs"].to_string();
    assert!(
        outputs.contains(&other.hash),
        "it has what is in its file now"
    );
    let output = format!("{}/outputs/{}", same[3].address, other.hash);
    service.get(&output).await.expect(200);
    service
        .delete(&format!("{files}/x/4.ipynb"))
        .await
        .expect(204);
    assert_eq!(kept(&service, project, "x"), 0);
    same[0].is_at(&service, "y/1.ipynb").await;
}

#[tokio::test]
async fn a_notebook_that_is_written_over_leaves_no_outputs_behind_and_stays_itself() {
    let service = Service::start();
    let project = &service.project("files").await;
    let files = format!("/projects/{project}/files");
    let one = Large::put(&service, project, "x/one.ipynb", "one\n").await;
    let other = Large::put(&service, project, "x/other.ipynb", "other\n").await;
    let file = service.get(&format!("{files}/x/one.ipynb")).await;
    let file = file.expect(200).to_string();
    // The same again, as another program saves it, names what it named.
    let path = format!("{files}/x/one.ipynb");
    service.put(&path, file).await.expect(200);
    one.is_at(&service, "x/one.ipynb").await;
    let empty = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []});
    service.put(&path, empty.to_string()).await.expect(200);
    assert_eq!(kept(&service, project, "x"), 1);
    let shown = service.get(&one.address).await.expect(200);
    assert_eq!(
        (&shown["path"], &shown["cells"]),
        (&json!("x/one.ipynb"), &json!([]))
    );
    other.is_at(&service, "x/other.ipynb").await;
    // As a form has it.
    let part = reqwest::multipart::Part::text(empty.to_string()).file_name("other.ipynb");
    let form = reqwest::multipart::Form::new().part("file", part);
    let into = format!("{files}/x?replace");
    answered(service.request(Method::POST, &into).multipart(form))
        .await
        .expect(201);
    assert_eq!(kept(&service, project, "x"), 0);
    let shown = service.get(&other.address).await.expect(200);
    assert_eq!(shown["cells"], json!([]));
}

#[tokio::test]
async fn a_notebook_that_runs_goes_on_where_it_is_moved() {
    let service = Service::start();
    let project = service.project("files").await;
    let body = json!({"name": "n", "project_id": project, "path": "x/n.ipynb",
        "cells": [{"source": "print('before')\nname = input()\nprint(name)"}]});
    let made = service.post("/notebooks", body).await.expect(201);
    let at = format!("/notebooks/{}", text(&made["notebook_id"]));
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let execute = format!("{at}/execute");
    let taken = service.post(&execute, json!({"which": "all"}));
    let session = text(&taken.await.expect(202)["session_id"]);
    watcher
        .until(|event| event["type"] == "input_request")
        .await;
    let files = format!("/projects/{project}/files");
    service
        .patch(&format!("{files}/x"), json!({"to": "y"}))
        .await
        .expect(200);
    let answer = json!({"value": "after"});
    service
        .post(&format!("/sessions/{session}/input"), answer)
        .await
        .expect(204);
    watcher
        .until(|event| {
            event["type"] == "execution_status" && event["content"]["status"] == "complete"
        })
        .await;
    let file = service.get(&format!("{files}/y/n.ipynb")).await.expect(200);
    assert_eq!(
        file["cells"][0]["outputs"][0]["text"],
        json!(["before\n", "after\n"])
    );
    service.get(&format!("{files}/x")).await.refused(404, 50403);
    let shown = service.get(&at).await.expect(200);
    assert_eq!(
        (&shown["path"], &shown["status"]),
        (&json!("y/n.ipynb"), &Value::from("idle"))
    );
}
