//! Turns whose end nobody saw, and ways back that failed: no half-run state is ever gone on with.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use python_wasm::{Cell, Outcome, PageStore, Session, SessionError, SessionOptions};
use tokio::sync::mpsc;

use crate::harness::{image, policy, run, session_with, text};

/// A cell that no interrupt stops.
const STUBBORN: &str =
    "x = 'torn'\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass";

/// Begins a cell and goes away before its end.
async fn abandon(session: &mut Session, cell: Cell) {
    let (events, _reader) = mpsc::channel(1);
    let run = session.run_cell(&cell, &events);
    let gone = tokio::time::timeout(Duration::from_millis(300), run).await;
    assert!(gone.is_err(), "{cell:?} was to be abandoned: {gone:?}");
}

async fn with_x() -> Session {
    let mut session = session_with("base", policy(|_| {})).await;
    run(&mut session, "x = 'whole'").await;
    session
}

#[tokio::test]
async fn an_abandoned_cell_is_undone_before_anything_else() {
    let asks = Cell {
        allow_stdin: true,
        ..Cell::new("x = 'torn'\ninput()")
    };
    let cells = [
        Cell::new(STUBBORN),
        asks,
        Cell::new("x = 'torn'\nimport time\ntime.sleep(60)"),
        // Nobody reads, so the queue is full and the cell waits.
        Cell::new("x = 'torn'\nfor i in range(9):\n    print(i, flush=True)"),
    ];
    for cell in cells {
        let mut session = with_x().await;
        abandon(&mut session, cell.clone()).await;
        assert_eq!(text(&mut session, "print(x)").await, "whole\n", "{cell:?}");
    }
}

#[tokio::test]
async fn every_use_of_a_session_undoes_the_abandoned_cell_first() {
    let mut session = with_x().await;
    let kept = session.checkpoint().await.unwrap();

    abandon(&mut session, Cell::new(STUBBORN)).await;
    let mut fork = session.fork().await.unwrap();
    assert_eq!(text(&mut fork, "print(x)").await, "whole\n");

    abandon(&mut session, Cell::new(STUBBORN)).await;
    let checkpoint = session.checkpoint().await.unwrap();
    run(&mut session, "x = 'later'").await;
    session.restore(&checkpoint).await.unwrap();
    assert_eq!(text(&mut session, "print(x)").await, "whole\n");

    abandon(&mut session, Cell::new(STUBBORN)).await;
    session.restore(&kept).await.unwrap();
    assert_eq!(text(&mut session, "print(x)").await, "whole\n");

    abandon(&mut session, Cell::new(STUBBORN)).await;
    let variables = session.variables().await.unwrap();
    assert!(
        variables
            .iter()
            .any(|variable| variable.name == "x" && variable.preview.contains("whole"))
    );

    abandon(&mut session, Cell::new(STUBBORN)).await;
    let mut awake = session.hibernate().await.unwrap().wake().await.unwrap();
    assert_eq!(text(&mut awake, "print(x)").await, "whole\n");
}

#[tokio::test]
async fn an_abandoned_cell_is_not_for_free() {
    let mut session = with_x().await;
    let before = session.usage().fuel;
    abandon(&mut session, Cell::new(STUBBORN)).await;
    run(&mut session, "pass").await;
    assert!(
        session.usage().fuel > before + 10_000_000,
        "{before} {}",
        session.usage().fuel
    );
}

/// A session whose store can be taken away.
async fn in_folder() -> (tempfile::TempDir, PathBuf, Session) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let options = SessionOptions {
        store: PageStore::open(&path).unwrap(),
        ..SessionOptions::new(policy(|limits| limits.cell_time = Duration::from_secs(1)))
    };
    let session = Session::spawn(&image("base").await, options).await.unwrap();
    (folder, path, session)
}

#[tokio::test]
async fn a_killed_cell_is_rolled_back_while_the_store_is_away() {
    let (folder, path, mut session) = in_folder().await;
    run(&mut session, "x = 'stored'").await;
    session.checkpoint().await.unwrap();
    let away = folder.path().join("away");
    fs::rename(&path, &away).unwrap();
    // This state is in memory alone.
    assert_eq!(run(&mut session, "x = 'whole'").await, Outcome::Ok);
    assert!(matches!(
        session.checkpoint().await,
        Err(SessionError::Store(_))
    ));
    let killed = run(&mut session, STUBBORN).await;
    assert!(matches!(killed, Outcome::Killed { .. }), "{killed:?}");
    assert_eq!(text(&mut session, "print(x)").await, "whole\n");
    let awake = session.hibernate().await.unwrap_err();
    assert!(matches!(awake.source, SessionError::Store(_)), "{awake}");
    let mut session = *awake.session;
    assert_eq!(text(&mut session, "print(x)").await, "whole\n");

    fs::rename(&away, &path).unwrap();
    let id = session.checkpoint().await.unwrap().id().clone();
    let store = PageStore::open(&path).unwrap();
    let checkpoint = store.load(&id).unwrap();
    let options = SessionOptions {
        store,
        ..SessionOptions::new(policy(|_| {}))
    };
    let mut woken = Session::wake(&image("base").await, options, &checkpoint)
        .await
        .unwrap();
    assert_eq!(text(&mut woken, "print(x)").await, "whole\n");
}

#[tokio::test]
async fn a_session_that_cannot_go_back_is_not_entered_until_it_can() {
    let (_folder, path, mut session) = in_folder().await;
    run(&mut session, "x = 'whole'\nbig = list(range(100_000))").await;
    let id = session.checkpoint().await.unwrap().id().clone();
    let file = path.join(format!("{id}.checkpoint"));
    let contents = fs::read(&file).unwrap();
    // The pages are in the file that the store keeps open, so it is emptied in place.
    fs::write(&file, b"").unwrap();
    let killed = session
        .collect(&format!("big.sort(reverse=True)\n{STUBBORN}"))
        .await;
    assert!(matches!(killed, Err(SessionError::Store(_))), "{killed:?}");
    for _ in 0..2 {
        let refused = session.collect("print(x)").await;
        assert!(
            matches!(refused, Err(SessionError::Store(_))),
            "{refused:?}"
        );
        assert!(matches!(
            session.checkpoint().await,
            Err(SessionError::Store(_))
        ));
        assert!(matches!(session.fork().await, Err(SessionError::Store(_))));
    }
    fs::write(&file, contents).unwrap();
    assert_eq!(
        text(&mut session, "print(x, big[:3])").await,
        "whole [0, 1, 2]\n"
    );
}
