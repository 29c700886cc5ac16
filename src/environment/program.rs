//! The process of a JupyterLab: how it is started behind its walls, asked whether it is well, and ended.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::install::{Installed, last_lines};
use crate::id::EnvironmentId;

/// Time in which it ends when it is asked to.
const GRACE: Duration = Duration::from_secs(3);

/// Time in which it answers whether it is well.
const ANSWER: Duration = Duration::from_secs(5);

/// The header by which it knows the proxy.
pub(crate) const PROXY: &str = "x-cellblock-proxy";

/// How it is called in the environment's folder what it says.
const LOG: &str = "lab.log";

/// Everything that one start needs.
pub(super) struct Orders {
    pub(super) environment: EnvironmentId,
    pub(super) installed: Installed,
    /// Its own folder.
    pub(super) folder: PathBuf,
    /// The image of its kernels.
    pub(super) image: String,
    pub(super) port: u16,
    /// The service, as it reaches it.
    pub(super) gateway: std::net::SocketAddr,
    /// Its pass for the service.
    pub(super) pass: String,
    /// The token that the proxy shows it.
    pub(super) token: String,
    /// The hash of a password that whoever comes has to give, too.
    pub(super) password: Option<String>,
    pub(super) memory: u64,
    pub(super) best_effort: bool,
}

/// A JupyterLab that runs.
pub(super) struct Program(Child);

impl Program {
    /// Starts it. It sees no environment of this process and gets no argument that is secret.
    pub(super) fn start(orders: &Orders) -> anyhow::Result<Self> {
        let (folder, installed) = (&orders.folder, &orders.installed);
        crate::disk::private_folder(folder)?;
        let log = File::create(folder.join(LOG))?;
        let program = std::env::current_exe().context("the program's own file is not known")?;
        let mut command = Command::new(program);
        command.arg("confined");
        for path in installed.reads.iter().chain([&installed.folder]) {
            command.arg("--read").arg(path);
        }
        command
            .arg("--execute")
            .arg(&installed.program)
            .arg("--write")
            .arg(folder)
            .args(["--listen", &orders.port.to_string()])
            .args(["--connect", &orders.gateway.port().to_string()])
            .args(["--memory", &orders.memory.to_string()])
            .args(["--parent", &std::process::id().to_string()]);
        if orders.best_effort {
            command.arg("--best-effort");
        }
        command
            .arg("--")
            .arg(installed.folder.join("bin/python"))
            .args(["-I", "-m", "jupyterlab", "--no-browser", "--allow-root"])
            .arg(format!("--ServerApp.base_url=/env-{}/", orders.environment))
            .arg(format!("--ServerApp.port={}", orders.port))
            .arg(format!("--MultiKernelManager.default_kernel_name={}", orders.image))
            .args([
                "--ServerApp.ip=127.0.0.1",
                "--ServerApp.port_retries=0",
                "--ServerApp.terminals_enabled=False",
                "--ServerApp.quit_button=False",
                // The proxy alone reaches it, and looks from which page a request comes.
                "--ServerApp.disable_check_xsrf=True",
                "--ServerApp.identity_provider_class=cellblock_lab.Proxied",
                "--ServerApp.contents_manager_class=cellblock_lab.CellblockContents",
                "--LabApp.extension_manager=readonly",
                "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
                "--LabApp.news_url=None",
            ]);
        let (home, password) = (folder.as_os_str(), orders.password.as_ref());
        command
            .env_clear()
            .env("HOME", home)
            .env("TMPDIR", home)
            .env("USER", "jupyter")
            .env("LOGNAME", "jupyter")
            .env("LANG", "C.UTF-8")
            .env("JUPYTER_CONFIG_DIR", folder.join("config"))
            .env("JUPYTER_DATA_DIR", folder.join("data"))
            .env("JUPYTER_RUNTIME_DIR", folder.join("runtime"))
            .env("JUPYTERLAB_SETTINGS_DIR", folder.join("settings"))
            .env("JUPYTERLAB_WORKSPACES_DIR", folder.join("workspaces"))
            .env("IPYTHONDIR", folder.join("ipython"))
            .env("CELLBLOCK_PROXY", &orders.token)
            .env("JUPYTER_GATEWAY_URL", format!("http://{}", orders.gateway))
            .env("JUPYTER_GATEWAY_AUTH_TOKEN", &orders.pass)
            .env("JUPYTER_GATEWAY_ENV_WHITELIST", "")
            .envs(password.map(|hash| ("CELLBLOCK_PASSWORD", format!("argon2:{hash}"))))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true);
        Ok(Self(
            command.spawn().context("JupyterLab cannot be started")?,
        ))
    }

    /// Waits until it has ended.
    pub(super) async fn ended(&mut self) -> String {
        match self.0.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Ends it: it is asked first.
    pub(super) async fn end(mut self) {
        let process = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(process) = process.and_then(rustix::process::Pid::from_raw) {
            // It may have ended by itself.
            let _ = rustix::process::kill_process_group(process, rustix::process::Signal::TERM);
            if timeout(GRACE, self.0.wait()).await.is_err() {
                let _ = rustix::process::kill_process_group(process, rustix::process::Signal::KILL);
            }
        }
        let _ = self.0.wait().await;
    }
}

/// Tells whether a JupyterLab answers.
pub(super) async fn is_well(orders: &Orders) -> bool {
    let asked = async {
        let stream = TcpStream::connect(("127.0.0.1", orders.port)).await.ok()?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .ok()?;
        tokio::spawn(connection);
        // It says its version to everybody, also where there is a password.
        let request = http::Request::get(format!("/env-{}/api", orders.environment))
            .header("host", format!("127.0.0.1:{}", orders.port))
            .body(Empty::<bytes::Bytes>::new())
            .ok()?;
        let answer = sender.send_request(request).await.ok()?;
        Some(answer.status().is_success())
    };
    matches!(timeout(ANSWER, asked).await, Ok(Some(true)))
}

/// Returns the last lines that it said, without what is secret.
pub(super) fn last_said(orders: &Orders) -> String {
    let said = std::fs::read(orders.folder.join(LOG)).unwrap_or_default();
    let secrets = [
        Some(&orders.token),
        Some(&orders.pass),
        orders.password.as_ref(),
    ];
    let secrets = secrets.into_iter().flatten();
    secrets.fold(last_lines(&said), |said, secret| {
        said.replace(secret, "(hidden)")
    })
}
