//! Projects: their rows, their folders, and how both go.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::{blocking, refusal, walk};
use crate::config::Config;
use crate::disk;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ProjectId, TenantId};
use crate::layout::Layout;
use crate::news::{Item, News, What};
use crate::store::projects::ProjectRow;
use crate::store::{Store, now};
use crate::tenant::Caller;
use crate::text;

/// The name of the project that is used where none is named.
const DEFAULT: &str = "default";

/// Characters of a name, and of a description.
const NAME: usize = 200;
const DESCRIPTION: usize = 2000;

/// A project: a folder of files and notebooks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// RFC 3339, UTC.
    created_at: String,
    /// When its name or description was changed last.
    modified_at: String,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        let ProjectRow {
            id,
            name,
            description,
            created_at,
            modified_at,
            ..
        } = row;
        Self {
            id,
            name,
            description,
            created_at,
            modified_at,
        }
    }
}

/// The projects of all tenants.
#[derive(Clone)]
pub(crate) struct Projects {
    store: Store,
    layout: Layout,
    news: Arc<News>,
}

impl Projects {
    /// Opens the projects, removes what is left of deleted ones and of what was under way when the
    /// service ended.
    pub(crate) async fn open(
        config: &Config,
        store: Store,
        news: &Arc<News>,
    ) -> anyhow::Result<Self> {
        let projects = Self {
            news: Arc::clone(news),
            store,
            layout: Layout::new(&config.data.folder),
        };
        for row in projects.store.hidden_projects().await? {
            projects
                .remove(row.tenant_id.parse()?, row.id.parse()?)
                .await?;
        }
        for staging in projects.layout.all_staging()? {
            for entry in staging.entries()? {
                if let Some(name) = entry?.file_name().to_str() {
                    walk::remove(&staging, name)?;
                }
            }
        }
        Ok(projects)
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Makes a project.
    pub(crate) async fn create(
        &self,
        tenant: TenantId,
        name: &str,
        description: &str,
    ) -> Result<Project, Fault> {
        let now = now();
        let row = ProjectRow {
            id: ProjectId::new().to_string(),
            tenant_id: tenant.to_string(),
            name: checked_name(name)?,
            description: checked_description(description)?,
            standing: "live".into(),
            created_at: now.clone(),
            modified_at: now,
        };
        self.store
            .add_project(&row)
            .await
            .map_err(|fault| taken(fault, name))?;
        let name = row.name.clone();
        self.tell(tenant, &row.id, What::ProjectCreated { name });
        Ok(row.into())
    }

    /// Returns the project that is used where the caller names none; the first use makes it.
    pub(crate) async fn default_of(&self, caller: &Caller) -> Result<ProjectId, Fault> {
        self.default_project(caller.tenant).await
    }

    async fn default_project(&self, tenant: TenantId) -> Result<ProjectId, Fault> {
        let project = match self.store.project_named(tenant, DEFAULT).await? {
            Some(row) => row.into(),
            None => match self.create(tenant, DEFAULT, "").await {
                // Another request was faster.
                Err(fault) if fault.code == ErrorCode::AlreadyExists => self
                    .store
                    .project_named(tenant, DEFAULT)
                    .await?
                    .ok_or(fault)?
                    .into(),
                created => created?,
            },
        };
        project.id.parse().map_err(Fault::internal)
    }

    /// Returns the projects behind `after`, oldest first.
    pub(crate) async fn page(
        &self,
        tenant: TenantId,
        after: &str,
        rows: i64,
    ) -> Result<Vec<Project>, Fault> {
        let rows = self.store.projects(tenant, after, rows).await?;
        Ok(rows.into_iter().map(Project::from).collect())
    }

    /// Returns a project.
    pub(crate) async fn find(&self, tenant: TenantId, id: ProjectId) -> Result<Project, Fault> {
        self.row(tenant, id).await.map(Project::from)
    }

    /// Changes a project's name or description; what is `None` stays.
    pub(crate) async fn change(
        &self,
        tenant: TenantId,
        id: ProjectId,
        name: Option<&str>,
        description: Option<&str>,
    ) -> Result<Project, Fault> {
        let mut row = self.row(tenant, id).await?;
        if let Some(name) = name {
            row.name = checked_name(name)?;
        }
        if let Some(description) = description {
            row.description = checked_description(description)?;
        }
        row.modified_at = now();
        let there = self
            .store
            .change_project(&row)
            .await
            .map_err(|fault| taken(fault, &row.name))?;
        if there {
            let name = row.name.clone();
            self.tell(tenant, &row.id, What::ProjectChanged { name });
            Ok(row.into())
        } else {
            Err(missing(id))
        }
    }

    /// Deletes a project with all its files. It is gone when its row says so; its files follow, at
    /// the next start if need be.
    pub(crate) async fn delete(&self, tenant: TenantId, id: ProjectId) -> Result<(), Fault> {
        let sessions = self.store.sessions_of_project(tenant, id).await?;
        if !sessions.is_empty() {
            let sessions_there = crate::text::count(sessions.len() as u64, "session");
            let message = format!("The project is the home of {sessions_there}.");
            return Err(Fault::new(ErrorCode::ProjectInUse, message)
                .with_details(serde_json::json!({"sessions": sessions})));
        }
        let environments = self.store.environments_of_project(tenant, id).await?;
        if !environments.is_empty() {
            let environments: Vec<_> = environments.into_iter().map(|row| row.id).collect();
            let message = "Environments work on the project; delete them first.";
            return Err(Fault::new(ErrorCode::ProjectInUse, message)
                .with_details(serde_json::json!({"environments": environments})));
        }
        if !self.store.hide_project(tenant, id).await? {
            return Err(missing(id));
        }
        self.tell(tenant, &id.to_string(), What::ProjectDeleted {});
        self.remove(tenant, id).await
    }

    /// Returns the folder of a project, which is there; a session has it as its home.
    pub(crate) async fn folder(&self, tenant: TenantId, id: ProjectId) -> Result<PathBuf, Fault> {
        self.row(tenant, id).await?;
        let folder = self.layout.project(tenant, id);
        disk::private_folder(&folder).map_err(refusal::own)?;
        Ok(folder)
    }

    /// Tells those who watch the tenant what became of a project.
    fn tell(&self, tenant: TenantId, project: &str, what: What) {
        self.news.tell(tenant, || Item {
            project_id: project.parse().ok(),
            ..Item::of(what)
        });
    }

    async fn row(&self, tenant: TenantId, id: ProjectId) -> Result<ProjectRow, Fault> {
        self.store
            .project(tenant, id)
            .await?
            .ok_or_else(|| missing(id))
    }

    /// Removes the files of a hidden project, then its row.
    async fn remove(&self, tenant: TenantId, id: ProjectId) -> Result<(), Fault> {
        let layout = self.layout.clone();
        blocking(move || {
            let staging = layout.staging(tenant)?;
            let name = format!("deleted-{id}");
            let moved = std::fs::rename(
                layout.project(tenant, id),
                layout.tenant(tenant).join("staging").join(&name),
            );
            match moved {
                // It never had a file, or was moved before the service ended.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                moved => {
                    moved.map_err(refusal::own)?;
                    // Once the row is gone, nobody would look for a folder that came back.
                    disk::sync_folder(&layout.tenant(tenant).join("projects"))
                        .map_err(refusal::own)?;
                }
            }
            walk::remove(&staging, &name).map_err(refusal::own)
        })
        .await?;
        self.store.forget_project(tenant, id).await
    }
}

