//! Watching folders: what is there now is compared with what was there before.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use super::{inside, outside};
use crate::error_code::{ErrorCode, Fault};
use crate::file::{Entry, FilePath, Files};
use crate::id::{ProjectId, TenantId};

/// Entries of a folder that are watched, and folders that a tenant has watched.
const ENTRIES: usize = 5_000;
const MOST: usize = 50;

/// Bytes of the names of what is watched.
const NAMES: usize = 1 << 20;

/// A folder that is watched.
#[derive(Debug, Clone)]
pub(crate) struct Watcher {
    place: (TenantId, ProjectId),
    folder: FilePath,
    deep: bool,
    /// What was there, with when it was changed and its size.
    seen: BTreeMap<String, (String, u64)>,
}

/// Something that happened in a watched folder.
#[derive(Debug)]
pub(crate) struct Change {
    /// Relative to the folder.
    pub(crate) name: String,
    /// As the protocol has it.
    pub(crate) kind: &'static str,
}

impl Watcher {
    /// Begins to watch a folder.
    pub(crate) async fn begin(
        files: &Arc<Files>,
        place: (TenantId, ProjectId),
        path: &str,
        deep: bool,
    ) -> Result<Self, Fault> {
        let folder = inside(path)?;
        if !folder.is_root()
            && !files
                .look(place.0, place.1, folder.clone())
                .await?
                .is_folder()
        {
            let message = format!("{} is no folder.", outside(folder.as_str()));
            return Err(Fault::field("path", message));
        }
        let mut watcher = Self {
            place,
            folder,
            deep,
            seen: BTreeMap::new(),
        };
        watcher.seen = watcher.look(files).await?;
        Ok(watcher)
    }

    /// Returns what happened since it was asked last.
    pub(crate) async fn changes(&mut self, files: &Arc<Files>) -> Result<Vec<Change>, Fault> {
        let now = self.look(files).await?;
        let mut changes = Vec::new();
        let mut tell = |name: &String, kind| {
            let name = name.clone();
            changes.push(Change { name, kind });
        };
        for (name, state) in &now {
            match self.seen.get(name) {
                None => tell(name, "EVENT_TYPE_CREATE"),
                Some(before) if before != state => tell(name, "EVENT_TYPE_WRITE"),
                Some(_) => {}
            }
        }
        for name in self.seen.keys().filter(|name| !now.contains_key(*name)) {
            tell(name, "EVENT_TYPE_REMOVE");
        }
        self.seen = now;
        Ok(changes)
    }

    async fn look(&self, files: &Arc<Files>) -> Result<BTreeMap<String, (String, u64)>, Fault> {
        let (tenant, project) = self.place;
        let listed = files.list(
            tenant,
            project,
            self.folder.clone(),
            self.deep,
            String::new(),
            ENTRIES,
        );
        let above = self.folder.as_str().len();
        let cut = if above == 0 { 0 } else { above + 1 };
        let named = |entry: &Entry| {
            let name = entry.path().get(cut..).unwrap_or_default().to_owned();
            // When a folder was changed says no more than what is told of what lies in it.
            let changed = if entry.is_folder() {
                ""
            } else {
                entry.modified()
            };
            (name, (changed.to_owned(), entry.size()))
        };
        let entries = listed.await?;
        let names: usize = entries.iter().map(|entry| entry.path().len()).sum();
        if names > NAMES {
            let message = "there is too much in it to be watched; watch a folder in it";
            return Err(Fault::field("path", message));
        }
        Ok(entries.iter().map(named).collect())
    }
}

/// A watcher that is asked now and then.
struct Kept {
    tenant: TenantId,
    watcher: Arc<tokio::sync::Mutex<Watcher>>,
}

/// Watchers by their sandboxes and their ids.
type Known = HashMap<(String, String), Kept>;

/// The watchers that clients ask now and then, and how many of each tenant tell by themselves.
#[derive(Default)]
pub(crate) struct Watchers {
    known: Mutex<Known>,
    telling: Arc<Mutex<HashMap<TenantId, usize>>>,
}

/// A watcher that tells by itself. It counts until it is dropped.
pub(crate) struct Telling {
    tenant: TenantId,
    telling: Arc<Mutex<HashMap<TenantId, usize>>>,
}

impl Drop for Telling {
    fn drop(&mut self) {
        let mut telling = self.telling.lock().expect("no holder panics");
        if let Some(count) = telling.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                telling.remove(&self.tenant);
            }
        }
    }
}

impl Watchers {
    /// Counts a watcher of a tenant's that tells by itself.
    pub(crate) fn tell(&self, tenant: TenantId) -> Result<Telling, Fault> {
        let mut telling = self.telling.lock().expect("no holder panics");
        let count = telling.entry(tenant).or_default();
        if *count >= MOST {
            return Err(too_many());
        }
        *count += 1;
        Ok(Telling {
            tenant,
            telling: Arc::clone(&self.telling),
        })
    }

    /// Keeps a watcher, and returns its id.
    pub(crate) fn keep(&self, sandbox: &str, watcher: Watcher) -> Result<String, Fault> {
        let mut known = self.known.lock().expect("no holder panics");
        let own = known.values().filter(|kept| kept.tenant == watcher.place.0);
        if own.count() >= MOST {
            return Err(too_many());
        }
        let id = crate::id::RequestId::new().to_string();
        let kept = Kept {
            tenant: watcher.place.0,
            watcher: Arc::new(tokio::sync::Mutex::new(watcher)),
        };
        known.insert((sandbox.to_owned(), id.clone()), kept);
        Ok(id)
    }

    /// Returns a sandbox's watcher.
    pub(crate) fn find(
        &self,
        sandbox: &str,
        id: &str,
    ) -> Result<Arc<tokio::sync::Mutex<Watcher>>, Fault> {
        let known = self.known.lock().expect("no holder panics");
        let found = known.get(&(sandbox.to_owned(), id.to_owned()));
        let found = found.map(|kept| Arc::clone(&kept.watcher));
        found.ok_or_else(|| {
            let message = format!("There is no watcher {:?}.", crate::text::line(id, 80));
            Fault::new(ErrorCode::FileNotFound, message)
        })
    }

    /// Forgets one watcher of a sandbox.
    pub(crate) fn remove(&self, sandbox: &str, id: &str) {
        let mut known = self.known.lock().expect("no holder panics");
        known.remove(&(sandbox.to_owned(), id.to_owned()));
    }

    /// Forgets all watchers of a sandbox.
    pub(super) fn end_of(&self, sandbox: &str) {
        let mut known = self.known.lock().expect("no holder panics");
        known.retain(|(of, _), _| of != sandbox);
    }
}

fn too_many() -> Fault {
    let message = format!("A tenant has at most {MOST} watchers; remove one.");
    Fault::new(ErrorCode::QuotaExceeded, message)
}
