//! Where notebooks are: opened where their files lie, moved with their names, copied with their sessions.

use serde_json::{Value, json};

use crate::support::people::text;
use crate::support::service::Service;

/// A notebook as programs wrote it before cells had ids.
fn old() -> String {
    let metadata = json!({"kernelspec": {"name": "python3"}});
    let cell = json!({"cell_type": "code", "source": ["a = 1\n", "a"], "metadata": {}, "outputs": [], "execution_count": null});
    json!({"nbformat": 4, "nbformat_minor": 2, "metadata": metadata, "cells": [cell]}).to_string()
}

/// Runs all cells of a notebook and waits for the end.
async fn run_all(service: &Service, address: &str) -> Value {
    let path = format!("/ws{address}?after_seq=0");
    let mut events = service.listen(&path, &service.token).await;
    let taken = service
        .post(&format!("{address}/execute"), json!({"which": "all"}))
        .await
        .expect(202);
    let last = taken["cells"].as_array().expect("a list").last().cloned();
    let last = last.expect("there are cells");
    events
        .until(|event| {
            event["type"] == "execution_status"
                && event["cell_id"] == last
                && event["content"]["status"] == "complete"
        })
        .await;
    taken
}

#[tokio::test]
async fn a_file_of_a_project_is_opened_where_it_is_and_twice_is_the_same() {
    let service = Service::start();
    let project = service.project("files").await;
    let file = format!("/projects/{project}/files/folder/old.ipynb");
    service.put(&file, old()).await.expect(201);
    let listed = service
        .get(&format!("/projects/{project}/files/folder?list"))
        .await
        .expect(200);
    assert_eq!(listed["items"][0]["media_type"], "application/x-ipynb+json");
    let bytes = async || service.get(&file).await;
    let before = bytes().await;
    assert_eq!(
        before.header("content-type"),
        Some("application/x-ipynb+json")
    );
    let body = json!({"project_id": project, "path": "folder/old.ipynb"});
    let first = service.post("/notebooks", body.clone()).await.expect(201);
    assert_eq!(
        (&first["name"], &first["path"]),
        (&json!("old"), &body["path"])
    );
    let again = service.post("/notebooks", body.clone()).await.expect(200);
    assert_eq!(again["notebook_id"], first["notebook_id"]);
    assert_eq!(again["cells"], first["cells"]);
    assert_eq!(bytes().await.body, before.body, "nothing was edited yet");
    let cell = &first["cells"][0];
    let address = format!("/notebooks/{}", text(&first["notebook_id"]));
    let edit = json!({"source": "a = 2", "revision": cell["revision"]});
    let path = format!("{address}/cells/{}", text(&cell["cell_id"]));
    service.patch(&path, edit).await.expect(200);
    let written = bytes().await.body;
    assert_eq!(written["nbformat_minor"], 5);
    assert_eq!(written["cells"][0]["id"], cell["cell_id"]);
    assert_eq!(
        service.get("/notebooks").await.expect(200)["items"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    // With cells it is a new notebook, for which there is no place.
    let mut with_cells = body;
    with_cells["cells"] = json!([]);
    service
        .post("/notebooks", with_cells)
        .await
        .refused(409, 50402);
}

#[tokio::test]
async fn of_those_who_open_a_file_at_once_all_get_the_same_notebook() {
    let service = Service::start();
    let project = service.project("files").await;
    let file = format!("/projects/{project}/files/a.ipynb");
    service.put(&file, old()).await.expect(201);
    let open = || {
        service.post(
            "/notebooks",
            json!({"project_id": project, "path": "a.ipynb"}),
        )
    };
    let opened = futures_util::future::join_all((0..8).map(|_| open())).await;
    let mut made = 0;
    let mut ids = Vec::new();
    for answer in opened {
        made += u32::from(answer.status == 201);
        assert!(
            [200, 201].contains(&answer.status.as_u16()),
            "{:#}",
            answer.body
        );
        ids.push(text(&answer.body["notebook_id"]));
    }
    ids.dedup();
    assert_eq!((made, ids.len()), (1, 1));
}

#[tokio::test]
async fn a_damaged_file_is_refused_with_the_place_of_the_damage_and_stays_as_it_is() {
    let service = Service::start();
    let project = service.project("files").await;
    let open = |path: &str| {
        let body = json!({"project_id": project, "path": path});
        async { service.post("/notebooks", body).await }
    };
    let newer =
        json!({"nbformat": 9, "nbformat_minor": 0, "metadata": {}, "cells": []}).to_string();
    let mut no_text = old().into_bytes();
    no_text[10] = 0xff;
    for (content, says) in [
        (old().as_bytes()[..40].to_vec(), "line 1 column"),
        (b"[]".to_vec(), "it is not a notebook"),
        (newer.into_bytes(), "nbformat 9"),
        (no_text.clone(), "no text in UTF-8 from byte 10"),
    ] {
        let file = format!("/projects/{project}/files/damaged.ipynb");
        service.put(&file, content).await;
        let refused = open("damaged.ipynb").await.refused(422, 20413);
        let message = refused["message"].as_str().expect("a text");
        assert!(message.contains(says), "{message}");
    }
    assert_eq!(
        service.get("/notebooks").await.expect(200)["items"],
        json!([])
    );
    let bytes = service
        .request(
            reqwest::Method::GET,
            &format!("/projects/{project}/files/damaged.ipynb"),
        )
        .send()
        .await
        .expect("it answers")
        .bytes()
        .await
        .expect("it is whole");
    assert_eq!(bytes, no_text);
    open("../damaged.ipynb").await.refused(422, 50404);
}

#[tokio::test]
async fn a_notebooks_file_goes_with_its_name_and_its_session_stays() {
    let service = Service::start();
    let project = service.project("files").await;
    let body = json!({"project_id": project, "path": "folder/one.ipynb", "name": "one", "cells": [
        {"source": "kept = 41"},
        {"source": "from IPython.display import HTML\nHTML('x' * 2_000_000)"},
    ]});
    let made = service.post("/notebooks", body).await.expect(201);
    let address = format!("/notebooks/{}", text(&made["notebook_id"]));
    let session = text(&run_all(&service, &address).await["session_id"]);
    let files = format!("/projects/{project}/files");
    service
        .put(&format!("{files}/folder/taken.ipynb"), "{}")
        .await
        .expect(201);
    service
        .patch(&address, json!({"name": "taken"}))
        .await
        .refused(409, 50402);
    let rename = async |body: Value| {
        let renamed = service.patch(&address, body).await.expect(200);
        (text(&renamed["name"]), text(&renamed["path"]))
    };
    let named = |name: &str, path: &str| (name.to_owned(), path.to_owned());
    assert_eq!(
        rename(json!({"name": "two/b"})).await,
        named("two/b", "folder/two-b.ipynb")
    );
    service
        .get(&format!("{files}/folder/one.ipynb"))
        .await
        .refused(404, 50403);
    service
        .get(&format!("{files}/folder/two-b.ipynb"))
        .await
        .expect(200);
    // The same name again, or a place of its own, is not changed.
    assert_eq!(
        rename(json!({"path": "three.ipynb"})).await,
        named("two/b", "three.ipynb")
    );
    assert_eq!(
        rename(json!({"name": "two/b"})).await,
        named("two/b", "three.ipynb")
    );
    let shown = service.get(&address).await.expect(200);
    assert_eq!(shown["session_id"], session);
    let taken = service
        .post(&format!("{address}/execute"), json!({"code": "kept + 1"}))
        .await
        .expect(202);
    assert_eq!(taken["session_id"], session);
    assert_eq!(service.text(&session, "kept + 1").await, "42");
    // What is large lies beside the notebook, and came along.
    let kept = &shown["cells"][1]["outputs"][0]["metadata"]["cellblock"]["kept"];
    let hash = kept.to_string();
    let hash = hash
        .split(|letter: char| !letter.is_ascii_hexdigit())
        .find(|part| part.len() == 64)
        .unwrap_or_else(|| panic!("no hash in {kept}"));
    service
        .get(&format!("{address}/outputs/{hash}"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_notebook_is_forked_with_its_variables_now_or_at_a_checkpoint() {
    let service = Service::start();
    let cells = json!([{"source": "a = [1]"}, {"source": "a.append(2)\na"}]);
    let made = service
        .post("/notebooks", json!({"name": "n", "cells": cells}))
        .await
        .expect(201);
    let address = format!("/notebooks/{}", text(&made["notebook_id"]));
    let fork = async |body: Value| service.post(&format!("{address}/fork"), body).await;
    let without = fork(json!({})).await.expect(201);
    assert_eq!(without["session_id"], Value::Null, "there was none to fork");
    let session = text(&run_all(&service, &address).await["session_id"]);
    let now = fork(json!({})).await.expect(201);
    assert_eq!(
        (&now["name"], &now["path"]),
        (&json!("n (fork 2)"), &json!("n (fork 2).ipynb"))
    );
    // It is where one looks for it.
    let project = text(&now["project_id"]);
    let files = service
        .get(&format!("/projects/{project}/files?list"))
        .await;
    let notebooks = service
        .get(&format!("/notebooks?project_id={project}"))
        .await;
    for (list, field) in [(files, "path"), (notebooks, "path")] {
        let items = list.expect(200)["items"]
            .as_array()
            .expect("a list")
            .clone();
        let is_fork = |item: &Value| item[field] == "n (fork 2).ipynb";
        assert!(items.iter().any(is_fork), "{items:#?}");
    }
    let child = text(&now["session_id"]);
    assert_ne!(child, session);
    assert_eq!(service.text(&child, "a").await, "[1, 2]");
    let of = service.get(&format!("/sessions/{child}")).await.expect(200);
    assert_eq!(of["notebook_id"], now["notebook_id"]);
    let shows = |notebook: &Value| {
        let cells = notebook["cells"].as_array().expect("cells").iter();
        cells
            .map(|cell| (cell["outputs"].clone(), cell["undone"] == true))
            .collect::<Vec<_>>()
    };
    let original = service.get(&address).await.expect(200);
    assert_eq!(shows(&now), shows(&original));
    // From the state after the first cell: what the second shows is not of it.
    let ran = service
        .get(&format!("/sessions/{session}/executions"))
        .await
        .expect(200);
    let checkpoint = &ran["items"][0]["checkpoint_after"];
    let earlier = fork(json!({"checkpoint_id": checkpoint, "name": "earlier"}))
        .await
        .expect(201);
    assert_eq!(
        service.text(&text(&earlier["session_id"]), "a").await,
        "[1]"
    );
    let undone: Vec<bool> = shows(&earlier)
        .into_iter()
        .map(|(_, undone)| undone)
        .collect();
    assert_eq!(undone, [false, true]);
    // Each goes its own way.
    service.text(&child, "a.append(3)").await;
    assert_eq!(service.text(&session, "a").await, "[1, 2]");
    fork(json!({"name": "earlier"})).await.refused(409, 50402);
    fork(json!({"checkpoint_id": "0".repeat(32)}))
        .await
        .refused(404, 20403);
    let listed = service.get("/notebooks").await.expect(200);
    assert_eq!(
        listed["items"].as_array().map(Vec::len),
        Some(4),
        "nothing is left of what failed"
    );
    let nobody = "/notebooks/0190b5a8-0000-7000-8000-000000000000/fork";
    service.post(nobody, json!({})).await.refused(404, 20411);
}
