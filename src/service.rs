//! The service: everything that requests are answered from, opened once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::e2b::Sandboxes;
use crate::environment::Environments;
use crate::error_code::Fault;
use crate::file::{Files, Projects, Uploads};
use crate::jupyter::Clients;
use crate::layout::Layout;
use crate::news::News;
use crate::notebook::Library;
use crate::secret::Secrets;
use crate::session::{OneShots, Sessions};
use crate::store::Store;
use crate::tenant::Tenants;
use crate::tenant::audit::Audit;
use crate::tenant::idempotency::Requests;
use crate::tenant::quotas::Quotas;
use crate::tenant::rate::RateLimits;

/// How often fuel is stored, and how often what has become old is forgotten.
const SAVE_EVERY: Duration = Duration::from_secs(1);
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How often the disk is measured, if it is not being measured longer than that.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

/// The open parts of the service.
pub(crate) struct Service {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) tenants: Arc<Tenants>,
    pub(crate) notebooks: Arc<Library>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) one_shots: OneShots,
    pub(crate) news: Arc<News>,
    pub(crate) audit: Arc<Audit>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) quotas: Arc<Quotas>,
    pub(crate) rates: RateLimits,
    pub(crate) requests: Requests,
    pub(crate) started: Instant,
    pub(crate) projects: Projects,
    pub(crate) environments: Environments,
    /// What clients of E2B have.
    pub(crate) sandboxes: Arc<Sandboxes>,
    pub(crate) files: Arc<Files>,
    pub(crate) uploads: Arc<Uploads>,
    /// The clients of Jupyter.
    pub(crate) jupyter: Arc<Clients>,
    /// Says when the service stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Service {
    /// Opens the data folder and the database, and starts the workers.
    pub(crate) async fn open(config: Config, stop: watch::Receiver<bool>) -> anyhow::Result<Self> {
        let folder = &config.data.folder;
        crate::disk::private_folder(folder)?;
        let layout = Layout::new(folder);
        if layout.tenants().exists() {
            crate::disk::settle(folder)?;
        }
        let store = Store::open(config.data.database.as_deref(), folder).await?;
        let audit = Arc::new(Audit::open(&store, folder).await?);
        let tenants = Arc::new(Tenants::open(&config, &store, Arc::clone(&audit)).await?);
        let quotas = Arc::new(Quotas::open(&store, &config.quotas).await?);
        let rates = RateLimits::new(&config.server);
        let requests = Requests::open(&store, &config.retention);
        let news = Arc::new(News::default());
        let projects = Projects::open(&config, store.clone(), &news).await?;
        let files = Arc::new(Files::new(&config, projects.clone(), &quotas, &news));
        let uploads = Uploads::open(Arc::clone(&files), config.files.upload_lifetime.0);
        let secrets = Arc::new(Secrets::open(&store, &audit, folder)?);
        let sessions = Sessions::open(
            &config,
            &store,
            &quotas,
            &audit,
            &secrets,
            &news,
            stop.clone(),
        )
        .await?;
        let sessions = Arc::new(sessions);
        let notebooks = Library::new(
            store.clone(),
            projects.clone(),
            &quotas,
            &news,
            &sessions,
            layout,
            config.files.largest_notebook.0,
        );
        let environments = Environments::new(&config, &store, &projects, &tenants.passes);
        let sandboxes = Sandboxes::open(
            &config, &store, &tenants, &secrets, &projects, &files, &sessions,
        )
        .await?;
        let one_shots = OneShots::new(&config.retention);
        Ok(Self {
            config,
            store,
            tenants,
            news,
            audit,
            secrets,
            quotas,
            rates,
            requests,
            sessions,
            notebooks,
            projects,
            environments,
            files,
            uploads,
            one_shots,
            sandboxes: Arc::new(sandboxes),
            started: Instant::now(),
            jupyter: Arc::default(),
            stopping: stop,
        })
    }

    /// Refuses while work cannot be taken: the database answers and a worker is there.
    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        self.sessions.ready()?;
        self.store.answers().await
    }

    /// Does what has to be done again and again, until the task is ended.
    pub(crate) fn tend(self: &Arc<Self>) -> JoinHandle<()> {
        let service = Arc::clone(self);
        tokio::spawn(async move {
            let (mut save, mut sweep) = (
                tokio::time::interval(SAVE_EVERY),
                tokio::time::interval(SWEEP_EVERY),
            );
            loop {
                let done = tokio::select! {
                    _ = save.tick() => service.quotas.save().await,
                    _ = sweep.tick() => {
                        service.rates.sweep();
                        crate::telemetry::sweep();
                        service.requests.sweep().await
                    }
                };
                // A database that is busy or full now is tried again.
                if let Err(fault) = done {
                    tracing::warn!(%fault, "what has to be done regularly could not be done");
                }
            }
        })
    }

    /// Keeps it known how much of the disk tenants use, until the service stops: guests write there
    /// without asking.
    pub(crate) async fn measure_disk(&self, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(MEASURE_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            for tenant in self.quotas.tenants() {
                if let Err(fault) = self.files.measure(tenant).await {
                    tracing::warn!(%tenant, %fault, "the disk could not be measured");
                }
            }
        }
    }

    /// Stores what is still in memory. The last thing before the process ends.
    pub(crate) async fn close(&self) {
        self.environments.close().await;
        for done in [self.quotas.save().await, self.audit.settle().await] {
            if let Err(fault) = done {
                tracing::error!(%fault, "something could not be stored at the end");
            }
        }
    }
}
