//! Files, their checkpoints and open documents, as Jupyter's clients ask for them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::service::{Answered, Service, answered};

const FIELD: u32 = 50202;
const NO_FILE: u32 = 50403;
const PATH: u32 = 50404;
const NO_SESSION: u32 = 20401;
const NO_NOTEBOOK: u32 = 20413;

async fn ask(service: &Service, method: Method, path: &str, body: Option<Value>) -> Answered {
    let request = service.anonymous(method, path).bearer_auth(&service.token);
    answered(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

async fn get(service: &Service, path: &str) -> Answered {
    ask(service, Method::GET, path, None).await
}

async fn put(service: &Service, path: &str, body: Value) -> Answered {
    ask(service, Method::PUT, path, Some(body)).await
}

async fn post(service: &Service, path: &str, body: Value) -> Answered {
    ask(service, Method::POST, path, Some(body)).await
}

async fn delete(service: &Service, path: &str) -> Answered {
    ask(service, Method::DELETE, path, None).await
}

fn file(text: &str) -> Value {
    json!({"type": "file", "format": "text", "content": text})
}

fn notebook(source: &str) -> Value {
    json!({"type": "notebook", "format": "json", "content": {
        "cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": [], "execution_count": null}],
        "metadata": {}, "nbformat": 4, "nbformat_minor": 5}})
}

#[tokio::test]
async fn files_are_written_read_listed_moved_and_deleted() {
    let service = Service::start();
    let made = put(&service, "/api/contents/a.csv", file("x\n1\n")).await;
    assert_eq!(made.header("location"), Some("/api/contents/a.csv"));
    let made = made.expect(201);
    assert_eq!(made["content"], Value::Null);
    put(&service, "/api/contents/a.csv", file("x\n2\n"))
        .await
        .expect(200);
    let read = get(&service, "/api/contents/a.csv?hash=1")
        .await
        .expect(200);
    assert_eq!(
        (&read["content"], &read["format"]),
        (&json!("x\n2\n"), &json!("text"))
    );
    assert_eq!(
        (&read["mimetype"], &read["size"]),
        (&json!("text/csv"), &json!(4))
    );
    let hash = "f44a920765178a372d1908907696f312b659cdb69834ed1de16492877d187955";
    assert_eq!(read["hash"], hash);
    let bytes = json!({"type": "file", "format": "base64", "content": "/wA="});
    put(&service, "/api/contents/raw.bin", bytes)
        .await
        .expect(201);
    let read = get(&service, "/api/contents/raw.bin").await.expect(200);
    assert_eq!(
        (&read["content"], &read["format"]),
        (&json!("/wA="), &json!("base64"))
    );
    get(&service, "/api/contents/raw.bin?format=text")
        .await
        .refused(422, FIELD);
    get(&service, "/api/contents/raw.bin?type=directory")
        .await
        .refused(422, FIELD);

    put(&service, "/api/contents/data", json!({"type": "directory"}))
        .await
        .expect(201);
    let to = json!({"path": "data/b c.csv"});
    let moved = ask(&service, Method::PATCH, "/api/contents/a.csv", Some(to)).await;
    assert_eq!(moved.expect(200)["name"], "b c.csv");
    get(&service, "/api/contents/a.csv")
        .await
        .refused(404, NO_FILE);
    let folder = get(&service, "/api/contents/data").await.expect(200);
    assert_eq!(
        (&folder["type"], &folder["format"]),
        (&json!("directory"), &json!("json"))
    );
    assert_eq!(folder["content"][0]["path"], "data/b c.csv");
    assert_eq!(folder["content"][0]["content"], Value::Null);
    let sent = service.anonymous(Method::GET, "/files/data/b%20c.csv");
    let sent = sent
        .bearer_auth(&service.token)
        .send()
        .await
        .expect("an answer");
    assert_eq!(sent.text().await.expect("a text"), "x\n2\n");

    let root = get(&service, "/api/contents").await.expect(200);
    let names: Vec<_> = root["content"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|model| &model["name"])
        .collect();
    assert_eq!(names, ["data", "raw.bin"]);
    delete(&service, "/api/contents/data").await.expect(204);
    get(&service, "/api/contents/data")
        .await
        .refused(404, NO_FILE);
    // What is hidden is not there, and no path leads out.
    get(&service, "/api/contents/.ssh/id")
        .await
        .refused(404, NO_FILE);
    for path in ["..%2Fx", "a%5C..%5Cb", "a%00"] {
        let path = format!("/api/contents/{path}");
        get(&service, &path).await.refused(422, PATH);
    }
    let refused = delete(&service, "/api/contents/%2F").await;
    refused.refused(422, PATH);
}

