//! What answers say where something is left out, cut, lost or misunderstood.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::service::{Service, answered};

#[tokio::test]
async fn a_list_of_executions_has_no_outputs_and_one_execution_has() {
    let service = Service::start();
    let session = service.session().await;
    let ran = service.run(&session, "print('hello')").await;
    let path = format!("/sessions/{session}/executions");
    let listed = service.get(&path).await.expect(200)["items"][0].clone();
    assert!(
        listed.get("outputs").is_none() && listed.get("text").is_none(),
        "{listed:#}"
    );
    assert_eq!(listed["status"], "success");
    let id = ran["execution_id"].as_str().expect("an id");
    let shown = service.get(&format!("{path}/{id}")).await.expect(200);
    assert_eq!(shown["outputs"], ran["outputs"]);
    assert_eq!(shown["text"], "hello\n");
}

#[tokio::test]
async fn an_execution_that_a_crash_of_the_service_took_says_so() {
    let mut service = Service::start();
    let session = service.session().await;
    let mut channel = service.channel(&session, 0).await;
    let path = format!("/sessions/{session}/execute");
    let request = service
        .request(Method::POST, &path)
        .header("prefer", "respond-async");
    let taken = answered(request.json(&json!({"code": "while True: pass"})))
        .await
        .expect(202);
    channel.until("started").await;
    service.kill_and_restart();
    let id = taken["execution_id"].as_str().expect("an id");
    let shown = service
        .get(&format!("/sessions/{session}/executions/{id}"))
        .await
        .expect(200);
    assert_eq!(shown["status"], "lost");
    let message = shown["error"]["message"].as_str().expect("a text");
    assert!(
        message.starts_with("The service ended while it ran or waited."),
        "{message}"
    );
}

#[tokio::test]
async fn one_variable_that_cannot_tell_of_itself_hides_no_other() {
    let service = Service::start();
    let session = service.session().await;
    service
        .text(
            &session,
            "class Loop:\n    def __repr__(self):\n        while True: pass\nclass Raises:\n    def __repr__(self): 1 / 0\nloop, raises, n = Loop(), Raises(), 5",
        )
        .await;
    let listed = service
        .get(&format!("/sessions/{session}/variables"))
        .await
        .expect(200);
    let preview = |name: &str| {
        let all = listed["variables"].as_array().expect("a list");
        let one = all.iter().find(|one| one["name"] == name);
        one.unwrap_or_else(|| panic!("no {name}: {listed:#}"))["preview"].clone()
    };
    assert_eq!(preview("loop"), "<not shown: it takes too long>");
    assert_eq!(preview("raises"), "<not shown: ZeroDivisionError>");
    assert_eq!(preview("n"), "5");
}

