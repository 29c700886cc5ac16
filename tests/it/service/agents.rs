//! Agents: the official client of the Model Context Protocol from its package and unmodified, the protocol's own
//! conformance tests, and what no client sends.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::agent::Agent;
use crate::support::service::{Service, answered};
use crate::support::{node, python};

const FIELD: u32 = 50202;
const NOT_ALLOWED: u32 = 50302;
const SCOPE_MISSING: u32 = 50303;
const NO_SESSION: u32 = 20401;

static PACKAGES: LazyLock<PathBuf> =
    LazyLock::new(|| python::packages("tests/mcp/requirements.txt", &[]));

/// Has the official client assert what it is told.
fn client(scenario: &str, arguments: &[&str]) {
    let output = Command::new("python3")
        .env("PYTHONPATH", PACKAGES.as_path())
        .args(["tests/mcp/agents.py", scenario])
        .args(arguments)
        .output()
        .expect("python3 starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario}:\n{told}");
}

fn url(service: &Service) -> String {
    format!("http://{}", service.address)
}

#[tokio::test]
async fn the_client_speaks_to_a_service() {
    let service = Service::start();
    client("http", &[&url(&service), &service.token]);
}

#[tokio::test]
async fn the_client_speaks_to_a_service_by_the_newest_revision() {
    let service = Service::start();
    client("modern", &[&url(&service), &service.token]);
}

#[test]
fn the_client_starts_a_service_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    client("stdio", &[env!("CARGO_BIN_EXE_cellblock"), &data]);
}

#[tokio::test]
async fn the_client_reaches_a_service_through_the_command() {
    let service = Service::start();
    let arguments = [
        env!("CARGO_BIN_EXE_cellblock"),
        &url(&service),
        &service.token,
    ];
    client("relay", &arguments);
}

#[test]
fn the_command_says_what_it_cannot_do() {
    let told = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_cellblock"))
            .arg("mcp")
            .args(arguments)
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let https = told(&["--url", "https://cells.example", "--token", "t"]);
    assert!(https.contains("https://cells.example/mcp"), "{https}");
    let nobody = told(&["--url", "http://127.0.0.1:1"]);
    assert!(nobody.contains("CELLBLOCK_CLIENT__TOKEN"), "{nobody}");
}

/// What the conformance tests try, and why it is not offered.
const NOT_OFFERED: [(&str, &str); 13] = [
    (
        "logging-set-level",
        "the log is the operator's; results say what an agent has to know",
    ),
    ("tools-call-with-logging", "as above"),
    ("completion-complete", "tools take ids, which lists give"),
    ("tools-call-sampling", "the service asks no model"),
    (
        "tools-call-elicitation",
        "the service asks people nothing through an agent",
    ),
    ("elicitation-sep1034-defaults", "as above"),
    ("elicitation-sep1330-enums", "as above"),
    (
        "server-sse-polling",
        "a stream is closed by who reads it; what it misses it asks for",
    ),
    ("prompts-list", "there are no prompts"),
    ("prompts-get-simple", "as above"),
    ("prompts-get-with-args", "as above"),
    ("prompts-get-embedded-resource", "as above"),
    ("prompts-get-with-image", "as above"),
];

/// What they try and find as it should be.
const CONFORMS: [&str; 19] = [
    "server-initialize",
    "ping",
    "tools-list",
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-audio",
    "tools-call-embedded-resource",
    "tools-call-mixed-content",
    "tools-call-error",
    "tools-call-with-progress",
    "json-schema-2020-12",
    "server-sse-multiple-streams",
    "resources-list",
    "resources-read-text",
    "resources-read-binary",
    "resources-templates-read",
    "resources-subscribe",
    "resources-unsubscribe",
    "dns-rebinding-protection",
];

