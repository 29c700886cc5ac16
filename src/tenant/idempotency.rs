//! Requests that may be sent twice and are done once: the first answer is kept for a day and
//! repeated.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Caller;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{RequestId, TenantId};
use crate::store::{self, Store};

/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3600);

/// Requests that are remembered for one tenant; beyond it the oldest are forgotten earlier.
const MOST: i64 = 10_000;

/// The largest answer that is kept, in bytes.
pub(crate) const LARGEST_ANSWER: usize = 64 << 10;

/// An answer that is repeated.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeptAnswer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What to do with a request that carries a key.
#[derive(Debug)]
pub(crate) enum Begun {
    /// Nobody sent this key before: do it, then say how it ended.
    First(Running),
    /// It was done; this was the answer.
    Before(KeptAnswer),
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct Running {
    caller: Caller,
    key: String,
}

/// The requests that are remembered.
pub(crate) struct Requests {
    store: Store,
    /// Names this process: what another one left running will not be finished.
    process: String,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Headers(Vec<(String, String)>);

impl Requests {
    /// Opens the memory.
    pub(crate) fn open(store: &Store) -> Self {
        Self {
            store: store.clone(),
            process: RequestId::new().to_string(),
        }
    }

    /// Begins a request, or finds that it came before. `request` is a hash of all that it says.
    pub(crate) async fn begin(
        &self,
        caller: &Caller,
        key: &str,
        request: &str,
    ) -> Result<Begun, Fault> {
        let whose = (caller.tenant, caller.user);
        let first = self
            .store
            .begin_request(whose, key, request, &self.process, &store::now())
            .await?;
        if first {
            return Ok(Begun::First(Running {
                caller: caller.clone(),
                key: key.to_owned(),
            }));
        }
        let Some(before) = self.store.first_request(whose, key).await? else {
            return Err(running(
                "The first request with this key was refused just now.",
            ));
        };
        if before.request != request {
            return Err(Fault::new(
                ErrorCode::IdempotencyMismatch,
                "The Idempotency-Key was sent before with another method, address or body.",
            ));
        }
        match (
            before.progress.as_str(),
            before.status,
            before.headers,
            before.body,
        ) {
            ("kept", Some(status), Some(headers), Some(body)) => Ok(Begun::Before(KeptAnswer {
                status: u16::try_from(status).map_err(super::damaged)?,
                headers: serde_json::from_str::<Headers>(&headers)
                    .map_err(super::damaged)?
                    .0,
                body,
            })),
            ("running", ..) if before.process == self.process => {
                Err(running("The first request with this key is still running."))
            }
            ("running", ..) => Err(Fault::new(
                ErrorCode::IdempotencyLost,
                "The service ended while the first request with this key was running; whether it was done is not known.",
            )),
            _ => Err(Fault::new(
                ErrorCode::IdempotencyLost,
                "The first request with this key was done; its answer was streamed, secret or too large to be kept.",
            )),
        }
    }

    /// Keeps the answer of a request that was done.
    pub(crate) async fn keep(&self, running: &Running, answer: KeptAnswer) -> Result<(), Fault> {
        let whose = (running.caller.tenant, running.caller.user);
        let headers = serde_json::to_string(&Headers(answer.headers)).expect("headers are texts");
        self.store
            .keep_answer(
                whose,
                &running.key,
                i64::from(answer.status),
                &headers,
                &answer.body,
            )
            .await
    }

    /// Notes that a request was done and has no answer that could be repeated.
    pub(crate) async fn keep_none(&self, running: &Running) -> Result<(), Fault> {
        self.store
            .keep_no_answer((running.caller.tenant, running.caller.user), &running.key)
            .await
    }

    /// Forgets a request that was refused; it may come again.
    pub(crate) async fn forget(&self, running: &Running) -> Result<(), Fault> {
        self.store
            .forget_request((running.caller.tenant, running.caller.user), &running.key)
            .await
    }

    /// Forgets what is a day old, and what is too much.
    pub(crate) async fn sweep(&self) -> Result<(), Fault> {
        let oldest = jiff::Timestamp::now()
            .saturating_sub(KEPT_FOR)
            .map_err(Fault::internal)?;
        self.store
            .forget_requests_before(&format!("{oldest:.6}"))
            .await?;
        let mut after = String::new();
        loop {
            let tenants = self.store.tenants(&after, 1000).await?;
            let Some(last) = tenants.last() else {
                return Ok(());
            };
            after.clone_from(&last.id);
            for tenant in tenants {
                self.store
                    .forget_requests_beyond(super::stored::<TenantId>(&tenant.id)?, MOST)
                    .await?;
            }
        }
    }
}

fn running(message: &'static str) -> Fault {
    Fault::new(ErrorCode::IdempotencyRunning, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::tenant::{Tenants, audit::Audit};
    use std::sync::Arc;

    async fn opened(folder: &std::path::Path) -> (Store, Caller) {
        let mut config = Config::default();
        folder.clone_into(&mut config.data.folder);
        let store = Store::open(None, folder).await.expect("a database");
        let audit = Arc::new(Audit::open(&store, folder).await.expect("a log"));
        let tenants = Tenants::open(&config, &store, audit)
            .await
            .expect("it opens");
        let caller = tenants
            .caller(tenants.local_token(), [127, 0, 0, 1].into())
            .await
            .expect("the local user");
        (store, caller)
    }

    #[tokio::test]
    async fn what_a_process_left_running_is_not_done_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, caller) = opened(folder.path()).await;
        let (before, after) = (Requests::open(&store), Requests::open(&store));
        assert!(matches!(
            before.begin(&caller, "key", "request").await,
            Ok(Begun::First(_))
        ));
        let code = |begun: Result<Begun, Fault>| begun.expect_err("it is no first").code;
        assert_eq!(
            code(before.begin(&caller, "key", "request").await),
            ErrorCode::IdempotencyRunning
        );
        assert_eq!(
            code(after.begin(&caller, "key", "request").await),
            ErrorCode::IdempotencyLost
        );
        assert_eq!(
            code(after.begin(&caller, "key", "other").await),
            ErrorCode::IdempotencyMismatch
        );
    }

    #[tokio::test]
    async fn old_answers_are_forgotten_and_new_ones_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, caller) = opened(folder.path()).await;
        let requests = Requests::open(&store);
        let whose = (caller.tenant, caller.user);
        let long_ago = "2001-01-01T00:00:00.000000Z";
        store
            .begin_request(whose, "old", "request", "process", long_ago)
            .await
            .expect("added");
        let Ok(Begun::First(running)) = requests.begin(&caller, "new", "request").await else {
            panic!("it is the first");
        };
        let answer = KeptAnswer {
            status: 201,
            headers: vec![("etag".into(), "1".into())],
            body: vec![0, 255],
        };
        requests.keep(&running, answer).await.expect("kept");
        requests.sweep().await.expect("swept");
        assert!(
            store
                .first_request(whose, "old")
                .await
                .expect("asked")
                .is_none()
        );
        let Ok(Begun::Before(answer)) = requests.begin(&caller, "new", "request").await else {
            panic!("it came before");
        };
        assert_eq!((answer.status, answer.body), (201, vec![0, 255]));
        // Beyond the number that is kept, the newest stay.
        store
            .forget_requests_beyond(caller.tenant, 0)
            .await
            .expect("swept");
        assert!(
            store
                .first_request(whose, "new")
                .await
                .expect("asked")
                .is_none()
        );
    }
}