#[tokio::test]
async fn every_output_that_is_left_out_is_counted() {
    let service = Service::start();
    let made = service
        .post("/sessions", json!({"limits": {"display_bytes": "10 KiB"}}))
        .await
        .expect(201);
    let session = made["id"].as_str().expect("an id");
    let code = "for n in range(6): display({'text/plain': str(n) * 4000}, raw=True)\n'small'";
    let ran = service.run(session, code).await;
    let text = ran["text"].as_str().expect("a text");
    assert!(
        text.contains("0000") && text.contains("1111") && text.contains("small"),
        "{text}"
    );
    assert!(
        text.contains(
            "[An output of 4031 bytes is not shown: the cell may show 10240 bytes (`display_bytes`)"
        ),
        "{text}"
    );
    assert!(
        text.contains("[3 more outputs are not shown for the same limit.]"),
        "{text}"
    );
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_is_answered_with_one_that_can() {
    let service = Service::start();
    let session = service.session().await;
    service
        .text(
            &session,
            "import pandas as pd\nframe = pd.DataFrame({'a': [1, 2, 3]})",
        )
        .await;
    let asked = async |filter: &str| {
        let request = service.request(Method::GET, &format!("/sessions/{session}/tables/frame"));
        answered(request.query(&[("filter", filter)])).await
    };
    for wrong in ["abc", r#"{"column": "a"}"#, r#"[{"column": "a"}]"#] {
        let refused = asked(wrong).await.refused(422, 50202);
        assert_eq!(refused["errors"][0]["field"], "filter");
        let message = refused["message"].as_str().expect("a text");
        let example = message.split_once("such as ").expect("an example").1;
        let example = example.split_once("}]").expect("an example").0;
        let page = asked(&format!("{example}}}]")).await.expect(200);
        assert_eq!(page["filtered_rows"], 2, "{message}");
    }
}

#[tokio::test]
async fn csv_is_harmless_to_a_spreadsheet_unless_that_is_not_wanted() {
    let service = Service::start();
    let run = async |formulas: Option<&str>| {
        let mut export = json!({"variable": "frame", "format": "csv"});
        if let Some(formulas) = formulas {
            export["formulas"] = json!(formulas);
        }
        let code = "import pandas as pd\nframe = pd.DataFrame({'a': ['=cmd()', '@x', '-5', 'plain'], 'b': [-5, 1, 2, 3]})";
        let ran = service
            .post("/execute", json!({"code": code, "exports": [export]}))
            .await
            .expect(200);
        let bytes = ran["exports"][0]["content_base64"]
            .as_str()
            .expect("a text")
            .to_owned();
        String::from_utf8(
            data_encoding::BASE64
                .decode(bytes.as_bytes())
                .expect("base64"),
        )
        .expect("a text")
    };
    let escaped = "a,b\n'=cmd(),-5\n'@x,1\n-5,2\nplain,3\n";
    assert_eq!(run(None).await, escaped);
    assert_eq!(run(Some("escape")).await, escaped);
    assert_eq!(run(Some("keep")).await, escaped.replace('\'', ""));
    let session = service.session().await;
    service
        .text(
            &session,
            "import pandas as pd\nframe = pd.DataFrame({'a': ['=cmd()']})",
        )
        .await;
    let download = async |formulas: Value| {
        let mut body = json!({"variables": ["frame"], "format": "csv"});
        if !formulas.is_null() {
            body["formulas"] = formulas;
        }
        let made = service
            .post(&format!("/sessions/{session}/export"), body)
            .await
            .expect(201);
        let href = made["files"][0]["href"]
            .as_str()
            .expect("an address")
            .to_owned();
        answered(
            service
                .anonymous(Method::GET, &href)
                .bearer_auth(&service.token),
        )
        .await
        .expect(200)
    };
    assert_eq!(download(Value::Null).await, "a\n'=cmd()\n");
    assert_eq!(download(json!("keep")).await, "a\n=cmd()\n");
}

#[tokio::test]
async fn a_fork_of_a_session_that_just_ends_is_there_or_refused_as_ended() {
    let service = Service::start();
    for turn in 0..12 {
        let parent = service.session().await;
        service.text(&parent, "x = 1").await;
        let (path, fork) = (
            format!("/sessions/{parent}"),
            format!("/sessions/{parent}/fork"),
        );
        let (ended, forked) = tokio::join!(service.delete(&path), async {
            for _ in 0..turn * 50 {
                tokio::task::yield_now().await;
            }
            service.post(&fork, json!({})).await
        });
        ended.expect(204);
        match forked.status.as_u16() {
            201 => {
                let child = forked.body["id"].as_str().expect("an id");
                assert_eq!(service.text(child, "x").await, "1");
                service
                    .delete(&format!("/sessions/{child}"))
                    .await
                    .expect(204);
            }
            409 => drop(forked.refused(409, 20209)),
            _other => drop(forked.refused(404, 20401)),
        }
    }
    let left = service.get("/sessions").await.expect(200);
    assert_eq!(left["items"], json!([]), "what did not begin is not there");
}
