//! The audit log: who did what, from where, and how it ended. Every tenant has a chain of records
//! of its own; a record's MAC covers the one before, and a signed head in a file beside the
//! database tells how long the chain is, so that a cut tail is found too.

mod chain;
mod verify;
mod writer;

use std::future::Future;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
pub(crate) use chain::Head;
use chain::{ChainKey, Heads};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use utoipa::ToSchema;
pub(crate) use verify::verify;
use writer::{Job, Writer};

use super::Caller;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{SessionId, TenantId, UserId};
use crate::store::Store;
use crate::store::audit::{AuditFilter, AuditRow};

/// Records that may wait to be written.
const QUEUE: usize = 4096;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Somebody sent a token that is not valid.
    SignIn,
    /// A tenant was added.
    TenantCreate,
    /// A tenant was renamed, suspended or let in again.
    TenantChange,
    /// A user was added.
    UserCreate,
    /// A user got another name, role or standing.
    UserChange,
    /// A user was removed.
    UserDelete,
    /// An API key was made.
    KeyCreate,
    /// An API key got a new secret.
    KeyRotate,
    /// An API key was revoked.
    KeyRevoke,
    /// A tenant's quotas were set.
    QuotaChange,
    /// A secret of a project got a value.
    SecretSet,
    /// A secret of a project was removed.
    SecretDelete,
    /// A new session was given secrets of its project.
    SecretGrant,
    /// Code was run.
    Execution,
    /// A session ended because its lifetime was over.
    SessionEnd,
    /// Code that had ended worker processes may be run again.
    QuarantineLift,
}

/// How it ended. What changes something is recorded before it is done, and again after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It was asked for and is about to be done.
    Asked,
    /// It was done.
    Done,
    /// It was refused, or failed.
    Refused,
    /// The code ran to its end.
    Ok,
    /// The code raised.
    Error,
    /// The code was interrupted.
    Interrupted,
    /// The code reached a limit.
    Limit,
    /// The code was stopped by force.
    Killed,
    /// The worker ended while the code ran.
    Lost,
}

/// A record to be made.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) tenant: TenantId,
    pub(crate) user: Option<UserId>,
    pub(crate) key_prefix: Option<String>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) action: Action,
    /// What it was done to, in a line.
    pub(crate) what: String,
    pub(crate) outcome: Outcome,
    pub(crate) code_hash: Option<String>,
    pub(crate) session: Option<SessionId>,
    pub(crate) checkpoint: Option<String>,
    pub(crate) fuel: Option<u64>,
}

impl Entry {
    /// Returns the record of something that a caller asks for.
    pub(crate) fn of(caller: &Caller, action: Action, what: impl Into<String>) -> Self {
        Self {
            tenant: caller.tenant,
            user: Some(caller.user),
            key_prefix: caller.key_prefix.clone(),
            address: Some(caller.address),
            action,
            what: what.into(),
            outcome: Outcome::Asked,
            code_hash: None,
            session: None,
            checkpoint: None,
            fuel: None,
        }
    }

    fn ended(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }
}

/// A record as the auditor reads it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditRecord {
    /// Its place in the tenant's chain, from 1.
    pub(crate) seq: i64,
    time: String,
    user_id: Option<String>,
    key_prefix: Option<String>,
    address: Option<String>,
    action: Action,
    what: String,
    outcome: Outcome,
    /// BLAKE3 of the code that was run.
    code_hash: Option<String>,
    session_id: Option<String>,
    checkpoint_id: Option<String>,
    fuel: Option<i64>,
    /// The record's MAC, which covers the record before.
    mac: String,
}

impl TryFrom<AuditRow> for AuditRecord {
    type Error = Fault;

    fn try_from(row: AuditRow) -> Result<Self, Fault> {
        Ok(Self {
            seq: row.seq,
            time: row.time,
            user_id: row.user_id,
            key_prefix: row.key_prefix,
            address: row.address,
            action: super::stored(&row.action)?,
            what: row.what,
            outcome: super::stored(&row.outcome)?,
            code_hash: row.code_hash,
            session_id: row.session_id,
            checkpoint_id: row.checkpoint_id,
            fuel: row.fuel,
            mac: row.mac,
        })
    }
}

/// The open audit log.
pub(crate) struct Audit {
    store: Store,
    jobs: mpsc::Sender<Job>,
    heads: Arc<Mutex<Heads>>,
}

impl Audit {
    /// Opens the log; the first start makes its key. A log whose key or heads are gone or were
    /// changed is not gone on with.
    pub(crate) async fn open(store: &Store, folder: &Path) -> anyhow::Result<Self> {
        let begun = !store.audited_tenants().await?.is_empty();
        let key = if begun {
            ChainKey::read(folder)
        } else {
            ChainKey::read_or_make(folder)
        }
        .context("the audit log cannot be gone on with; `cellblock audit verify` tells more")?;
        let heads = Heads::read(folder, &key)
            .context("the audit log cannot be gone on with; `cellblock audit verify` tells more")?;
        let heads = Arc::new(Mutex::new(heads));
        let (jobs, queue) = mpsc::channel(QUEUE);
        let writer = Writer::new(store.clone(), key, folder.to_owned(), Arc::clone(&heads));
        tokio::spawn(writer.run(queue));
        Ok(Self {
            store: store.clone(),
            jobs,
            heads,
        })
    }

    /// Makes a record; when this returns it is stored. What cannot be recorded must not be done.
    pub(crate) async fn record(&self, entry: Entry) -> Result<(), Fault> {
        self.wait_for(Some(entry)).await
    }

    /// Makes a record soon. For what must not wait, and for what was refused anyway.
    pub(crate) fn record_later(&self, entry: Entry) {
        if self
            .jobs
            .try_send(Job {
                entry: Some(entry),
                done: None,
            })
            .is_err()
        {
            tracing::error!("an audit record was lost: too many are waiting");
        }
    }

    /// Records that something is about to be done, does it, and records how it ended.
    pub(crate) async fn guard<T>(
        &self,
        entry: Entry,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        self.record(entry.clone()).await?;
        let result = work.await;
        let outcome = if result.is_ok() {
            Outcome::Done
        } else {
            Outcome::Refused
        };
        // It was recorded that this was about to be done; what was done is told as done.
        if let Err(fault) = self.record(entry.ended(outcome)).await {
            tracing::error!(%fault, "the end of an audited change could not be recorded");
        }
        result
    }

    /// Waits until everything that was handed over is stored.
    pub(crate) async fn settle(&self) -> Result<(), Fault> {
        self.wait_for(None).await
    }

    async fn wait_for(&self, entry: Option<Entry>) -> Result<(), Fault> {
        let (done, stored) = oneshot::channel();
        let gone = |_| Fault::new(ErrorCode::ShuttingDown, "The audit log is closed.");
        self.jobs
            .send(Job {
                entry,
                done: Some(done),
            })
            .await
            .map_err(|_| gone(()))?;
        stored.await.map_err(|_| gone(()))?
    }

    /// Returns the tenant's records that pass the filter, the newest first.
    pub(crate) async fn records(
        &self,
        tenant: TenantId,
        filter: &AuditFilter,
        most: i64,
    ) -> Result<Vec<AuditRecord>, Fault> {
        let rows = self.store.audit(&tenant.to_string(), filter, most).await?;
        rows.into_iter().map(AuditRecord::try_from).collect()
    }

    /// Returns the signed end of the tenant's chain, for whoever wants to keep it elsewhere.
    pub(crate) fn head(&self, tenant: TenantId) -> Option<Head> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.of(&tenant.to_string()).cloned()
    }
}
