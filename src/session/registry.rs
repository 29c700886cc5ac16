//! All sessions: made, found, brought back, put to sleep when memory is short.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use python_wasm::Variable;
use tokio::sync::{Mutex, watch};

use super::actor::Actor;
use super::admission::Admission;
use super::around::Surroundings;
use super::event_log::EventLog;
use super::handle::{Handle, State};
use super::memory::LEAST;
use super::new_session::{NewSession, place};
use super::one_shot::NewFile;
use super::workers::Workers;
use crate::config::Config;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{SessionId, TenantId};
use crate::layout::Layout;
use crate::news::{Item, News, What};
use crate::secret::Secrets;
use crate::store::Store;
use crate::store::sessions::SessionRow;
use crate::tenant::Caller;
use crate::tenant::audit::Audit;
use crate::tenant::quotas::{Quotas, Reservation, Resource};
use crate::worker::protocol::{Answer, Command, ImageInfo, Look, Opening, Start};

/// All sessions.
pub(crate) struct Sessions {
    pub(super) around: Arc<Surroundings>,
    pub(super) live: Mutex<HashMap<SessionId, Handle>>,
}

impl Sessions {
    /// Starts the workers; what a crash left running is marked as lost.
    pub(crate) async fn open(
        config: &Config,
        store: &Store,
        quotas: &Arc<Quotas>,
        audit: &Arc<Audit>,
        secrets: &Arc<Secrets>,
        news: &Arc<News>,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let workers = Workers::start(config, stop.clone()).await?;
        store.lose_open_executions().await?;
        store.end_sessions_of_once().await?;
        let strikes = store.strikes().await?;
        let strikes = strikes
            .into_iter()
            .filter_map(|row| Some(((row.tenant_id.parse().ok()?, row.code_hash), row.count)));
        let strikes = strikes.collect();
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let most = match config.sessions.cells_at_once {
            0 => processors,
            most => most,
        };
        let around = Arc::new(Surroundings {
            config: config.clone(),
            layout: Layout::new(&config.data.folder),
            store: store.clone(),
            workers,
            admission: Admission::new(most),
            quotas: Arc::clone(quotas),
            audit: Arc::clone(audit),
            secrets: Arc::clone(secrets),
            news: Arc::clone(news),
            shortage: Default::default(),
            strikes: std::sync::Mutex::new(strikes),
        });
        Ok(Self {
            around,
            live: Mutex::default(),
        })
    }

    /// Returns how many executions, or cells to be run, may wait in one place.
    pub(crate) fn most_waiting(&self) -> usize {
        self.around.config.sessions.queue
    }

    /// Returns the images that sessions can start from.
    pub(crate) fn images(&self) -> &[ImageInfo] {
        self.around.workers.images()
    }

    /// Refuses while no worker takes sessions.
    pub(crate) fn ready(&self) -> Result<(), Fault> {
        if self.around.workers.processes() == 0 {
            let message = "No worker process is there now; one is being started.";
            return Err(Fault::new(ErrorCode::ShuttingDown, message).retry_after(2));
        }
        Ok(())
    }

    /// Makes a session and starts it. That comes to its end also when the caller goes away.
    pub(crate) async fn create(
        self: &Arc<Self>,
        caller: &Caller,
        new: NewSession,
    ) -> Result<Handle, Fault> {
        let row = self.row(caller, &new)?;
        self.around
            .secrets
            .grant(
                caller,
                row.id.parse().map_err(Fault::internal)?,
                new.project,
                &new.secrets,
            )
            .await?;
        self.room_for(caller.tenant, 1).await?;
        let counted = self.around.quotas.reserve_session(caller.tenant)?;
        let sessions = Arc::clone(self);
        let making = tokio::spawn(async move { sessions.make(row, new.files, counted).await });
        making.await.map_err(Fault::internal)?
    }

    async fn make(
        &self,
        row: SessionRow,
        files: Vec<NewFile>,
        counted: Reservation,
    ) -> Result<Handle, Fault> {
        let handle = self.prepare(row.clone(), counted).await?;
        let start = async {
            if !files.is_empty() {
                let home = self.folder(handle.tenant, handle.id).join("home");
                let placed = tokio::task::spawn_blocking(move || place(&home, files));
                placed.await.map_err(Fault::internal)??;
            }
            handle.wake().await
        };
        // A worker starts it while its row comes to the disk.
        let (added, started) = tokio::join!(self.around.store.add_session(&row, None), start);
        self.keep_if(handle, added.and(started)).await
    }

