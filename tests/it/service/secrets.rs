//! Secrets: set and never shown again, given to sessions that name them, and found nowhere else.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::service::Service;

/// Not to be found anywhere. No part of it is in any other text.
const CANARY: &str = "cAnArY-7f3a9e15d2";

async fn with_secret(service: &Service, name: &str) -> (String, String) {
    let project = service.project(name).await;
    let path = format!("/projects/{project}/secrets");
    let set = service
        .put_json(&format!("{path}/TOKEN"), json!({"value": CANARY}))
        .await;
    assert_eq!(set.expect(201), Value::String(String::new()));
    (project, path)
}

async fn granted(service: &Service, project: &str) -> String {
    let body = json!({"project_id": project, "secrets": ["TOKEN"]});
    let made = service.post("/sessions", body).await.expect(201);
    assert_eq!(made["secrets"], json!(["TOKEN"]));
    made["id"].as_str().expect("an id").to_owned()
}

/// Returns the files below a folder that hold the canary or its base64. The pages of checkpoints are the
/// variables themselves, and not looked at. The service runs meanwhile: a file may go before it is read.
fn holding(folder: &Path) -> Vec<PathBuf> {
    let encoded = data_encoding::BASE64.encode(CANARY.as_bytes());
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(inside) = waiting.pop() {
        for entry in still_there(std::fs::read_dir(inside))
            .into_iter()
            .flatten()
            .flatten()
        {
            let path = entry.path();
            let kind = entry.file_type().expect("a type");
            if kind.is_dir() && entry.file_name() != "checkpoints" {
                waiting.push(path);
            } else if kind.is_file() {
                let Some(bytes) = still_there(std::fs::read(&path)) else {
                    continue;
                };
                let text = String::from_utf8_lossy(&bytes);
                if text.contains(CANARY) || text.contains(&encoded[..20]) {
                    found.push(path);
                }
            }
        }
    }
    found
}

fn still_there<T>(read: std::io::Result<T>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("it is read: {error}"),
    }
}

#[tokio::test]
async fn a_secret_is_set_listed_by_name_and_removed() {
    let service = Service::start();
    let (project, path) = with_secret(&service, "a").await;
    let again = format!("{path}/TOKEN");
    service
        .put_json(&again, json!({"value": "another value"}))
        .await
        .expect(204);
    let listed = service.get(&path).await.expect(200);
    assert_eq!(listed["items"][0]["name"], "TOKEN");
    let mut fields: Vec<_> = listed["items"][0]
        .as_object()
        .expect("fields")
        .keys()
        .collect();
    fields.sort();
    assert_eq!(fields, ["created_at", "modified_at", "name"]);
    for (name, value, field) in [
        ("TOKEN", json!({"value": "short"}), "value"),
        ("TOKEN", json!({"value": "x".repeat(20_000)}), "value"),
        ("1A", json!({"value": CANARY}), "name"),
        ("A-B", json!({"value": CANARY}), "name"),
    ] {
        let refused = service
            .put_json(&format!("{path}/{name}"), value)
            .await
            .refused(422, 50202);
        assert_eq!(refused["errors"][0]["field"], field, "{refused:#}");
    }
    let wrong = service.put_json(&again, json!({"value": [CANARY]})).await;
    let wrong = wrong.refused(422, 50202);
    assert!(!wrong.to_string().contains(CANARY), "{wrong:#}");
    service.delete(&again).await.expect(204);
    service.delete(&again).await.refused(404, 50430);
    assert_eq!(service.get(&path).await.expect(200)["items"], json!([]));
    // What goes with its project is not in the project that comes after it.
    with_secret(&service, "b").await;
    service
        .delete(&format!("/projects/{project}"))
        .await
        .expect(204);
    service.get(&path).await.refused(404, 50408);
}