fn missing(id: ProjectId) -> Fault {
    Fault::new(
        ErrorCode::ProjectNotFound,
        format!("There is no project {id}."),
    )
}

fn taken(fault: Fault, name: &str) -> Fault {
    if fault.code == ErrorCode::AlreadyExists {
        return Fault::new(
            ErrorCode::AlreadyExists,
            format!("There is a project {:?} already.", text::line(name, NAME)),
        );
    }
    fault
}

fn checked_name(name: &str) -> Result<String, Fault> {
    let length = name.chars().count();
    if length == 0 || length > NAME {
        return Err(Fault::field(
            "name",
            format!("it has {length} characters; 1 to {NAME} are allowed"),
        ));
    }
    if name.trim() != name || name.chars().any(text::steers) {
        return Err(Fault::field(
            "name",
            "it has control characters, or spaces at its ends, which are not allowed",
        ));
    }
    Ok(name.to_owned())
}

fn checked_description(description: &str) -> Result<String, Fault> {
    let length = description.chars().count();
    if length > DESCRIPTION {
        return Err(Fault::field(
            "description",
            format!("it has {length} characters; {DESCRIPTION} are allowed"),
        ));
    }
    if description.contains('\0') {
        return Err(Fault::field(
            "description",
            "it has a NUL character, which is not allowed",
        ));
    }
    Ok(description.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Data;

    #[tokio::test]
    async fn the_default_project_is_made_once_for_each_tenant() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config {
            data: Data {
                folder: folder.path().to_owned(),
                database: None,
            },
            ..Config::default()
        };
        let store = Store::open(None, folder.path()).await.expect("a database");
        let projects = Projects::open(&config, store, &Arc::default())
            .await
            .expect("opened");
        let (one, other) = (TenantId::new(), TenantId::new());
        let (first, second) =
            tokio::join!(projects.default_project(one), projects.default_project(one));
        let first = first.expect("made");
        assert_eq!(first, second.expect("found"));
        let foreign = projects.default_project(other).await.expect("made");
        assert_ne!(first, foreign);
        let fault = projects.folder(one, foreign).await.expect_err("foreign");
        assert_eq!(fault.code, ErrorCode::ProjectNotFound);
        assert!(
            projects
                .folder(other, foreign)
                .await
                .expect("its own")
                .is_dir()
        );
    }
}
