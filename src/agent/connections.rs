//! The connections of agents over HTTP, which MCP calls sessions: whose each is, and how many there may be.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::Stream;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::local::{
    LocalSessionManager, LocalSessionManagerError, SessionConfig,
};
use rmcp::transport::streamable_http_server::session::{
    ServerSseMessage, SessionId, SessionManager,
};

use super::homes::Owner;
use crate::error_code::{ErrorCode, Fault};
use crate::tenant::Caller;

tokio::task_local! {
    /// The request that is being answered.
    static VISIT: Arc<Visit>;
}

/// A request of somebody, and why it is refused, if it is.
pub(super) struct Visit {
    owner: Owner,
    refused: Mutex<Option<Fault>>,
}

impl Visit {
    pub(super) fn of(caller: &Caller) -> Arc<Self> {
        Arc::new(Self {
            owner: Owner::of(caller),
            refused: Mutex::default(),
        })
    }

    /// Does something as part of the request.
    pub(super) async fn during<F: Future>(self: &Arc<Self>, work: F) -> F::Output {
        VISIT.scope(Arc::clone(self), work).await
    }

    /// Returns why it is refused.
    pub(super) fn refused(&self) -> Option<Fault> {
        locked(&self.refused).take()
    }

    fn refuse(&self, fault: Fault) {
        *locked(&self.refused) = Some(fault);
    }
}

/// The connections of all agents.
pub(super) struct Connections {
    inner: LocalSessionManager,
    owners: Mutex<HashMap<SessionId, Owner>>,
    /// Connections that a tenant may hold.
    most: usize,
}

/// Nothing is done under these locks that could leave what they hold half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns what is told of a connection that is not there, or somebody else's.
pub(super) fn missing() -> Fault {
    Fault::new(
        ErrorCode::AgentConnectionNotFound,
        "There is no connection (MCP session) of this id.",
    )
}

impl Connections {
    /// Returns no connections yet; a tenant may hold `most`, and one that says nothing for `idle` is ended.
    pub(super) fn new(most: usize, idle: Duration) -> Self {
        let mut session_config = SessionConfig::default();
        session_config.keep_alive = Some(idle);
        let mut inner = LocalSessionManager::default();
        inner.session_config = session_config;
        Self {
            inner,
            owners: Mutex::default(),
            most,
        }
    }

    /// Tells whether a connection belongs to whoever asks. What the service does by itself is nobody's request.
    fn is_own(&self, id: &SessionId) -> bool {
        let owner = VISIT.try_with(|visit| visit.owner);
        owner.map_or(true, |owner| locked(&self.owners).get(id) == Some(&owner))
    }

    /// Counts a new connection, unless its tenant holds as many as it may.
    fn admit(&self, id: &SessionId, owner: Owner) -> bool {
        let mut owners = locked(&self.owners);
        let held = owners.values().filter(|other| other.tenant == owner.tenant);
        let free = held.count() < self.most;
        if free {
            owners.insert(id.clone(), owner);
        }
        free
    }

    fn require_own(&self, id: &SessionId) -> Result<(), LocalSessionManagerError> {
        if self.is_own(id) {
            return Ok(());
        }
        Err(LocalSessionManagerError::SessionNotFound(id.clone()))
    }
}

impl SessionManager for Connections {
    type Error = LocalSessionManagerError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let visit = VISIT.try_with(Arc::clone);
        let visit = visit.map_err(|_| LocalSessionManagerError::SessionNotFound("".into()))?;
        let (id, transport) = self.inner.create_session().await?;
        if self.admit(&id, visit.owner) {
            return Ok((id, transport));
        }
        self.inner.close_session(&id).await?;
        let message = format!(
            "The tenant's agents hold {} connections, which is all they may (`agents.connections`).",
            self.most
        );
        let fault = Fault::new(ErrorCode::QuotaExceeded, message);
        visit.refuse(fault.with_details(serde_json::json!({"limit": self.most})));
        Err(LocalSessionManagerError::SessionNotFound(id))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.inner.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        Ok(self.is_own(id) && self.inner.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        if !self.is_own(id) {
            let _ = VISIT.try_with(|visit| visit.refuse(missing()));
            return Ok(());
        }
        locked(&self.owners).remove(id);
        self.inner.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.require_own(id)?;
        self.inner.create_stream(id, message).await
    }

    async fn accept_message(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), Self::Error> {
        self.require_own(id)?;
        self.inner.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.require_own(id)?;
        self.inner.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.require_own(id)?;
        self.inner.resume(id, last_event_id).await
    }
}
