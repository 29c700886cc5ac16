//! A real service in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::client::Socket;
use crate::processes;

/// Time in which the service and its workers have to start, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `cellblock serve`.
pub struct Service {
    process: Child,
    address: String,
    token: String,
    client: reqwest::Client,
    /// Removed at the end.
    _data: tempfile::TempDir,
}

impl Service {
    /// Starts a service on an empty data folder, with settings such as `("SERVER__BODY", "1 MiB")`.
    pub async fn start(settings: &[(&str, String)]) -> Result<Self> {
        // On the disk that the build is on: in memory, syncing would cost nothing.
        let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
        command
            .args(["serve", "--address", "127.0.0.1:0", "--data"])
            .arg(data.path())
            // One caller stands for many.
            .env("CELLBLOCK_SERVER__REQUESTS_PER_SECOND", "1000000")
            .env("CELLBLOCK_SERVER__REQUEST_BURST", "1000000")
            .env("CELLBLOCK_QUOTAS__SESSIONS", "10000")
            .env("CELLBLOCK_LOG__LEVEL", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        for (name, value) in settings {
            command.env(format!("CELLBLOCK_{name}"), value);
        }
        let mut process = command.spawn().context("the service does not start")?;
        let mut line = String::new();
        let out = process.stdout.take().context("it is a pipe")?;
        BufReader::new(out).read_line(&mut line)?;
        let url = url::Url::parse(line.trim())
            .with_context(|| format!("the service says no address but {line:?}"))?;
        let token = url.query_pairs().find(|(name, _)| name == "token");
        let token = token.context("the address has no token")?.1.into_owned();
        let service = Self {
            process,
            address: url.authority().to_owned(),
            token,
            client: reqwest::Client::new(),
            _data: data,
        };
        service.all_workers().await?;
        Ok(service)
    }

    /// Waits until every worker takes sessions.
    async fn all_workers(&self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let metrics = self.client.get(format!("http://{}/metrics", self.address));
            let metrics = metrics
                .bearer_auth(&self.token)
                .send()
                .await?
                .text()
                .await?;
            if metrics.contains("\ncellblock_workers 2\n") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!(
            "the workers are not ready after {} seconds",
            PATIENCE.as_secs()
        )
    }

    /// Returns the control process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// Returns a request below `/api/v1`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}/api/v1{path}", self.address))
            .bearer_auth(&self.token)
    }

    /// Sends something and returns the answer.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    /// Makes a session and returns its id.
    pub async fn session(&self) -> Result<String> {
        let made = self.post("/sessions", json!({})).await?;
        Ok(made["id"]
            .as_str()
            .context("a session has an id")?
            .to_owned())
    }

    /// Ends a session.
    pub async fn end(&self, session: &str) -> Result<()> {
        let request = self.request(Method::DELETE, &format!("/sessions/{session}"));
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// Runs code that has to go well.
    pub async fn run(&self, session: &str, code: &str) -> Result<Value> {
        let path = format!("/sessions/{session}/execute");
        let ran = self.post(&path, json!({"code": code})).await?;
        ensure!(ran["status"] == "success", "{code:?}: {ran:#}");
        Ok(ran)
    }

    /// Opens a session's channel.
    pub async fn channel(&self, session: &str) -> Result<Socket> {
        let (address, token) = (&self.address, &self.token);
        Socket::open(&format!(
            "ws://{address}/api/v1/sessions/{session}/channel?token={token}"
        ))
        .await
    }

    /// Ends the service as Ctrl-C does, and makes sure that none of its processes is left.
    pub async fn stop(mut self) -> Result<()> {
        let family = processes::family(self.process());
        terminate(&self.process)?;
        let started = Instant::now();
        while self.process.try_wait()?.is_none() {
            ensure!(started.elapsed() < PATIENCE, "the service does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        while family.iter().any(|member| is_there(*member)) {
            ensure!(
                started.elapsed() < PATIENCE,
                "a process of the service does not end"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Something failed, or it has ended already; workers end with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks a process to end.
pub fn terminate(process: &Child) -> Result<()> {
    let id = rustix::process::Pid::from_child(process);
    rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
    Ok(())
}

/// Tells whether a process is there.
pub fn is_there(process: u32) -> bool {
    std::path::Path::new(&format!("/proc/{process}")).exists()
}

/// Sends a request; what is no success is an error with what was answered.
pub async fn answer(request: RequestBuilder) -> Result<Value> {
    let response = request.send().await?;
    let status = response.status();
    let text = response.text().await?;
    ensure!(status.is_success(), "{status}: {text}");
    Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
}