    /// Grants a session these secrets of its project, and no others.
    pub(crate) async fn grant(
        &self,
        caller: &Caller,
        handle: &Handle,
        names: Vec<String>,
    ) -> Result<(), Fault> {
        let row = self.around.store.session(caller.tenant, handle.id).await?;
        let project = row.ok_or_else(missing)?.project_id;
        let project = project.map(|id| id.parse().map_err(Fault::internal));
        self.around
            .secrets
            .grant(caller, handle.id, project.transpose()?, &names)
            .await?;
        handle.grant(names).await
    }

    /// Returns a session that has started; one that has not is removed.
    pub(super) async fn keep_if(
        &self,
        handle: Handle,
        started: Result<(), Fault>,
    ) -> Result<Handle, Fault> {
        if let Err(fault) = started {
            if let Err(left) = self.delete(handle.tenant, handle.id).await {
                tracing::warn!(session = %handle.id, fault = %left, "a session that did not start cannot be removed");
            }
            return Err(fault);
        }
        // Its row is there now, and lists have it.
        self.announce(&handle);
        Ok(handle)
    }

    /// Tells those who watch the tenant what a session does now.
    fn announce(&self, handle: &Handle) {
        let view = handle.view();
        self.around.news.tell(handle.tenant, || Item {
            session_id: Some(handle.id),
            ..Item::of(What::SessionStatus {
                state: view.state,
                queue_position: view.queue_position,
            })
        });
    }

    /// Returns a session of the tenant.
    pub(crate) async fn get(&self, tenant: TenantId, id: SessionId) -> Result<Handle, Fault> {
        let mut live = self.live.lock().await;
        if let Some(handle) = live.get(&id) {
            return if handle.tenant == tenant {
                Ok(handle.clone())
            } else {
                Err(missing())
            };
        }
        let row = self
            .around
            .store
            .session(tenant, id)
            .await?
            .ok_or_else(missing)?;
        if row.standing == "dead" {
            return Err(super::handle::dead());
        }
        // It was there before this start of the service, and counts whatever the quota is now.
        let place = self.around.quotas.hold(tenant, Resource::Sessions, 1);
        let handle = self.spawn(id, tenant, row, place)?;
        super::untold::tell(&self.around.store, &handle).await?;
        super::losses::tell(&self.around.store, &handle).await?;
        live.insert(id, handle.clone());
        Ok(handle)
    }

    /// Ends a session and removes what it kept.
    pub(crate) async fn delete(&self, tenant: TenantId, id: SessionId) -> Result<(), Fault> {
        let handle = self.get(tenant, id).await?;
        self.end(&handle, "The session was deleted.").await
    }

    /// Ends a session for a reason and removes what it kept.
    pub(super) async fn end(&self, handle: &Handle, reason: &'static str) -> Result<(), Fault> {
        let (tenant, id) = (handle.tenant, handle.id);
        match handle.close(reason).await {
            // It was ended before, and could not be written down then.
            Err(fault) if fault.code == ErrorCode::SessionDead => {}
            closed => closed?,
        }
        self.around.store.end_session(tenant, id).await?;
        // Not before its row says that it has ended: nobody shall bring it back in between.
        self.live.lock().await.remove(&id);
        self.announce(handle);
        let folder = self.folder(tenant, id);
        tokio::task::spawn_blocking(move || crate::disk::remove_tree(&folder))
            .await
            .map_err(Fault::internal)?
            .map_err(Fault::disk)
    }

    /// Asks something of a state without waking the session it is of: of an image, or of a checkpoint.
    pub(crate) async fn glance(
        &self,
        tenant: TenantId,
        row: &SessionRow,
        start: Start,
        look: Look,
    ) -> Result<(Answer, Bytes), Fault> {
        let (link, _held) = self.around.workers.pick(tenant, LEAST)?;
        let id = SessionId::new();
        let folder = self.folder(tenant, id);
        let checkpoints = self.around.layout.checkpoints(tenant);
        for folder in [&folder, &checkpoints] {
            crate::disk::private_folder(folder).map_err(Fault::disk)?;
        }
        let opening = Opening {
            image: row.image.clone(),
            policy: row.policy.clone(),
            home: folder.clone(),
            checkpoints,
            // What it is told of the variables must not show them.
            secrets: self.around.granted(tenant, row).await?,
            start,
        };
        let answer = match link.ask(id, Command::Open(Box::new(opening))).await {
            Ok(_) => link.ask(id, Command::Look { look }).await,
            Err(fault) => Err(fault),
        };
        link.tell(id, Command::Close).await;
        // What is left of it is removed with the next start, if not now.
        let _ = crate::disk::remove_tree(&folder);
        answer
    }

