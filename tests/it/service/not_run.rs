//! Cells that waited to run and were not run: the notebook says so until they are run or edited.

use serde_json::{Value, json};

use super::notebook_runs::{Watcher, notebook};
use crate::support::processes::{kill, worker_processes};
use crate::support::service::Service;

/// Returns why each cell of a notebook was not run.
fn reasons(body: &Value) -> Vec<Value> {
    let cells = body["cells"].as_array().expect("cells").iter();
    cells
        .map(|cell| cell["not_run"]["reason"].clone())
        .collect()
}

/// Runs all cells of a notebook, whose first does not end, until that runs.
async fn begin(service: &Service, at: &str, watcher: &mut Watcher) {
    let all = json!({"which": "all"});
    service
        .post(&format!("{at}/execute"), all)
        .await
        .expect(202);
    watcher.until(|event| event["type"] == "started").await;
}

#[tokio::test]
async fn what_waited_behind_a_lost_cell_says_so_until_it_runs_or_is_edited() {
    let mut service = Service::start();
    let (at, cells) = notebook(&service, &["while True: pass", "b = 2", "c = 3", "d = 4"]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    begin(&service, &at, &mut watcher).await;
    for worker in worker_processes(&service) {
        kill(worker);
    }
    let told = watcher
        .until(|event| event["type"] == "cell_changed" && event["cell_id"] == json!(cells[3]));
    assert_eq!(
        told.await["content"]["cell"]["not_run"]["reason"],
        "cell_lost"
    );
    watcher
        .until(|event| event["content"]["status"] == "error" && event["type"] == "notebook_status")
        .await;
    let lost = json!("cell_lost");
    let expected = [Value::Null, lost.clone(), lost.clone(), lost.clone()];
    let body = service.get(&at).await.expect(200);
    assert_eq!(reasons(&body), expected);
    let message = body["cells"][1]["not_run"]["message"].as_str();
    assert!(message.is_some_and(|message| message.contains("was lost")));
    service.kill_and_restart();
    let body = service.get(&at).await.expect(200);
    assert_eq!(reasons(&body), expected, "also after a restart");
    let edit = json!({"source": "b = 22", "revision": body["cells"][1]["revision"]});
    let edited = service
        .patch(&format!("{at}/cells/{}", cells[1]), edit)
        .await;
    assert_eq!(edited.expect(200)["not_run"], Value::Null);
    let mut watcher = Watcher::begin(&service, &at, watcher.last).await;
    service
        .post(&format!("{at}/execute"), json!({"cell_id": cells[2]}))
        .await
        .expect(202);
    assert_eq!(watcher.until_done().await, "idle");
    let body = service.get(&at).await.expect(200);
    assert_eq!(
        reasons(&body),
        [Value::Null, Value::Null, Value::Null, lost]
    );
    // It is nothing of the file.
    let file = service.get(&format!("{at}/export?format=ipynb")).await;
    assert!(!file.expect(200).to_string().contains("not_run"));
}

#[tokio::test]
async fn a_run_that_is_refused_in_its_middle_ends_there_and_the_rest_says_why() {
    let service = Service::start_with(&[("sessions.suspicious_code", "refuse")]);
    let sources = ["a = 1", "import subprocess", "a = 3"];
    let (at, cells) = notebook(&service, &sources).await;
    // It is meant to fail, but not so.
    let second = service.get(&at).await.expect(200)["cells"][1].clone();
    let tagged =
        json!({"metadata": {"tags": ["raises-exception"]}, "revision": second["revision"]});
    service
        .patch(&format!("{at}/cells/{}", cells[1]), tagged)
        .await
        .expect(200);
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let taken = service
        .post(&format!("{at}/execute"), json!({"which": "all"}))
        .await
        .expect(202);
    watcher.until_done().await;
    let body = service.get(&at).await.expect(200);
    let refused = json!("refused");
    assert_eq!(reasons(&body), [Value::Null, refused.clone(), refused]);
    let session = taken["session_id"].as_str().expect("an id");
    assert_eq!(service.text(session, "a").await, "1");
    // Of one that is refused at once its caller hears.
    let alone = json!({"cell_id": cells[1]});
    let alone = service.post(&format!("{at}/execute"), alone).await;
    alone.refused(403, 20301);
}

#[tokio::test]
async fn behind_a_cell_that_failed_or_was_interrupted_nothing_is_said() {
    let service = Service::start();
    let (at, _) = notebook(&service, &["1 / 0", "b = 2"]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let all = json!({"which": "all"});
    service
        .post(&format!("{at}/execute"), all)
        .await
        .expect(202);
    assert_eq!(watcher.until_done().await, "error");
    let body = service.get(&at).await.expect(200);
    assert_eq!(reasons(&body), [Value::Null, Value::Null]);
    assert_eq!(body["cells"][1]["running"], false);
}

#[tokio::test]
async fn what_waits_when_its_session_is_deleted_says_so() {
    let service = Service::start();
    let (at, _) = notebook(&service, &["while True: pass", "b = 2"]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    begin(&service, &at, &mut watcher).await;
    let session = service.get(&at).await.expect(200)["session_id"].clone();
    let session = session.as_str().expect("an id");
    service
        .delete(&format!("/sessions/{session}"))
        .await
        .expect(204);
    watcher
        .until(|event| event["content"]["status"] == "error" && event["type"] == "notebook_status")
        .await;
    let reason = reasons(&service.get(&at).await.expect(200))[1].clone();
    assert!(
        reason == "session_ended" || reason == "cell_lost",
        "{reason}"
    );
}
