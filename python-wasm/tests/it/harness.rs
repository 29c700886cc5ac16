//! One runtime and its images for all tests.

use std::time::Duration;

use python_wasm::{
    Event, Execution, Image, ImageSpec, Limits, Outcome, Policy, Quiet, Runtime, RuntimeOptions,
    Session, SessionOptions,
};
use tokio::sync::OnceCell;

static RUNTIME: OnceCell<Runtime> = OnceCell::const_new();

pub async fn runtime() -> Runtime {
    RUNTIME
        .get_or_init(|| async {
            Runtime::prepare(RuntimeOptions::default(), Quiet::shared())
                .await
                .unwrap()
        })
        .await
        .clone()
}

pub async fn image(name: &str) -> Image {
    runtime()
        .await
        .image(&ImageSpec::builtin(name).unwrap(), Quiet::shared())
        .await
        .unwrap()
}

/// Limits small enough that a test does not have to wait for them.
pub fn policy(change: impl FnOnce(&mut Limits)) -> Policy {
    let mut policy = Policy::profile("untrusted").unwrap();
    policy.limits.cell_time = Duration::from_secs(20);
    policy.limits.fuel_per_cell = 100_000_000_000;
    policy.limits.fuel_per_session = 1_000_000_000_000;
    policy.limits.grace_time = Duration::from_millis(500);
    change(&mut policy.limits);
    policy
}

pub async fn session_with(image_name: &str, policy: Policy) -> Session {
    Session::spawn(&image(image_name).await, SessionOptions::new(policy))
        .await
        .unwrap()
}

pub async fn base() -> Session {
    session_with("base", policy(|_| {})).await
}

pub async fn data() -> Session {
    session_with("data", policy(|_| {})).await
}

/// Runs a cell and returns its outcome.
pub async fn run(session: &mut Session, code: &str) -> Outcome {
    session.collect(code).await.unwrap().0.outcome
}

/// Runs a cell that must end well, and returns what it printed and its value's text.
pub async fn text(session: &mut Session, code: &str) -> String {
    let (execution, events) = session.collect(code).await.unwrap();
    assert_eq!(
        execution.outcome,
        Outcome::Ok,
        "{code}\n{}",
        printed(&events)
    );
    printed(&events)
}

/// Returns all text of a cell's messages: streams, results and displays.
pub fn printed(events: &[Event]) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            Event::Stream(stream) => text.push_str(&stream.text),
            Event::ExecuteResult(_) | Event::DisplayData(_) => {
                let message = serde_json::to_value(event).unwrap();
                text.push_str(
                    message["content"]["data"]["text/plain"]
                        .as_str()
                        .unwrap_or_default(),
                );
            }
            Event::Error(error) => text.push_str(&format!("{}: {}", error.ename, error.evalue)),
            Event::UpdateDisplayData(_)
            | Event::ClearOutput(_)
            | Event::InputRequest(_)
            | Event::CommOpen(_)
            | Event::CommMsg(_)
            | Event::CommClose(_) => {}
        }
    }
    text
}

/// Runs a cell that must raise, and returns the exception's type and text.
pub async fn raised(session: &mut Session, code: &str) -> (String, String) {
    match run(session, code).await {
        Outcome::Error { ename, evalue, .. } => (ename, evalue),
        other => panic!("{code}\nwas to raise, but: {other:?}"),
    }
}

/// Runs a hostile cell in a session that holds a variable, and checks that the session goes on
/// with that variable whatever became of the cell.
pub async fn survives(session: &mut Session, code: &str) -> Execution {
    assert_eq!(run(session, "canary = 'alive'").await, Outcome::Ok);
    let (execution, _) = session.collect(code).await.unwrap();
    assert_eq!(
        text(session, "print(canary, 40 + 2)").await,
        "alive 42\n",
        "after {code}"
    );
    execution
}