#[tokio::test]
async fn a_secret_of_another_tenant_or_project_is_not_there() {
    let service = Service::start_with_tenants(&[]);
    let (project, path) = with_secret(&service, "a").await;
    let other = service.project("b").await;
    let body = |project: &str| json!({"project_id": project, "secrets": ["TOKEN"]});
    let refused = service
        .post("/sessions", body(&other))
        .await
        .refused(422, 50202);
    assert_eq!(refused["errors"][0]["field"], "secrets[0]");
    let refused = service
        .post("/sessions", json!({"secrets": ["TOKEN"]}))
        .await;
    assert_eq!(refused.refused(422, 50202)["errors"][0]["field"], "secrets");
    let admin = service.tenant("acme").await;
    admin.get(&service, &path).await.refused(404, 50408);
    admin
        .delete(&service, &format!("{path}/TOKEN"))
        .await
        .refused(404, 50408);
    admin
        .post(&service, "/sessions", body(&project))
        .await
        .refused(404, 50408);
    // The control: its own tenant and project have it.
    granted(&service, &project).await;
    let many: Vec<_> = (0..33).map(|number| format!("TOKEN{number}")).collect();
    let body = json!({"project_id": project, "secrets": many});
    service.post("/sessions", body).await.refused(422, 50202);
    let audit = service.get("/audit?action=secret_grant").await.expect(200);
    assert_eq!(audit["items"][0]["what"], format!("{project}/TOKEN"));
}

#[tokio::test]
async fn only_a_session_that_was_granted_it_gets_it() {
    let service = Service::start();
    let (project, path) = with_secret(&service, "a").await;
    let session = granted(&service, &project).await;
    let digest =
        "import hashlib, tools\nhashlib.sha256(tools.secret('TOKEN').encode()).hexdigest()";
    let expected = service
        .text(
            &session,
            &format!(
                "import hashlib\nhashlib.sha256(b'{}' + b'{}').hexdigest()",
                &CANARY[..9],
                &CANARY[9..]
            ),
        )
        .await;
    assert_eq!(service.text(&session, digest).await, expected);
    let refused = service.run(&session, "tools.secret('OTHER')").await;
    assert_eq!(refused["status"], "error", "{refused:#}");
    assert!(
        refused["error"]["evalue"]
            .as_str()
            .expect("a text")
            .contains("it has TOKEN")
    );
    // It is there after sleep, and in a fork.
    service
        .post(&format!("/sessions/{session}/hibernate"), json!({}))
        .await
        .expect(200);
    assert_eq!(service.text(&session, digest).await, expected);
    let fork = service
        .post(&format!("/sessions/{session}/fork"), json!({}))
        .await
        .expect(201);
    let fork = fork["id"].as_str().expect("an id").to_owned();
    assert_eq!(service.text(&fork, digest).await, expected);
    // Who has not been granted it finds it neither there nor in the environment or the memory.
    let body = json!({"project_id": project});
    let other = service.post("/sessions", body).await.expect(201);
    let other = other["id"].as_str().expect("an id").to_owned();
    let ran = service
        .run(&other, "import tools\ntools.secret('TOKEN')")
        .await;
    assert_eq!(ran["error"]["ename"], "ModuleNotFoundError", "{ran:#}");
    let called = "from cellblock_kernel import door\ndoor.call({'op': 'tool', 'name': 'secret', 'arguments': {'name': 'TOKEN'}})";
    let ran = service.run(&other, called).await;
    assert_eq!(ran["error"]["ename"], "NameError", "{ran:#}");
    let search = format!(
        "import os, gc\nwanted = '{}' + '{}'\n[o for o in gc.get_objects() if type(o) is dict and wanted in map(str, o.values())], wanted in str(os.environ)",
        &CANARY[..6],
        &CANARY[6..7]
    );
    let found = service.run(&other, &search).await;
    assert_eq!(found["status"], "success", "{found:#}");
    assert!(
        found["text"].as_str().expect("a text").ends_with("False)"),
        "{found:#}"
    );
    // Removed, it is gone when the session is brought into memory the next time.
    service.delete(&format!("{path}/TOKEN")).await.expect(204);
    service
        .post(&format!("/sessions/{session}/hibernate"), json!({}))
        .await
        .expect(200);
    let ran = service
        .run(&session, "import tools\ntools.secret('TOKEN')")
        .await;
    assert_eq!(ran["status"], "error", "{ran:#}");
}

