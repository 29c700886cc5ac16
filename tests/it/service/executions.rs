//! Executions: waited for, streamed, asked for later, interrupted, and questions beside them.

use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::service::{Service, answered};

#[tokio::test]
async fn code_runs_and_a_python_exception_is_a_result() {
    let service = Service::start();
    let session = service.session().await;
    let ran = service.run(&session, "import pandas as pd\nframe = pd.DataFrame({'a': [1, 2]})\nprint('shown')\nint(frame.a.sum())").await;
    assert_eq!(
        (&ran["status"], &ran["text"], &ran["execution_count"]),
        (&json!("success"), &json!("shown\n3"), &json!(1)),
        "{ran:#}"
    );
    assert_eq!(ran["outputs"].as_array().map(Vec::len), Some(2));
    assert!(
        ran["usage"]["fuel"]
            .as_u64()
            .is_some_and(|fuel| fuel > 1000)
    );
    let raised = service.run(&session, "1/0").await;
    assert_eq!(
        (&raised["status"], &raised["error"]["ename"]),
        (&json!("error"), &json!("ZeroDivisionError"))
    );
    assert_eq!(raised["checkpoint_before"], ran["checkpoint_after"]);
    let stored = service
        .get(&format!(
            "/sessions/{session}/executions/{}",
            ran["execution_id"].as_str().expect("an id")
        ))
        .await;
    let stored = stored.expect(200);
    assert_eq!(
        (&stored["outputs"], &stored["status"]),
        (&ran["outputs"], &ran["status"])
    );
    let listed = service
        .get(&format!("/sessions/{session}/executions"))
        .await
        .expect(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn executions_stream_as_lines_and_as_events() {
    let service = Service::start();
    let session = service.session().await;
    let path = format!("/sessions/{session}/execute");
    for (accept, prefix) in [
        ("application/x-ndjson", ""),
        ("text/event-stream", "data: "),
    ] {
        let request = service
            .request(Method::POST, &path)
            .header("accept", accept);
        let response = request
            .json(&json!({"code": "print(1)\n2"}))
            .send()
            .await
            .expect("it answers");
        assert_eq!(response.headers()["content-type"], accept);
        let text = response.text().await.expect("a text");
        let events: Vec<Value> = text
            .lines()
            .filter_map(|line| line.strip_prefix(prefix))
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let kinds: Vec<&str> = events
            .iter()
            .filter_map(|event| event["type"].as_str())
            .collect();
        assert_eq!(
            kinds,
            [
                "status",
                "started",
                "stream",
                "execute_result",
                "checkpoint",
                "finished"
            ],
            "{text}"
        );
    }
    let request = service
        .request(Method::POST, &path)
        .header("accept", "image/png")
        .json(&json!({"code": "1"}));
    answered(request).await.refused(406, 50211);
}

#[tokio::test]
async fn who_does_not_wait_gets_an_id_and_asks_later() {
    let service = Service::start();
    let session = service.session().await;
    let request = service.request(Method::POST, &format!("/sessions/{session}/execute"));
    let taken = answered(
        request
            .header("prefer", "respond-async")
            .json(&json!({"code": "6 * 7"})),
    )
    .await;
    let path = taken.header("location").expect("a location").to_owned();
    let taken = taken.expect(202);
    let mut channel = service
        .channel(&session, taken["after_seq"].as_u64().expect("a number"))
        .await;
    assert_eq!(
        channel.until("finished").await["execution_id"],
        taken["execution_id"]
    );
    let shown = service
        .get(path.strip_prefix("/api/v1").expect("it is below the API"))
        .await
        .expect(200);
    assert_eq!(
        (&shown["status"], &shown["text"]),
        (&json!("success"), &json!("42"))
    );
}

#[tokio::test]
async fn closing_the_request_interrupts_the_cell() {
    let service = Service::start();
    let session = service.session().await;
    let mut channel = service.channel(&session, 0).await;
    let request = service
        .request(Method::POST, &format!("/sessions/{session}/execute"))
        .header("accept", "application/x-ndjson");
    let response = request
        .json(&json!({"code": "kept = 1\nprint('begun', flush=True)\nwhile True: pass"}))
        .send()
        .await
        .expect("it answers");
    let mut lines = response.bytes_stream();
    lines.next().await.expect("a line").expect("it is whole");
    channel.until("stream").await;
    drop(lines);
    assert_eq!(
        channel.until("finished").await["content"]["outcome"],
        "interrupted"
    );
    assert_eq!(service.text(&session, "kept").await, "1");
}

#[tokio::test]
async fn a_client_that_comes_back_misses_nothing() {
    let service = Service::start();
    let session = service.session().await;
    let mut channel = service.channel(&session, 0).await;
    let code = "import time\nfor i in range(30):\n    print(i, flush=True)\n    time.sleep(0.02)";
    channel
        .send(json!({"id": 1, "type": "execute", "content": {"code": code}}))
        .await;
    channel.until("stream").await;
    let mut text = String::new();
    loop {
        // Every few events the client goes away and comes back.
        let mut next = service.channel(&session, channel.last).await;
        std::mem::swap(&mut channel, &mut next);
        drop(next);
        for _ in 0..3 {
            let event = channel.next().await.expect("an event");
            text.push_str(event["content"]["text"].as_str().unwrap_or_default());
            if event["type"] == "finished" {
                let mut all = service.channel(&session, 0).await;
                let first = all.until("stream").await;
                let seen = format!(
                    "{}{text}",
                    first["content"]["text"].as_str().expect("a text")
                );
                let expected: String = (0..30).map(|number| format!("{number}\n")).collect();
                assert_eq!(seen, expected);
                return;
            }
        }
    }
}

#[tokio::test]
async fn input_is_asked_over_the_channel_and_answered() {
    let service = Service::start();
    let session = service.session().await;
    service
        .post(&format!("/sessions/{session}/input"), json!({"value": "x"}))
        .await
        .refused(409, 20205);
    let mut channel = service.channel(&session, 0).await;
    let code = json!({"code": "name = input('Who? ')\nprint('hello', name)", "allow_stdin": true});
    channel
        .send(json!({"id": 1, "type": "execute", "content": code}))
        .await;
    assert_eq!(
        channel.until("input_request").await["content"]["prompt"],
        "Who? "
    );
    // While it waits, other sessions run, however few cells may at once.
    let others: Vec<String> = [service.session().await, service.session().await].into();
    for other in &others {
        assert_eq!(service.text(other, "1 + 1").await, "2");
    }
    channel
        .send(json!({"id": 2, "type": "input", "content": {"value": "Ada"}}))
        .await;
    assert_eq!(
        channel.until("stream").await["content"]["text"],
        "hello Ada\n"
    );
    assert_eq!(channel.until("finished").await["content"]["outcome"], "ok");
    channel.send(json!({"id": 3, "type": "nonsense"})).await;
    assert_eq!(channel.reply(3).await["problem"]["code"], 50201);
}

#[tokio::test]
async fn questions_are_answered_while_a_cell_runs() {
    let service = Service::start();
    let session = service.session().await;
    service
        .text(
            &session,
            "import pandas as pd\nvalues = [1, 2]\nframe = pd.DataFrame({'a': range(5), 'b': 1.5})",
        )
        .await;
    let mut channel = service.channel(&session, 0).await;
    channel.send(json!({"id": 1, "type": "execute", "content": {"code": "values = 'changed'\nwhile True: pass"}})).await;
    let id = channel.reply(1).await["content"]["execution_id"].clone();
    while channel.until("started").await["execution_id"] != id {}
    let path = |rest: &str| format!("/sessions/{session}{rest}");
    let variable = service.get(&path("/variables/values")).await.expect(200);
    assert_eq!(
        (&variable["type"], &variable["preview"]),
        (&json!("list"), &json!("[1, 2]"))
    );
    let page = service.get(&path("/tables/frame?limit=2&sort=-a&filter=%5B%7B%22column%22%3A%22a%22%2C%22op%22%3A%22%3C%22%2C%22value%22%3A4%7D%5D")).await;
    let page = page.expect(200);
    assert_eq!(
        (&page["rows"], &page["filtered_rows"]),
        (&json!([[3, 1.5], [2, 1.5]]), &json!(4)),
        "{page:#}"
    );
    let complete = service
        .post(&path("/complete"), json!({"code": "frame.desc"}))
        .await
        .expect(200);
    assert!(
        complete["matches"].to_string().contains("describe"),
        "{complete}"
    );
    service
        .get(&path("/variables/nothing"))
        .await
        .refused(404, 20406);
    service
        .post(&path("/checkpoints"), json!({}))
        .await
        .refused(409, 20206);
    assert_eq!(service.get(&path("")).await.expect(200)["state"], "busy");
    service
        .post(&path("/interrupt"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        channel.until("finished").await["content"]["outcome"],
        "interrupted"
    );
    assert_eq!(service.text(&session, "values").await, "'changed'");
}

#[tokio::test]
async fn code_is_completed_formatted_and_checked_without_a_session() {
    let service = Service::start();
    let complete = service
        .post("/complete", json!({"code": "import pandas\npandas.DataF"}))
        .await
        .expect(200);
    assert!(
        complete["matches"].to_string().contains("DataFrame"),
        "{complete}"
    );
    assert_eq!(
        service
            .post("/format", json!({"code": "a=1"}))
            .await
            .expect(200)["code"],
        "a = 1"
    );
    service
        .post("/format", json!({"code": "a = ("}))
        .await
        .refused(422, 20204);
    let lint = service
        .post("/lint", json!({"code": "print(nothing)\n"}))
        .await
        .expect(200);
    assert!(
        lint["diagnostics"].to_string().contains("nothing"),
        "{lint}"
    );
    let inspect = service
        .post("/inspect", json!({"code": "len", "cursor_position": 3}))
        .await
        .expect(200);
    assert_eq!(inspect["found"], true);
}

#[tokio::test]
async fn a_restart_under_a_running_cell_leaves_nothing_of_the_old_one() {
    let service = Service::start();
    let session = service.session().await;
    for round in 0..3 {
        let mut channel = service.channel(&session, 0).await;
        let request = service.request(Method::POST, &format!("/sessions/{session}/execute"));
        let code = format!("round = {round}\nprint('begun', round, flush=True)\nwhile True: pass");
        let request = request
            .header("prefer", "respond-async")
            .json(&json!({"code": code}));
        answered(request).await.expect(202);
        let begun = format!("begun {round}\n");
        while channel.until("stream").await["content"]["text"] != begun {}
        service
            .post(&format!("/sessions/{session}/restart"), json!({}))
            .await
            .expect(200);
        assert_eq!(service.text(&session, "sum(range(3000))").await, "4498500");
        assert_eq!(service.text(&session, "2").await, "2");
        assert_eq!(
            service.text(&session, "'round' in globals()").await,
            "False"
        );
    }
}

#[tokio::test]
async fn an_interrupt_takes_back_what_waits_in_the_session() {
    let service = Service::start();
    let session = service.session().await;
    let path = format!("/sessions/{session}");
    let mut channel = service.channel(&session, 0).await;
    let code = "print('begun', flush=True)\nwhile True: pass";
    for _ in 0..4 {
        let request = service.request(Method::POST, &format!("{path}/execute"));
        let request = request
            .header("prefer", "respond-async")
            .json(&json!({"code": code}));
        answered(request).await.expect(202);
    }
    channel.until("stream").await;
    service
        .post(&format!("{path}/interrupt"), json!({}))
        .await
        .expect(200);
    assert_eq!(service.text(&session, "1 + 1").await, "2");
    let ran = service.get(&format!("{path}/executions")).await.expect(200);
    let statuses = ran["items"].as_array().expect("a list").iter();
    let statuses: Vec<&Value> = statuses.map(|one| &one["status"]).collect();
    assert_eq!(statuses[..4], [&json!("interrupted"); 4]);
}

#[tokio::test]
async fn streams_go_out_line_by_line_to_clients_that_can_decompress() {
    let service = Service::start();
    let session = service.session().await;
    let request = service
        .request(Method::POST, &format!("/sessions/{session}/execute"))
        .header("accept", "application/x-ndjson")
        .header("accept-encoding", "gzip, br, zstd");
    let response = request
        .json(&json!({"code": "print(5)"}))
        .send()
        .await
        .expect("it answers");
    assert_eq!(response.headers().get("content-encoding"), None);
    let text = response.text().await.expect("it is whole");
    assert!(
        text.lines()
            .last()
            .is_some_and(|line| line.contains("finished")),
        "{text}"
    );
}

#[tokio::test]
async fn a_character_that_not_every_database_keeps_is_pythons_to_refuse() {
    let service = Service::start();
    let session = service.session().await;
    let ran = service.run(&session, "a = 1\0").await;
    assert_eq!(
        (&ran["status"], &ran["error"]["ename"]),
        (&json!("error"), &json!("SyntaxError")),
        "{ran:#}"
    );
    let listed = service
        .get(&format!("/sessions/{session}/executions"))
        .await;
    assert_eq!(listed.expect(200)["items"][0]["status"], "error");
}