#[tokio::test]
async fn what_is_offered_conforms() {
    let installed = node::packages("tests/mcp");
    let program = installed.join("node_modules/@modelcontextprotocol/conformance/dist/index.js");
    let listed = Command::new("node").arg(&program).arg("list").output();
    let listed = String::from_utf8(listed.expect("node starts").stdout).expect("text");
    let (of_servers, _) = listed.split_once("Client scenarios").expect("both kinds");
    let mut all: Vec<&str> = of_servers
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "))
        .collect();
    let mut known: Vec<&str> = NOT_OFFERED.iter().map(|(name, _)| *name).collect();
    known.extend(CONFORMS);
    all.sort_unstable();
    known.sort_unstable();
    assert_eq!(all, known, "each is tried, or it says why not");
    let service = Service::start_with(&[("agents.conformance", "true")]);
    let address = format!("{}/mcp?token={}", url(&service), service.token);
    for scenario in CONFORMS {
        let output = Command::new("node")
            .arg(&program)
            .args(["server", "--url", &address, "--scenario", scenario])
            .output()
            .expect("node starts");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{scenario}:\n{told}");
    }
}

#[tokio::test]
async fn tools_of_the_conformance_tests_are_not_there_otherwise() {
    let service = Service::start();
    let mut agent = Agent::connected(&service, &service.token).await;
    let tools = agent.tools().await;
    assert!(tools.contains(&"run_code".to_owned()), "{tools:?}");
    assert!(
        !tools.iter().any(|name| name.starts_with("test_")),
        "{tools:?}"
    );
    let answer = agent
        .ask("tools/call", json!({"name": "test_simple_text"}))
        .await;
    assert_eq!(answer["error"]["code"], -32602, "{answer:#}");
    let answer = agent
        .ask("resources/read", json!({"uri": "test://static-text"}))
        .await;
    assert_eq!(answer["error"]["code"], -32002, "{answer:#}");
}

#[tokio::test]
async fn who_is_not_known_is_not_answered() {
    let service = Service::start();
    let begin = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}});
    answered(service.anonymous(Method::POST, "/mcp").json(&begin))
        .await
        .refused(401, 50301);
    let mut stranger = Agent::new(&service, "0".repeat(48).as_str());
    stranger.begin().await.refused(401, 50301);
    Agent::connected(&service, &service.token).await;
}

#[tokio::test]
async fn a_key_decides_which_tools_there_are() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("acme").await;
    let session = admin
        .post(&service, "/sessions", json!({}))
        .await
        .expect(201);
    let of_session = json!({"session_id": session["id"]});
    let run = json!({"code": "1", "session_id": session["id"]});
    let viewer = service.user(&admin, "viewer", "viewer").await;
    let narrow = json!({"name": "narrow", "scopes": ["read"]});
    let narrow = admin.key_for(&service, narrow).await;
    for (key, code) in [(viewer.key, NOT_ALLOWED), (narrow.key, SCOPE_MISSING)] {
        let mut reader = Agent::connected(&service, &key).await;
        let tools = reader.tools().await;
        assert!(tools.contains(&"list_variables".to_owned()), "{tools:?}");
        for tool in [
            "run_code",
            "end_session",
            "edit_cell",
            "write_file",
            "export",
        ] {
            assert!(!tools.contains(&tool.to_owned()), "{tool}");
        }
        reader.refused("run_code", run.clone(), code).await;
        reader
            .refused("end_session", of_session.clone(), code)
            .await;
        let write = json!({"path": "a", "text": "b"});
        reader.refused("write_file", write, code).await;
        // Without a session of its own there is nothing to look at, and none is made for it.
        reader.refused("list_variables", json!({}), code).await;
        reader.told("list_variables", of_session.clone()).await;
    }
    let auditor = service.user(&admin, "auditor", "auditor").await;
    let mut auditor = Agent::connected(&service, &auditor.key).await;
    assert_eq!(auditor.tools().await, [""; 0]);
    let answer = auditor.ask("resources/list", json!({})).await;
    assert_eq!(answer["error"]["data"]["code"], NOT_ALLOWED, "{answer:#}");
    let mut member = Agent::connected(&service, &admin.key).await;
    member.told("run_code", run).await;
}

