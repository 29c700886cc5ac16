//! What sessions no longer need is removed: checkpoints, exports, folders, old executions and strikes.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use python_wasm::{CheckpointId, Sweeper};
use tokio::sync::watch;

use super::registry::Sessions;
use crate::disk;
use crate::error_code::Fault;
use crate::id::{ExportId, SessionId, TenantId};

/// What is remembered of a tenant from one sweep to the next.
struct Memory {
    checkpoints: Arc<Mutex<Sweeper>>,
    /// Folders that belonged to no session.
    strays: HashSet<PathBuf>,
}

impl Sessions {
    /// Sweeps at once and then again and again, until the service stops.
    pub(crate) async fn sweep_regularly(&self, mut stop: watch::Receiver<bool>) {
        let mut tenants = HashMap::new();
        let mut again = tokio::time::interval(self.around.config.retention.sweep.0);
        // The pause between two sweeps is what keeps names safe that are on their way.
        again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = again.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if let Err(fault) = self.sweep(&mut tenants).await {
                tracing::warn!(%fault, "what is no longer needed could not be removed; it is tried again");
            }
        }
    }

    async fn sweep(&self, tenants: &mut HashMap<TenantId, Memory>) -> Result<(), Fault> {
        let (store, retention) = (&self.around.store, &self.around.config.retention);
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let oldest = crate::store::ago(retention.executions.0);
        let most = signed(retention.executions_per_session);
        store.forget_executions(&oldest, most).await?;
        let oldest = crate::store::ago(retention.strikes.0);
        let most = signed(retention.strikes_per_tenant);
        store.forget_old_strikes(&oldest, most).await?;
        self.recall_strikes().await?;
        for tenant in self.tenants_with_folders().await? {
            let memory = tenants.entry(tenant).or_insert_with(|| Memory {
                checkpoints: Arc::new(Mutex::new(Sweeper::new(
                    self.around.layout.checkpoints(tenant),
                ))),
                strays: HashSet::new(),
            });
            self.sweep_checkpoints(tenant, &memory.checkpoints).await?;
            self.sweep_folders(tenant, &mut memory.strays).await?;
        }
        Ok(())
    }

    /// Remembers the strikes that are still written down, and no others.
    async fn recall_strikes(&self) -> Result<(), Fault> {
        let kept = self.around.store.strikes().await?;
        let kept: HashSet<_> = kept
            .into_iter()
            .filter_map(|row| Some((row.tenant_id.parse::<TenantId>().ok()?, row.code_hash)))
            .collect();
        self.around
            .forget_strikes(|tenant, code| !kept.contains(&(tenant, code.to_owned())));
        Ok(())
    }

    async fn tenants_with_folders(&self) -> Result<Vec<TenantId>, Fault> {
        let folder = self.around.layout.tenants();
        blocking(move || {
            let names = fs::read_dir(folder)?
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            Ok(names.filter_map(|name| name.parse().ok()).collect())
        })
        .await
    }

    /// Forgets checkpoints beyond the number that a session keeps, and removes the files of those
    /// that nobody names.
    async fn sweep_checkpoints(
        &self,
        tenant: TenantId,
        sweeper: &Arc<Mutex<Sweeper>>,
    ) -> Result<(), Fault> {
        let store = &self.around.store;
        let most = i64::try_from(self.around.config.sessions.checkpoints).unwrap_or(i64::MAX);
        store.forget_checkpoints_beyond(tenant, most).await?;
        if !self.around.layout.checkpoints(tenant).exists() {
            return Ok(());
        }
        loop {
            // In this order; `Sweeper` says why.
            let doomed = sweeper.lock().expect("no holder panics").begin();
            let named = store.named_checkpoints(tenant).await?;
            let named: HashSet<CheckpointId> =
                named.into_iter().filter_map(|id| id.parse().ok()).collect();
            let sweeper = Arc::clone(sweeper);
            let swept = tokio::task::spawn_blocking(move || {
                sweeper
                    .lock()
                    .expect("no holder panics")
                    .finish(doomed, &named)
            });
            let swept = swept
                .await
                .map_err(Fault::internal)?
                .map_err(Fault::internal)?;
            if swept.files > 0 {
                let files = swept.files;
                tracing::info!(%tenant, files, bytes = swept.bytes, "checkpoints that nobody names were removed");
            }
            metrics::counter!("cellblock_checkpoints_removed_total").increment(swept.files);
            metrics::counter!("cellblock_checkpoint_bytes_freed_total").increment(swept.bytes);
            if !swept.more {
                return Ok(());
            }
        }
    }

    /// Removes the folders of sessions that have ended, found so twice, and old exports of the others.
    async fn sweep_folders(
        &self,
        tenant: TenantId,
        strays: &mut HashSet<PathBuf>,
    ) -> Result<(), Fault> {
        let folder = self.around.layout.tenant(tenant).join("sessions");
        let found = {
            let folder = folder.clone();
            blocking(move || entries(&folder)).await?
        };
        // Asked after they were found: a session has a folder before it has a row.
        let live = self.around.store.live_session_ids(tenant).await?;
        let live: HashSet<PathBuf> = live.iter().map(|id| folder.join(id)).collect();
        let is_session = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.parse::<SessionId>().is_ok())
        };
        let (kept, dead): (Vec<_>, HashSet<_>) = {
            let (kept, dead): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|path| live.contains(path));
            (kept, dead.into_iter().filter(is_session).collect())
        };
        let gone: Vec<PathBuf> = dead.intersection(strays).cloned().collect();
        *strays = dead;
        let retention = &self.around.config.retention;
        let (age, most) = (retention.exports.0, retention.exports_per_session);
        blocking(move || {
            gone.iter().try_for_each(|path| disk::remove_tree(path))?;
            kept.iter()
                .try_for_each(|session| trim(&session.join("exports"), age, most))
        })
        .await
    }
}

