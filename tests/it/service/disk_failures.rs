//! Disks that are full or fail: what cannot be kept is not acknowledged, and all goes on afterwards.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::failing::{Failing, Fate, Rule, SYNCS, WRITES};
use crate::support::service::{Answered, Service};

/// Starts a service whose disk fails when it is told to.
fn failing_service() -> (Service, Failing) {
    let failing = Failing::default();
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_owned();
    let command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
    let service = failing.watch(command, |command| Service::start_by(command, folder, data));
    (service, failing)
}

/// Starts a service whose data folder is a disk of its own, where this machine lets users have such.
fn on_a_small_disk() -> Option<Service> {
    let allowed = Command::new("unshare").args(["-rm", "true"]).status();
    if !allowed.is_ok_and(|status| status.success()) {
        // What is said here is the only thing that can be done on such a machine.
        eprintln!("skipped: this machine lets nobody have mounts of their own (`unshare -rm`)");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("unshare");
    let mount = "mount -t tmpfs -o size=48m,mode=700 none \"$0\" && exec \"$@\"";
    command
        .args(["-rm", "--propagation", "private", "sh", "-c", mount])
        .arg(folder.path())
        .arg(env!("CARGO_BIN_EXE_cellblock"));
    let data = folder.path().to_owned();
    Some(Service::start_by(command, folder, data))
}

/// Returns the data folder as the service sees it.
fn inside(service: &Service) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", service.pid()));
    let data = service.data().strip_prefix("/").expect("it is absolute");
    root.join(data)
}

