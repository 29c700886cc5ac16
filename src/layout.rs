//! Where in the data folder things are.

use std::path::{Path, PathBuf};

use crate::id::{EnvironmentId, NotebookId, ProjectId, SessionId, TenantId};

/// The data folder.
#[derive(Debug, Clone)]
pub(crate) struct Layout(PathBuf);

impl Layout {
    pub(crate) fn new(data: &Path) -> Self {
        Self(data.to_owned())
    }

    /// Returns the folder of all tenants.
    pub(crate) fn tenants(&self) -> PathBuf {
        self.0.join("tenants")
    }

    /// Returns the folder of one tenant; nothing of another tenant is below it.
    pub(crate) fn tenant(&self, tenant: TenantId) -> PathBuf {
        self.tenants().join(tenant.to_string())
    }

    /// Returns the folder of a tenant's checkpoints.
    pub(crate) fn checkpoints(&self, tenant: TenantId) -> PathBuf {
        self.tenant(tenant).join("checkpoints")
    }

    /// Returns the folder of a session: its journal, and its home when it has no project.
    pub(crate) fn session(&self, tenant: TenantId, session: SessionId) -> PathBuf {
        self.tenant(tenant)
            .join("sessions")
            .join(session.to_string())
    }

    /// Returns the folder of a project, which its sessions see as their home.
    pub(crate) fn project(&self, tenant: TenantId, project: ProjectId) -> PathBuf {
        self.tenant(tenant)
            .join("projects")
            .join(project.to_string())
    }

    /// Returns the folder of a notebook's journal; its file is in its project.
    pub(crate) fn notebook(&self, tenant: TenantId, notebook: NotebookId) -> PathBuf {
        self.tenant(tenant)
            .join("notebooks")
            .join(notebook.to_string())
    }

    /// Returns the folder of an environment's programs. No worker sees it.
    pub(crate) fn environment(&self, tenant: TenantId, environment: EnvironmentId) -> PathBuf {
        self.0
            .join("environments")
            .join(tenant.to_string())
            .join(environment.to_string())
    }

    /// Returns the folder for what lives as long as a worker.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.0.join("scratch")
    }
}