#[tokio::test]
async fn what_is_another_tenants_is_not_there() {
    let service = Service::start_with_tenants(&[]);
    let (one, two) = (service.tenant("one").await, service.tenant("two").await);
    let mut owner = Agent::connected(&service, &one.key).await;
    let session = owner.told("create_session", json!({})).await;
    let notebook = owner.told("create_notebook", json!({"name": "a"})).await;
    let (notebook, project) = (
        &notebook["notebook"]["notebook_id"],
        &notebook["notebook"]["project_id"],
    );
    let id = &session["session_id"];
    let mut other = Agent::connected(&service, &two.key).await;
    let nothing = "0190b5a8-0000-7000-8000-000000000000";
    for id in [id.clone(), json!(nothing), json!("no id")] {
        for tool in [
            "end_session",
            "restart_session",
            "list_variables",
            "list_checkpoints",
            "fork_session",
        ] {
            other
                .refused(tool, json!({"session_id": id}), NO_SESSION)
                .await;
        }
        other
            .refused(
                "run_code",
                json!({"code": "1", "session_id": id}),
                NO_SESSION,
            )
            .await;
    }
    other
        .refused("read_notebook", json!({"notebook_id": notebook}), 20411)
        .await;
    other
        .refused(
            "run_notebook",
            json!({"notebook_id": notebook, "which": "all"}),
            20411,
        )
        .await;
    other
        .refused("add_cell", json!({"notebook_id": notebook}), 20411)
        .await;
    other
        .refused("list_files", json!({"project_id": project}), 50408)
        .await;
    other
        .refused("create_session", json!({"project_id": project}), 50408)
        .await;
    let id = id.as_str().expect("an id");
    let uri = format!("cellblock://sessions/{id}/variables");
    let answer = other.ask("resources/read", json!({"uri": uri})).await;
    assert_eq!(answer["error"]["data"]["code"], NO_SESSION, "{answer:#}");
    let answer = other.ask("resources/subscribe", json!({"uri": uri})).await;
    assert_eq!(answer["error"]["data"]["code"], NO_SESSION, "{answer:#}");
    let own = owner.ask("resources/read", json!({"uri": uri})).await;
    assert_eq!(own["result"]["contents"][0]["text"], "[]", "{own:#}");
    let listed = other.told("list_sessions", json!({})).await;
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn a_connection_is_its_keys_own() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("acme").await;
    let other = admin.key_for(&service, json!({"name": "other"})).await;
    let mut owner = Agent::connected(&service, &admin.key).await;
    let mut thief = Agent::new(&service, &other.key);
    thief.connection.clone_from(&owner.connection);
    thief
        .send("tools/list", json!({}))
        .await
        .refused(404, 50440);
    answered(thief.to(Method::GET)).await.refused(404, 50440);
    answered(thief.to(Method::DELETE)).await.refused(404, 50440);
    assert!(!owner.tools().await.is_empty());
    answered(owner.to(Method::DELETE)).await.expect(204);
    owner
        .send("tools/list", json!({}))
        .await
        .refused(404, 50440);
    owner.connection = None;
    owner
        .send("tools/list", json!({}))
        .await
        .refused(400, 50218);
}

#[tokio::test]
async fn a_tenant_holds_so_many_connections() {
    let service = Service::start_with_tenants(&[("agents.connections", "2")]);
    let (one, two) = (service.tenant("one").await, service.tenant("two").await);
    let first = Agent::connected(&service, &one.key).await;
    Agent::connected(&service, &one.key).await;
    let mut third = Agent::new(&service, &one.key);
    let refusal = third.begin().await.refused(429, 50305);
    assert_eq!(refusal["details"]["limit"], 2, "{refusal:#}");
    Agent::connected(&service, &two.key).await;
    answered(first.to(Method::DELETE)).await.expect(204);
    Agent::connected(&service, &one.key).await;
}

