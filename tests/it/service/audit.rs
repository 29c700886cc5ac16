//! The audit log: what is in it, who reads it, and that nothing in it can be changed unseen.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::people::text;
use crate::support::service::Service;

async fn actions(service: &Service, query: &str) -> Vec<(String, String)> {
    let page = service.get(&format!("/audit{query}")).await.expect(200);
    let items = page["items"].as_array().expect("a list").iter();
    items
        .map(|item| (text(&item["action"]), text(&item["outcome"])))
        .collect()
}

#[tokio::test]
async fn who_did_what_is_told_before_and_after() {
    let service = Service::start();
    let me = service.get("/users/me").await.expect(200);
    service
        .post("/users", json!({"name": "ada", "role": "viewer"}))
        .await
        .expect(201);
    service
        .post("/users", json!({"name": "ada", "role": "viewer"}))
        .await
        .refused(409, 50402);
    let pair = |outcome: &str| ("user_create".to_owned(), outcome.to_owned());
    let expected = [pair("refused"), pair("asked"), pair("done"), pair("asked")];
    assert_eq!(actions(&service, "").await, expected, "the newest first");
    let first = service.get("/audit?limit=1&after=2").await.expect(200)["items"][0].clone();
    assert_eq!(first["seq"], 1);
    assert_eq!(first["user_id"], me["user_id"]);
    assert_eq!(first["address"], "127.0.0.1");
    assert!(text(&first["what"]).contains("ada"));
    // Pages and filters.
    let page = service.get("/audit?limit=3").await.expect(200);
    assert_eq!(page["next"], "2");
    assert_eq!(actions(&service, "?action=key_create").await, []);
    assert_eq!(actions(&service, "?until=2001-01-01T00:00:00Z").await, []);
    assert_eq!(
        actions(&service, "?since=2001-01-01T00:00:00Z&action=user_create")
            .await
            .len(),
        4
    );
    service
        .get("/audit?action=nothing")
        .await
        .refused(422, 50202);
    service
        .get("/audit?since=yesterday")
        .await
        .refused(422, 50202);
    service.get("/audit?after=x").await.refused(422, 50202);
}

#[tokio::test]
async fn every_tenant_has_its_own_log_and_wrong_keys_are_told_in_the_right_one() {
    let service = Service::start_with_tenants(&[]);
    let (ours, theirs) = (service.tenant("ours").await, service.tenant("theirs").await);
    let wrong = format!("{}{}", &ours.key[..57], "0000000");
    let guess = service
        .anonymous(reqwest::Method::GET, "/api/v1/users/me")
        .bearer_auth(wrong);
    crate::support::service::answered(guess)
        .await
        .refused(401, 50301);
    // Refused sign-ins are recorded behind the answer; what follows is recorded behind them.
    ours.post(&service, "/users", json!({"name": "ada", "role": "viewer"}))
        .await
        .expect(201);
    let read = |log: Value| log["items"].as_array().expect("a list").clone();
    let log = read(ours.get(&service, "/audit").await.expect(200));
    assert_eq!(
        log.last().expect("a record")["action"],
        "sign_in",
        "{log:?}"
    );
    assert_eq!(log.len(), 3);
    assert!(!json!(log).to_string().contains(&ours.key[16..60]));
    assert_eq!(
        read(theirs.get(&service, "/audit").await.expect(200)),
        Vec::<Value>::new()
    );
    let operators = read(service.get("/audit").await.expect(200));
    assert_eq!(operators.len(), 4, "two tenants were made: {operators:?}");
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let service = Service::start_on_file(&[]);
    change(
        service.data(),
        &["create trigger full before insert on audit begin select raise(abort, 'full'); end"],
    )
    .await;
    service
        .post("/users", json!({"name": "ada", "role": "viewer"}))
        .await
        .refused(500, 50101);
    let users = service.get("/users").await.expect(200);
    assert_eq!(
        users["items"].as_array().map(Vec::len),
        Some(1),
        "only the local user"
    );
    change(service.data(), &["drop trigger full"]).await;
    service
        .post("/users", json!({"name": "ada", "role": "viewer"}))
        .await
        .expect(201);
}

/// Changes the database behind the service's back.
async fn change(data: &Path, statements: &[&str]) {
    let url = format!("sqlite:{}", data.join("cellblock.db").display());
    let mut database = sqlx::SqliteConnection::connect(&url)
        .await
        .expect("it opens");
    for statement in statements {
        sqlx::query(statement)
            .execute(&mut database)
            .await
            .expect(statement);
    }
    database.close().await.expect("it closes");
}

fn verify(data: &Path, more: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
    command.args(["audit", "verify", "--data"]).arg(data);
    if let [heads] = more {
        command.arg("--heads").arg(heads);
    }
    command.output().expect("it runs")
}

fn copy(from: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            std::fs::copy(&path, folder.path().join(path.file_name().expect("a name")))
                .expect("a copy");
        }
    }
    folder
}

