//! What a session is started with.

use std::path::PathBuf;
use std::sync::Arc;

use sandbox_policy::Policy;

use crate::checkpoint::PageStore;
use crate::tool::Tools;

/// Where a session's writable home (`/home/user`) is.
#[derive(Debug, Clone, Default)]
pub enum Home {
    /// A folder of its own, removed with the session.
    #[default]
    Temporary,
    /// This folder of the host, which stays.
    Folder(PathBuf),
}

/// What a session may do and where it keeps things.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Limits, granted folders and allowed images.
    pub policy: Policy,
    /// Functions of the embedding program; none by default.
    pub tools: Arc<Tools>,
    /// Where checkpoints go; in memory by default.
    pub store: PageStore,
    /// The writable home; a temporary folder by default.
    pub home: Home,
    /// Environment variables besides the interpreter's own; none by default.
    pub environment: Vec<(String, String)>,
}

impl SessionOptions {
    /// Returns options under `policy` with no tools, checkpoints in memory and a temporary home.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            tools: Arc::default(),
            store: PageStore::in_memory(),
            home: Home::default(),
            environment: Vec::new(),
        }
    }
}
