//! Sandboxes, as clients of E2B know them: a project with their files, and a session whose home it is for each context in
//! which they run code. What they show goes by [`lines`], what they start as processes by [`process`].

mod context;
mod copy;
mod life;
pub(crate) mod lines;
mod path;
pub(crate) mod process;
mod signed;
mod usage;
mod watch;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

pub(crate) use context::{Context, run};
pub(crate) use path::{HOME, inside, outside};
use process::Processes;
use serde::{Deserialize, Serialize};
pub(crate) use signed::Signed;
use signed::Signers;
pub(crate) use usage::Measured;
use watch::Watchers;
pub(crate) use watch::{Change, Telling, Watcher};

use crate::clock;
use crate::config::Config;
use crate::error_code::{ErrorCode, Fault};
use crate::file::{Files, Projects};
use crate::id::{ProjectId, SandboxId, TenantId};
use crate::layout::Layout;
use crate::secret::Secrets;
use crate::session::Sessions;
use crate::store::sandboxes::SandboxRow;
use crate::store::{Store, now};
use crate::tenant::{Caller, Tenants};

/// Sandboxes and snapshots that a tenant may have.
const MOST: i64 = 1000;

/// Seconds that a sandbox may be given at once, and has by default.
pub(crate) const LONGEST: u64 = 86_400;
pub(crate) const DEFAULT_SECONDS: u64 = 300;

/// Templates of E2B's own that stand for the service's usual image.
const USUAL: [&str; 2] = ["base", "code-interpreter-v1"];

/// Bytes of what a maker notes about a sandbox, and of its environment variables.
const METADATA: usize = 16 << 10;
const VARIABLES: usize = 64 << 10;

/// Tenants and sandboxes that are added to at once.
const TURNS: usize = 64;

/// Environment variables by name.
pub(crate) type Variables = BTreeMap<String, String>;

/// How a sandbox shall be.
#[derive(Debug)]
pub(crate) struct NewSandbox {
    /// An image, or the id or name of a snapshot.
    pub(crate) template: String,
    pub(crate) seconds: u64,
    pub(crate) on_timeout: OnTimeout,
    /// A request wakes it when it is paused.
    pub(crate) auto_resume: bool,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) variables: Variables,
}

/// What becomes of a sandbox when its time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnTimeout {
    Kill,
    Pause,
}

impl OnTimeout {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Pause => "pause",
        }
    }
}

/// What a sandbox's row keeps sealed.
#[derive(Serialize, Deserialize)]
struct Inside {
    token: String,
    variables: Variables,
}

/// The sandboxes of all tenants.
pub(crate) struct Sandboxes {
    store: Store,
    tenants: Arc<Tenants>,
    secrets: Arc<Secrets>,
    projects: Projects,
    files: Arc<Files>,
    sessions: Arc<Sessions>,
    layout: Layout,
    /// The image of those who ask for none.
    image: String,
    turns: [tokio::sync::Mutex<()>; TURNS],
    signers: Signers,
    pub(crate) processes: Processes,
    pub(crate) watchers: Watchers,
}

impl Sandboxes {
    /// Opens the sandboxes; what of one was made when the service ended is removed.
    pub(crate) async fn open(
        config: &Config,
        store: &Store,
        tenants: &Arc<Tenants>,
        secrets: &Arc<Secrets>,
        projects: &Projects,
        files: &Arc<Files>,
        sessions: &Arc<Sessions>,
    ) -> Result<Self, Fault> {
        store.end_half_made_sandboxes().await?;
        Ok(Self {
            store: store.clone(),
            tenants: Arc::clone(tenants),
            secrets: Arc::clone(secrets),
            projects: projects.clone(),
            files: Arc::clone(files),
            sessions: Arc::clone(sessions),
            layout: Layout::new(&config.data.folder),
            image: config.sessions.image.clone(),
            turns: std::array::from_fn(|_| Default::default()),
            signers: Signers::default(),
            processes: Processes::default(),
            watchers: Watchers::default(),
        })
    }

    /// Makes a sandbox from an image or a snapshot.
    pub(crate) async fn create(
        &self,
        caller: &Caller,
        new: NewSandbox,
    ) -> Result<SandboxRow, Fault> {
        let metadata = serde_json::to_string(&new.metadata).map_err(Fault::internal)?;
        if metadata.len() > METADATA {
            let message = format!("it has {} bytes; {METADATA} are allowed", metadata.len());
            return Err(Fault::field("metadata", message));
        }
        check_variables("envVars", &new.variables)?;
        let ends_at = end_in(new.seconds)?;
        let snapshot = self.snapshot(caller.tenant, &new.template).await?;
        let mut row = SandboxRow {
            metadata,
            on_timeout: new.on_timeout.name().into(),
            auto_resume: i64::from(new.auto_resume),
            ends_at,
            template: new.template.clone(),
            ..self.blank(caller, String::new())?
        };
        if let Some(snapshot) = snapshot {
            let mut variables = self.variables(&snapshot)?;
            variables.extend(new.variables);
            row.image.clone_from(&snapshot.image);
            self.seal(&mut row, variables)?;
            return self.copy(caller, &snapshot, row).await;
        }
        row.image = self.image(&new.template)?;
        self.seal(&mut row, new.variables)?;
        self.add(caller, &mut row).await?;
        match self.add_context(caller, &row, HOME).await {
            Ok(_) => Ok(row),
            Err(fault) => self.undone(row, fault).await,
        }
    }

