//! Environments: places of a tenant's in which a program works on a project. So far the program is JupyterLab.

pub(crate) mod confine;
mod install;
mod lab;
mod program;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock};

pub(crate) use lab::{LabState, LabView};
pub(crate) use program::PROXY;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::{Config, Confinement, Jupyter};
use crate::error_code::{ErrorCode, Fault};
use crate::file::Projects;
use crate::id::{EnvironmentId, ProjectId, TenantId};
use crate::layout::Layout;
use crate::store::environments::EnvironmentRow;
use crate::store::{Store, now};
use crate::tenant::passes::{Passes, Within};
use crate::tenant::verifier;
use crate::tenant::{Caller, Name};
use lab::{Lab, Plan};
use program::Orders;

/// An environment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Environment {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The image of its kernels.
    image: String,
    project_id: String,
    /// RFC 3339, UTC.
    created_at: String,
}

impl From<EnvironmentRow> for Environment {
    fn from(row: EnvironmentRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            image: row.image,
            project_id: row.project_id,
            created_at: row.created_at,
        }
    }
}

/// Where the proxy finds a JupyterLab, and what it shows it.
pub(crate) struct Way {
    pub(crate) port: u16,
    pub(crate) token: String,
}

/// The environments of all tenants.
pub(crate) struct Environments {
    store: Store,
    projects: Projects,
    passes: Arc<Passes>,
    settings: Jupyter,
    layout: Layout,
    /// Where the service listens; nothing while it does not.
    listens: OnceLock<SocketAddr>,
    labs: Mutex<HashMap<EnvironmentId, Arc<Lab>>>,
}

impl Environments {
    pub(crate) fn new(
        config: &Config,
        store: &Store,
        projects: &Projects,
        passes: &Arc<Passes>,
    ) -> Self {
        Self {
            store: store.clone(),
            projects: projects.clone(),
            passes: Arc::clone(passes),
            settings: config.jupyter.clone(),
            layout: Layout::new(&config.data.folder),
            listens: OnceLock::new(),
            labs: Mutex::default(),
        }
    }

    /// Notes where the service listens, for its programs to reach it.
    pub(crate) fn listening(&self, mut address: SocketAddr) {
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        let _ = self.listens.set(address);
    }

    /// Makes an environment.
    pub(crate) async fn create(
        &self,
        tenant: TenantId,
        name: &Name,
        image: String,
        project: ProjectId,
    ) -> Result<Environment, Fault> {
        self.projects.find(tenant, project).await?;
        let row = EnvironmentRow {
            id: EnvironmentId::new().to_string(),
            tenant_id: tenant.to_string(),
            name: name.as_str().to_owned(),
            image,
            project_id: project.to_string(),
            created_at: now(),
        };
        self.store.add_environment(&row).await?;
        Ok(row.into())
    }

    /// Returns the environments behind `after`, oldest first.
    pub(crate) async fn page(
        &self,
        tenant: TenantId,
        after: &str,
        rows: i64,
    ) -> Result<Vec<Environment>, Fault> {
        let rows = self.store.environments(tenant, after, rows).await?;
        Ok(rows.into_iter().map(Environment::from).collect())
    }

    /// Returns an environment.
    pub(crate) async fn find(
        &self,
        tenant: TenantId,
        id: EnvironmentId,
    ) -> Result<Environment, Fault> {
        self.row(tenant, id).await.map(Environment::from)
    }

    /// Changes an environment; what is `None` stays. What runs in it keeps the image that it has.
    pub(crate) async fn change(
        &self,
        tenant: TenantId,
        id: EnvironmentId,
        name: Option<Name>,
        image: Option<String>,
    ) -> Result<Environment, Fault> {
        let mut row = self.row(tenant, id).await?;
        if let Some(name) = name {
            name.as_str().clone_into(&mut row.name);
        }
        if let Some(image) = image {
            row.image = image;
        }
        match self.store.change_environment(&row).await? {
            true => Ok(row.into()),
            false => Err(missing(id)),
        }
    }

