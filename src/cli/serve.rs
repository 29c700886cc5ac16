//! `cellblock serve`: the service.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Failure, say};
use crate::config::Config;
use crate::service::Service;
use crate::{descriptors, disk, http, telemetry};

/// Where the service listens and keeps things.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A configuration file (see `cellblock config show`).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    address: Option<SocketAddr>,
    /// The folder of the database, projects and checkpoints.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

impl Arguments {
    fn configuration(&self) -> Result<Config, Failure> {
        let mut config = Config::load(self.config.as_deref()).map_err(Failure::usage)?;
        if let Some(address) = self.address {
            config.server.address = address;
        }
        if let Some(data) = &self.data {
            config.data.folder.clone_from(data);
        }
        Ok(config)
    }
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let config = arguments.configuration()?;
    // What this process and its workers write is for its user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let _log = telemetry::start(&config).map_err(Failure::Usage)?;
    descriptors::allow_many();
    let _alone = alone(&config.data.folder)?;
    let (address, grace) = (config.server.address, config.server.shutdown_grace.0);
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::Usage(anyhow::Error::new(error).context(format!(
            "{address} cannot be listened on; another program may have it. Choose one with --address"
        )))
    })?;
    let address = listener.local_addr().map_err(Failure::sandbox)?;
    let running = Running::start(config).await?;
    let service = &running.service;
    service.environments.listening(address);
    say(&format!(
        "http://{address}/?token={}",
        service.tenants.local_token()
    ))?;
    let router = http::router(Arc::clone(service));
    let connections = service.config.server.connections;
    http::serve(listener, router, connections, running.stop.clone(), grace).await;
    running.end().await;
    Ok(ExitCode::SUCCESS)
}

/// A service that works: what it does by itself is done, and it stops when the process is told to.
pub(super) struct Running {
    pub(super) service: Arc<Service>,
    /// Says when it stops.
    pub(super) stop: watch::Receiver<bool>,
    stopping: watch::Sender<bool>,
    tending: JoinHandle<()>,
}

impl Running {
    pub(super) async fn start(config: Config) -> Result<Self, Failure> {
        let (stopping, stop) = watch::channel(false);
        let service = Service::open(config, stop.clone())
            .await
            .map_err(Failure::Sandbox)?;
        let service = Arc::new(service);
        // Before anybody is told that it is there.
        let signals = Signals::listen().map_err(Failure::sandbox)?;
        let tending = service.tend();
        let (telling, told) = (Arc::clone(&service), stopping.clone());
        tokio::spawn(async move {
            signals.come().await;
            telling.news.close();
            // The receivers live as long as the service.
            let _ = told.send(true);
        });
        let minding = Arc::clone(&service);
        let minded = stop.clone();
        tokio::spawn(async move {
            let sessions = &minding.sessions;
            tokio::join!(
                sessions.mind_memory(minded.clone()),
                sessions.sweep_regularly(minded.clone()),
                sessions.end_the_old(minded.clone()),
                sessions.pass_on_warnings(minded.clone()),
                sessions.mind_fuel(minded.clone()),
                minding.sandboxes.tend(minded.clone()),
                minding.measure_disk(minded)
            )
        });
        Ok(Self {
            service,
            stop,
            stopping,
            tending,
        })
    }

    /// Stores what is still in memory. The last thing before the process ends.
    pub(super) async fn end(self) {
        let _ = self.stopping.send(true);
        self.tending.abort();
        self.service.close().await;
        telemetry::stop().await;
    }
}

/// Takes the data folder for this service: two would take each other's sessions for lost.
pub(super) fn alone(folder: &Path) -> Result<File, Failure> {
    let told = |error: std::io::Error| {
        let message = format!("the data folder {} cannot be used", folder.display());
        Failure::Usage(anyhow::Error::new(error).context(message))
    };
    disk::private_folder(folder).map_err(told)?;
    let lock = File::create(folder.join("service.lock")).map_err(told)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Failure::Usage(anyhow::anyhow!(
            "another `cellblock serve` uses the data folder {}; end it first, or name another folder with --data (`cellblock mcp` can talk to it with --url)",
            folder.display()
        ))),
        Err(TryLockError::Error(error)) => Err(told(error)),
    }
}

/// The signals by which a process is told to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens for them. One that comes from now on is not missed, however late it is waited for.
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn come(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
