//! Code that is run once in a session of its own, and results that stand in for a run.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use moka::future::Cache;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::admission::Priority;
use super::execution::Submission;
use super::handle::Export;
use super::new_session::NewSession;
use super::registry::Sessions;
use super::watched::{Gathered, Watched};
use crate::config::Retention;
use crate::error_code::{ErrorCode, Fault};
use crate::file::FilePath;
use crate::id::{ProjectId, SessionId, TenantId};
use crate::notebook::is_variable;
use crate::tenant::Caller;

/// A file that is there when a session begins.
#[derive(Debug)]
pub(crate) enum NewFile {
    Bytes(FilePath, Vec<u8>),
    /// A finished upload, which is moved.
    Upload(FilePath, PathBuf),
}

/// Whether kept results are made use of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caching {
    Use,
    Refresh,
    Bypass,
}

/// A variable to return.
#[derive(Debug)]
pub(crate) struct OneExport {
    pub(crate) variable: String,
    pub(crate) format: &'static str,
    /// Text in CSV that a spreadsheet would run stays as it is.
    pub(crate) formulas: bool,
}

/// What to run once.
#[derive(Debug)]
pub(crate) struct OneShot {
    pub(crate) code: String,
    pub(crate) image: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) limits: Vec<(String, String)>,
    /// A project of the tenant, whose folder is the working folder.
    pub(crate) project: Option<ProjectId>,
    /// Names of the project's secrets that the code may ask for.
    pub(crate) secrets: Vec<String>,
    pub(crate) files: Vec<NewFile>,
    /// Variables that become DataFrames.
    pub(crate) datasets: Map<String, Value>,
    /// Variables to return, with their formats.
    pub(crate) exports: Vec<OneExport>,
    pub(crate) priority: Priority,
    pub(crate) caching: Caching,
}

/// What came of it.
pub(crate) struct Shot {
    pub(crate) gathered: Gathered,
    pub(crate) exports: Vec<(String, Bytes)>,
}

/// Runs code once; keeps results.
pub(crate) struct OneShots {
    kept: Cache<(TenantId, String), Arc<Shot>>,
}

/// Ends a session that nobody else needs, however its only user ends.
struct Ephemeral {
    sessions: Arc<Sessions>,
    tenant: TenantId,
    session: SessionId,
    ended: bool,
}

impl Ephemeral {
    async fn end(mut self) -> Result<(), Fault> {
        self.ended = true;
        self.sessions.delete(self.tenant, self.session).await
    }
}

impl Drop for Ephemeral {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (sessions, tenant, session) = (Arc::clone(&self.sessions), self.tenant, self.session);
        tokio::spawn(async move {
            if let Err(fault) = sessions.delete(tenant, session).await {
                tracing::warn!(%session, %fault, "a session of one execution could not be removed");
            }
        });
    }
}

impl OneShots {
    /// Keeps results as long, and as many, as is configured.
    pub(crate) fn new(retention: &Retention) -> Self {
        let kept = Cache::builder()
            .max_capacity(retention.results_size.0)
            .weigher(|_, shot: &Arc<Shot>| shot.bytes())
            .time_to_live(retention.results.0)
            .build();
        Self { kept }
    }

    /// Runs it, or returns a kept result and that it is one. Events go to `events` as they happen.
    /// When the future is dropped, the execution is taken back.
    pub(crate) async fn run(
        &self,
        sessions: &Arc<Sessions>,
        caller: &Caller,
        shot: OneShot,
        events: Option<mpsc::Sender<(u64, Bytes)>>,
    ) -> Result<(Arc<Shot>, bool), Fault> {
        let caching = shot.caching;
        // An upload is moved, and its content is not read for a key. What a project's files and secrets
        // say is in no key either, and a result that had a secret is for its caller alone.
        let cacheable = caching != Caching::Bypass
            && shot.project.is_none()
            && shot.secrets.is_empty()
            && shot
                .files
                .iter()
                .all(|file| matches!(file, NewFile::Bytes(..)));
        let key = (
            caller.tenant,
            if cacheable {
                shot.key(sessions)
            } else {
                String::new()
            },
        );
        if caching == Caching::Use
            && cacheable
            && let Some(kept) = self.kept.get(&key).await
        {
            return Ok((kept, true));
        }
        let shot = Arc::new(fire(sessions, caller, shot, events).await?);
        if cacheable && shot.gathered.status() == "success" {
            self.kept.insert(key, Arc::clone(&shot)).await;
        }
        Ok((shot, false))
    }
}

