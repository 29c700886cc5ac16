//! Environments, and the JupyterLab in each: a real one, from PyPI, reached through the service alone.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::lab::{Lab, browser, environment, process_of, state, until};
use crate::support::service::{Service, answered};

const NOT_FOUND: u32 = 10401;
const NOT_RUNNING: u32 = 10202;
const FIELD: u32 = 50202;
const HOST_REFUSED: u32 = 50307;
const NOT_AUTHENTICATED: u32 = 50301;

fn kill(process: i32) {
    let process = rustix::process::Pid::from_raw(process).expect("a process");
    rustix::process::kill_process(process, rustix::process::Signal::KILL).expect("it runs");
}

#[tokio::test]
async fn environments_are_made_changed_and_deleted_by_their_own_tenant() {
    let service = Service::start_with_tenants(&[]);
    let (ada, eve) = (service.tenant("ada").await, service.tenant("eve").await);
    let made = ada
        .post(&service, "/environments", json!({"name": "lab"}))
        .await;
    assert!(made.header("location").is_some());
    let made = made.expect(201);
    let path = format!("/environments/{}", made["id"].as_str().expect("an id"));
    assert_eq!(ada.get(&service, &path).await.expect(200), made);
    let listed = ada.get(&service, "/environments").await.expect(200);
    assert_eq!(listed["items"], json!([made]));
    let changed = ada
        .patch(&service, &path, json!({"name": "other"}))
        .await
        .expect(200);
    assert_eq!(
        (&changed["name"], &changed["image"]),
        (&json!("other"), &made["image"])
    );
    let unknown = json!({"name": "x", "image": "nothing"});
    ada.post(&service, "/environments", unknown)
        .await
        .refused(422, 20201);
    let foreign = json!({"name": "x", "project_id": made["project_id"]});
    eve.post(&service, "/environments", foreign)
        .await
        .refused(404, 50408);
    for path in [path.clone(), format!("{path}/jupyter")] {
        eve.get(&service, &path).await.refused(404, NOT_FOUND);
    }
    for (what, body) in [("start", json!({})), ("stop", json!({}))] {
        let path = format!("{path}/jupyter/{what}");
        eve.post(&service, &path, body)
            .await
            .refused(404, NOT_FOUND);
    }
    eve.patch(&service, &path, json!({"name": "mine"}))
        .await
        .refused(404, NOT_FOUND);
    eve.delete(&service, &path).await.refused(404, NOT_FOUND);
    let project = format!("/projects/{}", made["project_id"].as_str().expect("an id"));
    ada.delete(&service, &project).await.refused(409, 50416);
    ada.delete(&service, &path).await.expect(204);
    ada.get(&service, &path).await.refused(404, NOT_FOUND);
    ada.delete(&service, &project).await.expect(204);
}

#[tokio::test]
async fn plugins_are_those_that_the_operator_allows() {
    let service = Service::start();
    let (environment, _) = environment(&service).await;
    let path = format!("/environments/{environment}/jupyter/start");
    let refused = service
        .post(&path, json!({"plugins": ["evil"]}))
        .await
        .refused(422, FIELD);
    assert_eq!(refused["errors"][0]["field"], "plugins.0");
    assert_eq!(refused["details"]["allowed"], json!([]));
    assert_eq!(state(&service, &environment).await["state"], "stopped");
}

#[tokio::test]
async fn where_it_cannot_be_installed_the_command_is_told() {
    let service = Service::start_with(&[("jupyter.python", "no-such-python")]);
    let (environment, _) = environment(&service).await;
    let path = format!("/environments/{environment}/jupyter");
    service
        .post(&format!("{path}/start"), json!({}))
        .await
        .expect(202);
    let failed = until(&service, &environment, |state| state["state"] == "failed").await;
    let message = failed["message"].as_str().expect("a text");
    assert!(message.contains("`no-such-python -m venv "), "{message}");
    let page = service.anonymous(Method::GET, &format!("/env-{environment}/lab"));
    answered(page.bearer_auth(&service.token))
        .await
        .refused(409, NOT_RUNNING);
    let stopped = service
        .post(&format!("{path}/stop"), json!({}))
        .await
        .expect(200);
    assert_eq!(stopped["state"], "stopped");
}

