//! Executions that had ended when the service was killed, and of whose end it had told nobody: the end is
//! stored first, and told then.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::service::Service;

/// Returns the file with a session's events.
fn journal(service: &Service, session: &str) -> PathBuf {
    let tenants = std::fs::read_dir(service.data().join("tenants")).expect("tenants");
    let journals = tenants.flatten().map(|tenant| {
        let sessions = tenant.path().join("sessions");
        sessions.join(session).join("journal")
    });
    let mut journals = journals.filter(|journal| journal.exists());
    journals.next().expect("the session has a journal")
}

/// Removes all events from the one of a kind on that is the last of its kind.
fn cut_before(journal: &PathBuf, kind: &str) {
    let text = std::fs::read_to_string(journal).expect("it is there");
    let lines: Vec<&str> = text.lines().collect();
    let is_kind = |line: &&str| {
        let event: Value = serde_json::from_str(line).expect("an event");
        event["type"] == kind
    };
    let last = lines.iter().rposition(is_kind).expect("there is one");
    let mut kept = lines[..last].join("\n");
    kept.push('\n');
    std::fs::write(journal, kept).expect("it is written");
}

/// Returns what is told of a session's executions, up to the end of one that is run now.
async fn told(service: &Service, session: &str) -> Vec<Value> {
    let mut channel = service.channel(session, 0).await;
    let last = service.run(session, "'last'").await["execution_id"].clone();
    let mut events = Vec::new();
    loop {
        let event = channel.next().await.expect("it is open");
        if event["type"] == "finished" && event["execution_id"] == last {
            return events;
        }
        events.push(event);
    }
}

#[tokio::test]
async fn an_end_that_is_stored_is_told_once_wherever_the_service_was_killed_before_it_was() {
    let mut service = Service::start();
    let session = service.session().await;
    service.text(&session, "a = 1").await;
    for lost in ["status", "finished", "checkpoint"] {
        let ran = service.run(&session, "print('shown')\n1 / 0").await;
        service.end();
        cut_before(&journal(&service, &session), lost);
        for round in ["first", "second"] {
            service.kill_and_restart();
            let events = told(&service, &session).await;
            let case = format!("without {lost}, {round}: {events:#?}");
            let of = |event: &&Value| event["execution_id"] == ran["execution_id"];
            let kinds: Vec<&str> = events
                .iter()
                .filter(of)
                .filter_map(|event| event["type"].as_str())
                .filter(|kind| ["stream", "error", "checkpoint", "finished"].contains(kind))
                .collect();
            assert_eq!(
                kinds,
                ["stream", "error", "checkpoint", "finished"],
                "{case}"
            );
            let mut behind = events.iter().skip_while(|event| {
                event["type"] != "finished" || event["execution_id"] != ran["execution_id"]
            });
            let end = &behind.next().expect("it is told")["content"];
            assert_eq!(end["outcome"], "error", "{case}");
            assert_eq!(end["error"]["ename"], "ZeroDivisionError", "{case}");
            assert_eq!(end["execution_count"], ran["execution_count"], "{case}");
            assert_eq!(end["checkpoint_after"], ran["checkpoint_after"], "{case}");
            let idle = behind.next().expect("it is told");
            assert_eq!(
                idle["content"],
                json!({"execution_state": "idle"}),
                "{case}"
            );
        }
        let id = ran["execution_id"].as_str().expect("an id");
        let shown = format!("/sessions/{session}/executions/{id}");
        assert_eq!(service.get(&shown).await.expect(200)["text"], ran["text"]);
    }
}
