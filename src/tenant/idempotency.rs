//! Requests that may be sent twice and are done once: the first answer is kept for a while and
//! repeated.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Caller;
use crate::config::Retention;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{RequestId, TenantId, UserId};
use crate::store::Store;

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

/// A request under way, as long as it is held.
#[derive(Debug)]
pub(crate) struct Running {
    caller: Caller,
    key: String,
    under_way: Arc<UnderWay>,
}

/// How many requests with each key of each user this process is working on.
type UnderWay = Mutex<HashMap<(TenantId, UserId, String), usize>>;

impl Running {
    fn enter(under_way: &Arc<UnderWay>, caller: &Caller, key: &str) -> Self {
        let running = Self {
            caller: caller.clone(),
            key: key.to_owned(),
            under_way: Arc::clone(under_way),
        };
        *lock(under_way).entry(running.whose()).or_default() += 1;
        running
    }

    /// Tells whether there is another one with the same key.
    fn is_one_of_several(&self) -> bool {
        lock(&self.under_way)
            .get(&self.whose())
            .is_some_and(|count| *count > 1)
    }

    fn whose(&self) -> (TenantId, UserId, String) {
        (self.caller.tenant, self.caller.user, self.key.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut under_way = lock(&self.under_way);
        if let Entry::Occupied(mut count) = under_way.entry(self.whose()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The requests that are remembered.
pub(crate) struct Requests {
    store: Store,
    /// Names this process: what another one left running will not be finished.
    process: String,
    /// What this process is doing.
    under_way: Arc<UnderWay>,
    /// How long an answer is kept, and how many for one tenant.
    age: Duration,
    most: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Headers(Vec<(String, String)>);

impl Requests {
    /// Opens the memory.
    pub(crate) fn open(store: &Store, retention: &Retention) -> Self {
        Self {
            store: store.clone(),
            process: RequestId::new().to_string(),
            under_way: Arc::default(),
            age: retention.answers.0,
            most: retention.answers_per_tenant,
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
        let running = Running::enter(&self.under_way, caller, key);
        let first = self
            .store
            .begin_request(whose, key, request, &self.process, &crate::clock::text())
            .await?;
        if first {
            return Ok(Begun::First(running));
        }
        let mut before = self.store.first_request(whose, key).await?;
        let under_way = running.is_one_of_several();
        if !under_way && before.as_ref().is_some_and(|row| row.progress == "running") {
            // The first may have ended since the row was read: what it left is in the row by now.
            before = self.store.first_request(whose, key).await?;
        }
        let Some(before) = before else {
            return Err(still_running(
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
            ("running", ..) if before.process == self.process && under_way => Err(still_running(
                "The first request with this key is still running.",
            )),
            ("running", ..) => Err(Fault::new(
                ErrorCode::IdempotencyLost,
                "The service or its disk failed while the first request with this key was running; whether it was done is not known.",
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

    /// Forgets what is too old, and what is too much.
    pub(crate) async fn sweep(&self) -> Result<(), Fault> {
        let oldest = crate::store::ago(self.age);
        self.store.forget_requests_before(&oldest).await?;
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let mut after = String::new();
        loop {
            let tenants = self.store.tenants(&after, 1000).await?;
            let Some(last) = tenants.last() else {
                return Ok(());
            };
            after.clone_from(&last.id);
            for tenant in tenants {
                self.store
                    .forget_requests_beyond(super::stored::<TenantId>(&tenant.id)?, most)
                    .await?;
            }
        }
    }
}

fn still_running(message: &'static str) -> Fault {
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

    fn opened_on(store: &Store) -> Requests {
        Requests::open(store, &Retention::default())
    }

    #[tokio::test]
    async fn what_a_process_left_running_is_not_done_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, caller) = opened(folder.path()).await;
        let (before, after) = (opened_on(&store), opened_on(&store));
        let Ok(Begun::First(first)) = before.begin(&caller, "key", "request").await else {
            panic!("it is the first");
        };
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
        // Its end could not be stored.
        drop(first);
        assert_eq!(
            code(before.begin(&caller, "key", "request").await),
            ErrorCode::IdempotencyLost
        );
    }

    #[tokio::test]
    async fn old_answers_are_forgotten_and_new_ones_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, caller) = opened(folder.path()).await;
        let requests = opened_on(&store);
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
