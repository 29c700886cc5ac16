//! Many sessions at once (C8).

use std::time::Duration;

use python_wasm::{Outcome, Session, SessionOptions};

use crate::harness::{image, policy, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_endless_loops_keep_nobody_from_working() {
    const LOOPS: usize = 50;
    let image = image("base").await;
    let policy = policy(|limits| limits.cell_time = Duration::from_secs(120));
    let options = || SessionOptions::new(policy.clone());
    let mut probe = Session::spawn(&image, options()).await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..LOOPS {
        sessions.push(Session::spawn(&image, options()).await.unwrap());
    }
    let interrupters: Vec<_> = sessions.iter().map(Session::interrupter).collect();
    let running: Vec<_> = sessions
        .into_iter()
        .enumerate()
        .map(|(number, mut session)| {
            tokio::spawn(async move {
                let cell = format!("number = {number}\nwhile True: pass");
                let (execution, _) = session.collect(&cell).await.unwrap();
                (session, execution.outcome)
            })
        })
        .collect();
    for step in 0..5 {
        let cell = format!("print({step} + 1)");
        assert_eq!(text(&mut probe, &cell).await, format!("{}\n", step + 1));
    }
    assert!(running.iter().all(|session| !session.is_finished()));
    // An interrupt before a cell's begin is forgotten, so it is given again.
    while !running.iter().all(tokio::task::JoinHandle::is_finished) {
        for (session, interrupter) in running.iter().zip(&interrupters) {
            if !session.is_finished() {
                interrupter.interrupt();
            }
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    for (number, session) in running.into_iter().enumerate() {
        let (mut session, outcome) = session.await.unwrap();
        assert_eq!(outcome, Outcome::Interrupted);
        assert_eq!(text(&mut session, "number").await, number.to_string());
    }
}
