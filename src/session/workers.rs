//! The worker processes: started, watched, and started again. Tenants share some, and a tenant can
//! have some of its own.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::{SinkExt, StreamExt};
use python_wasm::{ImageSpec, RuntimeOptions};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio_util::codec::{FramedRead, FramedWrite};

use super::link::Link;
use super::room::Held;
use crate::config::Config;
use crate::error_code::{ErrorCode, Fault};
use crate::id::TenantId;
use crate::layout::Layout;
use crate::worker::protocol::{Frame, FrameCodec, FrameReader, ImageInfo, Message, Request};

/// Requests that may wait for a worker to read them.
const OUTBOX: usize = 1024;

/// Time a worker has to open its images.
const START: Duration = Duration::from_secs(120);

/// Pause before a worker that ended soon after its start is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// All workers.
pub(crate) struct Workers {
    shared: Team,
    own: Vec<(TenantId, Team)>,
    images: Vec<ImageInfo>,
}

/// Workers that stand in for each other.
struct Team {
    links: Arc<RwLock<Vec<Arc<Link>>>>,
}

/// What a team's workers are started with.
#[derive(Clone)]
struct Orders {
    /// Folders of the tenants they serve.
    folders: Vec<PathBuf>,
    scratch: PathBuf,
    images: Vec<String>,
    /// Bytes of memory that each may hold for its sessions.
    budget: u64,
}

impl Workers {
    /// Starts the workers and waits until the first of each team takes work.
    pub(crate) async fn start(
        config: &Config,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let layout = Layout::new(&config.data.folder);
        let scratch = layout.scratch();
        // What lived as long as a session of an earlier start.
        if scratch.exists() {
            std::fs::remove_dir_all(&scratch)
                .with_context(|| format!("{} cannot be emptied", scratch.display()))?;
        }
        crate::disk::private_folder(&scratch)?;
        let tenants = layout.tenants();
        crate::disk::private_folder(&tenants)?;
        let orders = Orders {
            folders: vec![tenants],
            scratch,
            images: config.workers.images.clone(),
            budget: budget(config),
        };
        if !are_there(&orders.images).await? {
            prepare(&orders.images).await?;
        }
        let mut own = Vec::new();
        for (tenant, count) in &config.workers.own {
            let tenant: TenantId = tenant.parse().with_context(|| {
                format!("workers.own names the tenant {tenant:?}, which is no id")
            })?;
            let folder = layout.tenant(tenant);
            crate::disk::private_folder(&folder)?;
            let orders = Orders {
                folders: vec![folder],
                ..orders.clone()
            };
            own.push((tenant, Team::start(&orders, *count, &stop).await?));
        }
        let shared = Team::start(&orders, config.workers.shared.max(1), &stop).await?;
        let images = shared
            .links()
            .first()
            .map_or_else(Vec::new, |link| link.images.clone());
        Ok(Self {
            shared,
            own,
            images,
        })
    }

    /// Returns the images that sessions can start from.
    pub(crate) fn images(&self) -> &[ImageInfo] {
        &self.images
    }

    /// Returns the worker of the tenant that holds the fewest sessions of those with room for so many
    /// bytes, and holds the room.
    pub(super) fn pick(&self, tenant: TenantId, bytes: u64) -> Result<(Arc<Link>, Held), Fault> {
        let team = self
            .own
            .iter()
            .find(|(owner, _)| *owner == tenant)
            .map_or(&self.shared, |(_, team)| team);
        let mut links = team.links();
        links.retain(|link| link.is_alive());
        links.sort_by_key(|link| link.sessions());
        if links.is_empty() {
            return Err(Fault::new(
                ErrorCode::WorkerLost,
                "No worker process is there now; one is being started.",
            )
            .retry_after(2));
        }
        let held = links.into_iter().find_map(|link| {
            let held = link.room.hold(bytes)?;
            Some((link, held))
        });
        held.ok_or_else(super::memory::full)
    }

