//! What those who watch a tenant hear of its projects and files.

use serde_json::{Value, json};

use crate::support::people::text;
use crate::support::service::Service;

#[tokio::test]
async fn projects_and_files_are_told_with_what_changed() {
    let service = Service::start();
    let mut watcher = service.listen("/ws/events?", &service.token).await;
    let body = json!({"name": "first"});
    let project = text(&service.post("/projects", body).await.expect(201)["id"]);
    let at = format!("/projects/{project}");
    let body = json!({"name": "second"});
    service.patch(&at, body).await.expect(200);
    for (kind, name) in [("project_created", "first"), ("project_changed", "second")] {
        let told = watcher.until(|event| event["type"] == kind).await;
        assert_eq!(told["project_id"], project);
        assert_eq!(told["content"], json!({"name": name}));
    }
    let files = format!("{at}/files");
    let mut changed = async || -> Vec<Value> {
        let told = watcher
            .until(|event| event["type"] == "files_changed")
            .await;
        assert_eq!(told["project_id"], project);
        told["content"]["paths"].as_array().expect("a list").clone()
    };
    service
        .put(&format!("{files}/data/a.csv"), "1")
        .await
        .expect(201);
    assert_eq!(changed().await, ["data/a.csv"]);
    let to = json!({"to": "b.csv"});
    service
        .patch(&format!("{files}/data/a.csv"), to)
        .await
        .expect(200);
    assert_eq!(changed().await, ["b.csv", "data/a.csv"]);
    service
        .put(&format!("{files}/made?directory"), "")
        .await
        .expect(201);
    assert_eq!(changed().await, ["made"]);
    service
        .delete(&format!("{files}/data?recursive"))
        .await
        .expect(204);
    assert_eq!(changed().await, ["data"]);
    // Many at once are few events.
    let many = (0..60).map(|number| {
        let (service, path) = (&service, format!("{files}/many/{number}"));
        async move { service.put(&path, "x").await.expect(201) }
    });
    futures_util::future::join_all(many).await;
    let mut told = Vec::new();
    while !told.contains(&json!("many")) && told.len() < 60 {
        told.extend(changed().await);
    }
    // A notebook says which project it is of.
    let body = json!({"name": "n", "project_id": project});
    let made = service.post("/notebooks", body).await.expect(201);
    let created = watcher
        .until(|event| event["type"] == "notebook_changed")
        .await;
    assert_eq!(created["project_id"], project);
    let notebook = text(&made["notebook_id"]);
    service
        .delete(&format!("/notebooks/{notebook}"))
        .await
        .expect(204);
    service.delete(&at).await.expect(204);
    let gone = watcher
        .until(|event| event["type"] == "project_deleted")
        .await;
    assert_eq!(
        (&gone["project_id"], &gone["content"]),
        (&json!(project), &json!({}))
    );
}
