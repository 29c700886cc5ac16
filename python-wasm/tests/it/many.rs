//! Many sessions at once (C8).

use std::time::Duration;

use python_wasm::{Cell, Outcome, Session, SessionOptions};
use tokio::sync::mpsc;

use crate::harness::{image, policy, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_endless_loops_keep_nobody_from_working() {
    const LOOPS: usize = 50;
    let image = image("base").await;
    let policy = policy(|limits| {
        limits.cell_time = Duration::from_secs(120);
        // The grace is a time, and each of so many waits long for its turn.
        limits.grace_time = Duration::from_secs(10);
    });
    let options = || SessionOptions::new(policy.clone());
    let mut probe = Session::spawn(&image, options()).await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..LOOPS {
        sessions.push(Session::spawn(&image, options()).await.unwrap());
    }
    let mut running = Vec::new();
    for (number, mut session) in sessions.into_iter().enumerate() {
        let interrupter = session.interrupter();
        let (events, mut messages) = mpsc::channel(64);
        let task = tokio::spawn(async move {
            let code = format!("number = {number}\nprint('begun', flush=True)\nwhile True: pass");
            let execution = session.run_cell(&Cell::new(code), &events).await.unwrap();
            (session, execution.outcome)
        });
        assert!(messages.recv().await.is_some(), "{number} has not begun");
        running.push((task, interrupter, messages));
    }
    for step in 0..5 {
        let cell = format!("print({step} + 1)");
        assert_eq!(text(&mut probe, &cell).await, format!("{}\n", step + 1));
    }
    for (task, interrupter, _) in &running {
        assert!(!task.is_finished());
        interrupter.interrupt();
    }
    for (number, (task, ..)) in running.into_iter().enumerate() {
        let (mut session, outcome) = task.await.unwrap();
        assert_eq!(outcome, Outcome::Interrupted);
        assert_eq!(text(&mut session, "number").await, number.to_string());
    }
}
