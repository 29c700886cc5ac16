//! A session's files: its own writable folders and what it was granted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::Dir;
use sandbox_policy::{Access, Limits, Policy};

use super::options::Home;
use crate::runtime::Runtime;
use crate::wasi::{Mount, Quota, Tree};

/// A granted folder cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the folder {} cannot be granted: {source}", folder.display())]
pub struct FolderError {
    /// The folder on the host.
    pub folder: PathBuf,
    /// The operating system's answer.
    pub source: io::Error,
}

/// The folders behind a session's writable files, kept as long as the session.
pub(crate) struct Folders {
    home: PathBuf,
    temporary: PathBuf,
    /// Removed when the session ends.
    _scratch: tempfile::TempDir,
}

impl Folders {
    /// Makes the folders of a new session.
    pub(crate) fn make(home: &Home) -> Result<Self, FolderError> {
        let fail = |folder: &Path, source| FolderError {
            folder: folder.into(),
            source,
        };
        let scratch = tempfile::Builder::new()
            .prefix("cellblock-")
            .tempdir()
            .map_err(|source| fail(&std::env::temp_dir(), source))?;
        let make = |name: &str| {
            let folder = scratch.path().join(name);
            fs::create_dir(&folder).map_err(|source| fail(&folder, source))?;
            Ok(folder)
        };
        let temporary = make("tmp")?;
        let home = match home {
            Home::Temporary => make("home")?,
            Home::Folder(folder) => folder.clone(),
        };
        Ok(Self {
            home,
            temporary,
            _scratch: scratch,
        })
    }

    /// Makes folders that hold copies of these files, for a fork. A home that is a folder of the
    /// host is shared instead.
    pub(crate) fn copy(&self, home: &Home) -> Result<Self, FolderError> {
        let copy = Self::make(home)?;
        let fail = |source| FolderError {
            folder: self.home.clone(),
            source,
        };
        if matches!(home, Home::Temporary) {
            copy_tree(&self.home, &copy.home).map_err(fail)?;
        }
        copy_tree(&self.temporary, &copy.temporary).map_err(fail)?;
        Ok(copy)
    }

    /// Returns the writable home on the host.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Opens everything the guest sees.
    pub(crate) fn tree(
        &self,
        runtime: &Runtime,
        packages: Option<&Arc<Dir>>,
        policy: &Policy,
    ) -> Result<Tree, FolderError> {
        let open = |folder: &Path| {
            Dir::open_ambient_dir(folder, cap_std::ambient_authority())
                .map(Arc::new)
                .map_err(|source| FolderError {
                    folder: folder.into(),
                    source,
                })
        };
        let parts = runtime.parts();
        let mut mounts = vec![
            mount("/usr/local/lib", Arc::clone(&parts.library), false),
            mount("/usr/local/lib/kernel", Arc::clone(&parts.kernel), false),
            mount("/home/user", open(&self.home)?, true),
            mount("/tmp", open(&self.temporary)?, true),
        ];
        if let Some(packages) = packages {
            mounts.push(mount(crate::image::PACKAGES, Arc::clone(packages), false));
        }
        for grant in &policy.files {
            let writable = match grant.access {
                Access::ReadOnly => false,
                Access::ReadWrite => true,
            };
            mounts.push(mount(grant.guest.as_str(), open(&grant.host)?, writable));
        }
        Ok(Tree::new(mounts))
    }

    /// Counts what the writable folders hold already. A home of the session's own is empty.
    pub(crate) fn quota(&self, limits: &Limits, tree: &Tree, own: bool) -> Quota {
        let mut quota = Quota::new(
            limits.files_total_bytes,
            limits.files_count,
            limits.file_bytes,
        );
        if !own {
            for mount in tree.writable_mounts() {
                let (bytes, entries) = measure(&mount.folder, limits.files_count);
                quota.found(bytes, entries);
            }
        }
        quota
    }
}

fn mount(at: &str, folder: Arc<Dir>, writable: bool) -> Mount {
    let at = at
        .split('/')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    Mount {
        at,
        folder,
        writable,
    }
}

/// Returns bytes and entries below a folder, and stops counting at `most` entries. Links are not
/// followed; folders wait in a list, so depth costs no stack.
fn measure(folder: &Dir, most: u64) -> (u64, u64) {
    let (mut bytes, mut entries) = (0u64, 0u64);
    let mut waiting = vec![PathBuf::from(".")];
    while let Some(path) = waiting.pop() {
        let Ok(listing) = folder.read_dir(&path) else {
            continue;
        };
        for entry in listing.flatten() {
            if entries >= most {
                return (bytes, entries);
            }
            entries += 1;
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            if metadata.is_dir() {
                waiting.push(path.join(entry.file_name()));
            } else if metadata.is_file() {
                bytes = bytes.saturating_add(metadata.len());
            }
        }
    }
    (bytes, entries)
}

/// Copies regular files and folders; anything else is left out.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let mut waiting = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = waiting.pop() {
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let target = to.join(entry.file_name());
            if kind.is_dir() {
                fs::create_dir_all(&target)?;
                waiting.push((entry.path(), target));
            } else if kind.is_file() {
                fs::copy(entry.path(), &target)?;
            }
        }
    }
    Ok(())
}
