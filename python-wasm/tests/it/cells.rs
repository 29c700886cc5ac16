//! What a cell does and tells.

use python_wasm::{Cell, Event, Outcome};
use tokio::sync::mpsc;

use crate::harness::{base, data, printed, raised, run, text};

#[tokio::test]
async fn values_prints_and_variables_live_on() {
    let mut session = base().await;
    assert_eq!(
        text(&mut session, "x = 41\nprint('hello')\nx + 1").await,
        "hello\n42"
    );
    assert_eq!(text(&mut session, "x").await, "41");
    assert_eq!(session.execution_count(), 2);
}

#[tokio::test]
async fn an_exception_is_a_result_and_keeps_what_the_cell_did() {
    let mut session = base().await;
    assert_eq!(
        raised(&mut session, "y = 7\n1 / 0").await,
        ("ZeroDivisionError".into(), "division by zero".into())
    );
    assert_eq!(text(&mut session, "y").await, "7");
    assert_eq!(raised(&mut session, "def").await.0, "SyntaxError");
}

#[tokio::test]
async fn sys_exit_ends_the_cell_and_not_the_session() {
    let mut session = base().await;
    let outcome = run(&mut session, "z = 1\nimport sys\nsys.exit(3)").await;
    assert!(
        matches!(outcome, Outcome::Error { ref ename, .. } if ename == "SystemExit"),
        "{outcome:?}"
    );
    assert_eq!(text(&mut session, "z").await, "1");
}

#[tokio::test]
async fn pandas_and_a_figure_come_as_rich_output() {
    let mut session = data().await;
    let (execution, events) = session
        .collect("import pandas as pd, matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\npd.DataFrame({'a': [1, 2]})")
        .await
        .unwrap();
    assert_eq!(execution.outcome, Outcome::Ok, "{}", printed(&events));
    let messages: Vec<serde_json::Value> = events
        .iter()
        .map(|event| serde_json::to_value(event).unwrap())
        .collect();
    let has = |kind: &str, mime: &str| {
        messages
            .iter()
            .any(|message| message["type"] == kind && !message["content"]["data"][mime].is_null())
    };
    assert!(has("execute_result", "text/html"), "{messages:?}");
    assert!(has("display_data", "image/png"));
}

#[tokio::test]
async fn top_level_await_and_asyncio_work() {
    let mut session = base().await;
    let code = "import asyncio\nasync def f(n):\n    await asyncio.sleep(0.01)\n    return n\nawait asyncio.gather(f(1), f(2))";
    assert_eq!(text(&mut session, code).await, "[1, 2]");
}

#[tokio::test]
async fn input_is_asked_and_answered_and_refused_when_nobody_may_be_asked() {
    let mut session = base().await;
    assert_eq!(
        raised(&mut session, "input('name? ')").await.0,
        "StdinNotImplementedError"
    );

    let (sender, mut receiver) = mpsc::channel(16);
    let answers = session.input();
    let answering = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(event) = receiver.recv().await {
            if let Event::InputRequest(question) = &event {
                assert_eq!(question.prompt, "name? ");
                answers.send(Some("Ada".into())).await;
            }
            seen.push(event);
        }
        seen
    });
    let cell = Cell {
        allow_stdin: true,
        ..Cell::new("print('hello', input('name? '))")
    };
    assert_eq!(
        session.run_cell(&cell, &sender).await.unwrap().outcome,
        Outcome::Ok
    );
    drop(sender);
    assert_eq!(printed(&answering.await.unwrap()), "hello Ada\n");
}

#[tokio::test]
async fn an_interrupt_raises_keyboard_interrupt_and_keeps_the_state() {
    let mut session = base().await;
    for waiting in [
        "while True: n += 1",
        "import time\ntime.sleep(60)",
        "import asyncio\nawait asyncio.sleep(60)",
    ] {
        let interrupter = session.interrupter();
        let later = tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            interrupter.interrupt();
        });
        let outcome = run(&mut session, &format!("n = 1\n{waiting}")).await;
        assert_eq!(outcome, Outcome::Interrupted, "{waiting}");
        later.await.unwrap();
        assert_eq!(text(&mut session, "print(n > 0)").await, "True\n");
    }
}

#[tokio::test]
async fn an_interrupt_can_be_caught() {
    let mut session = base().await;
    let interrupter = session.interrupter();
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        interrupter.interrupt();
    });
    let code = "try:\n    while True: pass\nexcept KeyboardInterrupt:\n    print('caught')";
    assert_eq!(text(&mut session, code).await, "caught\n");
}

#[tokio::test]
async fn an_interrupt_while_nothing_runs_is_forgotten() {
    let mut session = base().await;
    session.interrupter().interrupt();
    assert_eq!(text(&mut session, "sum(range(100000))").await, "4999950000");
    // One that was said to be about to run can be interrupted before it begins.
    session.interrupter().expect_cell();
    session.interrupter().interrupt();
    let (execution, _) = session.collect("while True: pass").await.expect("it runs");
    assert_eq!(execution.outcome, Outcome::Interrupted);
    assert_eq!(text(&mut session, "1 + 1").await, "2");
}