/// Lets the append-only table be changed, as somebody with the database in hand would.
const UNLOCK: [&str; 2] = [
    "drop trigger audit_keeps_rows",
    "drop trigger audit_loses_no_rows",
];

#[tokio::test]
async fn tampering_is_found_and_its_first_record_named() {
    let mut service = Service::start_on_file(&[]);
    for name in ["a", "b", "c", "d"] {
        service
            .post("/users", json!({"name": name, "role": "viewer"}))
            .await
            .expect(201);
    }
    let early = copy(service.data());
    service
        .post("/users", json!({"name": "e", "role": "viewer"}))
        .await
        .expect(201);
    let sound = verify(service.data(), &[]);
    assert!(sound.status.success(), "{sound:?}");
    assert!(
        String::from_utf8_lossy(&sound.stdout).starts_with("10 records of 1 tenant:"),
        "{sound:?}"
    );

    let forged = "insert into audit select tenant_id, 11, time, user_id, key_prefix, address, action, what, outcome, \
                  code_hash, session_id, checkpoint_id, fuel, mac from audit where seq = 10";
    for (statements, told) in [
        (
            &["update audit set what = 'nothing' where seq = 3"][..],
            "record 3 was altered",
        ),
        (
            &["update audit set time = '2001-01-01T00:00:00.000000Z' where seq = 4"],
            "record 4 was altered",
        ),
        (
            &["update audit set mac = '00' where seq = 10"],
            "record 10 was altered",
        ),
        (&["delete from audit where seq = 5"], "record 5 is missing"),
        (&["delete from audit where seq = 1"], "record 1 is missing"),
        (
            &["delete from audit where seq > 7"],
            "record 8 and all up to 10 were cut off",
        ),
        (
            &["delete from audit"],
            "record 1 and all up to 10 were cut off",
        ),
        (
            &[
                "update audit set seq = 99 where seq = 2",
                "update audit set seq = 2 where seq = 6",
                "update audit set seq = 6 where seq = 99",
            ],
            "record 2 was reordered: it stands at place 6",
        ),
        (
            &[
                "delete from audit where seq = 5",
                "update audit set seq = seq - 1 where seq > 5",
            ],
            "record 5 was altered",
        ),
        (&[forged], "record 11 was altered"),
    ] {
        let copy = copy(service.data());
        let statements: Vec<&str> = UNLOCK.iter().chain(statements).copied().collect();
        change(copy.path(), &statements).await;
        let found = verify(copy.path(), &[]);
        let output = String::from_utf8_lossy(&found.stdout).into_owned();
        assert_eq!(
            (found.status.code(), output.lines().count()),
            (Some(1), 1),
            "{statements:?}: {found:?}"
        );
        assert!(output.contains(told), "{statements:?}: {output}");
    }

    // A whole older folder in the place of the new one fits together; a head kept elsewhere does not.
    let heads = service.data().join("audit-heads.json");
    assert!(verify(early.path(), &[]).status.success());
    let older = verify(early.path(), &[&heads]);
    assert!(
        String::from_utf8_lossy(&older.stdout).contains("record 9 and all up to 10 were cut off"),
        "{older:?}"
    );

    // A head that somebody else wrote is none.
    let copy = copy(service.data());
    let written = std::fs::read_to_string(&heads)
        .expect("heads")
        .replace("\"seq\": 10", "\"seq\": 8");
    std::fs::write(copy.path().join("audit-heads.json"), written).expect("written");
    let forged = verify(copy.path(), &[]);
    assert_eq!(forged.status.code(), Some(2), "{forged:?}");
    assert!(
        String::from_utf8_lossy(&forged.stderr).contains("not signed"),
        "{forged:?}"
    );

    // A service that finds its tail cut goes on behind the gap, which stays.
    let cut: Vec<&str> = UNLOCK
        .iter()
        .copied()
        .chain(["delete from audit where seq > 7"])
        .collect();
    change(service.data(), &cut).await;
    service.kill_and_restart();
    service
        .post("/users", json!({"name": "f", "role": "viewer"}))
        .await
        .expect(201);
    let found = verify(service.data(), &[]);
    assert!(
        String::from_utf8_lossy(&found.stdout).contains("record 8 is missing"),
        "{found:?}"
    );
}

#[tokio::test]
async fn the_table_itself_refuses_changes() {
    let service = Service::start();
    service
        .post("/users", json!({"name": "a", "role": "viewer"}))
        .await
        .expect(201);
    for statement in ["update audit set what = ''", "delete from audit"] {
        let error = match service.database() {
            Some(url) => {
                let mut database = sqlx::PgConnection::connect(url).await.expect("it opens");
                sqlx::query(statement).execute(&mut database).await.err()
            }
            None => {
                let file = service.data().join("cellblock.db");
                let url = format!("sqlite:{}", file.display());
                let mut database = sqlx::SqliteConnection::connect(&url)
                    .await
                    .expect("it opens");
                sqlx::query(statement).execute(&mut database).await.err()
            }
        };
        let error = error.expect(statement).to_string();
        assert!(error.contains("append-only"), "{error}");
    }
}
