//! Several runs of one notebook that are asked for at once, each of which runs whole before the next; and what is edited
//! meanwhile.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::notebook_runs::{Watcher, notebook};
use crate::support::service::Service;

async fn run(service: &Service, at: &str, what: Value) -> Value {
    let run = service.post(&format!("{at}/execute"), what).await;
    run.expect(202)
}

fn counts(body: &Value) -> Vec<Value> {
    let cells = body["cells"].as_array().expect("cells").iter();
    cells.map(|cell| cell["execution_count"].clone()).collect()
}

#[tokio::test]
async fn a_run_begins_when_the_one_before_it_has_begun_its_last_cell() {
    let service = Service::start();
    let sources = ["n = 0", "import time; time.sleep(0.5)", "n += 1", "n"];
    let (at, cells) = notebook(&service, &sources).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let first = run(&service, &at, json!({"which": "all"})).await;
    assert!(first["execution_id"].is_string(), "{first}");
    let second = run(&service, &at, json!({"which": "all"})).await;
    assert_eq!(second["execution_id"], Value::Null, "it waits");
    assert_eq!(second["cells"], json!(cells));
    let revision = service.get(&at).await.expect(200)["cells"][3]["revision"].clone();
    let rewrite = json!({"cell_id": cells[3], "source": "n * 100", "revision": &revision});
    let third = run(&service, &at, rewrite).await;
    assert_eq!(third["execution_id"], Value::Null);
    let late = json!({"cell_id": cells[3], "source": "n * 2", "revision": revision});
    let refused = service.post(&format!("{at}/execute"), late).await;
    refused.refused(409, 20211);
    let saved = service.get(&at).await.expect(200)["cells"][3].clone();
    assert_eq!(saved["source"], "n * 100", "it is saved at once");
    assert_eq!(saved["revision"], third["revision"]);

    assert_eq!(watcher.until_done().await, "idle");
    let body = service.get(&at).await.expect(200);
    // Cells that took turns would have counted to 2.
    assert_eq!(body["cells"][3]["outputs"][0]["data"]["text/plain"], "100");
    assert_eq!(counts(&body), [5, 6, 7, 9].map(Value::from));
    let alone = run(&service, &at, json!({"cell_id": cells[0]})).await;
    assert!(alone["execution_id"].is_string(), "nothing is before it");
}