/// Fills the disk to the last byte.
fn fill(folder: &Path) -> PathBuf {
    use std::io::Write as _;
    let path = folder.join("filler");
    let mut file = std::fs::File::create(&path).expect("it is made");
    for size in [1 << 20, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    path
}

/// Returns a notebook with a cell, and the cell's address.
async fn notebook(service: &Service) -> String {
    let body = json!({"name": "n", "cells": [{"source": "before"}]});
    let made = service.post("/notebooks", body).await.expect(201);
    format!(
        "/notebooks/{}/cells/{}",
        made["notebook_id"].as_str().expect("an id"),
        made["cells"][0]["cell_id"].as_str().expect("an id")
    )
}

async fn execute(service: &Service, session: &str, code: &str) -> Answered {
    let path = format!("/sessions/{session}/execute");
    service.post(&path, json!({"code": code})).await
}

/// Runs code as soon as the service takes it again.
async fn until_it_runs(service: &Service, session: &str, code: &str) -> String {
    for _ in 0..200 {
        let answer = execute(service, session, code).await;
        if answer.status == 200 {
            let body = answer.expect(200);
            assert_eq!(body["status"], "success", "{body:#}");
            return body["text"].as_str().expect("a text").trim_end().to_owned();
        }
        assert!(answer.status.is_server_error(), "{:#}", answer.body);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{code:?} does not run again");
}

#[tokio::test]
async fn on_a_full_disk_writes_are_refused_reads_go_on_and_room_ends_it() {
    let Some(service) = on_a_small_disk() else {
        return;
    };
    let (session, sleeper) = (service.session().await, service.session().await);
    service.text(&session, "a = 1").await;
    service.text(&sleeper, "b = 1").await;
    let project = service.project("p").await;
    let file = format!("/projects/{project}/files/a");
    service.put(&file, "before").await.expect(201);
    let cell = notebook(&service).await;
    let data = inside(&service);
    let filler = fill(&data);

    // Writes: each is refused with the disk as the reason, and nothing of it is there.
    service
        .put(&file, "after".repeat(10_000))
        .await
        .refused(507, 50104);
    let body = json!({"source": "after ".repeat(2000), "revision": 1});
    service.patch(&cell, body).await.refused(507, 50104);
    service
        .post("/users", json!({"name": "ada", "role": "viewer"}))
        .await
        .refused(507, 50104);
    service
        .post("/projects", json!({"name": "q"}))
        .await
        .refused(507, 50104);
    service
        .post("/sessions", json!({}))
        .await
        .refused(507, 50104);
    let ran = execute(
        &service,
        &session,
        "import os\na = os.urandom(3_000_000)\nc = 2",
    )
    .await;
    let told = ran.body["code"].clone();
    assert!(
        told == 20104 || told == 50104,
        "it is told that it is not stored: {:#}",
        ran.body
    );

    // Reads go on.
    assert_eq!(service.get(&file).await.expect(200), "before");
    assert_eq!(service.get(&cell).await.expect(200)["source"], "before");
    let shown = service.get(&format!("/sessions/{session}")).await;
    assert_eq!(shown.expect(200)["id"], session.as_str());
    let history = format!("/sessions/{sleeper}/executions");
    let history = service.get(&history).await.expect(200);
    assert_eq!(history["items"][0]["status"], "success");
    let names = service
        .get(&format!("/sessions/{sleeper}/variables"))
        .await
        .expect(200);
    assert!(names.to_string().contains("\"b\""), "{names:#}");
    service
        .anonymous(reqwest::Method::GET, "/health")
        .send()
        .await
        .expect("it lives");

    // There is room again: the same process goes on.
    std::fs::remove_file(filler).expect("it is there");
    let seen = until_it_runs(&service, &session, "len(a) if isinstance(a, bytes) else a").await;
    // What was told as not stored is there whole, or it was refused and never ran.
    let expected = if told == 20104 { "3000000" } else { "1" };
    assert_eq!(seen, expected);
    service.put(&file, "after").await.expect(200);
    let cell_now = service.get(&cell).await.expect(200);
    let body = json!({"source": "after", "revision": cell_now["revision"]});
    service.patch(&cell, body).await.expect(200);
    service
        .post("/users", json!({"name": "ada", "role": "viewer"}))
        .await
        .expect(201);
    service
        .post("/projects", json!({"name": "q"}))
        .await
        .expect(201);
    service.session().await;
    let executions = service
        .get(&format!("/sessions/{session}/executions"))
        .await
        .expect(200);
    for execution in executions["items"].as_array().expect("a list") {
        assert_eq!(execution["status"], "success", "{execution:#}");
    }
    assert_eq!(
        service.under_way_in(&data),
        0,
        "nothing half-written is left"
    );
}

#[tokio::test]
async fn when_only_the_database_cannot_grow_nothing_is_acknowledged() {
    let (mut service, failing) = failing_service();
    let session = service.session().await;
    service.text(&session, "a = 1").await;
    failing.begin(Rule {
        calls: WRITES,
        path: "cellblock.db-wal",
        after: 0,
        times: usize::MAX,
        fate: Fate::Fails(libc::ENOSPC),
    });
    service
        .post("/projects", json!({"name": "p"}))
        .await
        .refused(507, 50104);
    let ran = execute(&service, &session, "a = 2")
        .await
        .refused(507, 20104);
    assert_eq!(ran["details"]["status"], "success");
    assert_eq!(ran["details"]["cause"]["code"], 50104);
    // The next one is not even begun.
    execute(&service, &session, "a = 3")
        .await
        .refused(507, 50104);
    service.get("/projects").await.expect(200);
    let (_, failed) = failing.end();
    assert!(failed > 2, "{failed}");
    assert_eq!(until_it_runs(&service, &session, "a").await, "2");
    service
        .post("/projects", json!({"name": "p"}))
        .await
        .expect(201);
    let executions = format!("/sessions/{session}/executions");
    let before = service.get(&executions).await.expect(200);
    assert_eq!(
        before["items"].as_array().map(Vec::len),
        Some(3),
        "the one that was not stored at once is stored: {before:#}"
    );
    service.kill_and_restart();
    assert_eq!(service.text(&session, "a").await, "2");
    let projects = service.get("/projects").await.expect(200);
    assert_eq!(projects["items"].as_array().map(Vec::len), Some(1));
}

/// Fails the syncs of a file while something is asked for, and returns what was answered.
async fn with_a_failed_sync(
    failing: &Failing,
    path: &'static str,
    asked: impl Future<Output = Answered>,
) -> Value {
    failing.begin(Rule {
        calls: SYNCS,
        path,
        after: 0,
        times: usize::MAX,
        fate: Fate::Fails(libc::EIO),
    });
    let answer = asked.await;
    let (_, failed) = failing.end();
    assert!(failed > 0, "no sync of {path} was seen");
    assert_eq!(
        answer.body["status"],
        answer.status.as_u16(),
        "{:#}",
        answer.body
    );
    assert!(answer.status.is_server_error(), "{path}: {:#}", answer.body);
    answer.body
}

#[tokio::test]
async fn what_was_not_synced_is_not_acknowledged() {
    let (mut service, failing) = failing_service();
    let session = service.session().await;
    service.text(&session, "a = 1").await;
    let project = service.project("p").await;
    let file = format!("/projects/{project}/files/a");
    let cell = notebook(&service).await;

    let named = |name: &'static str| service.post("/projects", json!({"name": name}));
    let told = with_a_failed_sync(&failing, "cellblock.db-wal", named("q")).await;
    assert_eq!(told["code"], 50107);
    named("q").await.expect(201);

    let told = with_a_failed_sync(&failing, "/staging/", service.put(&file, "half")).await;
    assert_eq!(told["code"], 50107);
    service.get(&file).await.refused(404, 50403);
    service.put(&file, "whole").await.expect(201);

    let body = json!({"source": "half", "revision": 1});
    let told = with_a_failed_sync(&failing, "/projects/", service.patch(&cell, body)).await;
    assert_eq!(told["code"], 50107);
    let shown = service.get(&cell).await.expect(200);
    assert_eq!(shown["source"], "before");
    let body = json!({"source": "whole", "revision": shown["revision"]});
    service.patch(&cell, body).await.expect(200);

    for path in ["/checkpoints", "/journal"] {
        let told = with_a_failed_sync(&failing, path, execute(&service, &session, "a += 1")).await;
        assert_eq!(told["code"], 20104, "{told:#}");
        assert_eq!(told["details"]["cause"]["code"], 50107, "{told:#}");
        until_it_runs(&service, &session, "a += 1").await;
    }

    let person = || service.post("/users", json!({"name": "ada", "role": "viewer"}));
    with_a_failed_sync(&failing, ".tmp", person()).await;
    let users = service.get("/users").await.expect(200);
    assert_eq!(
        users["items"].as_array().map(Vec::len),
        Some(1),
        "what cannot be recorded is not done"
    );
    person().await.expect(201);

    service.kill_and_restart();
    assert_eq!(service.text(&session, "a").await, "5");
    assert_eq!(service.get(&file).await.expect(200), "whole");
    assert_eq!(service.get(&cell).await.expect(200)["source"], "whole");
    let projects = service.get("/projects").await.expect(200);
    let names = projects["items"].as_array().expect("a list").iter();
    let mut names: Vec<_> = names.filter_map(|one| one["name"].as_str()).collect();
    names.sort_unstable();
    assert!(names.contains(&"q") && names.contains(&"p"), "{names:?}");
    let executions = service
        .get(&format!("/sessions/{session}/executions"))
        .await
        .expect(200);
    for execution in executions["items"].as_array().expect("a list") {
        assert_eq!(execution["status"], "success", "{execution:#}");
        assert!(execution["finished_at"].is_string(), "{execution:#}");
    }
}

/// Returns the migrations that a database has, and all that its schema consists of.
async fn schema(file: &Path) -> (Vec<i64>, Vec<String>) {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut open = sqlx::SqliteConnection::connect_with(&options)
        .await
        .expect("it opens");
    let schema: Vec<String> = sqlx::query_scalar(
        "select sql from sqlite_schema where sql is not null and name <> '_sqlx_migrations' order by name, type",
    )
    .fetch_all(&mut open)
    .await
    .expect("it reads");
    // Before the first one there is no such table.
    let done =
        sqlx::query_scalar("select version from _sqlx_migrations where success order by version")
            .fetch_all(&mut open)
            .await
            .unwrap_or_default();
    open.close().await.expect("it closes");
    (done, schema)
}

#[tokio::test]
async fn a_migration_that_was_cut_is_done_or_not_and_goes_on() {
    let whole = Service::start();
    let (all, complete) = schema(&whole.data().join("cellblock.db")).await;
    drop(whole);
    // What the schema is after each migration.
    let mut steps: Vec<(Vec<i64>, Vec<String>)> = Vec::new();
    let mut cut = 0;
    loop {
        let failing = Failing::default();
        failing.begin(Rule {
            calls: &[libc::SYS_pwrite64, libc::SYS_fsync, libc::SYS_fdatasync],
            path: "cellblock.db",
            after: cut,
            times: 1,
            fate: Fate::Ends,
        });
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
        command
            .args(["serve", "--address", "127.0.0.1:0", "--data"])
            .arg(folder.path())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped());
        let mut process = failing.watch(command, |mut command| command.spawn().expect("it starts"));
        let file = folder.path().join("cellblock.db");
        // It ends at the call, or all calls of the migrations are behind it and it serves.
        let served = {
            use std::io::Read as _;
            let mut byte = [0];
            let read = process.stdout.take().expect("a pipe").read(&mut byte);
            read.is_ok_and(|count| count == 1)
        };
        let _ = process.kill();
        process.wait().expect("it ended");
        let (done, found) = schema(&file).await;
        assert!(all.starts_with(&done), "{done:?}");
        match steps.iter().find(|(known, _)| *known == done) {
            Some((_, known)) => assert_eq!(&found, known, "between two schemas, cut {cut}"),
            None => steps.push((done.clone(), found.clone())),
        }
        if done.len() == all.len() {
            assert_eq!(found, complete);
        }
        if served || (done.len() == all.len() && cut > 0) {
            break;
        }
        // What follows such a cut is a start like any other.
        if cut % 24 == 0 {
            let (command, data) = (
                Command::new(env!("CARGO_BIN_EXE_cellblock")),
                folder.path().to_owned(),
            );
            let again = Service::start_by(command, folder, data);
            again.get("/projects").await.expect(200);
        }
        cut += 3;
    }
    assert!(cut > 10, "{cut}");
    assert!(steps.len() > 2, "{steps:?}");
}