    /// Returns the row of a new sandbox without a project, a name and time.
    fn blank(&self, caller: &Caller, template: String) -> Result<SandboxRow, Fault> {
        let now = now();
        Ok(SandboxRow {
            id: SandboxId::new().map_err(Fault::internal)?.to_string(),
            tenant_id: caller.tenant.to_string(),
            user_id: caller.user.to_string(),
            key_prefix: caller.key_prefix.clone(),
            project_id: String::new(),
            template,
            image: String::new(),
            standing: "running".into(),
            sealed: Vec::new(),
            metadata: "{}".into(),
            name: None,
            origin: None,
            on_timeout: OnTimeout::Kill.name().into(),
            auto_resume: 0,
            started_at: now.clone(),
            ends_at: now,
        })
    }

    /// Gives a row a token, and seals that with its variables.
    fn seal(&self, row: &mut SandboxRow, variables: Variables) -> Result<(), Fault> {
        let mut token = [0; 32];
        getrandom::fill(&mut token).map_err(Fault::internal)?;
        let token = data_encoding::HEXLOWER.encode(&token);
        let inside = Inside { token, variables };
        let text = serde_json::to_string(&inside).map_err(Fault::internal)?;
        row.sealed = self.secrets.seal(&place(&row.id), text)?;
        Ok(())
    }

    fn inside(&self, row: &SandboxRow) -> Result<Inside, Fault> {
        let text = self.secrets.unseal(&place(&row.id), &row.sealed)?;
        serde_json::from_str(text.reveal()).map_err(Fault::internal)
    }

    /// Returns the environment variables with which a sandbox's sessions begin.
    fn variables(&self, row: &SandboxRow) -> Result<Variables, Fault> {
        Ok(self.inside(row)?.variables)
    }

    /// Returns the token with which a sandbox's clients come.
    pub(crate) fn token(&self, row: &SandboxRow) -> Result<String, Fault> {
        Ok(self.inside(row)?.token)
    }

    /// Makes the project of a sandbox, and stores its row.
    async fn add(&self, caller: &Caller, row: &mut SandboxRow) -> Result<ProjectId, Fault> {
        let _turn = self.turn(&row.tenant_id).await;
        if self.store.count_sandboxes(caller.tenant).await? >= MOST {
            let message = format!("A tenant has at most {MOST} sandboxes and snapshots.");
            return Err(Fault::new(ErrorCode::QuotaExceeded, message));
        }
        let name = short_name(&row.id);
        let description = "The files of a sandbox; they are removed with it.";
        let project = self
            .projects
            .create(caller.tenant, &name, description)
            .await?;
        row.project_id.clone_from(&project.id);
        self.store.add_sandbox(row).await?;
        row.project()
    }

