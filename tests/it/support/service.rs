//! A real service in a process of its own, and a client for it.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// A running `cellblock serve`, ended when it is dropped.
pub struct Service {
    process: Child,
    pub address: String,
    pub token: String,
    client: reqwest::Client,
    data: PathBuf,
    settings: Vec<(String, String)>,
    /// Removed at the end.
    _folder: Option<tempfile::TempDir>,
}

/// What a request was answered with.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answered {
    /// Asserts the status, and returns the body.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// Asserts that it is a refusal with this status and this code, and returns its body.
    #[track_caller]
    pub fn refused(self, status: u16, code: u32) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        assert_eq!(self.body["code"], code, "{:#}", self.body);
        for field in ["title", "detail", "instance", "solution", "timestamp"] {
            assert!(self.body[field].is_string(), "no {field}: {:#}", self.body);
        }
        self.body
    }

    /// Returns a header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Service {
    /// Starts a service on an empty data folder.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a service with settings, as `("server.body", "1 MiB")`.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        match super::postgres::chosen() {
            Some(url) => Self::start_on(&url, settings),
            None => Self::start_on_file(settings),
        }
    }

    /// Starts a service with settings on a database.
    pub fn start_on(url: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_on_file(&[&[("data.database", url)], settings].concat())
    }

    /// Starts a service with settings whose database is a file, whatever the others have.
    pub fn start_on_file(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings: Vec<_> = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let data = folder.path().to_owned();
        let (process, address, token) = launch(&data, &settings);
        Self {
            process,
            address,
            token,
            client: reqwest::Client::new(),
            data,
            settings,
            _folder: Some(folder),
        }
    }

    /// Starts a service by a command that ends in running it; it gets the arguments that each
    /// service gets. `data` is where this process finds its data folder.
    pub fn start_by(command: Command, folder: tempfile::TempDir, data: PathBuf) -> Self {
        let (process, address, token) = launch_by(command, folder.path(), &[]);
        Self {
            process,
            address,
            token,
            client: reqwest::Client::new(),
            data,
            settings: Vec::new(),
            _folder: Some(folder),
        }
    }

    /// Ends the process as an operator does, and waits until it has ended.
    pub fn end(&mut self) {
        let process = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("it runs");
        self.process.wait().expect("it ended");
    }

    /// Ends the process as a power cut would, and starts it again on what it left.
    pub fn kill_and_restart(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        self.process.wait().expect("it ended");
        let (process, address, token) = launch(&self.data, &self.settings);
        self.process = process;
        self.address = address;
        self.token = token;
    }

    /// Returns the URL of its database; nothing for a file in the data folder.
    pub fn database(&self) -> Option<&str> {
        let mut settings = self.settings.iter();
        let url = settings.find(|(name, _)| name == "data.database");
        url.map(|(_, url)| url.as_str())
    }

    /// Returns the data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Returns the process id of the control process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Returns a request below `/api/v1` with the local user's token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, &format!("/api/v1{path}"))
            .bearer_auth(&self.token)
    }

    /// Returns a request to any path, without a token.
    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    /// Sends a request as it is written here, which no client library would, and returns the status
    /// and all that was answered.
    pub async fn raw(&self, method: &str, path: &str) -> (u16, String) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(&self.address)
            .await
            .expect("it listens");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.address, self.token
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it is sent");
        let mut answer = Vec::new();
        stream
            .read_to_end(&mut answer)
            .await
            .expect("it is answered");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        (
            status.unwrap_or_else(|| panic!("no status: {answer:?}")),
            answer,
        )
    }

    /// Makes a project and returns its id.
    pub async fn project(&self, name: &str) -> String {
        let made = self
            .post("/projects", serde_json::json!({"name": name}))
            .await
            .expect(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Returns the folder of a project, as a guest has it.
    pub fn project_folder(&self, project: &str) -> PathBuf {
        let found = std::fs::read_dir(self.data.join("tenants"))
            .expect("tenants")
            .flatten();
        let found = found.map(|tenant| tenant.path().join("projects").join(project));
        found
            .into_iter()
            .find(|folder| folder.exists())
            .expect("the project has a folder")
    }

    /// Returns how many things lie where no guest sees them, on their way into a project.
    pub fn under_way(&self) -> usize {
        self.under_way_in(&self.data)
    }

    /// As `under_way`, where the data folder is found elsewhere.
    pub fn under_way_in(&self, data: &Path) -> usize {
        let found = std::fs::read_dir(data.join("tenants"))
            .expect("tenants")
            .flatten();
        found
            .filter_map(|tenant| std::fs::read_dir(tenant.path().join("staging")).ok())
            .flatten()
            .count()
    }

    /// Writes a file of a project.
    pub async fn put(&self, path: &str, body: impl Into<reqwest::Body>) -> Answered {
        answered(self.request(Method::PUT, path).body(body)).await
    }

    pub async fn get(&self, path: &str) -> Answered {
        answered(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answered {
        answered(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answered {
        answered(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn put_json(&self, path: &str, body: Value) -> Answered {
        answered(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answered {
        answered(self.request(Method::DELETE, path)).await
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // SIGTERM would let cells end first; a test has seen what it wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request; a body that is no JSON is returned as a text.
pub async fn answered(request: RequestBuilder) -> Answered {
    let response = request.send().await.expect("the service answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.expect("the answer is whole");
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Answered {
        status,
        headers,
        body,
    }
}

fn launch(data: &Path, settings: &[(String, String)]) -> (Child, String, String) {
    launch_by(
        Command::new(env!("CARGO_BIN_EXE_cellblock")),
        data,
        settings,
    )
}

fn launch_by(
    mut command: Command,
    data: &Path,
    settings: &[(String, String)],
) -> (Child, String, String) {
    command
        .args(["serve", "--address", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    // A test that wants the log puts a file there for it.
    if let Ok(log) = std::fs::OpenOptions::new()
        .append(true)
        .open(data.join("stderr.log"))
    {
        command.stderr(log);
    }
    for (name, value) in settings {
        let name = name.to_uppercase().replace('.', "__");
        command.env(format!("CELLBLOCK_{name}"), value);
    }
    let mut process = command.spawn().expect("the service starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("it is a pipe"))
        .read_line(&mut line)
        .expect("it says where it is");
    let url = url::Url::parse(line.trim()).unwrap_or_else(|_| {
        let _ = process.kill();
        panic!("no address: {line:?}, {:?}", process.wait());
    });
    let address = format!(
        "{}:{}",
        url.host_str().expect("a host"),
        url.port().expect("a port")
    );
    let token = url.query_pairs().find(|(name, _)| name == "token");
    (process, address, token.expect("a token").1.into_owned())
}

/// A session's channel.
pub struct Channel {
    socket: tokio_tungstenite::WebSocketStream<
        tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>,
    >,
    /// The number of the last event seen.
    pub last: u64,
    /// What came before a reply that was waited for.
    passed: VecDeque<Value>,
}

impl Service {
    /// Opens a session's channel behind an event.
    pub async fn channel(&self, session: &str, after: u64) -> Channel {
        let (address, token) = (&self.address, &self.token);
        let url = format!(
            "ws://{address}/api/v1/sessions/{session}/channel?after_seq={after}&token={token}"
        );
        let (socket, _) = tokio_tungstenite::connect_async(url)
            .await
            .expect("it opens");
        Channel {
            socket,
            last: after,
            passed: VecDeque::new(),
        }
    }

    /// Makes a session and returns its id.
    pub async fn session(&self) -> String {
        let session = self
            .post("/sessions", serde_json::json!({}))
            .await
            .expect(201);
        session["id"].as_str().expect("an id").to_owned()
    }

    /// Runs code in a session and returns the whole execution.
    pub async fn run(&self, session: &str, code: &str) -> Value {
        let body = serde_json::json!({"code": code});
        self.post(&format!("/sessions/{session}/execute"), body)
            .await
            .expect(200)
    }

    /// Runs code that has to go well, and returns its text.
    #[track_caller]
    pub fn text(&self, session: &str, code: &str) -> impl Future<Output = String> {
        let place = std::panic::Location::caller();
        async move {
            let ran = self.run(session, code).await;
            assert_eq!(ran["status"], "success", "{place}: {ran:#}");
            ran["text"].as_str().expect("a text").trim_end().to_owned()
        }
    }
}

impl Channel {
    /// Sends a command.
    pub async fn send(&mut self, command: Value) {
        use futures_util::SinkExt as _;
        let message = tokio_tungstenite::tungstenite::Message::text(command.to_string());
        self.socket.send(message).await.expect("it is sent");
    }

    /// Returns the next message; nothing when the socket was closed.
    pub async fn next(&mut self) -> Option<Value> {
        if let Some(message) = self.passed.pop_front() {
            return Some(message);
        }
        let minute = std::time::Duration::from_secs(60);
        let waiting = tokio::time::timeout(minute, self.receive());
        waiting.await.expect("something comes within a minute")
    }

    async fn receive(&mut self) -> Option<Value> {
        use futures_util::StreamExt as _;
        use tokio_tungstenite::tungstenite::Message;
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("it is JSON");
                    if let Some(seq) = message["seq"].as_u64() {
                        assert_eq!(
                            seq,
                            self.last + 1,
                            "no event is missed or comes twice: {message}"
                        );
                        self.last = seq;
                    }
                    return Some(message);
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Returns the first event of a type from here on.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let message = self
                .next()
                .await
                .unwrap_or_else(|| panic!("closed before {kind}"));
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// Returns the reply to a command; the events before it come with `next`.
    pub async fn reply(&mut self, id: u64) -> Value {
        let mut passed = VecDeque::new();
        loop {
            let message = self.next().await.expect("it is open");
            if message["reply_to"] == id {
                passed.append(&mut self.passed);
                self.passed = passed;
                return message;
            }
            passed.push_back(message);
        }
    }
}
