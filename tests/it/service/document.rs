//! The OpenAPI document is exact: schemathesis tries every address with what it describes and with
//! what it does not, as an admin and as somebody who may only look.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::people::text;
use crate::support::python;
use crate::support::service::Service;

/// Where its configuration, its hooks and its packages are named.
const FOLDER: &str = "tests/schemathesis";

/// Tries the service with a token.
fn try_all(service: &Service, token: &str) {
    let packages = python::packages(&format!("{FOLDER}/requirements.txt"), &[]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    let working = tempfile::tempdir().expect("a folder");
    let tried = Command::new("python3")
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(folder.join("schemathesis.toml"))
        .arg("run")
        .arg(format!("http://{}/openapi.json", service.address))
        // More than one worker makes some Pythons fail in their own parser.
        .args(["--workers", "1", "--no-color"])
        .args(["--phases", "examples,coverage,fuzzing,stateful"])
        .arg("--header")
        .arg(format!("Authorization: Bearer {token}"))
        .env("PYTHONPATH", packages)
        .env("SCHEMATHESIS_HOOKS", folder.join("hooks.py"))
        .current_dir(working.path())
        .output()
        .expect("python3 starts");
    let said = String::from_utf8_lossy(&tried.stdout);
    assert!(
        tried.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&tried.stderr)
    );
    // It could also have found nothing to try.
    assert!(said.contains("Coverage (in"), "{said}");
    assert!(said.contains("Stateful (in"), "{said}");
}

/// What the tries are not to run into.
const SETTINGS: [(&str, &str); 2] = [
    ("server.requests_per_second", "1000000"),
    ("server.request_burst", "1000000"),
];

#[tokio::test]
async fn the_service_is_as_its_document_says_for_an_admin() {
    let service = Service::start_with(&SETTINGS);
    try_all(&service, &service.token);
    let alive = service.get("/system").await;
    alive.expect(200);
}

#[tokio::test]
async fn the_service_is_as_its_document_says_for_a_viewer() {
    let service = Service::start_with(&SETTINGS);
    let viewer = json!({"name": "viewer", "role": "viewer"});
    let user = service.post("/users", viewer).await.expect(201);
    let key = json!({"name": "viewer", "user_id": user["id"]});
    let key = service.post("/keys", key).await.expect(201);
    try_all(&service, &text(&key["secret"]));
}
