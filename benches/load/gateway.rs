//! The peer: a Jupyter Kernel Gateway, measured with the same clients.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::Amounts;
use crate::client::{Seen, Socket};
use crate::measures::{END, MEMORY, READY, RESULT};
use crate::processes;
use crate::service::{answer, is_there, terminate};
use crate::table::Table;

/// Time that the gateway has to start and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures the gateway that pip installed into a folder.
pub async fn measure(folder: &Path, amounts: &Amounts, table: &mut Table) -> Result<()> {
    let gateway = Gateway::start(folder).await?;
    let (mut ready, mut results, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..amounts.peer_starts {
        let (mut kernel, time) = gateway.kernel().await?;
        ready.push(time);
        for _ in 0..amounts.executions / 5 {
            let seen = kernel.execute("1+1").await?;
            results.push(seen.result);
            ends.push(seen.end);
        }
        gateway.end(&kernel).await?;
    }
    let before = processes::mebibytes(gateway.process.id());
    let mut kernels = Vec::new();
    for _ in 0..amounts.peer_kernels {
        kernels.push(gateway.kernel().await?.0);
    }
    let held = processes::mebibytes(gateway.process.id()) - before;
    let milliseconds = |times: Vec<Duration>| {
        let times = times.into_iter().map(|time| time.as_secs_f64() * 1000.0);
        times.collect()
    };
    table.peer(READY, milliseconds(ready));
    table.peer(RESULT, milliseconds(results));
    table.peer(END, milliseconds(ends));
    table.peer(MEMORY, vec![held / kernels.len() as f64]);
    gateway.stop().await
}

struct Gateway {
    process: Child,
    address: String,
    client: reqwest::Client,
    /// What Jupyter writes for itself; removed at the end.
    _folder: tempfile::TempDir,
}

/// A kernel and a socket to it.
struct Kernel {
    id: String,
    socket: Socket,
    messages: u64,
}

impl Gateway {
    async fn start(installed: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        // The gateway takes no port 0; this one was free a moment ago.
        let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let process = Command::new("python3")
            .args(["-m", "kernel_gateway", "--ip=127.0.0.1", "--port_retries=0"])
            .arg(format!("--port={}", free.port()))
            .env("PYTHONPATH", installed)
            .env("HOME", folder.path())
            .env("JUPYTER_RUNTIME_DIR", folder.path().join("runtime"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // What it leaves behind can be ended as one.
            .process_group(0)
            .spawn()
            .context("python3 cannot be started")?;
        let gateway = Self {
            process,
            address: free.to_string(),
            client: reqwest::Client::new(),
            _folder: folder,
        };
        let started = Instant::now();
        while let Err(error) = answer(gateway.request(Method::GET, "/api")).await {
            if started.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(gateway._folder.path().join("log"))?;
                return Err(error.context(format!("the gateway does not answer:\n{log}")));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(gateway)
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    /// Starts a kernel; returns it when it has pandas, and how long that took.
    async fn kernel(&self) -> Result<(Kernel, Duration)> {
        let started = Instant::now();
        let request = self.request(Method::POST, "/api/kernels").json(&json!({}));
        let made = answer(request).await?;
        let id = made["id"]
            .as_str()
            .context("a kernel has an id")?
            .to_owned();
        let url = format!("ws://{}/api/kernels/{id}/channels", self.address);
        let mut kernel = Kernel {
            id,
            socket: Socket::open(&url).await?,
            messages: 0,
        };
        kernel.execute("import pandas\n1").await?;
        Ok((kernel, started.elapsed()))
    }

    async fn end(&self, kernel: &Kernel) -> Result<()> {
        let path = format!("/api/kernels/{}", kernel.id);
        answer(self.request(Method::DELETE, &path)).await?;
        Ok(())
    }

    /// Ends the gateway and its kernels, and makes sure that none is left.
    async fn stop(mut self) -> Result<()> {
        let family = processes::family(self.process.id());
        terminate(&self.process)?;
        let started = Instant::now();
        while self.process.try_wait()?.is_none() || family.iter().any(|member| is_there(*member)) {
            ensure!(started.elapsed() < PATIENCE, "the gateway does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Kernels have groups of their own, so each is ended by its number.
        for member in processes::family(self.process.id()) {
            if let Some(member) = rustix::process::Pid::from_raw(member.cast_signed()) {
                // It may have ended by itself.
                let _ = rustix::process::kill_process(member, rustix::process::Signal::KILL);
            }
        }
        let _ = self.process.wait();
    }
}

impl Kernel {
    /// Runs code that has a result.
    async fn execute(&mut self, code: &str) -> Result<Seen> {
        self.messages += 1;
        let id = format!("{}-{}", self.id, self.messages);
        let request = json!({
            "header": {"msg_id": id, "username": "load", "session": self.id, "msg_type": "execute_request", "version": "5.3"},
            "parent_header": {}, "metadata": {}, "channel": "shell",
            "content": {"code": code, "silent": false, "store_history": true, "user_expressions": {},
                "allow_stdin": false, "stop_on_error": true},
        });
        let started = Instant::now();
        self.socket.send(&request).await?;
        let mut result = None;
        loop {
            let message = self.socket.next().await?;
            if message["parent_header"]["msg_id"] != Value::String(id.clone()) {
                continue;
            }
            match message["header"]["msg_type"].as_str() {
                Some("execute_result") => result = Some(started.elapsed()),
                Some("error") => anyhow::bail!("{message:#}"),
                Some("status") if message["content"]["execution_state"] == "idle" => {
                    let end = started.elapsed();
                    let result = result.context("the execution showed no result")?;
                    return Ok(Seen { result, end });
                }
                Some(_) | None => {}
            }
        }
    }
}