#[tokio::test]
async fn something_new_gets_a_name_that_is_free() {
    let service = Service::start();
    for (kind, names) in [
        (
            json!({"type": "notebook"}),
            ["Untitled.ipynb", "Untitled1.ipynb"],
        ),
        (
            json!({"type": "file", "ext": ".py"}),
            ["untitled.py", "untitled1.py"],
        ),
        (
            json!({"type": "directory"}),
            ["Untitled Folder", "Untitled Folder 1"],
        ),
    ] {
        for name in names {
            let made = post(&service, "/api/contents", kind.clone())
                .await
                .expect(201);
            assert_eq!(made["path"], name);
        }
    }
    let read = get(&service, "/api/contents/Untitled.ipynb")
        .await
        .expect(200);
    assert_eq!(read["content"]["cells"], json!([]));
    put(&service, "/api/contents/t.tar.gz", file("x"))
        .await
        .expect(201);
    for name in ["t.tar-Copy1.gz", "t.tar-Copy2.gz"] {
        let copied = post(&service, "/api/contents", json!({"copy_from": "/t.tar.gz"})).await;
        assert_eq!(copied.expect(201)["path"], name);
    }
    let copied = post(
        &service,
        "/api/contents",
        json!({"copy_from": "t.tar-Copy1.gz"}),
    )
    .await;
    assert_eq!(copied.expect(201)["path"], "t.tar-Copy3.gz");
    let into = post(
        &service,
        "/api/contents/Untitled%20Folder",
        json!({"copy_from": "t.tar.gz"}),
    );
    assert_eq!(into.await.expect(201)["path"], "Untitled Folder/t.tar.gz");
    post(&service, "/api/contents", json!({"copy_from": "none"}))
        .await
        .refused(404, NO_FILE);
    post(&service, "/api/contents/t.tar.gz", json!({}))
        .await
        .refused(409, 50414);
}

#[tokio::test]
async fn a_file_comes_in_parts() {
    let service = Service::start();
    let part = |chunk: i64, content: &str| json!({"type": "file", "format": "base64", "content": content, "chunk": chunk});
    for (chunk, content) in [(1, "YWI="), (2, "Y2Q="), (-1, "ZQ==")] {
        let answer = put(&service, "/api/contents/big.txt", part(chunk, content)).await;
        answer.expect(if chunk == 1 { 201 } else { 200 });
    }
    let read = get(&service, "/api/contents/big.txt").await.expect(200);
    assert_eq!(read["content"], "abcde");
    put(&service, "/api/contents/big.txt", part(0, "YWI="))
        .await
        .refused(422, FIELD);
    put(&service, "/api/contents/none.txt", part(2, "YWI="))
        .await
        .refused(404, NO_FILE);
    put(&service, "/api/contents/big.txt", part(1, "YWI"))
        .await
        .refused(422, FIELD);
    assert_eq!(
        get(&service, "/api/contents/big.txt").await.expect(200)["content"],
        "abcde"
    );
}

