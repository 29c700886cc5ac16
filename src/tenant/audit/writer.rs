//! The one who writes the audit log: what waits is written together, then the heads, and then
//! everybody who waits is told.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::Entry;
use super::chain::{ChainKey, Heads, START};
use crate::error_code::{ErrorCode, Fault};
use crate::store::audit::AuditRow;
use crate::store::{self, Store};
use crate::tenant::name;

/// Records that are written together.
const TOGETHER: usize = 256;

/// A record to be written, and who waits for it.
pub(super) struct Job {
    pub(super) entry: Option<Entry>,
    pub(super) done: Option<oneshot::Sender<Result<(), Fault>>>,
}

/// The last record of a chain.
#[derive(Clone)]
struct Tail {
    seq: i64,
    mac: String,
}

/// Writes what comes.
pub(super) struct Writer {
    store: Store,
    key: ChainKey,
    folder: PathBuf,
    heads: Arc<Mutex<Heads>>,
    /// The ends of the chains that were written to.
    tails: HashMap<String, Tail>,
}

impl Writer {
    pub(super) fn new(
        store: Store,
        key: ChainKey,
        folder: PathBuf,
        heads: Arc<Mutex<Heads>>,
    ) -> Self {
        Self {
            store,
            key,
            folder,
            heads,
            tails: HashMap::new(),
        }
    }

    /// Writes until nobody can hand over any more.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::new();
        while queue.recv_many(&mut jobs, TOGETHER).await > 0 {
            let entries: Vec<&Entry> = jobs.iter().filter_map(|job| job.entry.as_ref()).collect();
            let mut result = self.write(&entries).await;
            if result
                .as_ref()
                .is_err_and(|fault| fault.code == ErrorCode::AlreadyExists)
            {
                // Another process of this service was faster; its record is the end now.
                result = self.write(&entries).await;
            }
            if let Err(fault) = &result {
                tracing::error!(%fault, records = entries.len(), "the audit log could not be written");
            }
            for done in jobs.drain(..).filter_map(|job| job.done) {
                // Whoever waited may have gone.
                let _ = done.send(result.clone());
            }
        }
    }

    async fn write(&mut self, entries: &[&Entry]) -> Result<(), Fault> {
        if entries.is_empty() {
            return Ok(());
        }
        let rows = self.chained(entries).await?;
        let written = self.store_rows(&rows).await;
        if written.is_err() {
            // What the database has now is asked for next time.
            self.tails.clear();
        }
        written
    }

    /// Puts entries at the ends of their chains.
    async fn chained(&mut self, entries: &[&Entry]) -> Result<Vec<AuditRow>, Fault> {
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            let mut row = row(entry);
            let tail = match self.tails.get(&row.tenant_id) {
                Some(tail) => tail.clone(),
                None => self.tail(&row.tenant_id).await?,
            };
            row.seq = tail.seq + 1;
            row.mac = self.key.mac(&row, &tail.mac);
            self.tails.insert(
                row.tenant_id.clone(),
                Tail {
                    seq: row.seq,
                    mac: row.mac.clone(),
                },
            );
            rows.push(row);
        }
        Ok(rows)
    }

    /// Returns the end of a tenant's chain: as the database has it, unless the head knows of more.
    /// Then records were cut off, and the chain goes on behind the gap, which shows for good.
    async fn tail(&self, tenant: &str) -> Result<Tail, Fault> {
        let last = self.store.audit_last(tenant).await?;
        let last = last.map_or_else(
            || Tail {
                seq: 0,
                mac: START.into(),
            },
            |row| Tail {
                seq: row.seq,
                mac: row.mac,
            },
        );
        let heads = self.heads();
        match heads.of(tenant) {
            Some(head) if head.seq > last.seq => {
                tracing::error!(
                    tenant,
                    "the audit log has lost its newest records; run `cellblock audit verify`"
                );
                Ok(Tail {
                    seq: head.seq,
                    mac: head.mac.clone(),
                })
            }
            Some(_) | None => Ok(last),
        }
    }

    async fn store_rows(&self, rows: &[AuditRow]) -> Result<(), Fault> {
        self.begin_chains(rows).await?;
        let mut transaction = self.store.begin().await?;
        for row in rows {
            transaction.add_audit(row).await?;
        }
        transaction.commit().await?;
        let heads = {
            let mut heads = self.heads();
            for row in rows {
                let head = self.key.head(&row.tenant_id, row.seq, &row.mac);
                heads.set(row.tenant_id.clone(), head);
            }
            heads.clone()
        };
        self.keep(heads).await
    }

    /// Gives chains that are about to begin a head that says so. A head may be behind its chain when
    /// the service ends in between, but a chain without any is one whose head was taken away.
    async fn begin_chains(&self, rows: &[AuditRow]) -> Result<(), Fault> {
        let mut heads = self.heads().clone();
        let mut begins = false;
        for row in rows.iter().filter(|row| row.seq == 1) {
            if heads.of(&row.tenant_id).is_none() {
                let head = self.key.head(&row.tenant_id, 0, START);
                heads.set(row.tenant_id.clone(), head);
                begins = true;
            }
        }
        if begins {
            self.keep(heads.clone()).await?;
            *self.heads() = heads;
        }
        Ok(())
    }

    fn heads(&self) -> MutexGuard<'_, Heads> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the heads down.
    async fn keep(&self, heads: Heads) -> Result<(), Fault> {
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || heads.write(&folder))
            .await
            .map_err(Fault::internal)?
            .map_err(Fault::disk)
    }
}

/// Returns the row of an entry, without its place.
fn row(entry: &Entry) -> AuditRow {
    AuditRow {
        tenant_id: entry.tenant.to_string(),
        seq: 0,
        time: store::now(),
        user_id: entry.user.map(|user| user.to_string()),
        key_prefix: entry.key_prefix.clone(),
        address: entry.address.map(|address| address.to_string()),
        action: name(&entry.action),
        what: crate::text::line(&entry.what, 500),
        outcome: name(&entry.outcome),
        code_hash: entry.code_hash.clone(),
        session_id: entry.session.map(|session| session.to_string()),
        checkpoint_id: entry.checkpoint.clone(),
        fuel: entry
            .fuel
            .map(|fuel| i64::try_from(fuel).unwrap_or(i64::MAX)),
        mac: String::new(),
    }
}
