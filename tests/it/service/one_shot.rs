//! `/execute`: code that is run once; and files made of variables.

use data_encoding::BASE64;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::service::{Service, answered};

#[tokio::test]
async fn code_runs_once_with_files_datasets_and_exports() {
    let service = Service::start();
    let body = json!({
        "code": "text = open('in/a.txt').read()\nresult = sales.groupby('city').amount.sum().reset_index()\nprint(text, other.x.sum())\nlen(result)",
        "files": [{"path": "in/a.txt", "content": "hello"}, {"path": "b.bin", "content_base64": "AAE="}],
        "datasets": {"sales": [{"city": "A", "amount": 1}, {"city": "A", "amount": 2}], "other": {"x": [1, 2]}},
        "exports": [{"variable": "result", "format": "csv"}],
    });
    let ran = service.post("/execute", body).await.expect(200);
    assert_eq!(
        (&ran["status"], &ran["text"], &ran["cached"]),
        (&json!("success"), &json!("hello 3\n1"), &json!(false)),
        "{ran:#}"
    );
    let csv = ran["exports"][0]["content_base64"]
        .as_str()
        .expect("a text");
    let csv = String::from_utf8(BASE64.decode(csv.as_bytes()).expect("base64")).expect("a text");
    assert!(csv.contains("A,3"), "{csv}");
    assert_eq!(
        service.get("/sessions").await.expect(200)["items"],
        json!([]),
        "nothing is left of it"
    );
    let raised = service
        .post("/execute", json!({"code": "1/0"}))
        .await
        .expect(200);
    assert_eq!(
        (&raised["status"], &raised["error"]["ename"]),
        (&json!("error"), &json!("ZeroDivisionError"))
    );
}

#[tokio::test]
async fn what_looks_suspicious_is_reported_with_the_result_and_later() {
    let service = Service::start();
    let code = "1\nimport subprocess";
    let found = |ran: &Value| {
        assert_eq!(ran["findings"].as_array().map(Vec::len), Some(1), "{ran:#}");
        assert_eq!(ran["findings"][0]["line"], 2);
        assert_eq!(ran["findings"][0]["pattern"], "process");
    };
    for cached in [false, true] {
        let body = json!({"code": code, "cache": "use"});
        let ran = service.post("/execute", body).await.expect(200);
        assert_eq!(ran["cached"], cached);
        found(&ran);
    }
    let session = service.session().await;
    let ran = service.run(&session, code).await;
    found(&ran);
    let id = ran["execution_id"].as_str().expect("an id");
    let path = format!("/sessions/{session}/executions");
    found(&service.get(&format!("{path}/{id}")).await.expect(200));
    // The control: of harmless code there is nothing to report, and a list says nothing of it.
    let harmless = service.post("/execute", json!({"code": "1"})).await;
    assert_eq!(harmless.expect(200)["findings"], json!([]));
    let listed = service.get(&path).await.expect(200);
    assert!(listed["items"][0]["findings"].is_null(), "{listed:#}");
}

#[tokio::test]
async fn kept_results_stand_in_for_runs_only_when_that_is_asked_for() {
    let service = Service::start();
    let run = async |code: &str, cache: &str| {
        let body = json!({"code": code, "cache": cache});
        let ran = service.post("/execute", body).await.expect(200);
        (ran["text"].clone(), ran["cached"] == true)
    };
    let random = "import secrets\nsecrets.token_hex()";
    let first = run(random, "use").await;
    assert!(!first.1);
    assert_eq!(run(random, "use").await, (first.0.clone(), true));
    let bypassed = run(random, "bypass").await;
    assert_ne!(bypassed.0, first.0);
    assert_eq!(run(random, "use").await, (first.0.clone(), true));
    let refreshed = run(random, "refresh").await;
    assert!(!refreshed.1 && refreshed.0 != first.0);
    assert_eq!(run(random, "use").await, (refreshed.0, true));
    assert!(
        !run("import secrets\nsecrets.token_hex() ", "use").await.1,
        "other code has another result"
    );
}

#[tokio::test]
async fn what_cannot_be_run_once_is_refused_by_field() {
    let service = Service::start();
    let refused =
        async |body: Value, code: u32| service.post("/execute", body).await.refused(422, code);
    refused(
        json!({"code": "1", "files": [{"path": "../a", "content": ""}]}),
        50404,
    )
    .await;
    refused(json!({"code": "1", "files": [{"path": "a"}]}), 50202).await;
    refused(
        json!({"code": "1", "files": [{"path": "a", "content_base64": "?"}]}),
        50202,
    )
    .await;
    refused(json!({"code": "1", "datasets": {"a;import os": []}}), 50202).await;
    refused(json!({"code": "1", "image": "nothing"}), 20201).await;
    refused(
        json!({"code": "a = 1", "exports": [{"variable": "a", "format": "nothing"}]}),
        50202,
    )
    .await;
    service
        .post(
            "/execute",
            json!({"code": "1", "exports": [{"variable": "a", "format": "csv"}]}),
        )
        .await
        .refused(422, 20204);
    service
        .post("/execute", json!({"code": "a = 1"}))
        .await
        .expect(200);
}

