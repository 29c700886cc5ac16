//! Backups of a service at work, and the way back from them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;

use crate::support::patience::until;
use crate::support::service::Service;

fn backup(arguments: &[&str], paths: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
    command.arg("backup").args(arguments).args(paths);
    command.output().expect("it runs")
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn refused(output: &Output, code: i32, told: &str) {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    let all = String::from_utf8_lossy(&all);
    assert_eq!(output.status.code(), Some(code), "{all}");
    assert!(all.contains(told), "{all}");
}

fn create(service: &Service, to: &Path) -> PathBuf {
    let data = service.data();
    let made = succeeded(&backup(&["create", "--keep", "2", "--data"], &[data, to]));
    PathBuf::from(made.split(": ").next().expect("a folder"))
}

#[tokio::test]
async fn a_lost_data_folder_comes_back_as_it_was_at_the_last_backup() {
    let mut service = Service::start_on_file(&[]);
    let kept = tempfile::tempdir().expect("a folder");
    let project = service.project("a").await;
    service
        .put(
            &format!("/projects/{project}/files/table.csv"),
            "a,b\n1,2\n",
        )
        .await
        .expect(201);
    let secret = format!("/projects/{project}/secrets/TOKEN");
    service
        .put_json(&secret, json!({"value": "hidden-9431"}))
        .await
        .expect(201);
    let body = json!({"project_id": project, "secrets": ["TOKEN"]});
    let made = service.post("/sessions", body).await.expect(201);
    let session = made["id"].as_str().expect("an id").to_owned();
    service
        .text(&session, "x = 41\nopen('by_code.txt', 'w').write('kept')")
        .await;
    create(&service, kept.path());
    service.text(&session, "x = x + 1").await;
    // A cell runs while it is made.
    let mut channel = service.channel(&session, 0).await;
    channel
        .send(json!({"id": 1, "type": "execute", "content": {"code": "y = 1\nwhile True: pass"}}))
        .await;
    while channel.until("started").await["content"]["code"] != "y = 1\nwhile True: pass" {}
    // Its row is written while it runs.
    until("the execution is in the list", || async {
        let path = format!("/sessions/{session}/executions");
        let list = service.get(&path).await.expect(200)["items"].clone();
        list.as_array().is_some_and(|items| items.len() == 3)
    })
    .await;
    let newest = create(&service, kept.path());
    assert!(newest.to_string_lossy().contains("/000002-"), "{newest:?}");
    service
        .post(&format!("/sessions/{session}/interrupt"), json!({}))
        .await
        .expect(200);
    service.text(&session, "x = 'never backed up'").await;
    service.end();
    let data = service.data().to_owned();
    std::fs::remove_dir_all(&data).expect("it is lost");
    succeeded(&backup(&["restore", "--data"], &[&data, kept.path()]));
    service.kill_and_restart();
    let asked =
        "import tools\nx, len(tools.secret('TOKEN')), open('by_code.txt').read(), 'y' in dir()";
    assert_eq!(
        service.text(&session, asked).await,
        "(42, 11, 'kept', False)"
    );
    let executions = service
        .get(&format!("/sessions/{session}/executions"))
        .await
        .expect(200);
    let lost = executions["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|execution| execution["status"] == "lost")
        .count();
    assert_eq!(lost, 1, "{executions:#}");
    let table = service
        .raw(
            "GET",
            &format!("/api/v1/projects/{project}/files/table.csv"),
        )
        .await;
    assert!(table.1.ends_with("a,b\n1,2\n"), "{table:?}");
    let mut audit = Command::new(env!("CARGO_BIN_EXE_cellblock"));
    audit.args(["audit", "verify", "--data"]).arg(&data);
    succeeded(&audit.output().expect("it runs"));
}

#[tokio::test]
async fn backups_share_what_is_the_same_and_the_oldest_go() {
    use std::os::unix::fs::MetadataExt as _;
    let service = Service::start_on_file(&[]);
    let kept = tempfile::tempdir().expect("a folder");
    let project = service.project("a").await;
    let path = format!("/projects/{project}/files");
    for name in ["same", "changed"] {
        service
            .put(&format!("{path}/{name}"), "1")
            .await
            .expect(201);
    }
    let tenants = |backup: &Path, name: &str| {
        let folder = service.project_folder(&project);
        let inside = folder.strip_prefix(service.data()).expect("it is inside");
        backup.join(inside).join(name)
    };
    let inode = |path: PathBuf| path.metadata().expect("a file").ino();
    let first = create(&service, kept.path());
    service
        .put(&format!("{path}/changed"), "22")
        .await
        .expect(200);
    let second = create(&service, kept.path());
    let of = |backup: &Path, name: &str| inode(tenants(backup, name));
    assert_eq!(of(&first, "same"), of(&second, "same"));
    assert_ne!(of(&first, "changed"), of(&second, "changed"));
    let third = create(&service, kept.path());
    assert!(!first.exists() && second.exists() && third.exists());
    // It is whole although the one that it shared with has gone.
    let text = std::fs::read_to_string(tenants(&third, "same")).expect("it is there");
    assert_eq!(text, "1");
    succeeded(&backup(&["verify"], &[kept.path()]));
    assert!(
        !third.join("scratch").exists(),
        "what ends with the service stays behind"
    );
}

#[tokio::test]
async fn damaged_backups_and_folders_in_use_are_refused() {
    let service = Service::start_on_file(&[]);
    let kept = tempfile::tempdir().expect("a folder");
    let empty = tempfile::tempdir().expect("a folder");
    let backup_folder = create(&service, kept.path());
    let output = backup(&["create", "--data"], &[empty.path(), kept.path()]);
    refused(&output, 2, "holds no cellblock.db");
    let output = backup(&["restore", "--data"], &[empty.path(), empty.path()]);
    refused(&output, 2, "holds no backup");
    let output = backup(&["restore", "--data"], &[service.data(), kept.path()]);
    refused(&output, 2, "is not empty");
    // The control: into an empty folder it goes.
    succeeded(&backup(
        &["restore", "--data"],
        &[empty.path(), kept.path()],
    ));
    let key = backup_folder.join("secrets.key");
    let mut bytes = std::fs::read(&key).expect("a key");
    bytes[0] ^= 1;
    std::fs::write(&key, bytes).expect("it is written");
    refused(
        &backup(&["verify"], &[kept.path()]),
        1,
        "secrets.key is not what was backed up",
    );
    let target = empty.path().join("new");
    let output = backup(&["restore", "--data"], &[&target, kept.path()]);
    refused(&output, 2, "secrets.key is not what was backed up");
    assert!(!target.exists(), "nothing is restored");
    let manifest = backup_folder.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    std::fs::write(
        &manifest,
        text.replace("\"secrets.key\"", "\"../secrets.key\""),
    )
    .expect("it is written");
    let output = backup(&["restore", "--data"], &[&target, kept.path()]);
    refused(&output, 2, "not inside of the backup");
}
