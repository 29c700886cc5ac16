//! Floods of output (O1, O3, O6).

use std::time::Duration;

use python_wasm::{Event, Outcome};

use crate::harness::{policy, printed, session_with, text};

#[tokio::test]
async fn floods_are_cut_with_one_note_and_the_cell_goes_on() {
    let policy = policy(|limits| {
        limits.stdout_bytes = 100_000;
        limits.cell_time = Duration::from_secs(60);
    });
    let mut session = session_with("base", policy).await;
    for flood in [
        "for _ in range(50_000): print('0123456789')",
        "print('x' * 10_000_000)",
        "for _ in range(200_000): print()",
        "import os\nfor _ in range(5_000): os.write(1, b'0123456789' * 10)",
        "import sys\nfor _ in range(50_000): sys.stderr.write('0123456789\\n')",
    ] {
        let (execution, events) = session
            .collect(&format!("{flood}\ndone = 1"))
            .await
            .unwrap();
        assert_eq!(execution.outcome, Outcome::Ok, "{flood}");
        let shown = printed(&events);
        let notes = shown
            .matches("[The cell's text output reached its limit of 100000 bytes")
            .count();
        assert_eq!(notes, 1, "{flood}");
        assert!(shown.len() < 100_200, "{flood}: {}", shown.len());
        assert!(events.len() < 5_000, "{flood}: {} messages", events.len());
        assert_eq!(text(&mut session, "print(done)").await, "1\n");
    }
}

#[tokio::test]
async fn a_large_display_is_replaced_by_a_note() {
    let policy = policy(|limits| limits.display_bytes = 1 << 20);
    let mut session = session_with("base", policy).await;
    let code = "from IPython.display import HTML, display\ndisplay(HTML('x' * (100 << 20)))\nprint('after')";
    let (execution, events) = session.collect(code).await.unwrap();
    assert_eq!(execution.outcome, Outcome::Ok, "{}", printed(&events));
    assert!(
        !events
            .iter()
            .any(|event| serde_json::to_string(event).unwrap().len() > 1 << 20)
    );
    assert!(printed(&events).contains("after"));
    let (_, events) = session.collect("display(HTML('small'))").await.unwrap();
    assert!(matches!(&events[0], Event::DisplayData(_)));
}

#[tokio::test]
async fn invalid_text_becomes_valid_json() {
    let mut session = session_with("base", policy(|_| {})).await;
    let (_, events) = session
        .collect(
            "import os\nos.write(1, b'\\xff\\xfe\\x00ok\\n')\nprint('a\\ud800b\\x00c')\n'\\udfff'",
        )
        .await
        .unwrap();
    let shown = printed(&events);
    assert!(shown.contains("\u{fffd}\u{fffd}\u{0}ok"), "{shown:?}");
    assert!(shown.contains("b\u{0}c"), "{shown:?}");
}

#[tokio::test]
async fn what_a_cell_printed_before_it_was_ended_is_shown() {
    let policy = policy(|limits| limits.cell_time = Duration::from_secs(1));
    let mut session = session_with("base", policy).await;
    const STUBBORN: &str =
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass";
    for say in [
        "print('one', flush=True)\nprint('two', flush=True)",
        "print('one')\nprint('two')",
    ] {
        text(&mut session, "print('a cell before')").await;
        let (execution, events) = session
            .collect(&format!("{say}\n{STUBBORN}"))
            .await
            .unwrap();
        assert!(
            matches!(execution.outcome, Outcome::Killed { .. }),
            "{execution:?}"
        );
        assert!(
            printed(&events).starts_with("one\ntwo\n"),
            "{say}\n{events:?}"
        );
    }
}

#[tokio::test]
async fn figures_are_shown_at_a_cells_end_in_every_image() {
    for image in ["data", "ml"] {
        let mut session = session_with(image, policy(|_| {})).await;
        for cell in [
            "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
            "import seaborn as sns\nsns.set_theme()\nsns.reset_orig()\nplt.plot([2, 1]);",
        ] {
            let (execution, events) = session.collect(cell).await.unwrap();
            assert_eq!(execution.outcome, Outcome::Ok);
            let figures = events
                .iter()
                .filter(|event| matches!(event, Event::DisplayData(_)));
            assert_eq!(figures.count(), 1, "{image}: {cell}\n{events:?}");
        }
    }
}