    /// Returns how many worker processes take sessions.
    pub(crate) fn processes(&self) -> usize {
        self.teams().map(|team| team.links().len()).sum()
    }

    /// Returns the bytes that all sessions hold for themselves.
    pub(crate) fn private_bytes(&self) -> u64 {
        self.teams()
            .flat_map(Team::links)
            .map(|link| link.room.private_bytes())
            .sum()
    }

    /// Returns all workers.
    pub(super) fn links(&self) -> Vec<Arc<Link>> {
        self.teams().flat_map(Team::links).collect()
    }

    fn teams(&self) -> impl Iterator<Item = &Team> {
        self.own.iter().map(|(_, team)| team).chain([&self.shared])
    }
}

impl Team {
    async fn start(
        orders: &Orders,
        count: usize,
        stop: &watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let team = Self {
            links: Arc::default(),
        };
        let first = match Process::start(orders, 0).await {
            Ok(first) => first,
            Err(error) => {
                tracing::warn!(%error, "the first worker does not start; what it opens is made again where it is damaged");
                prepare(&orders.images).await?;
                Process::start(orders, 0).await?
            }
        };
        team.join(&first);
        let watched = team.watch(first, orders.clone(), 0, stop.clone());
        tokio::spawn(watched);
        for slot in 1..count {
            let (orders, stop) = (orders.clone(), stop.clone());
            let team = Self {
                links: Arc::clone(&team.links),
            };
            tokio::spawn(async move {
                let process = team.hire(&orders, slot).await;
                team.watch(process, orders, slot, stop).await;
            });
        }
        Ok(team)
    }

    fn links(&self) -> Vec<Arc<Link>> {
        self.links.read().expect("no holder panics").clone()
    }

    fn join(&self, process: &Process) {
        self.links
            .write()
            .expect("no holder panics")
            .push(Arc::clone(&process.link));
    }

