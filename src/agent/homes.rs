//! The session in which an agent's code runs when the agent names none.

use std::time::Duration;

use moka::future::Cache;

use crate::error_code::{ErrorCode, Fault};
use crate::id::{KeyId, SessionId, TenantId, UserId};
use crate::service::Service;
use crate::session::{Handle, NewSession};
use crate::tenant::Caller;

/// How long after its last use it is known which session an agent's was.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// Agents of whom it is known.
const MOST: u64 = 10_000;

/// The name of such a session.
const NAME: &str = "agent";

/// Whose a connection or a session is: the key's, not only the tenant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Owner {
    pub(super) tenant: TenantId,
    user: UserId,
    key: Option<KeyId>,
}

impl Owner {
    pub(super) fn of(caller: &Caller) -> Self {
        Self {
            tenant: caller.tenant,
            user: caller.user,
            key: caller.key,
        }
    }
}

/// The sessions of agents, by whose they are and over which connection they come.
pub(super) struct Homes {
    known: Cache<(Owner, String), SessionId>,
}

impl Default for Homes {
    fn default() -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(MOST)
                .time_to_idle(REMEMBERED)
                .build(),
        }
    }
}

impl Homes {
    /// Returns the agent's session, a new one if it has none that lives. Its home is the folder of the project that is
    /// used where none is named, so that code sees the files that the agent writes.
    pub(super) async fn session(
        &self,
        service: &Service,
        caller: &Caller,
        connection: &str,
    ) -> Result<Handle, Fault> {
        let key = (Owner::of(caller), connection.to_owned());
        if let Some(known) = self.known.get(&key).await {
            match service.sessions.get(caller.tenant, known).await {
                Err(fault)
                    if matches!(
                        fault.code,
                        ErrorCode::SessionNotFound | ErrorCode::SessionDead
                    ) =>
                {
                    self.known.invalidate(&key).await;
                }
                found => return found,
            }
        }
        // Two calls at once make one session.
        let making = self.known.try_get_with(key, async {
            let new = NewSession {
                name: Some(NAME.into()),
                project: Some(service.projects.default_of(caller).await?),
                ..NewSession::default()
            };
            let made = service.sessions.create(caller, new).await?;
            Ok::<_, Fault>(made.id)
        });
        let session = making.await.map_err(|fault| Fault::clone(&fault))?;
        service.sessions.get(caller.tenant, session).await
    }
}
