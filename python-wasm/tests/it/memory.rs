//! Cells that want more memory than there is (M1, M2, M4), and many sessions at once (M6).

use std::time::Duration;

use python_wasm::Outcome;

use crate::harness::{policy, raised, run, session_with, survives, text};

async fn small() -> python_wasm::Session {
    session_with("data", policy(|limits| limits.memory = 512 << 20)).await
}

#[tokio::test]
async fn huge_objects_raise_and_the_session_goes_on() {
    let mut session = small().await;
    for hostile in [
        "bytearray(2**31 - 1)",
        "[0] * 10**9",
        "'x' * (2**31 - 64)",
        "list(range(10**9))",
        "import numpy as np\nnp.zeros(2**31 - 1, dtype='u1')",
        "import numpy as np\nnp.ones((15000, 15000))",
    ] {
        let execution = survives(&mut session, hostile).await;
        assert!(
            matches!(&execution.outcome, Outcome::Error { ename, .. } if ename.contains("MemoryError")),
            "{hostile}: {execution:?}"
        );
    }
    assert!(matches!(
        raised(&mut session, "bytearray(2**40)").await.0.as_str(),
        "OverflowError" | "MemoryError"
    ));
}

#[tokio::test]
async fn memory_that_was_touched_to_the_limit_comes_back() {
    let mut session = small().await;
    let code = "import numpy as np\nfor _ in range(5):\n    a = np.ones(200 << 20, dtype='u1')\n    del a\nprint('done')";
    assert_eq!(text(&mut session, code).await, "done\n");
    assert!(session.usage().memory_bytes <= 512 << 20);
    let outcome = survives(
        &mut session,
        "hold = []\nwhile True: hold.append(bytearray(1 << 20))",
    )
    .await
    .outcome;
    assert!(
        matches!(&outcome, Outcome::Error { ename, .. } if ename == "MemoryError"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn after_a_memory_error_errors_are_told_as_before() {
    let policy = policy(|limits| limits.memory = 600 << 20);
    let mut session = session_with("data", policy).await;
    for filling in [
        "while True: held.append(bytearray(1 << 20))",
        "import numpy as np\nwhile True: held.append(np.ones(1 << 17))",
        "def fill():\n    here = []\n    while True: here.append(bytearray(1 << 16))\nfill()",
    ] {
        let (ename, _) = raised(&mut session, &format!("held = []\n{filling}")).await;
        assert!(ename.contains("MemoryError"), "{filling}: {ename}");
        run(&mut session, "del held").await;
        for (wrong, error) in [
            ("1/0", "ZeroDivisionError"),
            (
                "import pandas as pd\npd.DataFrame({'a': [1]})['x']",
                "KeyError",
            ),
        ] {
            assert_eq!(raised(&mut session, wrong).await.0, error, "{filling}");
        }
    }
}

#[tokio::test]
async fn a_cell_that_leaves_no_memory_to_go_on_with_is_rolled_back() {
    let mut session = small().await;
    run(&mut session, "kept = 'before'").await;
    for hostile in [
        "kept = []\nwhile True: kept.append(bytearray(16384))",
        "kept = []\ntry:\n    while True: kept.append(bytearray(1024))\nexcept MemoryError: pass",
        "kept = None\nwhile True: kept = (kept,)",
    ] {
        let outcome = run(&mut session, hostile).await;
        let Outcome::Killed {
            limit: None,
            message,
        } = &outcome
        else {
            panic!("{hostile}\n{outcome:?}")
        };
        assert!(message.contains("the policy gives (`memory`)"), "{message}");
        assert_eq!(text(&mut session, "print(kept)").await, "before\n");
        // What fails afterwards is told as what it is.
        let (ename, _) = raised(&mut session, "raise ValueError('still told')").await;
        assert_eq!(ename, "ValueError");
    }
}

#[tokio::test]
async fn a_full_memory_is_noticed_after_a_limit_too() {
    let policy = policy(|limits| {
        limits.memory = 256 << 20;
        limits.cell_time = Duration::from_secs(3);
    });
    let mut session = session_with("base", policy).await;
    run(&mut session, "kept = 'before'").await;
    let fill =
        "kept = []\ntry:\n    while True: kept.append(bytearray(4096))\nexcept MemoryError: pass";
    let outcome = run(&mut session, &format!("{fill}\nwhile True: pass")).await;
    assert!(matches!(outcome, Outcome::Killed { .. }), "{outcome:?}");
    assert_eq!(text(&mut session, "print(kept)").await, "before\n");
    // The control: a limit alone keeps what the cell left, and is told as one.
    let outcome = run(&mut session, "kept = 'after'\nwhile True: pass").await;
    assert!(matches!(outcome, Outcome::Limit { .. }), "{outcome:?}");
    assert_eq!(text(&mut session, "print(kept)").await, "after\n");
}

#[tokio::test]
async fn a_policy_below_the_image_is_refused() {
    let image = crate::harness::image("data").await;
    let policy = policy(|limits| limits.memory = 64 << 20);
    let refusal = python_wasm::Session::spawn(&image, python_wasm::SessionOptions::new(policy))
        .await
        .err()
        .unwrap();
    assert!(refusal.to_string().contains("(`memory`)"), "{refusal}");
}

#[tokio::test]
async fn three_hundred_sessions_live_side_by_side() {
    let image = crate::harness::image("base").await;
    let mut sessions = Vec::new();
    for number in 0..300 {
        let options = python_wasm::SessionOptions::new(policy(|_| {}));
        let mut session = python_wasm::Session::spawn(&image, options).await.unwrap();
        assert_eq!(
            text(&mut session, &format!("own = {number}\nown")).await,
            number.to_string()
        );
        sessions.push(session);
    }
    for (number, session) in sessions.iter_mut().enumerate() {
        assert_eq!(text(session, "own").await, number.to_string());
    }
}
