//! Sockets for those who come back with a number, and for those who watch a whole tenant.

use serde_json::{Value, json};

use crate::support::people::text;
use crate::support::service::Service;

/// A number that no log has reached.
const FAR: u64 = 1_000_000;

#[tokio::test]
async fn who_says_to_have_seen_more_than_there_is_is_told() {
    let service = Service::start();
    let session = service.session().await;
    service.text(&session, "1").await;
    let last = service
        .get(&format!("/sessions/{session}"))
        .await
        .expect(200)["last_seq"]
        .clone();
    let path = format!("/sessions/{session}/channel?after_seq={FAR}");
    let mut channel = service.listen(&path, &service.token).await;
    let gap = channel.next().await.expect("it is open");
    assert_eq!((&gap["type"], &gap["seq"]), (&json!("gap"), &last));
    let missing = json!({"first": last.as_u64().expect("a number") + 1, "last": FAR});
    assert_eq!(gap["content"], missing);
    service.text(&session, "2").await;
    let next = channel.next().await.expect("it is open");
    assert_eq!(next["seq"], missing["first"]);
    // The control: at the end, there is no gap.
    let last = service
        .get(&format!("/sessions/{session}"))
        .await
        .expect(200)["last_seq"]
        .clone();
    let path = format!("/sessions/{session}/channel?after_seq={last}");
    let mut channel = service.listen(&path, &service.token).await;
    service.text(&session, "3").await;
    let next = channel.next().await.expect("it is open");
    assert_eq!(next["seq"].as_u64(), last.as_u64().map(|last| last + 1));
    assert_ne!(next["type"], "gap");
}

#[tokio::test]
async fn who_watches_a_notebook_from_too_far_is_told() {
    let service = Service::start();
    let made = service
        .post("/notebooks", json!({"name": "n"}))
        .await
        .expect(201);
    let id = text(&made["notebook_id"]);
    let path = format!("/ws/notebooks/{id}?after_seq={FAR}");
    let mut socket = service.listen(&path, &service.token).await;
    let gap = socket.next().await.expect("it is open");
    assert_eq!(
        (&gap["type"], &gap["content"]["last"]),
        (&json!("gap"), &json!(FAR))
    );
    let next = socket.next().await.expect("it is open");
    assert_eq!(next["seq"].as_u64(), gap["seq"].as_u64().map(|seq| seq + 1));
}

#[tokio::test]
async fn a_tenants_news_are_told_to_those_who_watch_it_and_to_nobody_else() {
    let service = Service::start_with_tenants(&[("quotas.sessions", "2")]);
    let (one, two) = (service.tenant("one").await, service.tenant("two").await);
    let mut watcher = service.listen("/ws/events?", &one.key).await;
    let mut stranger = service.listen("/ws/events?", &two.key).await;
    let session = text(&one.post(&service, "/sessions", json!({})).await.expect(201)["id"]);
    let of = |event: &Value, kind: &str| event["type"] == kind && event["session_id"] == session;
    watcher
        .until(|event| of(event, "session_status") && event["content"]["state"] == "idle")
        .await;
    let path = format!("/sessions/{session}/execute");
    let ran = one
        .post(&service, &path, json!({"code": "1", "cell_id": "c"}))
        .await
        .expect(200);
    for status in ["running", "complete"] {
        let told = watcher.until(|event| of(event, "execution_status")).await;
        assert_eq!(told["content"]["status"], status);
        assert_eq!(
            (&told["execution_id"], &told["cell_id"]),
            (&ran["execution_id"], &json!("c"))
        );
    }
    one.post(&service, &path, json!({"code": "1 / 0"}))
        .await
        .expect(200);
    let is_error =
        |event: &Value| of(event, "execution_status") && event["content"]["status"] == "error";
    watcher.until(is_error).await;
    let made = one
        .post(&service, "/notebooks", json!({"name": "n"}))
        .await
        .expect(201);
    let address = format!("/notebooks/{}", text(&made["notebook_id"]));
    let cell = json!({"source": "1"});
    one.post(&service, &format!("{address}/cells"), cell)
        .await
        .expect(201);
    one.patch(&service, &address, json!({"name": "m"}))
        .await
        .expect(200);
    one.delete(&service, &address).await.expect(204);
    for (change, name) in [
        ("created", "n"),
        ("changed", "n"),
        ("changed", "m"),
        ("removed", "m"),
    ] {
        let told = watcher
            .until(|event| event["type"] == "notebook_changed")
            .await;
        assert_eq!(told["notebook_id"], made["notebook_id"]);
        assert_eq!(
            (&told["content"]["change"], &told["content"]["name"]),
            (&json!(change), &json!(name))
        );
    }
    let second = one.post(&service, "/sessions", json!({})).await.expect(201);
    let warned = watcher
        .until(|event| {
            event["type"] == "quota_warning" && event["content"]["resource"] == "sessions"
        })
        .await;
    assert_eq!(
        (&warned["content"]["used"], &warned["content"]["limit"]),
        (&json!(2), &json!(2))
    );
    one.delete(&service, &format!("/sessions/{session}"))
        .await
        .expect(204);
    watcher
        .until(|event| of(event, "session_status") && event["content"]["state"] == "dead")
        .await;
    // Nothing of all that reached the other tenant: the first it hears of is its own.
    let own = text(&two.post(&service, "/sessions", json!({})).await.expect(201)["id"]);
    let first = stranger.next().await.expect("it is open");
    assert_eq!(first["session_id"], own, "{first}");
    drop(second);
}

