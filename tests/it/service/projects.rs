//! `/projects`: making, listing, changing and deleting them.

use reqwest::Method;
use serde_json::json;

use crate::support::service::{Service, answered};

/// An id that nothing has.
const NOTHING: &str = "01890000-0000-7000-8000-000000000000";

#[tokio::test]
async fn a_project_is_made_found_changed_and_deleted() {
    let service = Service::start();
    let made = service
        .post(
            "/projects",
            json!({"name": "Ärger & Co", "description": "d"}),
        )
        .await;
    let address = made.header("location").expect("an address").to_owned();
    let project = made.expect(201);
    let found = answered(service.request(Method::GET, address.trim_start_matches("/api/v1")))
        .await
        .expect(200);
    assert_eq!(found, project);
    assert_eq!(
        (found["name"].as_str(), found["description"].as_str()),
        (Some("Ärger & Co"), Some("d"))
    );
    let path = format!("/projects/{}", project["id"].as_str().expect("an id"));
    let changed = service
        .patch(&path, json!({"name": "other"}))
        .await
        .expect(200);
    assert_eq!(
        (changed["name"].as_str(), changed["description"].as_str()),
        (Some("other"), Some("d"))
    );
    // The name that it had is free again.
    service.project("Ärger & Co").await;
    service.delete(&path).await.expect(204);
    for answer in [
        service.get(&path).await,
        service.delete(&path).await,
        service.patch(&path, json!({})).await,
    ] {
        answer.refused(404, 50408);
    }
    service.project("other").await;
}

#[tokio::test]
async fn names_are_unique_and_plain() {
    let service = Service::start();
    let (first, second) = (service.project("one").await, service.project("two").await);
    service
        .post("/projects", json!({"name": "one"}))
        .await
        .refused(409, 50402);
    service
        .patch(&format!("/projects/{second}"), json!({"name": "one"}))
        .await
        .refused(409, 50402);
    service
        .patch(&format!("/projects/{first}"), json!({"name": "one"}))
        .await
        .expect(200);
    let long = "x".repeat(201);
    for name in ["", " a", "a\n", "a\u{202e}b", "a\0", &long] {
        let body = service
            .post("/projects", json!({"name": name}))
            .await
            .refused(422, 50202);
        assert_eq!(body["errors"][0]["field"], "name", "{name:?}");
    }
    service
        .post("/projects", json!({"name": "a", "colour": 1}))
        .await
        .refused(422, 50202);
    service
        .post("/projects", json!({"name": 1}))
        .await
        .refused(422, 50202);
    service.project(&"ü".repeat(200)).await;
}

#[tokio::test]
async fn projects_are_listed_in_pages() {
    let service = Service::start();
    let mut made = Vec::new();
    for name in ["c", "a", "b"] {
        made.push(service.project(name).await);
    }
    let first = service.get("/projects?limit=2").await.expect(200);
    let next = first["next"].as_str().expect("there is more");
    let second = service
        .get(&format!("/projects?limit=2&after={next}"))
        .await
        .expect(200);
    assert!(second["next"].is_null());
    let items = [first["items"].as_array(), second["items"].as_array()];
    let listed: Vec<_> = items
        .into_iter()
        .flatten()
        .flatten()
        .map(|item| item["id"].as_str().expect("an id"))
        .collect();
    assert_eq!(listed, made);
    service.get("/projects?limit=0").await.refused(422, 50202);
}

#[tokio::test]
async fn what_is_another_s_or_nothing_is_not_found() {
    let service = Service::start();
    let own = service.project("own").await;
    service
        .put(&format!("/projects/{own}/files/a.txt"), "a")
        .await
        .expect(201);
    for id in [NOTHING, "nothing", "..", "%00"] {
        service
            .get(&format!("/projects/{id}"))
            .await
            .refused(404, if id == ".." { 50205 } else { 50408 });
    }
    let files = format!("/projects/{NOTHING}/files");
    service
        .get(&format!("{files}?list"))
        .await
        .refused(404, 50408);
    service
        .get(&format!("{files}?zip"))
        .await
        .refused(404, 50408);
    service
        .get(&format!("{files}/a.txt"))
        .await
        .refused(404, 50408);
    service
        .put(&format!("{files}/a.txt"), "a")
        .await
        .refused(404, 50408);
    service
        .patch(&format!("{files}/a.txt"), json!({"to": "b.txt"}))
        .await
        .refused(404, 50408);
    service
        .delete(&format!("{files}/a.txt"))
        .await
        .refused(404, 50408);
    service
        .get(&format!("/projects/{own}/files/a.txt"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_deleted_project_takes_all_its_files_with_it() {
    let service = Service::start();
    let project = service.project("deep").await;
    service
        .put(&format!("/projects/{project}/files/a/b.txt"), "b")
        .await
        .expect(201);
    let folder = service.project_folder(&project);
    // A guest makes folders in each other, deeper than any path can name, and links out.
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("kept"), "x").expect("written");
    std::os::unix::fs::symlink(outside.path(), folder.join("a/link")).expect("linked");
    let root = cap_std::fs::Dir::open_ambient_dir(&folder, cap_std::ambient_authority());
    let mut inner = root.expect("it opens");
    for _ in 0..1000 {
        inner.create_dir("d").expect("made");
        inner = inner.open_dir("d").expect("opened");
    }
    service
        .delete(&format!("/projects/{project}"))
        .await
        .expect(204);
    assert!(!folder.exists());
    assert_eq!(service.under_way(), 0);
    assert!(outside.path().join("kept").exists());
}

#[tokio::test]
async fn projects_and_files_are_there_after_a_crash() {
    let mut service = Service::start();
    let project = service.project("kept").await;
    service
        .put(&format!("/projects/{project}/files/a.txt"), "whole")
        .await
        .expect(201);
    service.kill_and_restart();
    assert_eq!(
        service
            .get(&format!("/projects/{project}/files/a.txt"))
            .await
            .expect(200),
        "whole"
    );
}

#[tokio::test]
async fn addresses_are_documented_as_openapi_writes_them() {
    let service = Service::start();
    let document = answered(service.anonymous(Method::GET, "/openapi.json"))
        .await
        .expect(200);
    let file = &document["paths"]["/api/v1/projects/{id}/files/{path}"];
    for (method, status) in [
        ("get", "206"),
        ("put", "201"),
        ("post", "201"),
        ("patch", "200"),
        ("delete", "204"),
    ] {
        assert!(file[method]["responses"][status].is_object(), "{method}");
        assert!(file[method]["responses"]["412"].is_object(), "{method}");
    }
    let upload = &document["paths"]["/api/v1/uploads/{id}"];
    assert!(upload["head"].is_object() && upload["get"].is_object());
}