#[tokio::test]
async fn the_events_of_one_execution_stream_and_the_result_comes_last() {
    let service = Service::start();
    let request = service
        .request(Method::POST, "/execute")
        .header("accept", "application/x-ndjson");
    let response = request
        .json(&json!({"code": "print('hi')\n2"}))
        .send()
        .await
        .expect("it answers");
    let text = response.text().await.expect("a text");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let kinds: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["type"].as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "status",
            "started",
            "stream",
            "execute_result",
            "checkpoint",
            "finished",
            "result"
        ],
        "{text}"
    );
    assert_eq!(lines[6]["content"]["text"], "hi\n2");
}

#[tokio::test]
async fn variables_and_figures_are_exported_and_downloaded() {
    let service = Service::start();
    let session = service.session().await;
    service.text(&session, "import pandas as pd, matplotlib.pyplot as plt\nframe = pd.DataFrame({'a': [1, 2]})\nfigure = plt.figure()\nplt.plot([1, 2]);").await;
    let path = format!("/sessions/{session}/export");
    let made = service
        .post(
            &path,
            json!({"variables": ["frame"], "format": "parquet", "figures": "png"}),
        )
        .await
        .expect(201);
    let files = made["files"].as_array().expect("a list");
    assert_eq!(files.len(), 2, "{made:#}");
    for (file, magic) in files.iter().zip([b"PAR1", b"\x89PNG"]) {
        let href = file["href"].as_str().expect("an address");
        let response = service
            .anonymous(Method::GET, href)
            .bearer_auth(&service.token)
            .send()
            .await
            .expect("it answers");
        assert_eq!(
            response.headers()["content-security-policy"],
            "sandbox; default-src 'none'"
        );
        assert!(
            response.headers()["content-disposition"]
                .to_str()
                .expect("text")
                .starts_with("attachment")
        );
        let bytes = response.bytes().await.expect("bytes");
        assert_eq!(
            bytes.len() as u64,
            file["bytes"].as_u64().expect("a number")
        );
        assert!(bytes.starts_with(magic));
    }
    service
        .post(&path, json!({"variables": ["frame"]}))
        .await
        .refused(422, 50202);
    service
        .post(&path, json!({"variables": ["nothing"], "format": "csv"}))
        .await
        .refused(422, 20204);
    let other = service.session().await;
    let foreign = files[0]["href"]
        .as_str()
        .expect("an address")
        .replace(&session, &other);
    answered(
        service
            .anonymous(Method::GET, &foreign)
            .bearer_auth(&service.token),
    )
    .await
    .refused(404, 50403);
}

#[tokio::test]
async fn one_execution_is_granted_secrets_and_its_result_is_not_kept() {
    const CANARY: &str = "cAnArY-0e5b7713aa";
    let service = Service::start();
    let project = service.project("secrets").await;
    service
        .put_json(
            &format!("/projects/{project}/secrets/TOKEN"),
            json!({"value": CANARY}),
        )
        .await
        .expect(201);
    let code = "import tools\nvalue = tools.secret('TOKEN')\nprint(value, len(value))\nraise ValueError(value)";
    let body = json!({"code": code, "project_id": project, "secrets": ["TOKEN"], "cache": "use"});
    for _ in 0..2 {
        let ran = service.post("/execute", body.clone()).await.expect(200);
        assert_eq!(
            (&ran["status"], &ran["cached"]),
            (&json!("error"), &json!(false))
        );
        assert!(!ran.to_string().contains(CANARY), "{ran:#}");
        let printed = ran["outputs"][0]["text"].to_string();
        assert!(printed.contains(&CANARY.len().to_string()), "{ran:#}");
    }
    // Also what goes well is run again, and the streamed form is redacted alike.
    let random = "import secrets, tools\ntools.secret('TOKEN')[:0] + secrets.token_hex()";
    let body = json!({"code": random, "project_id": project, "secrets": ["TOKEN"], "cache": "use"});
    let mut results = Vec::new();
    for _ in 0..2 {
        let ran = service.post("/execute", body.clone()).await.expect(200);
        assert_eq!(
            (&ran["status"], &ran["cached"]),
            (&json!("success"), &json!(false))
        );
        results.push(ran["text"].clone());
    }
    assert_ne!(results[0], results[1]);
    let shown = json!({"code": "import tools\ntools.secret('TOKEN')", "project_id": project, "secrets": ["TOKEN"]});
    let request = service.request(Method::POST, "/execute").json(&shown);
    let streamed = request.header("accept", "application/x-ndjson");
    let streamed = streamed.send().await.expect("it answers").text().await;
    let streamed = streamed.expect("it is whole");
    assert!(
        streamed.contains("\"finished\"") && !streamed.contains(CANARY),
        "{streamed}"
    );
    // What is not granted is not there, and what cannot be granted is refused.
    let none = json!({"code": "import tools\ntools.secret('TOKEN')", "project_id": project});
    let ran = service.post("/execute", none).await.expect(200);
    assert_eq!(ran["status"], "error");
    let refused = async |body: Value| service.post("/execute", body).await;
    let wrong = json!({"code": "1", "secrets": ["TOKEN"]});
    refused(wrong).await.refused(422, 50202);
    let wrong = json!({"code": "1", "project_id": project, "secrets": ["OTHER"]});
    refused(wrong).await.refused(422, 50202);
    let nowhere = json!({"code": "1", "project_id": "0190b5a8-0000-7000-8000-000000000000"});
    refused(nowhere).await.refused(404, 50408);
    let files =
        json!({"code": "1", "project_id": project, "files": [{"path": "a", "content": "a"}]});
    let refused = refused(files).await.refused(422, 50202);
    assert_eq!(refused["errors"][0]["field"], "files");
}
