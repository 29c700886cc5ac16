//! What happens in a tenant, for those who watch all of it. News are not kept: who comes asks first
//! what there is, and who is too slow to take them comes again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use tokio::sync::broadcast;

use crate::id::{ExecutionId, NotebookId, ProjectId, SessionId, TenantId};
use crate::session::{ExecutionStatus, State};
use crate::tenant::quotas::Resource;

/// News that a slow watcher may be behind.
const BEHIND: usize = 256;

/// The news of all tenants.
#[derive(Default)]
pub(crate) struct News {
    /// Tenants that somebody watches.
    watched: Mutex<HashMap<TenantId, broadcast::Sender<Bytes>>>,
    count: AtomicU64,
    /// The service stops.
    closed: AtomicBool,
}

/// Something new, and what it is about.
#[derive(Debug, Serialize)]
pub(crate) struct Item {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) project_id: Option<ProjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_id: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notebook_id: Option<NotebookId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cell_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) execution_id: Option<ExecutionId>,
    #[serde(flatten)]
    pub(crate) what: What,
}

/// What is new.
#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "content", rename_all = "snake_case")]
pub(crate) enum What {
    /// A session is there, or does something else than before.
    SessionStatus {
        state: State,
        queue_position: Option<usize>,
    },
    /// An execution begins or has ended.
    ExecutionStatus { status: ExecutionStatus },
    /// A notebook was made or changed, or is gone.
    NotebookChanged {
        change: Change,
        name: String,
        path: String,
        revision: i64,
    },
    /// A project was made.
    ProjectCreated { name: String },
    /// A project has another name or description.
    ProjectChanged { name: String },
    /// A project is gone with its files.
    ProjectDeleted {},
    /// At or below these paths of a project something is new, different or gone; an empty path is the
    /// project's folder. What code writes is not told.
    FilesChanged { paths: Vec<String> },
    /// The tenant uses 80 % of something.
    QuotaWarning {
        resource: Resource,
        used: u64,
        limit: u64,
    },
}

/// What became of a notebook.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    Created,
    Changed,
    Removed,
}

/// News as they are sent.
#[derive(Serialize)]
struct Numbered<'a> {
    seq: u64,
    time: String,
    #[serde(flatten)]
    item: &'a Item,
}

impl Item {
    /// Returns news about nothing in particular.
    pub(crate) fn of(what: What) -> Self {
        Self {
            project_id: None,
            session_id: None,
            notebook_id: None,
            cell_id: None,
            execution_id: None,
            what,
        }
    }
}

impl News {
    /// Returns a tenant's news from now on; none once the service stops.
    pub(crate) fn watch(&self, tenant: TenantId) -> broadcast::Receiver<Bytes> {
        let mut watched = self.watched();
        if self.closed.load(Ordering::Relaxed) {
            return broadcast::Sender::new(1).subscribe();
        }
        // Those whom nobody watches any more are forgotten.
        watched.retain(|_, watchers| watchers.receiver_count() > 0);
        let watchers = watched
            .entry(tenant)
            .or_insert_with(|| broadcast::Sender::new(BEHIND));
        watchers.subscribe()
    }

    /// Tells whether somebody watches a tenant.
    pub(crate) fn is_watched(&self, tenant: TenantId) -> bool {
        self.watched().contains_key(&tenant)
    }

    /// Tells those who watch a tenant. Nobody waits for them.
    pub(crate) fn tell(&self, tenant: TenantId, item: impl FnOnce() -> Item) {
        let Some(watchers) = self.watched().get(&tenant).cloned() else {
            return;
        };
        let numbered = Numbered {
            seq: self.count.fetch_add(1, Ordering::Relaxed) + 1,
            time: crate::store::now(),
            item: &item(),
        };
        match serde_json::to_vec(&numbered) {
            // The last one may have gone.
            Ok(json) => drop(watchers.send(json.into())),
            Err(error) => tracing::error!(%error, "news cannot be written as JSON"),
        }
    }

    /// Tells all who watch that there will be no more: the service stops.
    pub(crate) fn close(&self) {
        let mut watched = self.watched();
        self.closed.store(true, Ordering::Relaxed);
        watched.clear();
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<TenantId, broadcast::Sender<Bytes>>> {
        // Nothing is done under this lock that could leave it half done.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::error::TryRecvError;

    use super::*;

    fn warning() -> Item {
        Item::of(What::QuotaWarning {
            resource: Resource::Disk,
            used: 8,
            limit: 10,
        })
    }

    #[test]
    fn each_tenant_hears_of_itself_and_who_is_slow_is_told_so() {
        let news = News::default();
        let (one, two) = (TenantId::new(), TenantId::new());
        let (mut first, mut second) = (news.watch(one), news.watch(two));
        news.tell(one, warning);
        let told = first.try_recv().expect("it was told");
        let told: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
        assert_eq!(told["type"], "quota_warning");
        assert_eq!(told["content"]["resource"], "disk");
        assert_eq!(second.try_recv(), Err(TryRecvError::Empty));
        for _ in 0..=BEHIND {
            news.tell(one, warning);
        }
        assert_eq!(first.try_recv(), Err(TryRecvError::Lagged(1)));
        drop(second);
        drop(news.watch(one));
        assert_eq!(news.watched().len(), 1, "nobody watches the other one");
        let last = news.watch(two);
        news.close();
        for mut watcher in [last, news.watch(two)] {
            assert_eq!(watcher.try_recv(), Err(TryRecvError::Closed));
        }
    }
}