#[tokio::test]
async fn a_tenants_news_come_as_an_event_stream_too_until_the_service_or_the_key_ends() {
    let mut service = Service::start_with_tenants(&[]);
    let (one, two) = (service.tenant("one").await, service.tenant("two").await);
    let short = one.key_for(&service, json!({"name": "short"})).await;
    let mut watcher = Lines::open(&service, &one.key).await;
    let mut revoked = Lines::open(&service, &short.key).await;
    two.post(&service, "/sessions", json!({})).await.expect(201);
    let session = text(&one.post(&service, "/sessions", json!({})).await.expect(201)["id"]);
    // Of the other tenant's session, which was there before, neither hears.
    for lines in [&mut watcher, &mut revoked] {
        let first = lines.next().await.expect("it is open");
        assert_eq!(
            (&first["type"], &first["session_id"]),
            (&json!("session_status"), &json!(session))
        );
    }
    let closed = async |lines: &mut Lines| {
        let mut last = json!(null);
        while let Some(event) = lines.next().await {
            last = event;
        }
        assert_eq!(last["type"], "closed", "{last}");
        last["content"]["code"].clone()
    };
    one.delete(&service, &format!("/keys/{}", short.key_id))
        .await
        .expect(204);
    assert_eq!(closed(&mut revoked).await, 1008);
    let path = format!("/sessions/{session}/execute");
    one.post(&service, &path, json!({"code": "1"}))
        .await
        .expect(200);
    while watcher.next().await.expect("it is open")["type"] != "execution_status" {}
    service.end();
    assert_eq!(closed(&mut watcher).await, 1001);
}

/// The answer of `/events`, event by event.
struct Lines {
    response: reqwest::Response,
    text: String,
}

impl Lines {
    async fn open(service: &Service, key: &str) -> Self {
        let request = service.anonymous(reqwest::Method::GET, "/api/v1/events");
        let response = request.bearer_auth(key).send().await.expect("it answers");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let text = String::new();
        Self { response, text }
    }

    /// Returns the next event; nothing when there are no more.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                // A comment says no more than that the service is there.
                if let Some(json) = event.strip_prefix("data: ") {
                    return Some(serde_json::from_str(json).expect("it is JSON"));
                }
                continue;
            }
            let more = self.response.chunk().await.expect("it ends well")?;
            self.text
                .push_str(std::str::from_utf8(&more).expect("a text"));
        }
    }
}

#[tokio::test]
async fn who_speaks_where_one_only_listens_is_cut_off_and_others_are_not() {
    let service = Service::start();
    let session = service.session().await;
    let mut quiet = service.listen("/ws/events?", &service.token).await;
    let mut loud = service.listen("/ws/events?", &service.token).await;
    loud.say("{}").await;
    assert_eq!(loud.next().await, Err(Some(1008)));
    service.text(&session, "1").await;
    quiet
        .until(|event| event["type"] == "execution_status")
        .await;
}