    /// Asks something of a fresh session of an image.
    pub(crate) async fn glance_at_image(
        &self,
        caller: &Caller,
        image: Option<String>,
        look: Look,
    ) -> Result<(Answer, Bytes), Fault> {
        let row = self.row(
            caller,
            &NewSession {
                image,
                ..NewSession::default()
            },
        )?;
        self.glance(caller.tenant, &row, Start::Image, look).await
    }

    /// Returns the variables of a session; none of one that sleeps or has ended, which is not woken
    /// for this.
    pub(crate) async fn variables_if_awake(
        &self,
        tenant: TenantId,
        session: SessionId,
    ) -> Result<Vec<Variable>, Fault> {
        let live = self.live.lock().await.get(&session).cloned();
        let Some(handle) = live.filter(|handle| handle.tenant == tenant) else {
            return Ok(Vec::new());
        };
        match handle.view().state {
            State::Idle | State::Busy | State::Queued => {}
            State::Starting | State::Hibernated | State::Dead => return Ok(Vec::new()),
        }
        match handle.look(Look::Variables).await?.0 {
            Answer::Variables { variables } => Ok(variables),
            other => Err(super::lifecycle::unexpected(&other)),
        }
    }

    /// Returns the folder of a session: its journal, and its home if it has no project.
    pub(crate) fn folder(&self, tenant: TenantId, id: SessionId) -> PathBuf {
        self.around.layout.session(tenant, id)
    }

    /// Refuses while there is no room for so many new sessions.
    pub(super) async fn room_for(&self, tenant: TenantId, wanted: usize) -> Result<(), Fault> {
        let count = self.around.store.count_sessions().await?;
        let most = self.around.config.sessions.most;
        if usize::try_from(count).is_ok_and(|count| count + wanted > most) {
            let message = format!(
                "The service holds {count} sessions, which is all it may (`sessions.most`)."
            );
            return Err(Fault::new(ErrorCode::NoCapacity, message).retry_after(30));
        }
        if crate::descriptors::are_short() {
            let message = "The service has almost as many files open as it may.";
            return Err(Fault::new(ErrorCode::NoCapacity, message).retry_after(30));
        }
        self.around.quotas.may_store(tenant)
    }

    /// Starts the actor of a new session, whose row is not stored yet.
    pub(super) async fn prepare(
        &self,
        row: SessionRow,
        place: Reservation,
    ) -> Result<Handle, Fault> {
        let tenant: TenantId = row.tenant_id.parse().map_err(Fault::internal)?;
        let id: SessionId = row.id.parse().map_err(Fault::internal)?;
        crate::disk::private_folder(&self.folder(tenant, id).join("home")).map_err(Fault::disk)?;
        let handle = self.spawn(id, tenant, row, place)?;
        // Before its row: who finds that shall find the actor too.
        self.live.lock().await.insert(id, handle.clone());
        Ok(handle)
    }

    fn spawn(
        &self,
        id: SessionId,
        tenant: TenantId,
        row: SessionRow,
        place: Reservation,
    ) -> Result<Handle, Fault> {
        let folder = self.folder(tenant, id);
        let log = EventLog::open(
            &folder.join("journal"),
            self.around.config.sessions.journal.0,
        )
        .map_err(|error| journal_fault("session", error))?;
        Actor::spawn(
            Arc::clone(&self.around),
            id,
            tenant,
            row,
            place,
            Arc::new(log),
        )
    }
}

/// Returns what a caller is told when the journal of something cannot be opened.
pub(crate) fn journal_fault(whose: &str, error: std::io::Error) -> Fault {
    match error.kind() {
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => {
            tracing::error!(%error, "a journal is damaged");
            let message = format!("The {whose}'s journal cannot be read.");
            Fault::new(ErrorCode::StoreCorrupt, message)
        }
        _ => Fault::disk(error),
    }
}

pub(super) fn missing() -> Fault {
    Fault::new(
        ErrorCode::SessionNotFound,
        "There is no session of this id.",
    )
}