#[tokio::test]
async fn as_many_cells_wait_as_may_and_what_is_refused_shows_as_nothing() {
    let service = Service::start_with(&[("sessions.queue", "3")]);
    let (at, cells) = notebook(&service, &["import time; time.sleep(600)", "2", "3"]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let session = run(&service, &at, json!({"which": "all"})).await["session_id"].clone();
    let second = run(&service, &at, json!({"which": "all"})).await;
    assert_eq!(second["execution_id"], Value::Null, "it waits");
    for more in [json!({"which": "all"}), json!({"cell_id": cells[1]})] {
        let refused = service.post(&format!("{at}/execute"), more).await;
        let why = refused.refused(429, 20207)["message"].clone();
        assert_eq!(
            why,
            "Runs of 3 cells of this notebook wait already; while 3 do (`sessions.queue`), no other run is taken."
        );
    }
    let session = session.as_str().expect("an id");
    let interrupt = format!("/sessions/{session}/interrupt");
    let interrupted = service.post(&interrupt, json!({})).await;
    assert!(interrupted.status.is_success());
    assert_eq!(told_at_the_end(&mut watcher).await, (3, BTreeSet::new()));
    // The control: there is room again.
    run(&service, &at, json!({"cell_id": cells[1]})).await;
    assert_eq!(watcher.until_done().await, "idle");
}

#[tokio::test]
async fn cells_alone_are_queued_at_once() {
    let service = Service::start();
    let (at, cells) = notebook(&service, &["import time; time.sleep(0.5)", "2"]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    for cell in [&cells[0], &cells[1], &cells[1]] {
        let taken = run(&service, &at, json!({"cell_id": cell})).await;
        assert!(taken["execution_id"].is_string(), "{taken}");
    }
    assert_eq!(watcher.until_done().await, "idle");
    let body = service.get(&at).await.expect(200);
    assert_eq!(counts(&body), [1, 3].map(Value::from));
}

#[tokio::test]
async fn an_interrupt_ends_the_runs_that_wait_too_and_a_restart_does() {
    let service = Service::start();
    let stubborn = "try:\n    while True: pass\nexcept KeyboardInterrupt:\n    print('caught')";
    let (at, cells) = notebook(&service, &["x = 1", stubborn, "x"]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    for path in ["interrupt", "restart"] {
        let session = run(&service, &at, json!({"which": "all"})).await["session_id"].clone();
        let session = session.as_str().expect("an id").to_owned();
        run(&service, &at, json!({"which": "all"})).await;
        run(&service, &at, json!({"cell_id": cells[2]})).await;
        let begun = |event: &Value| event["type"] == "started" && event["cell_id"] == cells[1];
        watcher.until(begun).await;
        let path = format!("/sessions/{session}/{path}");
        let broken_off = service.post(&path, json!({})).await;
        assert!(broken_off.status.is_success());
        watcher
            .until(|event| {
                event["type"] == "notebook_status" && event["content"]["status"] != "running"
            })
            .await;
        let counts = counts(&service.get(&at).await.expect(200));
        assert_eq!(
            counts[2],
            Value::Null,
            "neither run came so far: {counts:?}"
        );
    }
    run(&service, &at, json!({"cell_id": cells[2]})).await;
    // After the restart there is no `x`, and nothing has run before.
    assert_eq!(watcher.until_done().await, "error");
    let body = service.get(&at).await.expect(200);
    assert_eq!(counts(&body)[2], 1);
}

/// Returns which cells run or wait, as the watchers know it who began with none, when nothing runs any more.
async fn told_at_the_end(watcher: &mut Watcher) -> (usize, BTreeSet<String>) {
    let told = RefCell::new((0, BTreeSet::new()));
    let learn = |event: &Value| {
        let content = &event["content"];
        let (most, known) = &mut *told.borrow_mut();
        let names = |key: &str| -> Vec<String> {
            let cells = content[key].as_array().into_iter().flatten();
            cells
                .map(|cell| cell.as_str().expect("an id").to_owned())
                .collect()
        };
        if event["type"] == "cell_changed" {
            let cell = content["cell"]["cell_id"].as_str().expect("an id");
            match content["running"].as_bool().expect("it is said") {
                true => known.insert(cell.to_owned()),
                false => known.remove(cell),
            };
        }
        if event["type"] == "notebook_status" {
            known.extend(names("running"));
            known.retain(|cell| !names("resting").contains(cell));
        }
        *most = known.len().max(*most);
        event["type"] == "notebook_status" && content["status"] != "running"
    };
    watcher.until(learn).await;
    told.into_inner()
}

#[tokio::test]
async fn who_watches_is_told_which_cells_wait_and_which_do_no_longer() {
    let mut service = Service::start();
    let sources = ["x = 1", "import time; time.sleep(600)", "x", "x"];
    let (at, cells) = notebook(&service, &sources).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let mut ahead = Watcher::begin(&service, &at, 0).await;
    let sleeps = |event: &Value| event["type"] == "started" && event["cell_id"] == cells[1];
    let session = run(&service, &at, json!({"which": "all"})).await["session_id"].clone();
    run(&service, &at, json!({"which": "all"})).await;
    let session = session.as_str().expect("an id");
    ahead.until(sleeps).await;
    let interrupt = format!("/sessions/{session}/interrupt");
    let interrupted = service.post(&interrupt, json!({})).await;
    assert!(interrupted.status.is_success());
    assert_eq!(told_at_the_end(&mut watcher).await, (4, BTreeSet::new()));

    // What waited when the service ended is told to wait no longer by the next one.
    run(&service, &at, json!({"which": "all"})).await;
    ahead.until(sleeps).await;
    let last = watcher.last;
    service.kill_and_restart();
    let mut watcher = Watcher::begin(&service, &at, last).await;
    assert_eq!(told_at_the_end(&mut watcher).await, (4, BTreeSet::new()));
}

#[tokio::test]
async fn a_cell_that_is_split_while_it_runs_goes_on_in_its_second_part() {
    let service = Service::start();
    let source = "print('before')\ninput()\nprint('after')";
    let (at, cells) = notebook(&service, &[source]).await;
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let session = run(&service, &at, json!({"cell_id": cells[0]})).await["session_id"].clone();
    let session = session.as_str().expect("an id");
    watcher
        .until(|event| event["type"] == "input_request")
        .await;
    let cell = service.get(&at).await.expect(200)["cells"][0].clone();
    let split = json!({"revision": cell["revision"], "at": "print('before')\n".len()});
    let parts = service
        .post(&format!("{at}/cells/{}/split", cells[0]), split)
        .await
        .expect(200);
    assert_eq!(parts["first"]["source"], "print('before')");
    assert_eq!(parts["first"]["outputs"], json!([]));
    assert_eq!(parts["second"]["cell_id"], cells[0]);
    let line = json!({"value": "a line"});
    service
        .post(&format!("/sessions/{session}/input"), line)
        .await
        .expect(204);
    assert_eq!(watcher.until_done().await, "idle");
    let body = service.get(&at).await.expect(200);
    let shown = &body["cells"][1]["outputs"][0]["text"];
    assert_eq!(shown, "before\nafter\n", "{body}");
    assert_eq!(
        body["cells"][1]["stale"], true,
        "it was edited since it ran"
    );
}
