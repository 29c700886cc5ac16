//! Resources that an agent wants to hear of: it is told that one changed, and reads it again if it wants to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::{Peer, RoleServer, SubscriptionSink};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::AbortHandle;

use crate::error_code::Fault;
use crate::id::{NotebookId, SessionId, TenantId};
use crate::news::News;

/// Resources that one agent may subscribe to.
const MOST: usize = 100;

/// What a resource is made of, as news name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Notebook(NotebookId),
    Session(SessionId),
}

/// Who is told of changes.
pub(super) enum Ear {
    /// A connection.
    Connection(Peer<RoleServer>),
    /// A request that goes on, in the revision without connections.
    Request(SubscriptionSink),
}

impl Ear {
    /// Tells of a change, and whether it was heard.
    async fn told(&self, uri: String) -> bool {
        match self {
            Self::Connection(peer) => {
                let updated = ResourceUpdatedNotificationParam::new(uri);
                peer.notify_resource_updated(updated).await.is_ok()
            }
            Self::Request(sink) => sink.notify_resource_updated(uri).await.is_ok(),
        }
    }
}

/// Refuses more resources than one agent may subscribe to.
pub(super) fn check_count(count: usize) -> Result<(), Fault> {
    if count <= MOST {
        return Ok(());
    }
    let message = format!("{count} resources are asked for, and {MOST} may be subscribed to");
    Err(Fault::field("uri", message))
}

/// The subscriptions of one connection. They end with it.
#[derive(Default)]
pub(super) struct Subscriptions {
    wanted: Arc<Mutex<HashMap<String, Source>>>,
    listening: Mutex<Option<AbortHandle>>,
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        if let Some(listening) = locked(&self.listening).take() {
            listening.abort();
        }
    }
}

/// Nothing is done under these locks that could leave what they hold half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Subscriptions {
    /// Tells of a resource from now on.
    pub(super) fn add(
        &self,
        uri: String,
        source: Source,
        peer: Peer<RoleServer>,
        news: &News,
        tenant: TenantId,
    ) -> Result<(), Fault> {
        let mut wanted = locked(&self.wanted);
        let others = wanted.keys().filter(|other| **other != uri).count();
        check_count(others + 1)?;
        wanted.insert(uri, source);
        let mut listening = locked(&self.listening);
        if listening.is_none() {
            let ear = Ear::Connection(peer);
            let told = tell(Arc::clone(&self.wanted), ear, news.watch(tenant));
            *listening = Some(tokio::spawn(told).abort_handle());
        }
        Ok(())
    }

    /// Tells of a resource no more.
    pub(super) fn remove(&self, uri: &str) {
        locked(&self.wanted).remove(uri);
    }
}

/// News, as far as resources change by them.
#[derive(Debug, Deserialize)]
struct Told {
    #[serde(rename = "type")]
    kind: String,
    notebook_id: Option<NotebookId>,
    session_id: Option<SessionId>,
}

impl Told {
    /// Tells whether a resource of this source may be different now.
    fn changes(&self, source: Source) -> bool {
        match source {
            Source::Notebook(id) => self.kind == "notebook_changed" && self.notebook_id == Some(id),
            Source::Session(id) => self.kind == "session_status" && self.session_id == Some(id),
        }
    }
}

/// Tells of what changes, until there are no more news or nobody to tell.
pub(super) async fn tell(
    wanted: Arc<Mutex<HashMap<String, Source>>>,
    ear: Ear,
    mut news: Receiver<Bytes>,
) {
    loop {
        // Who missed some is told that everything may be different.
        let told: Option<Told> = match news.recv().await {
            Ok(item) => match serde_json::from_slice(&item) {
                Ok(told) => Some(told),
                Err(_) => continue,
            },
            Err(RecvError::Lagged(_)) => None,
            Err(RecvError::Closed) => return,
        };
        let changed: Vec<String> = locked(&wanted)
            .iter()
            .filter(|(_, source)| told.as_ref().is_none_or(|told| told.changes(**source)))
            .map(|(uri, _)| uri.clone())
            .collect();
        for uri in changed {
            if !ear.told(uri).await {
                return;
            }
        }
    }
}