#[tokio::test]
async fn requests_are_bounded_and_come_from_own_pages() {
    let service = Service::start_with(&[("server.body", "64 KiB")]);
    let mut agent = Agent::connected(&service, &service.token).await;
    let code = "#".repeat(80 << 10);
    let large = json!({"name": "run_code", "arguments": {"code": code}});
    agent.send("tools/call", large).await.refused(413, 50203);
    let list = json!({"jsonrpc": "2.0", "id": 9, "method": "tools/list"});
    let foreign = agent.request(&list).header("origin", "http://evil.example");
    answered(foreign).await.refused(403, 50304);
    let foreign = agent.request(&list).header("host", "evil.example");
    answered(foreign).await.refused(403, 50307);
    let plain = agent.to(Method::POST).header("content-type", "text/plain");
    answered(plain.body("{}")).await.refused(415, 50204);
    let own = agent.request(&list).header("origin", url(&service));
    answered(own).await.expect(200);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said() {
    let service = Service::start();
    let mut agent = Agent::connected(&service, &service.token).await;
    for (tool, arguments, field) in [
        ("run_code", json!({}), "arguments"),
        ("run_code", json!({"code": 1}), "code"),
        ("run_code", json!({"code": "1", "kode": "2"}), "kode"),
        ("list_sessions", json!({"limit": 0}), "limit"),
        ("list_sessions", json!({"limit": 201}), "limit"),
        (
            "read_file",
            json!({"path": "a", "max_bytes": 1_000_000}),
            "max_bytes",
        ),
        ("write_file", json!({"path": "a"}), "text"),
        ("write_file", json!({"path": "a", "base64": "?"}), "base64"),
        ("read_notebook", json!({}), "notebook_id"),
        ("export", json!({"format": "csv"}), "variables"),
        ("create_session", json!({"name": "a\u{0}b"}), "name"),
    ] {
        let told = agent.refused(tool, arguments, FIELD).await;
        let named = &told["errors"][0]["field"];
        assert!(
            named.as_str().expect("a field").contains(field) || field == "kode",
            "{told:#}"
        );
    }
    agent
        .refused("create_session", json!({"image": "none"}), 20201)
        .await;
    let unknown = agent.ask("tools/call", json!({"name": "no_tool"})).await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown:#}");
    agent.told("list_sessions", json!({"limit": 200})).await;
}

/// Where each request stands alone, closing it gives it up.
#[tokio::test]
async fn who_closes_a_request_interrupts_what_it_runs() {
    let service = Service::start();
    let session = service.session().await;
    let mut channel = service.channel(&session, 0).await;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let arguments = json!({"code": "while True: pass", "session_id": session});
    let params = json!({"name": "run_code", "arguments": arguments, "_meta": meta});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let agent = Agent::new(&service, &service.token);
    let request = agent
        .request(&call)
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "run_code");
    let request = tokio::spawn(request.send());
    channel.until("started").await;
    request.abort();
    let finished = channel.until("finished").await;
    assert_eq!(
        finished["content"]["outcome"], "interrupted",
        "{finished:#}"
    );
    assert_eq!(service.text(&session, "1 + 1").await, "2");
}

#[tokio::test]
async fn a_revoked_key_hears_nothing_more() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("acme").await;
    let other = admin.key_for(&service, json!({"name": "other"})).await;
    let agent = Agent::connected(&service, &other.key).await;
    let listening = agent.to(Method::GET).send().await.expect("it is answered");
    assert_eq!(listening.status().as_u16(), 200);
    let revoke = format!("/keys/{}", other.key_id);
    admin.delete(&service, &revoke).await.expect(204);
    // It ends, or this waits for ever.
    listening.bytes().await.expect("the stream ends");
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let refused: Value = answered(agent.request(&list)).await.refused(401, 50301);
    assert_eq!(refused["retryable"], false);
}
