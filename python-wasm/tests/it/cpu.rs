//! Cells that would compute for ever (C1, C2, C3, C5).

use std::time::{Duration, Instant};

use python_wasm::{Event, Outcome, Stop};

use crate::harness::{policy, session_with, survives, text};

async fn short() -> python_wasm::Session {
    session_with(
        "base",
        policy(|limits| limits.cell_time = Duration::from_secs(1)),
    )
    .await
}

#[tokio::test]
async fn a_loop_is_told_the_limit_and_keeps_its_variables() {
    let mut session = short().await;
    let execution = survives(&mut session, "kept = 1\nwhile True: pass").await;
    let Outcome::Limit {
        limit: Stop::CellTime,
        message,
    } = execution.outcome
    else {
        panic!("{execution:?}")
    };
    assert!(message.contains("the policy's `cell_time`"), "{message}");
    assert_eq!(text(&mut session, "kept").await, "1");
}

#[tokio::test]
async fn the_traceback_of_a_limit_ends_in_the_users_code() {
    let mut session = short().await;
    let code = "def spin():\n    while True: pass\nspin()";
    let (_, events) = session.collect(code).await.unwrap();
    let Some(Event::Error(error)) = events.last() else {
        panic!("{events:?}")
    };
    let traceback = error.traceback.join("\n");
    assert!(traceback.contains("spin"), "{traceback}");
    assert!(!traceback.contains("cellblock_kernel"), "{traceback}");
}

#[tokio::test]
async fn loops_that_swallow_every_exception_are_rolled_back() {
    let mut session = short().await;
    for hostile in [
        "while True:\n    try:\n        while True: pass\n    except BaseException: continue",
        "class A:\n    def __del__(self):\n        while True:\n            try:\n                while True: pass\n            except BaseException: pass\na = A()\ndel a",
        "class A:\n    def __hash__(self):\n        while True:\n            try:\n                while True: pass\n            except BaseException: pass\n{A(): 1}",
        "def g():\n    try:\n        yield 1\n    finally:\n        while True:\n            try:\n                while True: pass\n            except BaseException: pass\ni = g()\nnext(i)\ni.close()",
        "import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass",
    ] {
        let execution = survives(&mut session, &format!("lost = 1\n{hostile}")).await;
        let Outcome::Killed {
            limit: Some(Stop::CellTime),
            message,
        } = &execution.outcome
        else {
            panic!("{hostile}\n{execution:?}")
        };
        assert!(
            message.ends_with("The variables are as they were before the cell."),
            "{message}"
        );
        assert_eq!(
            text(&mut session, "print('lost' in globals())").await,
            "False\n",
            "{hostile}"
        );
    }
}

#[tokio::test]
async fn long_c_loops_are_stopped() {
    let mut session = short().await;
    for hostile in [
        "9**9**8",
        "import sys\nsys.set_int_max_str_digits(0)\nint('9'*10**7)",
        "import math\nmath.factorial(10**7)",
        "import re\nre.match('(a+)+$', 'a'*40+'b')",
        "sum(range(10**12))",
        "list(zip(*[iter(int, 1)]))",
        "'x' in iter(int, 1)",
    ] {
        let execution = survives(&mut session, hostile).await;
        let stopped = matches!(
            execution.outcome,
            Outcome::Limit {
                limit: Stop::CellTime,
                ..
            } | Outcome::Killed { .. }
        ) || matches!(&execution.outcome, Outcome::Error { ename, .. } if ename == "MemoryError");
        assert!(stopped, "{hostile}: {execution:?}");
    }
}

#[tokio::test]
async fn sleeping_is_cut_at_the_limit_and_pins_no_thread() {
    let mut session = short().await;
    let execution = survives(&mut session, "import time\ntime.sleep(10**9)").await;
    assert!(
        matches!(
            execution.outcome,
            Outcome::Limit {
                limit: Stop::CellTime,
                ..
            }
        ),
        "{execution:?}"
    );
    assert!(
        execution.usage.fuel < 1_000_000_000,
        "a rest costs no fuel: {execution:?}"
    );

    // Many sleepers on a runtime of one thread.
    let started = Instant::now();
    let mut sleepers = Vec::new();
    for _ in 0..20 {
        let mut session = crate::harness::base().await;
        sleepers.push(async move {
            crate::harness::run(&mut session, "import time\ntime.sleep(1)").await
        });
    }
    for outcome in futures::future::join_all(sleepers).await {
        assert_eq!(outcome, Outcome::Ok);
    }
    assert!(
        started.elapsed() < Duration::from_secs(18),
        "twenty sleepers of one second slept one after the other"
    );
}

#[tokio::test]
async fn fuel_of_a_cell_and_of_a_session_is_a_limit() {
    let policy = policy(|limits| {
        limits.fuel_per_cell = 1_000_000_000;
        limits.fuel_per_session = 1_500_000_000;
    });
    let mut session = session_with("base", policy).await;
    let outcome = crate::harness::run(&mut session, "while True: pass").await;
    assert!(
        matches!(
            outcome,
            Outcome::Limit {
                limit: Stop::FuelPerCell,
                ..
            }
        ),
        "{outcome:?}"
    );
    let outcome = crate::harness::run(&mut session, "while True: pass").await;
    assert!(
        matches!(
            outcome,
            Outcome::Limit {
                limit: Stop::FuelPerSession,
                ..
            }
        ),
        "{outcome:?}"
    );
    let (execution, _) = session.collect("1 + 1").await.unwrap();
    let Outcome::Limit {
        limit: Stop::FuelPerSession,
        message,
    } = execution.outcome
    else {
        panic!("{execution:?}")
    };
    assert_eq!(
        message,
        "the session used all its fuel, the policy's `fuel_per_session`; nothing was run"
    );
}
