//! Watching folders: what is there now is compared with what was there before.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use super::{inside, outside};
use crate::error_code::{ErrorCode, Fault};
use crate::file::{Entry, FilePath, Files};
use crate::id::{ProjectId, TenantId};

/// Entries of a folder that are watched, and folders of a sandbox.
const ENTRIES: usize = 10_000;
const MOST: usize = 50;

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
        Ok(listed.await?.iter().map(named).collect())
    }
}

/// A watcher, by its sandbox and its id.
type Known = HashMap<(String, String), Arc<tokio::sync::Mutex<Watcher>>>;

/// The watchers that clients ask now and then.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<Known>);

impl Watchers {
    /// Keeps a watcher, and returns its id.
    pub(crate) fn keep(&self, sandbox: &str, watcher: Watcher) -> Result<String, Fault> {
        let mut known = self.0.lock().expect("no holder panics");
        let own = known.keys().filter(|(of, _)| of == sandbox).count();
        if own >= MOST {
            let message = format!("A sandbox has at most {MOST} watchers; remove one.");
            return Err(Fault::new(ErrorCode::QuotaExceeded, message));
        }
        let id = crate::id::RequestId::new().to_string();
        let watcher = Arc::new(tokio::sync::Mutex::new(watcher));
        known.insert((sandbox.to_owned(), id.clone()), watcher);
        Ok(id)
    }

    /// Returns a sandbox's watcher.
    pub(crate) fn find(
        &self,
        sandbox: &str,
        id: &str,
    ) -> Result<Arc<tokio::sync::Mutex<Watcher>>, Fault> {
        let known = self.0.lock().expect("no holder panics");
        let found = known.get(&(sandbox.to_owned(), id.to_owned())).cloned();
        found.ok_or_else(|| {
            let message = format!("There is no watcher {:?}.", crate::text::line(id, 80));
            Fault::new(ErrorCode::FileNotFound, message)
        })
    }

    /// Forgets one watcher of a sandbox.
    pub(crate) fn remove(&self, sandbox: &str, id: &str) {
        let mut known = self.0.lock().expect("no holder panics");
        known.remove(&(sandbox.to_owned(), id.to_owned()));
    }

    /// Forgets all watchers of a sandbox.
    pub(super) fn end_of(&self, sandbox: &str) {
        let mut known = self.0.lock().expect("no holder panics");
        known.retain(|(of, _), _| of != sandbox);
    }
}
