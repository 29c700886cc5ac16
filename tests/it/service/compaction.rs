//! Sessions of many cells: their states are kept in few files, and their workers hold few open.

use serde_json::{Value, json};

use crate::support::patience::until;
use crate::support::processes::worker_processes;
use crate::support::service::Service;

const CELLS: usize = 200;
const SESSIONS: usize = 2;
/// What the newest state of a session of less than 4 MiB needs.
const FILES: usize = 17;

/// Returns the lengths of the files of checkpoints. One may go while the folder is looked through.
fn lengths(service: &Service) -> Vec<u64> {
    let tenants = std::fs::read_dir(service.data().join("tenants")).expect("it is there");
    let folders = tenants
        .flatten()
        .map(|tenant| tenant.path().join("checkpoints"));
    let files = folders
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten();
    files
        .filter(|file| file.file_name() != "store.key")
        .filter_map(|file| Some(file.metadata().ok()?.len()))
        .collect()
}

/// Returns how many files of checkpoints the workers have open.
fn open_checkpoints(service: &Service) -> usize {
    let open = worker_processes(service).into_iter().flat_map(|worker| {
        std::fs::read_dir(format!("/proc/{worker}/fd"))
            .expect("it runs")
            .flatten()
    });
    open.filter(|entry| {
        let file = std::fs::read_link(entry.path());
        file.is_ok_and(|file| {
            file.extension()
                .is_some_and(|ending| ending == "checkpoint")
        })
    })
    .count()
}

/// Returns how many bytes the pages of a session's newest state have.
async fn used_by(service: &Service, session: &str) -> u64 {
    let listed = service
        .get(&format!("/sessions/{session}/checkpoints?limit=1000"))
        .await
        .expect(200);
    let newest: Option<&Value> = listed["items"].as_array().and_then(|items| items.last());
    newest.expect("a checkpoint")["bytes"]
        .as_u64()
        .expect("a number")
}

#[tokio::test]
async fn sessions_of_many_cells_need_few_files_and_little_room_and_are_as_they_were() {
    let mut service = Service::start_with(&[
        ("sessions.checkpoints", "3"),
        ("retention.sweep", "1 s"),
        ("workers.shared", "1"),
    ]);
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let session = service.session().await;
        let code = "import os, random, hashlib\ndata = [os.urandom(5000) for _ in range(400)]";
        service.text(&session, code).await;
        sessions.push(session);
    }
    for number in 0..CELLS {
        for session in &sessions {
            // Here and there, so that every file keeps a page for long.
            let code = format!(
                "number = {number}\nfor at in random.sample(range(400), 12): data[at] = os.urandom(5000)"
            );
            service.text(session, &code).await;
        }
    }
    let look = "number, hashlib.sha256(b''.join(data)).hexdigest()";
    let mut shown = Vec::new();
    let mut used = 0;
    for session in &sessions {
        shown.push(service.text(session, look).await);
        used += used_by(&service, session).await;
    }
    until(
        "few files are left, and little more than what is used",
        || async {
            let lengths = lengths(&service);
            lengths.len() <= SESSIONS * (FILES + 3)
                && lengths.iter().sum::<u64>() <= 2 * used + SESSIONS as u64 * (2 << 20)
        },
    )
    .await;
    let open = open_checkpoints(&service);
    assert!(
        (SESSIONS..=SESSIONS * (FILES + 1)).contains(&open),
        "{open} are open"
    );

    service.kill_and_restart();
    for (session, shown) in sessions.iter().zip(&shown) {
        assert_eq!(service.text(session, look).await, *shown);
    }
    let first = &sessions[0];
    service
        .post(&format!("/sessions/{first}/hibernate"), json!({}))
        .await
        .expect(200);
    assert_eq!(service.text(first, look).await, shown[0]);
}
