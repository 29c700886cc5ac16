//! Jupyter's own clients, from their packages and unmodified, and what no client sends.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::service::{Service, answered};
use crate::support::{node, python};

static PACKAGES: LazyLock<PathBuf> =
    LazyLock::new(|| python::packages("tests/jupyter/requirements.txt", &[]));

/// Returns Python with Jupyter's packages, and with folders of its own for what they keep.
fn jupyter(scratch: &Path) -> Command {
    let mut command = Command::new("python3");
    command
        .env("PYTHONPATH", PACKAGES.as_path())
        .env("JUPYTER_DATA_DIR", scratch.join("data"))
        .env("JUPYTER_RUNTIME_DIR", scratch.join("runtime"))
        .env("JUPYTER_CONFIG_DIR", scratch.join("config"))
        .env("IPYTHONDIR", scratch.join("ipython"));
    command
}

/// Has one of the clients assert what it is told.
fn client(service: &Service, name: &str, more: &[&str]) {
    let scratch = tempfile::tempdir().expect("a folder");
    let output = jupyter(scratch.path())
        .arg("tests/jupyter/gateway.py")
        .args([name, &format!("http://{}", service.address)])
        .args([&service.token, "data"])
        .args(more)
        .output()
        .expect("python3 starts");
    assert!(
        output.status.success(),
        "{name}:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn nbclient_runs_notebooks() {
    let service = Service::start();
    client(&service, "nbclient", &[]);
    client(&service, "nbclient_error", &[]);
    // Each ended its kernel.
    let kernels = service.anonymous(Method::GET, "/api/kernels");
    let kernels = answered(kernels.bearer_auth(&service.token)).await;
    assert_eq!(kernels.expect(200), json!([]));
}

#[tokio::test]
async fn nbclient_runs_the_examples() {
    let service = Service::start();
    for example in ["examples/pandas-wrangling.ipynb", "examples/plotting.ipynb"] {
        client(&service, "nbclient", &[example]);
    }
}

#[tokio::test]
async fn papermill_puts_parameters_in() {
    let service = Service::start();
    let folder = tempfile::tempdir().expect("a folder");
    client(
        &service,
        "papermill",
        &[&folder.path().display().to_string()],
    );
}

#[tokio::test]
async fn the_client_of_kernels_speaks_binary_frames() {
    client(&Service::start(), "kernel_client", &[]);
}

/// JupyterLab's own client, from its package: what an editor that is not Lab would use.
#[tokio::test]
async fn the_client_of_jupyterlab_finds_all_it_asks_for() {
    let service = Service::start();
    let output = Command::new("node")
        .env("NODE_PACKAGES", node::packages("tests/jupyter/services"))
        .arg("tests/jupyter/services/services.mjs")
        .args([&format!("http://{}", service.address), &service.token])
        .output()
        .expect("node starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

/// JupyterLab itself, in a browser.
#[tokio::test]
async fn jupyterlab_works_on_our_kernels() {
    let service = Service::start();
    let scratch = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(scratch.path().join("files")).expect("it is made");
    let output = Command::new("node")
        .env("PYTHONPATH", PACKAGES.as_path())
        .arg("tests/jupyter/lab.mjs")
        .args([&format!("http://{}", service.address), &service.token])
        .arg(scratch.path())
        .output()
        .expect("node starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

/// Installs the kernel of an image where `jupyter` finds it.
fn install(scratch: &Path, image: &str) {
    let installed = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["kernel", "install", "--quiet", "--image", image])
        .env("JUPYTER_DATA_DIR", scratch.join("data"))
        .output()
        .expect("it starts");
    assert!(installed.status.success(), "{installed:?}");
}

#[test]
fn notebooks_are_checked_and_called_on_the_installed_kernel() {
    let scratch = tempfile::tempdir().expect("a folder");
    install(scratch.path(), "base");
    let output = jupyter(scratch.path())
        .args(["tests/jupyter/gateway.py", "installed", "base"])
        .arg(scratch.path())
        .output()
        .expect("python3 starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let logo = scratch
        .path()
        .join("data/kernels/cellblock-base/logo-svg.svg");
    assert!(logo.exists(), "{logo:?}");
}

#[test]
fn the_kernel_goes_on_whatever_comes_over_its_sockets() {
    let scratch = tempfile::tempdir().expect("a folder");
    install(scratch.path(), "base");
    let output = jupyter(scratch.path())
        .args(["tests/jupyter/hostile.py", "base"])
        .output()
        .expect("python3 starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

/// Jupyter's own test suite of kernels, on the kernel without a service.
#[test]
fn the_kernel_passes_jupyters_own_tests() {
    let scratch = tempfile::tempdir().expect("a folder");
    install(scratch.path(), "data");
    let output = jupyter(scratch.path())
        .args(["-W", "ignore", "tests/jupyter/test_kernel.py"])
        .output()
        .expect("python3 starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("Ran 12 tests") && !told.contains("skipped"),
        "{told}"
    );
}

#[test]
fn a_connection_file_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("connection.json");
    let kernel = |text: Option<&str>| {
        if let Some(text) = text {
            std::fs::write(&path, text).expect("it is written");
        }
        let output = Command::new(env!("CARGO_BIN_EXE_cellblock"))
            .args(["kernel", "--image", "base", "-f"])
            .arg(&path)
            .output()
            .expect("it starts");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), told)
    };
    let (code, told) = kernel(None);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("connection.json cannot be read"), "{told}");
    let unknown = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["kernel", "-f", "connection.json", "--imagee=base"])
        .output()
        .expect("it starts");
    assert_eq!(unknown.status.code(), Some(2));
    let told = String::from_utf8_lossy(&unknown.stderr);
    assert!(told.contains("this option is not known"), "{told}");
    let (code, told) = kernel(Some("{}"));
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("is no connection file of Jupyter's"),
        "{told}"
    );
    let ports = r#""ip": "127.0.0.1", "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5,
        "key": "k", "kernel_name": "x""#;
    let scheme = format!(r#"{{{ports}, "transport": "tcp", "signature_scheme": "hmac-md5"}}"#);
    let (code, told) = kernel(Some(&scheme));
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("only hmac-sha256 is"), "{told}");
    let transport =
        format!(r#"{{{ports}, "transport": "ipc", "signature_scheme": "hmac-sha256"}}"#);
    let (code, told) = kernel(Some(&transport));
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("only tcp is"), "{told}");
}

type Line =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A client that says what it likes.
struct Client(Line);

impl Client {
    async fn connect(service: &Service, kernel: &str, client: &str) -> Self {
        let address = format!(
            "ws://{}/g/{}/api/kernels/{kernel}/channels?session_id={client}",
            service.address, service.token
        );
        let request = address.into_client_request().expect("an address");
        let (line, _) = tokio_tungstenite::connect_async(request)
            .await
            .expect("it opens");
        Self(line)
    }

    async fn say(&mut self, text: impl Into<String>) {
        let text: String = text.into();
        self.0.send(Message::text(text)).await.expect("it is sent");
    }

    async fn ask(&mut self, client: &str, id: &str, kind: &str, content: Value) {
        let message = json!({"header": {"msg_id": id, "msg_type": kind, "session": client, "username": "", "version": "5.4"},
            "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"});
        self.say(message.to_string()).await;
    }

    /// Returns the next message of a type that belongs to a request.
    async fn until(&mut self, kind: &str, of: &str) -> Value {
        loop {
            let message: Value = match self.0.next().await {
                Some(Ok(Message::Text(text))) => serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Close(frame))) => panic!("closed before {kind} came: {frame:?}"),
                Some(Ok(_)) => continue,
                end => panic!("{kind} did not come: {end:?}"),
            };
            if message["msg_type"] == kind && message["parent_header"]["msg_id"] == of {
                return message["content"].clone();
            }
        }
    }

    /// Returns the code with which the service closes the connection.
    async fn end(mut self) -> u16 {
        while let Some(Ok(message)) = self.0.next().await {
            if let Message::Close(Some(frame)) = message {
                return frame.code.into();
            }
        }
        panic!("it was not closed with a code")
    }
}