#[tokio::test]
async fn a_file_goes_back_to_its_checkpoint() {
    let service = Service::start();
    let checkpoints = "/api/contents/n.ipynb/checkpoints";
    put(&service, "/api/contents/n.ipynb", notebook("1"))
        .await
        .expect(201);
    assert_eq!(get(&service, checkpoints).await.expect(200), json!([]));
    let made = post(&service, checkpoints, json!(null)).await;
    assert_eq!(
        made.header("location"),
        Some("/api/contents/n.ipynb/checkpoints/checkpoint")
    );
    assert_eq!(made.expect(201)["id"], "checkpoint");
    put(&service, "/api/contents/n.ipynb", notebook("2"))
        .await
        .expect(200);
    assert_eq!(
        get(&service, checkpoints).await.expect(200)[0]["id"],
        "checkpoint"
    );

    let to = json!({"path": "m.ipynb"});
    ask(&service, Method::PATCH, "/api/contents/n.ipynb", Some(to))
        .await
        .expect(200);
    let checkpoint = "/api/contents/m.ipynb/checkpoints/checkpoint";
    post(&service, checkpoint, json!(null)).await.expect(204);
    let read = get(&service, "/api/contents/m.ipynb").await.expect(200);
    assert_eq!(read["content"]["cells"][0]["source"], "1");
    // It is not among the files.
    let root = get(&service, "/api/contents").await.expect(200);
    assert_eq!(root["content"].as_array().map(Vec::len), Some(1));

    // What was left of another file of a name is no checkpoint of the one that gets it.
    for name in ["old.txt", "new.txt"] {
        let path = format!("/api/contents/{name}");
        put(&service, &path, file(name)).await.expect(201);
    }
    let left = "/api/contents/old.txt/checkpoints";
    post(&service, left, json!(null)).await.expect(201);
    let projects = service.get("/projects").await.expect(200);
    let project = projects["items"][0]["id"].as_str().expect("an id");
    let old = format!("/projects/{project}/files/old.txt");
    service.delete(&old).await.expect(204);
    let to = Some(json!({"path": "old.txt"}));
    ask(&service, Method::PATCH, "/api/contents/new.txt", to)
        .await
        .expect(200);
    assert_eq!(get(&service, left).await.expect(200), json!([]));

    post(
        &service,
        "/api/contents/m.ipynb/checkpoints/other",
        json!(null),
    )
    .await
    .refused(404, NO_FILE);
    delete(&service, checkpoint).await.expect(204);
    delete(&service, checkpoint).await.refused(404, NO_FILE);
    post(&service, checkpoint, json!(null))
        .await
        .refused(404, NO_FILE);
    get(&service, "/api/contents/none/checkpoints")
        .await
        .refused(404, NO_FILE);
}

#[tokio::test]
async fn a_notebook_is_the_same_one_for_the_page_and_for_jupyter() {
    let service = Service::start();
    let made = service.post(
        "/notebooks",
        json!({"name": "n", "cells": [
        {"cell_type": "code", "source": "print('x' * 200_000)"}]}),
    );
    let made = made.await.expect(201);
    let id = made["notebook_id"].as_str().expect("an id");
    let address = format!("/notebooks/{id}/execute");
    let run = service.post(&address, json!({"which": "all"}));
    run.await.expect(202);
    let read = loop {
        let read = get(&service, "/api/contents/n.ipynb").await.expect(200);
        if read["content"]["cells"][0]["outputs"] != json!([]) {
            break read;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    // What is kept beside the file stands in what other programs read.
    let text = read["content"]["cells"][0]["outputs"][0]["text"].to_string();
    assert!(text.len() > 200_000, "{} bytes", text.len());
    put(&service, "/api/contents/n.ipynb", notebook("changed"))
        .await
        .expect(200);
    let seen = service.get(&format!("/notebooks/{id}")).await.expect(200);
    assert_eq!(seen["cells"][0]["source"], "changed");

    let none = json!({"type": "notebook", "content": {"cells": 1}});
    put(&service, "/api/contents/n.ipynb", none)
        .await
        .refused(422, NO_NOTEBOOK);
    let none = json!({"type": "notebook", "content": "x"});
    put(&service, "/api/contents/n.ipynb", none)
        .await
        .refused(422, FIELD);
    put(&service, "/api/contents/bad.ipynb", file("{"))
        .await
        .expect(201);
    get(&service, "/api/contents/bad.ipynb")
        .await
        .refused(422, NO_NOTEBOOK);
    let text = get(&service, "/api/contents/bad.ipynb?type=file")
        .await
        .expect(200);
    assert_eq!(text["content"], "{");
}

#[tokio::test]
async fn the_project_is_the_one_that_the_request_names() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("acme").await;
    let project = service
        .post("/projects", json!({"name": "p"}))
        .await
        .expect(201);
    let project = project["id"].as_str().expect("an id").to_owned();
    let named = |method, path: &str, key: &str, project: &str| {
        let request = service.anonymous(method, path).bearer_auth(key);
        answered(request.header("X-Project-Id", project).json(&file("mine")))
    };
    let path = "/api/contents/a.txt";
    named(Method::PUT, path, &service.token, &project)
        .await
        .expect(201);
    get(&service, path).await.refused(404, NO_FILE);
    assert_eq!(
        named(Method::GET, path, &service.token, &project)
            .await
            .expect(200)["content"],
        "mine"
    );
    // Another tenant's project is none.
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        named(method, path, &admin.key, &project)
            .await
            .refused(404, 50408);
    }
    named(Method::GET, path, &service.token, "x")
        .await
        .refused(422, FIELD);

    let open = service
        .anonymous(Method::POST, "/api/sessions")
        .bearer_auth(&service.token);
    let open = open
        .header("X-Project-Id", &project)
        .json(&json!({"path": "n.ipynb", "kernel": {"name": "data"}}));
    let open = answered(open).await.expect(201);
    let kernel = open["kernel"]["id"].as_str().expect("a kernel");
    let shown = service
        .get(&format!("/sessions/{kernel}"))
        .await
        .expect(200);
    assert_eq!(shown["project_id"], json!(project));
    // A document of this path in another project is another one.
    let own = json!({"path": "n.ipynb"});
    let own = post(&service, "/api/sessions", own).await.expect(201);
    assert_ne!(own["kernel"]["id"], open["kernel"]["id"]);
}

