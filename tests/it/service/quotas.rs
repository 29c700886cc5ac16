//! Quotas of memory and disk: a tenant's own, refused by name, warned of before.

use serde_json::{Value, json};

use crate::support::service::Service;

async fn used(service: &Service, resource: &str) -> (u64, u64) {
    let usage = service.get("/usage").await.expect(200);
    let rows = usage["now"].as_array().expect("rows");
    let row = rows
        .iter()
        .find(|row| row["resource"] == resource)
        .expect("a row");
    let number = |name: &str| row[name].as_u64().expect("a number");
    (number("used"), number("limit"))
}

fn facts(refusal: &Value) -> (&Value, u64, u64) {
    let details = &refusal["details"];
    let number = |name: &str| details[name].as_u64().expect("a number");
    (&details["quota"], number("used"), number("limit"))
}

#[tokio::test]
async fn the_disk_counts_files_notebooks_and_checkpoints_and_is_refused_by_name() {
    let service = Service::start();
    let project = service.project("p").await;
    let session = service.session().await;
    service
        .text(&session, "import os\nnoise = os.urandom(3 << 20)")
        .await;
    let (checkpoints, _) = used(&service, "disk").await;
    assert!(checkpoints > 3 << 20, "{checkpoints}");
    let file = format!("/projects/{project}/files/data.bin");
    service.put(&file, vec![1; 2 << 20]).await.expect(201);
    let (with_file, _) = used(&service, "disk").await;
    assert!(with_file >= checkpoints + (2 << 20), "{with_file}");
    let notebook = service
        .post("/notebooks", json!({"name": "n", "project_id": project}))
        .await
        .expect(201);
    let cells = format!(
        "/notebooks/{}/cells",
        notebook["notebook_id"].as_str().expect("an id")
    );
    // 80 % of it are used then, and the sessions are told.
    let limit = with_file * 5 / 4 - 100_000;
    let mut channel = service.channel(&session, 0).await;
    service
        .put_json("/quotas", json!({"disk": limit}))
        .await
        .expect(200);
    service.get("/usage").await.expect(200);
    service
        .put(
            &format!("/projects/{project}/files/more.bin"),
            vec![2; 300_000],
        )
        .await
        .expect(201);
    loop {
        let told = channel.until("log").await;
        if told["content"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("quota of disk"))
        {
            break;
        }
    }
    let large = format!("/projects/{project}/files/large.bin");
    let refusal = service
        .put(&large, vec![3; 4 << 20])
        .await
        .refused(429, 50305);
    let (quota, used_then, limit_then) = facts(&refusal);
    assert_eq!((quota, limit_then), (&json!("disk"), limit));
    assert!(used_then > with_file && used_then <= limit, "{refusal}");
    // A guest writes without asking; after that nothing more is begun or stored.
    service.text(&session, "more = os.urandom(4 << 20)").await;
    // What was written without asking is measured soon.
    for _ in 0..300 {
        if used(&service, "disk").await.0 > limit {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(used(&service, "disk").await.0 > limit);
    let execute = json!({"code": "1"});
    for (path, body) in [
        (format!("/sessions/{session}/execute"), execute),
        (format!("/sessions/{session}/fork"), json!({})),
        (
            format!("/sessions/{session}/checkpoints"),
            json!({"label": "x"}),
        ),
        ("/sessions".to_owned(), json!({})),
        ("/notebooks".to_owned(), json!({"name": "m"})),
        (cells, json!({"source": "1"})),
    ] {
        let refusal = service.post(&path, body).await.refused(429, 50305);
        assert_eq!(facts(&refusal).0, "disk", "{path}: {refusal}");
    }
    // What is there can be read, and removed; then there is room again.
    service.get(&file).await.expect(200);
    service.delete(&file).await.expect(204);
    service
        .put_json("/quotas", json!({"disk": limit * 2}))
        .await
        .expect(200);
    assert_eq!(service.text(&session, "len(more)").await, "4194304");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_a_put_everything() {
    let service = Service::start_with(&[("quotas.sessions", "7")]);
    let usual = service.get("/quotas").await.expect(200);
    let changed = |changes: &[(&str, u64)]| {
        let mut limits = usual.clone();
        for (name, limit) in changes {
            limits[name] = json!(limit);
        }
        limits
    };
    let patch = async |body: Value| service.patch("/quotas", body).await.expect(200);
    assert_eq!(patch(json!({"disk": 5})).await, changed(&[("disk", 5)]));
    let both = changed(&[("disk", 5), ("sessions", 2)]);
    assert_eq!(patch(json!({"sessions": 2})).await, both);
    assert_eq!(patch(json!({})).await, both);
    assert_eq!(service.get("/quotas").await.expect(200), both);
    assert_eq!(
        patch(json!({"sessions": null})).await,
        changed(&[("disk", 5)])
    );
    let put = service.put_json("/quotas", json!({"sessions": 3})).await;
    assert_eq!(put.expect(200), changed(&[("sessions", 3)]));
    for wrong in [
        json!({"disk": 1_u64 << 53}),
        json!({"disc": 1}),
        json!({"disk": "5"}),
    ] {
        let refused = service.patch("/quotas", wrong).await;
        assert!([400, 422].contains(&refused.status.as_u16()), "{refused:?}");
    }
    assert_eq!(
        service.get("/quotas").await.expect(200),
        changed(&[("sessions", 3)])
    );
}

#[tokio::test]
async fn memory_is_the_tenants_own_and_others_sleep_for_who_is_awake() {
    let service = Service::start();
    let first = service.session().await;
    service.text(&first, "x = b'x' * (30 << 20)").await;
    // What a cell left is counted within a second.
    for _ in 0..100 {
        if used(&service, "memory").await.0 > 30 << 20 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(used(&service, "memory").await.0 > 30 << 20);
    service
        .put_json("/quotas", json!({"memory": 50 << 20}))
        .await
        .expect(200);
    // There is room for one of them at a time: the other sleeps.
    let second = service.session().await;
    service.text(&second, "y = b'y' * (30 << 20)").await;
    for _ in 0..3 {
        assert_eq!(service.text(&first, "len(x)").await, "31457280");
        assert_eq!(service.text(&second, "len(y)").await, "31457280");
    }
    // Who is larger than the quota cannot be woken.
    service
        .post(&format!("/sessions/{first}/hibernate"), json!({}))
        .await
        .expect(200);
    service
        .put_json("/quotas", json!({"memory": 20 << 20}))
        .await
        .expect(200);
    let refusal = service
        .post(&format!("/sessions/{first}/wake"), json!({}))
        .await
        .refused(429, 50305);
    let (quota, _, limit) = facts(&refusal);
    assert_eq!((quota, limit), (&json!("memory"), 20 << 20));
    service
        .put_json("/quotas", json!({"memory": 1 << 30}))
        .await
        .expect(200);
    assert_eq!(service.text(&first, "len(x)").await, "31457280");
}
