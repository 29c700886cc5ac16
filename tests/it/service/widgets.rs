//! Controls of notebooks: what a front end says to a widget reaches its code, and what that does is shown.

use serde_json::{Value, json};

use super::notebook_runs::{Watcher, notebook};
use crate::support::patience::until;
use crate::support::service::Service;

const INTERACT: &str = "from ipywidgets import interact\n@interact(x=(0, 10))\ndef f(x): print('x is', x)\nf.widget.children[0].model_id";

/// Returns the id of the slider, once the cell that makes it has run.
async fn slider(service: &Service, at: &str, cell: &str) -> String {
    let mut watcher = Watcher::begin(service, at, 0).await;
    service
        .post(&format!("{at}/execute"), json!({"cell_id": cell}))
        .await
        .expect(202);
    assert_eq!(watcher.until_done().await, "idle");
    let body = service.get(at).await.expect(200);
    let outputs = body["cells"][0]["outputs"].as_array().expect("outputs");
    let shown = outputs.last().expect("one")["data"]["text/plain"].as_str();
    shown.expect("a text").trim_matches('\'').to_owned()
}

fn moved(comm: &str, to: u32) -> Value {
    let data = json!({"method": "update", "state": {"value": to}, "buffer_paths": []});
    json!({"type": "comm_msg", "content": {"comm_id": comm, "data": data}})
}

/// Returns the states of the notebook's widgets as its file has them.
fn saved(body: &Value) -> Vec<Value> {
    let models = &body["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"];
    let models = models.as_object().into_iter().flatten();
    models.map(|(_, model)| model["state"].clone()).collect()
}

/// Tells whether a message says that a widget shows this text.
fn shows(event: &Value, text: &str) -> bool {
    event["type"] == "comm_msg" && event["content"]["data"]["state"]["outputs"][0]["text"] == text
}

#[tokio::test]
async fn a_slider_moves_what_its_function_shows_and_stays_where_it_is() {
    let mut service = Service::start();
    let (at, cells) = notebook(&service, &[INTERACT]).await;
    let comm = slider(&service, &at, &cells[0]).await;
    let body = service.get(&at).await.expect(200);
    let first = |state: &Value| state["outputs"][0]["text"] == "x is 5\n";
    assert!(saved(&body).iter().any(first), "{body:#}");

    let seen = service.get(&format!("{at}/status")).await.expect(200);
    let mut watcher = Watcher::begin(&service, &at, 0).await;
    let taken = service.post(&format!("{at}/comm"), moved(&comm, 7)).await;
    assert_eq!(taken.expect(202)["cells"], json!([]));
    watcher.until(|event| shows(event, "x is 7\n")).await;
    // It is saved a little later.
    until("the slider's place is saved", || async {
        let body = service.get(&at).await.expect(200);
        let now = |state: &Value| state["outputs"][0]["text"] == "x is 7\n";
        saved(&body).iter().any(now)
    })
    .await;
    let body = service.get(&at).await.expect(200);
    assert!(body["revision"].as_u64() > seen["revision"].as_u64());
    assert!(saved(&body).iter().any(|state| state["value"] == 7));

    // The session outlives the service, and with it what the slider is connected to.
    service.kill_and_restart();
    let mut watcher = Watcher::begin(&service, &at, watcher.last).await;
    let taken = service.post(&format!("{at}/comm"), moved(&comm, 9)).await;
    taken.expect(202);
    watcher.until(|event| shows(event, "x is 9\n")).await;
    until("the slider is whole", || async {
        let body = service.get(&at).await.expect(200);
        let whole = |state: &Value| state["value"] == 9 && state["_model_name"] == "IntSliderModel";
        saved(&body).iter().any(whole)
    })
    .await;
}

#[tokio::test]
async fn a_message_that_cannot_arrive_is_refused() {
    let service = Service::start();
    let (at, _) = notebook(&service, &["1"]).await;
    let comm = format!("{at}/comm");
    // There is no session yet.
    let refused = service.post(&comm, moved("c", 1)).await;
    refused.refused(404, 20401);
    let malformed = [
        (
            json!({"type": "comm_msg", "content": {"comm_id": ""}}),
            "comm_id",
        ),
        (
            json!({"type": "comm_msg", "content": {"comm_id": "c", "buffers": ["*"]}}),
            "buffers",
        ),
        (
            json!({"type": "comm_open", "content": {"comm_id": "c", "target_name": "n".repeat(201)}}),
            "target_name",
        ),
        (
            json!({"type": "comm_msg", "content": {"comm_id": "c", "buffers": vec![""; 1001]}}),
            "buffers",
        ),
    ];
    for (body, field) in malformed {
        let answer = service.post(&comm, body).await.refused(422, 50202);
        assert_eq!(answer["errors"][0]["field"], field, "{answer:#}");
    }
    service
        .post(&comm, json!({"type": "comm_shout", "content": {}}))
        .await
        .refused(422, 50202);
    // What nobody listens to does no harm.
    service
        .post(&format!("{at}/execute"), json!({"code": "1"}))
        .await
        .expect(202);
    service.post(&comm, moved("nobody", 1)).await.expect(202);
}