#[tokio::test]
async fn a_session_is_granted_secrets_later_and_loses_them_again() {
    let service = Service::start();
    let (project, _) = with_secret(&service, "a").await;
    let body = json!({"project_id": project});
    let made = service.post("/sessions", body).await.expect(201);
    let session = made["id"].as_str().expect("an id").to_owned();
    service.text(&session, "x = 5").await;
    let path = format!("/sessions/{session}");
    let grant = async |names: Value| service.patch(&path, json!({"secrets": names})).await;
    grant(json!(["OTHER"])).await.refused(422, 50202);
    assert_eq!(
        grant(json!(["TOKEN"])).await.expect(200)["secrets"],
        json!(["TOKEN"])
    );
    let asked = "import tools\nx, len(tools.secret('TOKEN'))";
    assert_eq!(service.text(&session, asked).await, "(5, 17)");
    // While a cell runs nothing changes.
    let mut channel = service.channel(&session, 0).await;
    channel
        .send(json!({"id": 1, "type": "execute", "content": {"code": "while True: pass"}}))
        .await;
    while channel.until("started").await["content"]["code"] != "while True: pass" {}
    grant(json!([])).await.refused(409, 20206);
    service
        .post(&format!("{path}/interrupt"), json!({}))
        .await
        .expect(200);
    channel.until("finished").await;
    assert_eq!(service.text(&session, asked).await, "(5, 17)");
    assert_eq!(grant(json!([])).await.expect(200)["secrets"], json!([]));
    let ran = service.run(&session, asked).await;
    assert_eq!(ran["status"], "error", "{ran:#}");
    assert_eq!(
        service.text(&session, "x").await,
        "5",
        "its variables are as they were"
    );
}

#[tokio::test]
async fn what_a_session_shows_of_it_is_taken_out_wherever_it_is() {
    let mut service = Service::start_with(&[("log.level", "trace")]);
    // The log goes to this file from the next start on.
    std::fs::write(service.data().join("stderr.log"), "").expect("it is written");
    service.kill_and_restart();
    let (project, _) = with_secret(&service, "a").await;
    let session = granted(&service, &project).await;
    for code in [
        "import tools, sys\ntoken = tools.secret('TOKEN')\nprint(token)",
        "print(token, file=sys.stderr)",
        "for letter in token: print(letter, end='', flush=True)",
        "import base64\nprint(base64.b64encode(token.encode()).decode())",
        "token",
        "{'a': [token]}",
        "from IPython.display import HTML, JSON, display\ndisplay(HTML('<b>' + token + '</b>'), JSON({token: token}))",
        "raise ValueError('bad token ' + token)",
        "import os\nos.write(1, token.encode())",
        "class Named:\n    def __repr__(self): return token\nnamed = Named()",
    ] {
        let ran = service.run(&session, code).await;
        let told = ran.to_string();
        assert!(
            !told.contains(CANARY) && !told.contains("Y0FuQXJZLTdm"),
            "{code}: {ran:#}"
        );
        if code != "class Named:\n    def __repr__(self): return token\nnamed = Named()" {
            assert!(told.contains("[secret TOKEN]"), "{code}: {ran:#}");
        }
    }
    let get = async |path: &str| {
        service
            .get(&format!("/sessions/{session}{path}"))
            .await
            .expect(200)
    };
    let variables = get("/variables").await;
    assert!(
        variables.to_string().contains("[secret TOKEN]"),
        "{variables:#}"
    );
    let mut told = vec![variables, get("/executions").await];
    let checkpoints = get("/checkpoints").await["items"]
        .as_array()
        .expect("a list")
        .clone();
    let id = |index: usize| checkpoints[index]["id"].as_str().expect("an id").to_owned();
    let path = format!("/checkpoints/{}/diff/{}", id(0), id(checkpoints.len() - 1));
    told.push(get(&path).await);
    // While a cell runs, another interpreter answers.
    let last = get("").await["last_seq"].as_u64().expect("a number");
    let mut channel = service.channel(&session, last).await;
    channel
        .send(json!({"id": 1, "type": "execute", "content": {"code": "while True: pass"}}))
        .await;
    channel.until("started").await;
    told.push(get("/variables").await);
    service
        .post(&format!("/sessions/{session}/interrupt"), json!({}))
        .await
        .expect(200);
    channel.until("finished").await;
    for answer in told {
        assert!(!answer.to_string().contains(CANARY), "{answer:#}");
    }
    // Nothing of it is left on the disk in the clear: database, journals, logs, exports, audit.
    assert_eq!(holding(service.data()), Vec::<PathBuf>::new());
    let log = std::fs::read_to_string(service.data().join("stderr.log")).expect("it is read");
    assert!(log.contains("answered"), "the log is looked at");
    // The control: a file that the code writes is the code's own, and found.
    service
        .text(&session, "open('token.txt', 'w').write(token)")
        .await;
    let found = holding(service.data());
    assert!(
        found.len() == 1 && found[0].ends_with("token.txt"),
        "{found:?}"
    );
}
