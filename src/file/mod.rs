//! Projects and their files: ordinary files in a folder that guests see as their home.
//!
//! Guests write there whatever they like, so every name and link in it is hostile: files are opened
//! name by name below a capability, links are never followed, and what is received, unpacked or
//! removed lies where no guest sees it until it is whole.

mod change;
mod condition;
mod layout;
mod listing;
mod news;
mod pack;
mod path;
mod plan;
mod projects;
mod read;
mod receive;
mod refusal;
mod room;
mod tree;
mod unpack;
mod uploads;
mod walk;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cap_std::fs::Dir;
use tokio::sync::Semaphore;

pub(crate) use condition::Condition;
pub(crate) use listing::{Entry, media_type};
pub(crate) use path::FilePath;
pub(crate) use projects::{Project, Projects};
pub(crate) use read::Opened;
pub(crate) use uploads::{NewUpload, Placing, Upload, Uploads};
pub(crate) use write::Placed;

use crate::config::Config;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ProjectId, TenantId};
use crate::news::News;
use crate::tenant::quotas::Quotas;
use news::FileNews;
use room::Room;

/// Projects that names are decided in at once.
const DECIDING: usize = 64;

/// Archives that are packed at once: each keeps a thread for as long as its receiver takes.
const PACKING: usize = 16;

/// The files of all projects.
pub(crate) struct Files {
    projects: Projects,
    room: Arc<Room>,
    /// The largest single file.
    largest: u64,
    /// Endings that are not taken, in small letters.
    refused_types: Vec<String>,
    /// Whoever decides what a name in a project stands for holds the project's lock, so that of two
    /// requests that both want to be first one is told that it was not.
    deciding: [Mutex<()>; DECIDING],
    packing: Arc<Semaphore>,
    /// For those who watch their tenant.
    news: Arc<FileNews>,
}

/// A project whose folder is open.
struct Site {
    tenant: TenantId,
    project: ProjectId,
    root: Dir,
    staging: Dir,
}

impl Files {
    /// Opens the files of these projects.
    pub(crate) fn new(
        config: &Config,
        projects: Projects,
        quotas: &Arc<Quotas>,
        news: &Arc<News>,
    ) -> Self {
        let refused_types = config.files.refused_types.iter();
        Self {
            room: Room::new(projects.layout().clone(), Arc::clone(quotas)),
            projects,
            largest: config.files.largest.0,
            refused_types: refused_types
                .map(|ending| ending.trim_start_matches('.').to_lowercase())
                .collect(),
            deciding: std::array::from_fn(|_| Mutex::new(())),
            packing: Arc::new(Semaphore::new(PACKING)),
            news: FileNews::new(news),
        }
    }

    /// Returns the largest size that a file may have.
    pub(crate) fn largest(&self) -> u64 {
        self.largest
    }

    /// Measures what the tenant has on the disk, unless that was done just now.
    pub(crate) async fn measure(&self, tenant: TenantId) -> Result<(), Fault> {
        let room = Arc::clone(&self.room);
        blocking(move || room.look(tenant)).await
    }

    /// Refuses when so many more files with so many bytes do not fit into the tenant's quota.
    pub(crate) async fn require_room(
        &self,
        tenant: TenantId,
        files: u64,
        bytes: u64,
    ) -> Result<(), Fault> {
        let room = Arc::clone(&self.room);
        blocking(move || {
            room.reserve(tenant, files, bytes)?.keep();
            Ok(())
        })
        .await
    }

    async fn site(&self, tenant: TenantId, project: ProjectId) -> Result<Site, Fault> {
        let path = self.projects.folder(tenant, project).await?;
        let layout = self.projects.layout().clone();
        blocking(move || {
            Ok(Site {
                tenant,
                project,
                root: layout::open(&path)?,
                staging: layout.staging(tenant)?,
            })
        })
        .await
    }

    /// Waits until nobody else decides about names in the project.
    fn decide(&self, project: ProjectId) -> MutexGuard<'_, ()> {
        let place = blake3::hash(project.to_string().as_bytes()).as_bytes()[0];
        // Nothing is kept under the lock that a panic could have left half done.
        self.deciding[usize::from(place) % DECIDING]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses a file whose ending is not taken.
    fn require_type(&self, path: &FilePath) -> Result<(), Fault> {
        let name = path.names().last().unwrap_or_default();
        let Some((_, ending)) = name.rsplit_once('.') else {
            return Ok(());
        };
        let ending = ending.to_lowercase();
        if self.refused_types.contains(&ending) {
            return Err(Fault::new(
                ErrorCode::FileTypeRefused,
                format!("Files ending in \".{ending}\" are not taken."),
            )
            .with_details(serde_json::json!({"refused": self.refused_types})));
        }
        Ok(())
    }
}

/// Does what waits for the disk on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Fault::internal)?
}