    /// Waits until nobody else counts what a tenant or a sandbox has, to add to it.
    async fn turn(&self, of: &str) -> tokio::sync::MutexGuard<'_, ()> {
        let place = blake3::hash(of.as_bytes()).as_bytes()[0];
        self.turns[usize::from(place) % TURNS].lock().await
    }

    /// Refuses unless a sandbox still runs: it may have been paused or ended meanwhile.
    async fn require_still(&self, row: &SandboxRow) -> Result<(), Fault> {
        let now = self.store.sandbox(&row.id()?).await?;
        match now.is_some_and(|now| now.standing == "running") {
            true => Ok(()),
            false => Err(not_running(&row.id)),
        }
    }

    /// Removes what was made of a sandbox that did not come to be.
    async fn undone<T>(&self, row: SandboxRow, fault: Fault) -> Result<T, Fault> {
        if let Err(left) = self.end(row).await {
            tracing::warn!(fault = %left, "a sandbox that did not start is removed later");
        }
        Err(fault)
    }

    /// Returns the image that a template stands for.
    fn image(&self, template: &str) -> Result<String, Fault> {
        let known = self.sessions.images();
        if let Some(image) = known.iter().find(|image| image.name == template) {
            return Ok(image.name.clone());
        }
        if USUAL.contains(&template) {
            return Ok(self.image.clone());
        }
        let names = known.iter().map(|image| image.name.as_str());
        let names: Vec<&str> = names.chain(USUAL).collect();
        let message = format!(
            "There is no template {:?}. There are: {}; and your snapshots.",
            crate::text::line(template, 80),
            names.join(", ")
        );
        Err(Fault::new(ErrorCode::SandboxTemplateNotFound, message))
    }

    /// Returns a sandbox of the tenant that runs or is paused.
    pub(crate) async fn find(&self, tenant: TenantId, id: &str) -> Result<SandboxRow, Fault> {
        let row = match id.parse() {
            Ok(id) => self.store.sandbox(&id).await?,
            Err(_) => None,
        };
        let lives = |row: &SandboxRow| match row.standing.as_str() {
            "running" => !is_over(row),
            standing => standing == "paused",
        };
        row.filter(|row| row.tenant_id == tenant.to_string() && lives(row))
            .ok_or_else(|| {
                let message = format!("Sandbox {:?} was not found.", crate::text::line(id, 80));
                Fault::new(ErrorCode::SandboxNotFound, message)
            })
    }

    /// Returns the tenant's sandboxes, the newest first.
    pub(crate) async fn list(&self, tenant: TenantId) -> Result<Vec<SandboxRow>, Fault> {
        let mut rows = self
            .store
            .sandboxes(tenant, ["running", "paused"], MOST)
            .await?;
        rows.retain(|row| !is_over(row));
        Ok(rows)
    }

    /// Returns the sandbox that a client of its own names, if it runs, or wakes when it is asked for something.
    pub(crate) async fn reachable(&self, id: &str) -> Result<SandboxRow, Fault> {
        let gone = || not_running(id);
        let id: SandboxId = id.parse().map_err(|_| gone())?;
        let row = self.store.sandbox(&id).await?.ok_or_else(gone)?;
        match row.standing.as_str() {
            "running" if !is_over(&row) => Ok(row),
            "paused" if row.auto_resume != 0 => Ok(row),
            _ => Err(gone()),
        }
    }

    /// Returns a sandbox that can be reached, running.
    pub(crate) async fn awake(&self, row: SandboxRow) -> Result<SandboxRow, Fault> {
        match row.standing.as_str() {
            "paused" => self.run_on(row, DEFAULT_SECONDS).await,
            _ => Ok(row),
        }
    }

    /// Refuses unless a sandbox runs now.
    pub(crate) async fn require_running(&self, id: &str) -> Result<(), Fault> {
        match self.reachable(id).await?.standing.as_str() {
            "running" => Ok(()),
            _ => Err(not_running(id)),
        }
    }

    /// Returns who a sandbox's own client is: whoever made it or connected to it last, as long as they may.
    pub(crate) async fn client(&self, row: &SandboxRow, address: IpAddr) -> Result<Caller, Fault> {
        self.tenants
            .on_behalf(row.tenant()?, row.key_prefix.as_deref(), address)
            .await
    }

    /// Tells whether a token is the sandbox's.
    pub(crate) fn knows(&self, row: &SandboxRow, token: &str) -> Result<bool, Fault> {
        // Hashes are compared, so that the time tells nothing of the token.
        Ok(blake3::hash(self.token(row)?.as_bytes()) == blake3::hash(token.as_bytes()))
    }
}

fn not_running(id: &str) -> Fault {
    let message = format!("The sandbox {:?} was not found.", crate::text::line(id, 80));
    Fault::new(ErrorCode::SandboxNotRunning, message)
}

/// Returns what a sandbox's project and sessions are called: its id is for those who may run code in it.
fn short_name(id: &str) -> String {
    format!("sandbox {}", id.get(..12).unwrap_or(id))
}

/// Returns what a sandbox's sealed part is bound to.
fn place(id: &str) -> String {
    format!("sandbox/{id}")
}

/// Tells whether a running sandbox's time is over, so that it is ended soon. One that is paused then is there until it is.
fn is_over(row: &SandboxRow) -> bool {
    let ends = row.standing == "running" && row.on_timeout == OnTimeout::Kill.name();
    ends && row.ends_at <= clock::text()
}

/// Returns when a sandbox ends that is given so many seconds.
fn end_in(seconds: u64) -> Result<String, Fault> {
    if seconds > LONGEST {
        let message = format!("{seconds} is more than {LONGEST}, which are 24 hours");
        return Err(Fault::field("timeout", message));
    }
    let length = jiff::SignedDuration::from_secs(seconds.cast_signed());
    let end = clock::now().checked_add(length);
    Ok(format!("{:.6}", end.map_err(Fault::internal)?))
}

/// Refuses environment variables that Python would refuse, or too many.
pub(crate) fn check_variables(field: &'static str, variables: &Variables) -> Result<(), Fault> {
    let mut bytes = 0;
    for (name, value) in variables {
        bytes += name.len() + value.len();
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            let name = crate::text::line(name, 80);
            let message = format!(
                "{name:?} cannot be set: a name is not empty and has no `=`, and neither has a NUL character"
            );
            return Err(Fault::field(field, message));
        }
    }
    match bytes <= VARIABLES {
        true => Ok(()),
        false => {
            let message = format!("they have {bytes} bytes; {VARIABLES} are allowed");
            Err(Fault::field(field, message))
        }
    }
}