impl OneShot {
    /// Returns the digest that runs share whose results are the same.
    fn key(&self, sessions: &Sessions) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        // All images are of one build; their digests change together with the name's meaning.
        for image in sessions.images() {
            add(image.digest.as_bytes());
        }
        add(self.image.as_deref().unwrap_or_default().as_bytes());
        add(self.policy.as_deref().unwrap_or_default().as_bytes());
        add(format!("{:?}", self.limits).as_bytes());
        add(self.code.as_bytes());
        add(Value::Object(self.datasets.clone()).to_string().as_bytes());
        add(format!("{:?}", self.exports).as_bytes());
        for file in &self.files {
            if let NewFile::Bytes(path, bytes) = file {
                add(path.as_str().as_bytes());
                add(bytes);
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

impl Shot {
    /// Returns about how much memory it takes.
    fn bytes(&self) -> u32 {
        let exports: usize = self.exports.iter().map(|(_, bytes)| bytes.len()).sum();
        let outputs = serde_json::to_vec(&self.gathered.outputs()).map_or(0, |bytes| bytes.len());
        u32::try_from(exports + outputs + 1000).unwrap_or(u32::MAX)
    }
}

async fn fire(
    sessions: &Arc<Sessions>,
    caller: &Caller,
    shot: OneShot,
    events: Option<mpsc::Sender<(u64, Bytes)>>,
) -> Result<Shot, Fault> {
    if shot.project.is_some() && !shot.files.is_empty() {
        let message = "with project_id the code works in the project's folder; put the files there";
        return Err(Fault::field("files", message));
    }
    if let Some(name) = shot.datasets.keys().find(|name| !is_variable(name)) {
        let name = crate::text::line(name, 80);
        return Err(Fault::field(
            "datasets",
            format!("{name:?} cannot be the name of a variable"),
        ));
    }
    let new = NewSession {
        name: Some("one execution".into()),
        image: shot.image,
        policy: shot.policy,
        limits: shot.limits,
        project: shot.project,
        secrets: shot.secrets,
        files: shot.files,
        once: true,
        ..NewSession::default()
    };
    let handle = sessions.create(caller, new).await?;
    let ephemeral = Ephemeral {
        sessions: Arc::clone(sessions),
        tenant: caller.tenant,
        session: handle.id,
        ended: false,
    };
    if !shot.datasets.is_empty() {
        let names: Vec<String> = shot.datasets.keys().cloned().collect();
        handle.inject(shot.datasets).await?;
        let frames = names
            .iter()
            .map(|name| format!("{name} = __import__('pandas').DataFrame({name})\n"));
        let submission = Submission {
            silent: true,
            store_history: false,
            ..Submission::new(caller, frames.collect::<String>())
        };
        let made = Watched::begin(handle.clone(), submission)
            .await?
            .wait()
            .await?;
        if let Some(finished) = made.finished.filter(|finished| finished.outcome != "ok") {
            return Err(Fault::field(
                "datasets",
                format!(
                    "no DataFrame can be made of them: {}",
                    finished.error["evalue"]
                ),
            ));
        }
    }
    let submission = Submission {
        priority: shot.priority,
        ..Submission::new(caller, shot.code)
    };
    let mut watched = Watched::begin(handle.clone(), submission).await?;
    let mut gathered = Gathered::default();
    while let Some((event, json)) = watched.next().await? {
        if let Some(events) = &events {
            events
                .send((event.seq, json))
                .await
                .map_err(|_| Fault::new(ErrorCode::TimedOut, "The caller has gone away."))?;
        }
        gathered.take(event);
    }
    let mut exports = Vec::new();
    if gathered.status() == "success" {
        for export in shot.exports {
            let export = Export::Variables {
                names: vec![export.variable],
                format: export.format,
                formulas: export.formulas,
            };
            exports.extend(handle.export(export).await?);
        }
    }
    ephemeral.end().await?;
    Ok(Shot { gathered, exports })
}
