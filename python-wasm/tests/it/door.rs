//! The door under attack, and tools that are granted (D1 to D4).

use std::time::Duration;

use python_wasm::{Outcome, Session, SessionOptions, ToolError, Tools};
use serde_json::json;

use crate::harness::{base, image, policy, raised, run, survives, text};

#[tokio::test]
async fn garbage_on_the_door_is_answered_with_an_error() {
    let mut session = base().await;
    let call = "import _host, json, struct\ndef call(head, body=b''):\n    head = head if isinstance(head, bytes) else json.dumps(head).encode()\n    a = _host.call(struct.pack('<I', len(head)) + head + body)\n    n = struct.unpack('<I', a[:4])[0]\n    return json.loads(a[4:4 + n])";
    assert_eq!(run(&mut session, call).await, Outcome::Ok);
    for (hostile, expected) in [
        (
            "_host.call(b'')",
            "the frame ends in the middle of its header",
        ),
        (
            "_host.call(b'\\xff\\xff\\xff\\xff{}')",
            "at most 33554432 are allowed",
        ),
        (
            "_host.call(b'\\x09\\0\\0\\0{')",
            "the frame ends in the middle of its header",
        ),
        ("call(b'[]')", "the header is not a JSON object"),
        ("call(b'{\"op\": \"next\", \"op\": \"next\"}')", ""),
        (
            "call(b'{\"a\":' + b'[' * 100000 + b']' * 100000 + b'}')",
            "recursion limit exceeded",
        ),
        (
            "call(b'{\"op\":\"limit\",\"x\":NaN}')",
            "the header is not a JSON object",
        ),
        (
            "call(b'{\"op\":\"limit\",\"x\":1e400}')",
            "number out of range",
        ),
        (
            "call(b'{\"op\":\"\\xff\"}')",
            "the header is not a JSON object",
        ),
        ("call({'op': 'nope'})", "unknown variant"),
        ("call({'op': 'emit'})", "missing field"),
        (
            "call({'op': 'emit', 'type': 'status', 'content': {}})",
            "a cell cannot send a message of type",
        ),
        (
            "call({'op': 'emit', 'type': 'stream', 'content': {'name': 'nope', 'text': ''}})",
            "does not fit its form",
        ),
        (
            "call({'op': 'emit', 'type': 'comm_msg', 'content': {'comm_id': 'c', 'data': {}}, 'buffers': [1]})",
            "longer than its body",
        ),
        (
            "call({'op': 'emit', 'type': 'comm_msg', 'content': {'comm_id': 'c', 'data': {}}, 'buffers': [0] * 1025})",
            "1024 buffers at most",
        ),
        (
            "call({'op': 'emit', 'type': 'stream', 'session': 'other', 'content': {}})",
            "unknown field",
        ),
        (
            "call({'op': 'tool', 'name': 'nope', 'arguments': {}})",
            "no tool named",
        ),
        ("call({'op': 'next'})", "there is no request to fetch"),
        (
            "call({'op': 'immortal'}, bytes(4))",
            "only an image under construction",
        ),
        (
            "_host.call(bytes(70 << 20))",
            "at most 67108864 are allowed",
        ),
    ] {
        let answer = text(&mut session, &format!("print({hostile})")).await;
        assert!(
            answer.contains("error") && answer.contains(expected),
            "{hostile}: {answer}"
        );
    }
    assert!(
        text(&mut session, "print(call({'op': 'limit'}))")
            .await
            .contains("'ok'"),
        "the control"
    );
}

#[tokio::test]
async fn an_answer_before_the_turn_ends_is_the_cells_own_affair() {
    let mut session = base().await;
    let hostile = "import _host, json, struct\nh = json.dumps({'op': 'reply', 'content': {'status': 'ok', 'execution_count': 10**30, 'x': [1]}}).encode()\n_host.call(struct.pack('<I', len(h)) + h)";
    survives(&mut session, hostile).await;
}

#[tokio::test]
async fn floods_of_calls_cost_time_and_fuel() {
    let mut session = crate::harness::session_with(
        "base",
        policy(|limits| {
            limits.host_calls_per_second = 100;
            limits.cell_time = Duration::from_secs(1);
        }),
    )
    .await;
    let hostile = "import _host\nn = 0\nwhile True:\n    _host.call(b'')\n    n += 1";
    let execution = survives(&mut session, hostile).await;
    assert!(
        matches!(
            execution.outcome,
            Outcome::Limit { .. } | Outcome::Killed { .. }
        ),
        "{execution:?}"
    );
}

#[tokio::test]
async fn a_granted_tool_is_imported_with_signature_and_docstring() {
    let tools = Tools::none()
        .with(
            "price",
            "(item: str, count: int = 1) -> float",
            "Returns the price of an item.",
            |arguments| async move {
                let item = arguments
                    .get("item")
                    .and_then(|item| item.as_str())
                    .unwrap_or_default()
                    .to_owned();
                let count = arguments
                    .get("count")
                    .and_then(serde_json::Value::as_u64)
                    .unwrap_or(1);
                match item.as_str() {
                    "apple" => Ok(json!(0.5 * count as f64)),
                    other => Err(ToolError::new(format!("no item named {other:?}"))),
                }
            },
        )
        .with("slow", "()", "Waits.", |_| async {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Ok(json!(null))
        });
    let options = SessionOptions {
        tools: tools.into(),
        ..SessionOptions::new(policy(|limits| limits.cell_time = Duration::from_secs(2)))
    };
    let mut session = Session::spawn(&image("base").await, options).await.unwrap();
    let code = "import tools\nimport inspect\nprint(tools.price('apple', count=4), inspect.signature(tools.price), tools.price.__doc__)";
    assert_eq!(
        text(&mut session, code).await,
        "2.0 (item: str, count: int = 1) -> float Returns the price of an item.\n"
    );
    let (_, evalue) = raised(&mut session, "tools.price('pear')").await;
    assert!(evalue.contains("no item named \"pear\""), "{evalue}");
    let outcome = run(&mut session, "tools.slow()").await;
    assert!(
        matches!(outcome, Outcome::Limit { .. } | Outcome::Killed { .. }),
        "{outcome:?}"
    );
    // A fork has the same tools; a session without has none.
    assert_eq!(
        text(
            &mut session.fork().await.unwrap(),
            "print(tools.price('apple'))"
        )
        .await,
        "0.5\n"
    );
    assert!(matches!(
        run(&mut base().await, "import tools\ntools.price('apple')").await,
        Outcome::Error { .. }
    ));
}