async fn kernel(service: &Service) -> String {
    let request = service.anonymous(Method::POST, "/api/kernels");
    let kernel = answered(request.bearer_auth(&service.token))
        .await
        .expect(201);
    kernel["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn what_is_no_message_closes_the_connection_and_the_kernel_goes_on() {
    let service = Service::start();
    let kernel = kernel(&service).await;
    for wrong in [
        "{",
        "[]",
        "{\"header\": {}, \"channel\": \"shell\"}",
        "\"x\"",
    ] {
        let mut client = Client::connect(&service, &kernel, "a").await;
        client.say(wrong).await;
        assert_eq!(client.end().await, 1007, "{wrong}");
    }
    let mut client = Client::connect(&service, &kernel, "a").await;
    client
        .0
        .send(Message::binary(vec![0xff; 64]))
        .await
        .expect("it is sent");
    assert_eq!(client.end().await, 1007);

    let mut client = Client::connect(&service, &kernel, "a").await;
    // What a later version asks is left out, and what has no content is refused.
    client
        .ask("a", "1", "create_subshell_request", json!({}))
        .await;
    client
        .ask("a", "2", "execute_request", json!({"silent": "maybe"}))
        .await;
    let refused = client.until("execute_reply", "2").await;
    assert_eq!(refused["status"], "error", "{refused}");
    client
        .ask("a", "3", "execute_request", json!({"code": "6*7"}))
        .await;
    let shown = client.until("execute_result", "3").await;
    assert_eq!(shown["data"]["text/plain"], "42");
    assert_eq!(client.until("execute_reply", "3").await["status"], "ok");
}

#[tokio::test]
async fn a_kernel_of_nobody_or_of_others_is_not_found() {
    let service = Service::start_with_tenants(&[]);
    let kernel = kernel(&service).await;
    let other = service.tenant("acme").await;
    for (id, key) in [
        (kernel.as_str(), &other.key),
        ("0190b5a8-0000-7000-8000-000000000000", &service.token),
        ("../x", &service.token),
    ] {
        let request = service.anonymous(Method::GET, &format!("/api/kernels/{id}"));
        let status = answered(request.bearer_auth(key)).await.status;
        assert_eq!(status, 404, "{id}");
    }
    let request = service.anonymous(Method::GET, &format!("/api/kernels/{kernel}"));
    answered(request.bearer_auth(&service.token))
        .await
        .expect(200);
    let unknown = service.anonymous(Method::POST, "/api/kernels");
    let unknown = unknown
        .bearer_auth(&service.token)
        .json(&json!({"name": "ruby"}));
    answered(unknown).await.refused(422, 20201);
}

#[tokio::test]
async fn two_clients_hear_of_one_kernel_and_each_is_answered_alone() {
    let service = Service::start();
    let kernel = kernel(&service).await;
    let mut one = Client::connect(&service, &kernel, "one").await;
    let mut two = Client::connect(&service, &kernel, "two").await;
    one.ask(
        "one",
        "1",
        "execute_request",
        json!({"code": "x = 1; print('hello')"}),
    )
    .await;
    assert_eq!(one.until("execute_reply", "1").await["status"], "ok");
    // The other one sees what is shown, and gets no answer to what it did not ask.
    assert_eq!(two.until("stream", "1").await["text"], "hello\n");
    two.ask("two", "2", "execute_request", json!({"code": "x + 1"}))
        .await;
    assert_eq!(
        two.until("execute_result", "2").await["data"]["text/plain"],
        "2"
    );
}

#[tokio::test]
async fn a_client_that_vanishes_in_a_question_can_come_back_and_answer_it() {
    let service = Service::start();
    let kernel = kernel(&service).await;
    let mut client = Client::connect(&service, &kernel, "a").await;
    let code = json!({"code": "name = input('who? ')\nprint('hi', name)", "allow_stdin": true});
    client.ask("a", "1", "execute_request", code).await;
    assert_eq!(client.until("input_request", "1").await["prompt"], "who? ");
    drop(client);
    let mut client = Client::connect(&service, &kernel, "a").await;
    client
        .ask("a", "2", "input_reply", json!({"value": "Ada"}))
        .await;
    assert_eq!(client.until("stream", "1").await["text"], "hi Ada\n");
    assert_eq!(client.until("execute_reply", "1").await["status"], "ok");
}

#[tokio::test]
async fn what_waits_behind_a_failure_is_told_to_be_aborted() {
    let service = Service::start();
    let kernel = kernel(&service).await;
    let mut client = Client::connect(&service, &kernel, "a").await;
    client
        .ask(
            "a",
            "1",
            "execute_request",
            json!({"code": "import time; time.sleep(0.5); 1/0"}),
        )
        .await;
    client
        .ask("a", "2", "execute_request", json!({"code": "2"}))
        .await;
    assert_eq!(
        client.until("execute_reply", "1").await["ename"],
        "ZeroDivisionError"
    );
    assert_eq!(
        client.until("execute_reply", "2").await["status"],
        "aborted"
    );
    client
        .ask(
            "a",
            "3",
            "execute_request",
            json!({"code": "3", "stop_on_error": false}),
        )
        .await;
    assert_eq!(client.until("execute_reply", "3").await["status"], "ok");
}