    /// Deletes an environment, with what runs in it and its folder. The project stays.
    pub(crate) async fn delete(&self, tenant: TenantId, id: EnvironmentId) -> Result<(), Fault> {
        if !self.store.remove_environment(tenant, id).await? {
            return Err(missing(id));
        }
        if let Some(lab) = self.forget(id) {
            lab.stop().await;
        }
        match tokio::fs::remove_dir_all(self.layout.environment(tenant, id)).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Fault::disk(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Has JupyterLab installed and started, and returns at once.
    pub(crate) async fn start_lab(
        &self,
        caller: &Caller,
        id: EnvironmentId,
        plugins: &[String],
        password: Option<String>,
    ) -> Result<LabView, Fault> {
        let row = self.row(caller.tenant, id).await?;
        let plugins = self.allowed(plugins)?;
        let missing = confine::missing();
        if let (Some(missing), Confinement::Required) = (&missing, self.settings.confinement) {
            let message = format!("JupyterLab is not started without its walls: {missing}.");
            return Err(Fault::new(ErrorCode::NotConfined, message));
        }
        let gateway = *self.listens.get().ok_or_else(|| {
            Fault::new(
                ErrorCode::ShuttingDown,
                "The service does not listen, so JupyterLab could not reach it.",
            )
        })?;
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(Fault::internal)?;
        let token = data_encoding::HEXLOWER.encode(&secret);
        let image = row.image.clone();
        let within = Within::Project {
            project: row.project_id.parse().map_err(Fault::internal)?,
            image: row.image,
        };
        let password = match password {
            Some(password) => Some(verifier::hashed(password).await?),
            None => None,
        };
        let pass = self.passes.issue(caller.tenant, caller.user, within)?;
        let mut labs = self.labs.lock().expect("no holder panics");
        if let Some(lab) = labs.get(&id)
            && !lab.is_over()
        {
            let message = "JupyterLab is there already.";
            return Err(Fault::new(ErrorCode::LabRuns, message));
        }
        let port = self.free_port(&labs)?;
        let (folder, memory) = (
            self.layout.environment(caller.tenant, id),
            self.settings.memory.0,
        );
        let best_effort = self.settings.confinement == Confinement::BestEffort;
        let (shown, passed) = (token.clone(), pass.text.clone());
        let plan = Plan {
            python: self.settings.python.clone(),
            plugins,
            warnings: missing.into_iter().collect(),
            orders: Box::new(move |installed| Orders {
                environment: id,
                installed,
                folder,
                image,
                port,
                gateway,
                pass: passed,
                token: shown,
                password,
                memory,
                best_effort,
            }),
            pass,
        };
        let lab = Lab::start(port, token, plan);
        let view = lab.view();
        labs.insert(id, lab);
        Ok(view)
    }

    /// Stops JupyterLab and waits until its process has ended.
    pub(crate) async fn stop_lab(
        &self,
        tenant: TenantId,
        id: EnvironmentId,
    ) -> Result<LabView, Fault> {
        self.row(tenant, id).await?;
        if let Some(lab) = self.forget(id) {
            lab.stop().await;
        }
        Ok(LabView::new(LabState::Stopped, ""))
    }

    /// Returns what JupyterLab does.
    pub(crate) async fn lab(&self, tenant: TenantId, id: EnvironmentId) -> Result<LabView, Fault> {
        self.row(tenant, id).await?;
        let labs = self.labs.lock().expect("no holder panics");
        let lab = labs.get(&id).map(|lab| lab.view());
        Ok(lab.unwrap_or_else(|| LabView::new(LabState::Stopped, "")))
    }

    /// Returns the way to a JupyterLab that runs.
    pub(crate) async fn way(&self, tenant: TenantId, id: EnvironmentId) -> Result<Way, Fault> {
        let state = self.lab(tenant, id).await?.state;
        let labs = self.labs.lock().expect("no holder panics");
        match labs.get(&id) {
            Some(lab) if state == LabState::Running => Ok(Way {
                port: lab.port,
                token: lab.token.clone(),
            }),
            Some(_) | None => Err(Fault::new(
                ErrorCode::LabNotRunning,
                "The environment's JupyterLab does not run.",
            )),
        }
    }

    /// Lets a caller's browser look at an environment as long as its JupyterLab runs, and returns its pass.
    pub(crate) async fn visit(&self, caller: &Caller, id: EnvironmentId) -> Result<String, Fault> {
        self.way(caller.tenant, id).await?;
        let visit = self
            .passes
            .issue(caller.tenant, caller.user, Within::Environment(id))?;
        let text = visit.text.clone();
        let labs = self.labs.lock().expect("no holder panics");
        if let Some(lab) = labs.get(&id) {
            lab.visited(visit);
        }
        Ok(text)
    }

    /// Ends everything that runs.
    pub(crate) async fn close(&self) {
        let labs = std::mem::take(&mut *self.labs.lock().expect("no holder panics"));
        futures_util::future::join_all(labs.values().map(|lab| lab.stop())).await;
    }

    fn forget(&self, id: EnvironmentId) -> Option<Arc<Lab>> {
        self.labs.lock().expect("no holder panics").remove(&id)
    }

    async fn row(&self, tenant: TenantId, id: EnvironmentId) -> Result<EnvironmentRow, Fault> {
        let row = self.store.environment(tenant, id).await?;
        row.ok_or_else(|| missing(id))
    }

    /// Returns the requirements of plugins that may be installed, in the order of the configuration.
    fn allowed(&self, wanted: &[String]) -> Result<Vec<String>, Fault> {
        let name = |requirement: &str| {
            let (name, _) = requirement.split_once("==").unwrap_or((requirement, ""));
            name.trim().to_owned()
        };
        let allowed = &self.settings.plugins;
        for (number, plugin) in wanted.iter().enumerate() {
            if !allowed.iter().any(|allowed| name(allowed) == *plugin) {
                let plugin = crate::text::line(plugin, 80);
                let message = match allowed.is_empty() {
                    true => format!(
                        "{plugin:?} may not be installed: the operator allows no plugins (`jupyter.plugins` is empty)"
                    ),
                    false => {
                        format!("{plugin:?} is not among the plugins that the operator allows")
                    }
                };
                let names: Vec<String> = allowed.iter().map(|allowed| name(allowed)).collect();
                return Err(Fault::field(format!("plugins.{number}"), message)
                    .with_details(serde_json::json!({"allowed": names})));
            }
        }
        let chosen = allowed
            .iter()
            .filter(|allowed| wanted.contains(&name(allowed)));
        Ok(chosen.cloned().collect())
    }

    /// Returns a port of the pool that neither another JupyterLab nor another program has.
    fn free_port(&self, labs: &HashMap<EnvironmentId, Arc<Lab>>) -> Result<u16, Fault> {
        let taken = |port: &u16| labs.values().any(|lab| !lab.is_over() && lab.port == *port);
        let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let mut pool = self.settings.first_port..=self.settings.last_port;
        pool.find(|port| !taken(port) && free(port)).ok_or_else(|| {
            let message = "All ports for JupyterLab are taken.";
            Fault::new(ErrorCode::NoLabPort, message).retry_after(30)
        })
    }
}

fn missing(id: EnvironmentId) -> Fault {
    let message = format!("There is no environment {id}.");
    Fault::new(ErrorCode::EnvironmentNotFound, message)
}