#[tokio::test]
async fn a_lab_opens_lists_files_and_runs_code() {
    let lab = Lab::start(18_000).await;
    let page = lab.get("lab").await;
    let policy = page
        .header("content-security-policy")
        .expect("a policy")
        .to_owned();
    assert!(
        policy.contains(&format!(
            "connect-src {}/env-{}/",
            lab.host(),
            lab.environment
        )),
        "{policy}"
    );
    assert!(page.expect(200).to_string().contains("jupyter-config-data"));
    let specs = lab.get("api/kernelspecs").await.expect(200);
    assert_eq!(specs["default"], "data");
    let path = format!("/projects/{}/files/a.txt", lab.project);
    lab.service.put(&path, "hello").await.expect(201);
    let listed = lab.get("api/contents").await.expect(200);
    assert_eq!(listed["content"][0]["name"], "a.txt", "{listed:#}");
    let file = lab.get("api/contents/a.txt").await.expect(200);
    assert_eq!(file["content"], "hello");
    let body = json!({"type": "file", "format": "text", "content": "changed"});
    answered(lab.ask(Method::PUT, "api/contents/a.txt").json(&body))
        .await
        .expect(200);
    let read = lab.service.get(&path).await.expect(200);
    assert_eq!(read, "changed");
    let made = answered(
        lab.ask(Method::POST, "api/contents")
            .json(&json!({"type": "notebook"})),
    )
    .await;
    assert_eq!(made.expect(201)["path"], "Untitled.ipynb");
    let checkpoint = answered(lab.ask(Method::POST, "api/contents/a.txt/checkpoints")).await;
    assert!(checkpoint.expect(201)["id"].is_string());

    let kernel = answered(
        lab.ask(Method::POST, "api/kernels")
            .json(&json!({"name": "data"})),
    )
    .await;
    let kernel = kernel.expect(201)["id"].as_str().expect("an id").to_owned();
    let session = lab.service.get(&format!("/sessions/{kernel}")).await;
    assert_eq!(session.expect(200)["project_id"], lab.project);
    let url = format!(
        "ws://{}/env-{}/api/kernels/{kernel}/channels",
        lab.service.address, lab.environment
    );
    let mut request = url.into_client_request().expect("a request");
    request
        .headers_mut()
        .insert("host", lab.host().parse().expect("a header"));
    request
        .headers_mut()
        .insert("cookie", lab.cookie.parse().expect("a header"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request)
        .await
        .expect("a socket");
    let ask = json!({
        "channel": "shell", "parent_header": {}, "metadata": {}, "buffers": [],
        "header": {"msg_id": "1", "msg_type": "execute_request", "session": "s", "username": "u", "version": "5.4", "date": ""},
        "content": {"code": "1+1", "silent": false, "store_history": true, "user_expressions": {}, "allow_stdin": false},
    });
    socket
        .send(Message::text(ask.to_string()))
        .await
        .expect("it is sent");
    let result = loop {
        let message = socket
            .next()
            .await
            .expect("a message")
            .expect("it is whole");
        let Message::Text(text) = message else {
            continue;
        };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        if message["header"]["msg_type"] == "execute_result" {
            break message;
        }
    };
    assert_eq!(result["content"]["data"]["text/plain"], "2");

    // What its own programs know opens nothing else.
    let pass = lab.cookie.split_once('=').expect("a pair").1;
    for path in [
        "/api/v1/sessions",
        "/api/kernels",
        "/env-0190b5a8-0000-7000-8000-000000000000/lab",
    ] {
        let asked = lab.service.anonymous(Method::GET, path).bearer_auth(pass);
        answered(asked).await.refused(401, NOT_AUTHENTICATED);
    }
    let elsewhere = lab.service.anonymous(Method::GET, "/api/v1/sessions");
    let elsewhere = elsewhere
        .header(header::HOST, lab.host())
        .bearer_auth(&lab.service.token);
    answered(elsewhere).await.refused(403, HOST_REFUSED);

    let process = lab.process().expect("it runs");
    lab.service
        .delete(&format!("/environments/{}", lab.environment))
        .await
        .expect(204);
    assert!(lab.process().is_none(), "{process} is still there");
    lab.get("lab").await.refused(401, NOT_AUTHENTICATED);
}

#[tokio::test]
async fn a_lab_that_is_killed_comes_back_three_times() {
    let mut lab = Lab::start(18_100).await;
    for restarts in 1..=3 {
        kill(lab.process().expect("it runs"));
        let state = until(&lab.service, &lab.environment, |state| {
            state["restarts"] == restarts && state["state"] == "running"
        });
        state.await;
        lab.get("api/status").await.expect(200);
    }
    kill(lab.process().expect("it runs"));
    let failed = until(&lab.service, &lab.environment, |state| {
        state["state"] == "failed"
    })
    .await;
    assert!(
        failed["message"]
            .as_str()
            .expect("a text")
            .contains("signal: 9"),
        "{failed:#}"
    );
    assert_eq!((lab.process(), &failed["address"]), (None, &Value::Null));
    let path = format!("/environments/{}/jupyter/start", lab.environment);
    lab.service.post(&path, json!({})).await.expect(202);
    until(&lab.service, &lab.environment, |state| {
        state["state"] == "running"
    })
    .await;
    lab.service.post(&path, json!({})).await.refused(409, 10201);
    // The old cookie counts no more, and does not keep a browser out.
    lab.get("lab").await.refused(401, NOT_AUTHENTICATED);
    lab.cookie = lab.enter().await;
    lab.get("api/status").await.expect(200);
    lab.service.end();
    assert!(lab.process().is_none());
}

#[tokio::test]
async fn no_lab_outlives_a_service_that_was_killed() {
    let lab = Lab::start(18_200).await;
    let Lab {
        service,
        environment,
        ..
    } = lab;
    let process = process_of(&environment).expect("it runs");
    // As a crash does.
    drop(service);
    while process_of(&environment) == Some(process) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn where_there_is_a_password_it_is_asked_for() {
    let lab = Lab::start_with(18_120, json!({"password": "open sesame"})).await;
    // Who is known to the service alone is asked for it, and JupyterLab's pages and its API answer nobody else.
    let pages = format!("http://{}/env-{}", lab.service.address, lab.environment);
    let come = |request: reqwest::RequestBuilder| {
        let request = request.header(header::HOST, lab.host());
        request.header(header::COOKIE, &lab.cookie).send()
    };
    let asked = come(browser().get(format!("{pages}/lab")))
        .await
        .expect("an answer");
    assert_eq!(asked.status(), 302);
    let to = asked.headers()[header::LOCATION].to_str().expect("text");
    assert!(
        to.starts_with(&format!("/env-{}/login", lab.environment)),
        "{to}"
    );
    assert_eq!(lab.get("api/contents").await.status, 403);
    let give = |password: &str| {
        let form = format!("password={}", password.replace(' ', "+"));
        let request = browser().post(format!("{pages}/login"));
        let kind = "application/x-www-form-urlencoded";
        come(request.header(header::CONTENT_TYPE, kind).body(form))
    };
    let wrong = give("open barley").await.expect("an answer");
    assert_eq!(wrong.status(), 401);
    let right = give("open sesame").await.expect("an answer");
    assert_eq!(right.status(), 302);
    let login = right.headers()[header::SET_COOKIE].to_str().expect("text");
    let login = login.split(';').next().expect("a pair");
    let request = lab.ask(Method::GET, "api/contents");
    let both = request.header(header::COOKIE, format!("{}; {login}", lab.cookie));
    answered(both).await.expect(200);

    let path = format!("/environments/{}/jupyter/start", lab.environment);
    lab.service
        .post(&path, json!({"password": ""}))
        .await
        .refused(422, FIELD);
}