/// Removes the exports of a session that are too old or too many.
fn trim(exports: &Path, age: Duration, most: usize) -> io::Result<()> {
    let mut found: Vec<PathBuf> = entries(exports)?
        .into_iter()
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.parse::<ExportId>().is_ok())
        })
        .collect();
    // Later ids sort behind earlier ones.
    found.sort();
    let beyond = found.len().saturating_sub(most);
    for (number, path) in found.iter().enumerate() {
        let made = fs::metadata(path).and_then(|data| data.modified());
        let lasted = made
            .ok()
            .and_then(|made| SystemTime::now().duration_since(made).ok());
        if number < beyond || lasted.is_some_and(|lasted| lasted > age) {
            disk::remove_tree(path)?;
        }
    }
    Ok(())
}

/// Returns what is in a folder; nothing when there is none.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Does what waits for the disk on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Fault::internal)?
        .map_err(Fault::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_go_by_number_and_by_age() {
        let folder = tempfile::tempdir().expect("a folder");
        let ids: Vec<String> = (0..5).map(|_| ExportId::new().to_string()).collect();
        for id in &ids {
            fs::create_dir(folder.path().join(id)).expect("made");
        }
        let day = Duration::from_secs(24 * 3600);
        let there = || {
            ids.iter()
                .filter(|id| folder.path().join(id).exists())
                .count()
        };
        trim(folder.path(), day, 5).expect("it reads");
        assert_eq!(there(), 5);
        trim(folder.path(), day, 2).expect("it reads");
        assert_eq!(there(), 2);
        assert!(folder.path().join(&ids[4]).exists(), "the newest stay");
        let long_ago = SystemTime::now() - 2 * day;
        let old = fs::File::open(folder.path().join(&ids[3])).expect("it opens");
        old.set_modified(long_ago).expect("set");
        trim(folder.path(), day, 2).expect("it reads");
        assert_eq!(there(), 1);
        trim(&folder.path().join("none"), day, 2).expect("nothing is there");
    }
}