#[tokio::test]
async fn documents_are_open_with_their_kernels_until_they_are_closed() {
    let mut service = Service::start_with_tenants(&[]);
    let open =
        json!({"path": "n.ipynb", "name": "", "type": "notebook", "kernel": {"name": "data"}});
    let opened = post(&service, "/api/sessions", open.clone()).await;
    let location = opened.header("location").expect("a place").to_owned();
    let opened = opened.expect(201);
    assert_eq!(opened["notebook"]["path"], "n.ipynb");
    // Who opens it again gets the same kernel.
    let again = post(&service, "/api/sessions", open).await.expect(201);
    assert_eq!(again["kernel"]["id"], opened["kernel"]["id"]);
    service.kill_and_restart();
    assert_eq!(
        get(&service, &location).await.expect(200)["id"],
        opened["id"]
    );

    let change = |body| ask(&service, Method::PATCH, &location, Some(body));
    let renamed = change(json!({"path": "m.ipynb"})).await.expect(200);
    assert_eq!(
        (&renamed["path"], &renamed["kernel"]["id"]),
        (&json!("m.ipynb"), &opened["kernel"]["id"])
    );
    let other = change(json!({"kernel": {"name": "data"}}))
        .await
        .expect(200);
    assert_ne!(other["kernel"]["id"], opened["kernel"]["id"]);
    let kernels = get(&service, "/api/kernels").await.expect(200);
    assert_eq!(
        kernels.as_array().map(Vec::len),
        Some(1),
        "the one before has ended: {kernels}"
    );

    let stranger = service.tenant("acme").await;
    let request = service
        .anonymous(Method::GET, &location)
        .bearer_auth(&stranger.key);
    answered(request).await.refused(404, NO_SESSION);
    let theirs = service
        .anonymous(Method::GET, "/api/sessions")
        .bearer_auth(&stranger.key);
    assert_eq!(answered(theirs).await.expect(200), json!([]));
    let kernel = other["kernel"]["id"].clone();
    let foreign = service
        .anonymous(Method::POST, "/api/sessions")
        .bearer_auth(&stranger.key);
    let foreign = foreign.json(&json!({"path": "x", "kernel": {"id": kernel}}));
    answered(foreign).await.refused(404, NO_SESSION);

    post(&service, "/api/sessions", json!({"kernel": {}}))
        .await
        .refused(422, FIELD);
    let long = json!({"path": "x".repeat(5000), "kernel": {"name": "data"}});
    post(&service, "/api/sessions", long)
        .await
        .refused(422, FIELD);
    delete(&service, &location).await.expect(204);
    get(&service, &location).await.refused(404, NO_SESSION);
    assert_eq!(get(&service, "/api/kernels").await.expect(200), json!([]));
    assert_eq!(get(&service, "/api/sessions").await.expect(200), json!([]));
}