    /// Starts a worker, again and again until one takes sessions.
    async fn hire(&self, orders: &Orders, slot: usize) -> Process {
        loop {
            match Process::start(orders, slot).await {
                Ok(process) => {
                    self.join(&process);
                    return process;
                }
                Err(error) => {
                    tracing::error!(%error, slot, "a worker does not start");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Passes on what a worker says until it ends; then starts another in its place.
    fn watch(
        &self,
        mut process: Process,
        orders: Orders,
        slot: usize,
        mut stop: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + use<> {
        let team = Self {
            links: Arc::clone(&self.links),
        };
        async move {
            loop {
                let started = Instant::now();
                let reason = process.serve().await;
                // One that closed its socket is gone for good; so is one that has too much.
                let _ = process.child.start_kill();
                team.links
                    .write()
                    .expect("no holder panics")
                    .retain(|link| link.number != process.link.number);
                process.link.died().await;
                let status = process.child.wait().await;
                // Removed with the next start of the service, if not now.
                let _ = crate::disk::remove_tree(&process.scratch);
                if *stop.borrow_and_update() {
                    return;
                }
                tracing::error!(
                    slot,
                    process = process.link.process,
                    reason,
                    ?status,
                    "a worker ended; its sessions are at their last checkpoints"
                );
                if started.elapsed() < PAUSE {
                    tokio::time::sleep(PAUSE).await;
                }
                process = team.hire(&orders, slot).await;
            }
        }
    }
}

/// A worker process and our end of its socket.
struct Process {
    child: Child,
    /// Its own folder, which no other worker sees.
    scratch: PathBuf,
    link: Arc<Link>,
    messages: FramedRead<tokio::net::unix::OwnedReadHalf, FrameReader<Message>>,
}

impl Process {
    async fn start(orders: &Orders, slot: usize) -> anyhow::Result<Self> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let program = std::env::current_exe().context("the program's own file is not known")?;
        let number = unique();
        let scratch = orders.scratch.join(format!("worker-{number}"));
        crate::disk::private_folder(&scratch)?;
        let mut command = Command::new(program);
        command
            .arg("worker")
            .arg("--scratch")
            .arg(&scratch)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .kill_on_drop(true)
            // Nothing of this process's environment, which may hold keys, is passed on.
            .env_clear()
            .env("TMPDIR", &scratch)
            .env(
                "XDG_CACHE_HOME",
                python_wasm::default_cache()
                    .parent()
                    .unwrap_or(std::path::Path::new("/")),
            );
        for folder in &orders.folders {
            command.arg("--folder").arg(folder);
        }
        for image in &orders.images {
            command.arg("--image").arg(image);
        }
        let child = command
            .spawn()
            .context("a worker process cannot be started")?;
        // The command holds the worker's end of the socket; while it does, an end is not seen.
        drop(command);
        let (reading, writing) = UnixStream::from_std(ours)?.into_split();
        let mut messages = FramedRead::new(reading, FrameReader::<Message>::new());
        let ready = tokio::time::timeout(START, messages.next()).await;
        let images = match ready {
            Ok(Some(Ok(Frame {
                header: Message::Ready { images },
                ..
            }))) => images,
            Ok(Some(Ok(other))) => bail!("a worker began with {:?}", other.header),
            Ok(Some(Err(error))) => return Err(error).context("a worker says what cannot be read"),
            Ok(None) => bail!("a worker ended while it started; what it wrote to stderr says why"),
            Err(_) => bail!("a worker was not ready after {} seconds", START.as_secs()),
        };
        let (outbox, waiting) = mpsc::channel(OUTBOX);
        tokio::spawn(write(FramedWrite::new(writing, FrameCodec), waiting));
        let process = child.id().unwrap_or_default();
        tracing::info!(slot, process, "a worker takes sessions");
        Ok(Self {
            child,
            scratch,
            link: Arc::new(Link::new(number, process, images, outbox, orders.budget)),
            messages,
        })
    }

    /// Passes on messages until there are no more, and returns why.
    async fn serve(&mut self) -> String {
        loop {
            let message = tokio::select! {
                message = self.messages.next() => message,
                () = self.link.room.passed.notified() => return "it passed its memory budget".into(),
            };
            match message {
                Some(Ok(frame)) => self.link.heard(frame).await,
                Some(Err(error)) => return error.to_string(),
                None => return "it closed its socket".into(),
            }
        }
    }
}

/// Tells whether all is there that workers open.
async fn are_there(images: &[String]) -> anyhow::Result<bool> {
    let specs: Vec<ImageSpec> = images
        .iter()
        .map(|name| ImageSpec::builtin(name))
        .collect::<Result<_, _>>()
        .context("workers.images")?;
    let there = move || RuntimeOptions::default().has(&specs);
    Ok(tokio::task::spawn_blocking(there).await??)
}

/// Fetches and builds what workers only open, in processes that have this one's environment (pip
/// needs it) and show their progress.
async fn prepare(images: &[String]) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("the program's own file is not known")?;
    for image in images {
        let status = Command::new(&program)
            .args(["image", "build", image])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .status()
            .await?;
        if !status.success() {
            bail!("the image {image:?} cannot be built; the lines above say why");
        }
    }
    Ok(())
}

/// Returns the bytes of memory that each worker may hold.
fn budget(config: &Config) -> u64 {
    let workers = &config.workers;
    match workers.memory.0 {
        0 => super::memory::share_of_machine(workers.shared + workers.own.values().sum::<usize>()),
        bytes => bytes,
    }
}

async fn write(
    mut out: FramedWrite<tokio::net::unix::OwnedWriteHalf, FrameCodec>,
    mut waiting: mpsc::Receiver<Frame<Request>>,
) {
    while let Some(request) = waiting.recv().await {
        // The reading side sees that the worker has ended.
        if out.send(request).await.is_err() {
            return;
        }
    }
}

/// Returns a number that no other worker of this process had.
fn unique() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
