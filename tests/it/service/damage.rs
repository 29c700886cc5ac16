//! Files of the service that were damaged, cut or exchanged: none of them is believed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sqlx::Connection as _;

use crate::support::service::Service;

/// Returns the files of a session's checkpoints, the newest last.
async fn checkpoints(service: &Service, session: &str) -> Vec<PathBuf> {
    let listed = service
        .get(&format!("/sessions/{session}/checkpoints"))
        .await
        .expect(200);
    let folders = std::fs::read_dir(service.data().join("tenants")).expect("tenants");
    let folders: Vec<PathBuf> = folders.flatten().map(|folder| folder.path()).collect();
    let ids = listed["items"].as_array().expect("a list").iter();
    ids.map(|one| {
        let id = one["id"].as_str().expect("an id");
        let name = format!("checkpoints/{id}.checkpoint");
        let found = folders.iter().map(|folder| folder.join(&name));
        found
            .into_iter()
            .find(|path| path.exists())
            .expect("its file is there")
    })
    .collect()
}

/// Returns where the pages of a checkpoint's file begin.
fn body(bytes: &[u8]) -> usize {
    let header = u64::from_le_bytes(bytes[8..16].try_into().expect("eight bytes"));
    48 + usize::try_from(header).expect("a length")
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).expect("it is there");
    change(&mut bytes);
    std::fs::write(path, bytes).expect("it is written");
}

#[tokio::test]
async fn a_state_that_was_damaged_in_any_way_is_not_run_and_the_one_before_it_is() {
    let mut service = Service::start();
    let ways = [
        "a bit of the header",
        "bits of the pages",
        "cut in the header",
        "cut in the pages",
        "emptied",
        "removed",
        "another one's",
        "another one's pages",
    ];
    let mut sessions = Vec::new();
    for (number, way) in ways.into_iter().enumerate() {
        let session = service.session().await;
        service.text(&session, &format!("a = {number}")).await;
        sessions.push((way, session));
    }
    let whole = service.session().await;
    service.text(&whole, "a = 'whole'").await;
    // Later states are in files of their own: a page that a tenant's sessions share is in one file.
    let mut later = Vec::new();
    for (number, (way, session)) in sessions.into_iter().enumerate() {
        // Pages of its own, which are in no other file.
        let code = format!("a = -1\nb = bytes(range({number}, 200)) * 3000");
        service.text(&session, &code).await;
        let files = checkpoints(&service, &session).await;
        later.push((way, session, files.last().expect("two").clone()));
    }
    let sessions = later;
    let mut seed = 20_261_122_usize;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % below
    };
    let contents: Vec<Vec<u8>> = sessions
        .iter()
        .map(|(_, _, file)| std::fs::read(file).expect("it is there"))
        .collect();
    for (number, (way, _, file)) in sessions.iter().enumerate() {
        let other = &contents[(number + 1) % contents.len()];
        change(file, |bytes| {
            let pages = body(bytes);
            match *way {
                "a bit of the header" => bytes[random(pages)] ^= 1 << random(8),
                "bits of the pages" => {
                    for at in (pages..bytes.len()).step_by(97) {
                        bytes[at] ^= 1 << random(8);
                    }
                }
                "cut in the header" => bytes.truncate(random(pages)),
                "cut in the pages" => bytes.truncate(pages + (bytes.len() - pages) / 2),
                "emptied" => bytes.clear(),
                "removed" => {}
                "another one's" => bytes.clone_from(other),
                "another one's pages" => {
                    bytes.truncate(pages);
                    bytes.extend_from_slice(&other[body(other)..]);
                }
                _ => panic!("{way} is not known"),
            }
        });
        if *way == "removed" {
            std::fs::remove_file(file).expect("it is there");
        }
    }
    service.kill_and_restart();
    for (number, (way, session, _)) in sessions.iter().enumerate() {
        assert_eq!(
            service.text(session, "a, 'b' in globals()").await,
            format!("({number}, False)"),
            "{way}"
        );
        let mut channel = service.channel(session, 0).await;
        let restored = channel.until("restored").await;
        assert!(
            restored["content"]["reason"]
                .as_str()
                .is_some_and(|reason| reason.contains("cannot be read")),
            "{way}: {restored}"
        );
    }
    assert_eq!(service.text(&whole, "a").await, "'whole'");
}

#[tokio::test]
async fn what_was_damaged_under_a_sleeping_session_is_refused_by_name() {
    let service = Service::start();
    let session = service.session().await;
    service.text(&session, "a = 1").await;
    service.text(&session, "a = 2").await;
    let files = checkpoints(&service, &session).await;
    let first = files.first().expect("two");
    let name = first
        .file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    change(first, |bytes| bytes[60] ^= 4);
    // A worker that has the pages in memory knows better; another one has only the file.
    let other = service.session().await;
    service
        .post(
            &format!("/sessions/{other}/checkpoints/{name}/restore"),
            serde_json::json!({}),
        )
        .await
        .refused(404, 20403);
    service
        .post(
            &format!("/sessions/{session}/checkpoints/{name}/restore"),
            serde_json::json!({}),
        )
        .await
        .refused(409, 20404);
    assert_eq!(service.text(&session, "a").await, "2");
}

#[tokio::test]
async fn a_damaged_journal_closes_those_who_read_it_and_nothing_else() {
    let mut service = Service::start();
    let session = service.session().await;
    service.text(&session, "print('x' * 100)").await;
    let folders = std::fs::read_dir(service.data().join("tenants")).expect("tenants");
    let journals = folders.flatten().map(|folder| {
        folder
            .path()
            .join("sessions")
            .join(&session)
            .join("journal")
    });
    let journal = journals
        .into_iter()
        .find(|path| path.exists())
        .expect("it has one");
    change(&journal, |bytes| {
        let place = bytes.windows(3).position(|part| part == b"xxx");
        bytes[place.expect("the output is there")] = 0xff;
    });
    service.kill_and_restart();
    let mut channel = service.channel(&session, 0).await;
    while channel.next().await.is_some() {}
    assert_eq!(service.text(&session, "1 + 1").await, "2");
}

#[tokio::test]
async fn a_damaged_database_is_not_served_and_the_message_says_what_to_do() {
    let mut service = Service::start();
    service.project("p").await;
    service.end();
    let file = service.data().join("cellblock.db");
    // What it wrote last is in a file beside it.
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
    let mut open = sqlx::SqliteConnection::connect_with(&options)
        .await
        .expect("it opens");
    sqlx::query("pragma wal_checkpoint(truncate)")
        .execute(&mut open)
        .await
        .expect("it is moved");
    open.close().await.expect("it closes");
    let good = std::fs::read(&file).expect("it is there");
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_cellblock"))
            .args(["serve", "--address", "127.0.0.1:0", "--data"])
            .arg(service.data())
            .stdin(Stdio::null())
            .output()
            .expect("it ends")
    };
    for page in [0, 1, 2] {
        let mut bad = good.clone();
        bad[page * 4096..page * 4096 + 16].fill(0x5a);
        std::fs::write(&file, bad).expect("it is written");
        let ended = start();
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success(), "page {page}: {told}");
        for part in ["cellblock.db", "is damaged", "backup"] {
            assert!(told.contains(part), "page {page}: {told}");
        }
        assert!(ended.stdout.is_empty(), "it does not serve");
    }
    std::fs::write(&file, good).expect("the backup is put in place");
    service.kill_and_restart();
    let projects = service.get("/projects").await.expect(200);
    assert_eq!(projects["items"][0]["name"], "p");
}
