//! A notebook of which cells ran or waited when the service ended: what it shows of them afterwards.

use serde_json::{Value, json};

use super::notebook_runs::{Watcher, notebook};
use crate::support::patience::until;
use crate::support::service::Service;

/// Runs all cells of a notebook of which the second shows `half` and does not end, and waits until that
/// is seen. Returns the notebook's address, its cells, and how it looked.
async fn half_run(service: &Service) -> (String, Vec<String>, Value) {
    let sources = [
        "a = 1\na",
        "a = 2\nprint('half')\nwhile True: pass",
        "a = 3",
    ];
    let (at, cells) = notebook(service, &sources).await;
    service
        .post(&format!("{at}/execute"), json!({"which": "all"}))
        .await
        .expect(202);
    let look = || async { service.get(&at).await.expect(200) };
    until("the second cell shows something", || async {
        look().await["cells"][1]["outputs"][0]["text"] == "half\n"
    })
    .await;
    let seen = look().await;
    assert_eq!(seen["status"], "running");
    assert_eq!(seen["cells"][2]["running"], true);
    (at, cells, seen)
}

/// Asserts that the second cell shows that it is lost, and that nothing waits.
fn is_broken_off(body: &Value, seen: &Value) {
    assert_eq!(body["cells"][0], seen["cells"][0], "it had ended");
    let lost = &body["cells"][1];
    assert_eq!(lost["outputs"][0]["text"], "half\n");
    assert_eq!(lost["outputs"][1]["ename"], "CellLost", "{lost:#}");
    let message = lost["outputs"][1]["evalue"].as_str().expect("a text");
    assert!(message.contains("The service ended"), "{message}");
    assert_eq!(
        (&lost["running"], &lost["execution_count"]),
        (&json!(false), &Value::Null)
    );
    let waited = &body["cells"][2];
    assert_eq!(
        (&waited["running"], &waited["outputs"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(waited["not_run"]["reason"], "service_ended");
    assert_eq!(body["status"], "error");
    let revision = |body: &Value| body["revision"].as_u64().expect("a number");
    assert!(
        revision(body) > revision(seen),
        "what was seen has its number for itself"
    );
}

#[tokio::test]
async fn what_ran_when_the_service_was_killed_says_so_and_what_waited_waits_no_more() {
    let mut service = Service::start();
    let (at, cells, seen) = half_run(&service).await;
    service.kill_and_restart();
    let body = service.get(&at).await.expect(200);
    is_broken_off(&body, &seen);
    // Those who watch are told, too, and only once.
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let of =
        |event: &Value, kind: &str, cell: &str| event["type"] == kind && event["cell_id"] == cell;
    let error = watcher.until(|event| of(event, "error", &cells[1])).await;
    assert_eq!(error["content"]["ename"], "CellLost");
    let finished = watcher
        .until(|event| of(event, "finished", &cells[1]))
        .await;
    assert_eq!(finished["content"]["outcome"], "lost");
    let changed = watcher
        .until(|event| of(event, "cell_changed", &cells[1]))
        .await;
    assert_eq!(changed["content"]["running"], false);
    assert_eq!(
        changed["content"]["cell"]["outputs"],
        body["cells"][1]["outputs"]
    );
    let waits = watcher
        .until(|event| of(event, "cell_changed", &cells[2]))
        .await;
    assert_eq!(waits["content"]["running"], false);
    assert_eq!(
        waits["content"]["cell"]["not_run"],
        body["cells"][2]["not_run"]
    );
    let status = watcher
        .until(|event| event["type"] == "notebook_status")
        .await;
    assert_eq!(status["content"]["status"], "error");
    let told = watcher.until(|event| of(event, "log", &cells[2])).await;
    let message = told["content"]["message"].as_str().expect("a text");
    assert!(message.ends_with("It was not run."), "{message}");
    let last = watcher.last;
    // Its file says it to every other program.
    let file = service
        .get(&format!("{at}/export?format=ipynb"))
        .await
        .expect(200);
    assert_eq!(
        file["cells"][1]["outputs"][1]["ename"], "CellLost",
        "{file:#}"
    );
    service.kill_and_restart();
    let again = service.get(&at).await.expect(200);
    assert_eq!(
        (&again["cells"], &again["revision"]),
        (&body["cells"], &body["revision"])
    );
    let mut watcher = Watcher::begin(&service, &at, last).await;
    // The variables are as they were before the cell, and it goes on.
    service
        .post(&format!("{at}/execute"), json!({"cell_id": cells[0]}))
        .await
        .expect(202);
    watcher
        .until(|event| {
            assert_ne!(event["content"]["outcome"], "lost");
            of(event, "finished", &cells[0])
        })
        .await;
}

#[tokio::test]
async fn a_service_that_is_asked_to_end_leaves_the_same() {
    let mut service = Service::start_with(&[("server.shutdown_grace", "1 s")]);
    let (at, _, seen) = half_run(&service).await;
    service.end();
    service.kill_and_restart();
    is_broken_off(&service.get(&at).await.expect(200), &seen);
}

#[tokio::test]
async fn what_a_session_that_was_deleted_ran_is_lost_and_what_it_showed_stays() {
    let mut service = Service::start();
    let (at, _, seen) = half_run(&service).await;
    service.kill_and_restart();
    let session = seen["session_id"].as_str().expect("an id");
    service
        .delete(&format!("/sessions/{session}"))
        .await
        .expect(204);
    let body = service.get(&at).await.expect(200);
    assert_eq!(body["cells"][1]["running"], false);
    let outputs = body["cells"][1]["outputs"].as_array().expect("a list");
    assert_eq!(outputs.last().expect("one")["ename"], "CellLost");
    assert_eq!(body["status"], "error");
}

#[tokio::test]
async fn a_notebook_in_which_nothing_ran_is_the_same_after_the_service_was_killed() {
    let mut service = Service::start();
    let (at, _) = notebook(&service, &["a = 1\na", "1 / 0", "b"]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    service
        .post(&format!("{at}/execute"), json!({"which": "all"}))
        .await
        .expect(202);
    // The third cell was given up when the second failed.
    assert_eq!(watcher.until_done().await, "error");
    let before = service.get(&at).await.expect(200);
    service.kill_and_restart();
    let body = service.get(&at).await.expect(200);
    assert_eq!(
        (&body["cells"], &body["revision"]),
        (&before["cells"], &before["revision"])
    );
    assert_eq!(body["cells"][1]["outputs"][0]["ename"], "ZeroDivisionError");
}

#[tokio::test]
async fn a_revision_that_another_program_caused_is_not_given_again() {
    let mut service = Service::start();
    let (at, _) = notebook(&service, &["first"]).await;
    let made = service.get(&at).await.expect(200);
    let project = made["project_id"].as_str().expect("an id");
    let path = made["path"].as_str().expect("a path");
    let file = service.project_folder(project).join(path);
    let write = |from: &str, to: &str| {
        let text = std::fs::read_to_string(&file).expect("it is there");
        std::fs::write(&file, text.replace(from, to)).expect("it is written");
    };
    write("first", "second");
    let seen = service.get(&at).await.expect(200);
    assert_eq!(seen["cells"][0]["source"], "second");
    assert_ne!(seen["revision"], made["revision"]);
    service.kill_and_restart();
    let same = service.get(&at).await.expect(200);
    assert_eq!(
        (&same["cells"], &same["revision"]),
        (&seen["cells"], &seen["revision"])
    );
    service.kill_and_restart();
    write("second", "third");
    let other = service.get(&at).await.expect(200);
    assert_eq!(other["cells"][0]["source"], "third");
    assert!(other["revision"].as_u64() > seen["revision"].as_u64());
}
