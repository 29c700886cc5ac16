//! The folder a notebook runs in: a private copy of its own folder, and what a run changed in it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use cap_fs_ext::DirExt as _;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use sandbox_policy::{Limits, format_size};

use crate::text;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    /// Something in it cannot be read or written.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// The path in question.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// It holds more than the policy gives.
    #[error(
        "the notebook's folder {} holds {found}, and the policy {policy:?} allows {allowed} for the private copy; \
         the largest are {largest}. Put the notebook into a folder of its own, start with an empty folder (--empty-folder) and \
         grant the data with --mount HOST:GUEST, run in the folder itself (--in-place: the cells may then change what is in it), \
         or choose a policy that allows more (--policy trusted, or a TOML file with these two limits)",
        folder.display()
    )]
    TooLarge {
        /// The folder.
        folder: PathBuf,
        /// The policy's name.
        policy: String,
        /// What was counted.
        found: String,
        /// What the policy gives.
        allowed: String,
        /// The largest files.
        largest: String,
    },
}

/// What was left out of a copy.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// Files larger than the policy allows one to be, with their sizes in bytes.
    pub(crate) large: Vec<(PathBuf, u64)>,
    /// Symbolic links, sockets and devices: what they lead to is not in the folder.
    pub(crate) special: Vec<PathBuf>,
}

/// Folders that programs fill and no notebook reads, by name. Hidden ones stay behind anyway.
const NO_DATA: [&str; 5] = [
    "__pycache__",
    "__pypackages__",
    "bower_components",
    "node_modules",
    "site-packages",
];
/// Of a folder that holds more files than the policy gives, so many more are looked at to find the largest.
const LOOKED_AT: u64 = 100_000;
/// So many of the largest files are named in a refusal.
const NAMED: usize = 5;

/// Copies the regular files of `from` into `to`, within what the policy gives for files.
///
/// Hidden entries (`.git`, `.env`, `.venv`), virtual environments and what package managers and
/// Python itself put into folders stay behind: they are no data of a notebook, and often hold
/// secrets. Links are not followed.
///
/// # Errors
/// [`FolderError::TooLarge`] when the rest is more than the policy allows. It names the largest files.
pub(crate) fn copy(
    from: &Path,
    to: &Path,
    limits: &Limits,
    policy: &str,
) -> Result<Skipped, FolderError> {
    let Found { files, mut skipped } = find(from, limits)?;
    let bytes: u64 = files.iter().filter_map(|(_, size)| *size).sum();
    let entries = files.len() as u64;
    if bytes > limits.files_total_bytes || entries > limits.files_count {
        return Err(FolderError::TooLarge {
            folder: from.into(),
            policy: policy.into(),
            found: format!(
                "at least {} in {entries} files and folders",
                text::size(bytes)
            ),
            allowed: format!(
                "{} (files_total_bytes) in {} (files_count)",
                format_size(limits.files_total_bytes),
                limits.files_count
            ),
            largest: largest(&files),
        });
    }
    for (path, size) in files {
        let target = to.join(&path);
        match size {
            None => fs::create_dir_all(&target).map_err(fail(&target))?,
            Some(_) => {
                let source = from.join(&path);
                fs::copy(&source, &target).map_err(|error| {
                    let full = error.kind() == io::ErrorKind::StorageFull;
                    fail(if full { &target } else { &source })(error)
                })?;
                make_writable(&target).map_err(fail(&target))?;
            }
        }
    }
    skipped.large.sort();
    skipped.special.sort();
    Ok(skipped)
}

/// What a folder holds for a notebook.
#[derive(Default)]
struct Found {
    /// Files with their sizes in bytes, and folders, each before what is in it.
    files: Vec<(PathBuf, Option<u64>)>,
    skipped: Skipped,
}

fn find(from: &Path, limits: &Limits) -> Result<Found, FolderError> {
    let mut found = Found::default();
    let mut waiting = vec![PathBuf::new()];
    let most = limits.files_count.saturating_add(LOOKED_AT);
    while let Some(inside) = waiting.pop()
        && found.files.len() as u64 <= most
    {
        let folder = from.join(&inside);
        for entry in fs::read_dir(&folder).map_err(fail(&folder))? {
            let entry = entry.map_err(fail(&folder))?;
            let name = entry.file_name();
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = inside.join(&name);
            let kind = entry.file_type().map_err(fail(&entry.path()))?;
            if kind.is_dir() {
                if NO_DATA.iter().any(|no_data| name == *no_data)
                    || entry.path().join("pyvenv.cfg").is_file()
                {
                    continue;
                }
                waiting.push(path.clone());
                found.files.push((path, None));
            } else if kind.is_file() {
                let size = entry.metadata().map_err(fail(&entry.path()))?.len();
                if size > limits.file_bytes {
                    found.skipped.large.push((path, size));
                } else {
                    found.files.push((path, Some(size)));
                }
            } else {
                found.skipped.special.push(path);
            }
        }
    }
    Ok(found)
}

/// Returns the names and sizes of the largest files, as text.
fn largest(files: &[(PathBuf, Option<u64>)]) -> String {
    let mut sizes: Vec<_> = files
        .iter()
        .filter_map(|(path, size)| size.map(|size| (size, path)))
        .collect();
    sizes.sort_by(|one, other| other.cmp(one));
    let named = sizes.iter().take(NAMED).map(|(size, path)| {
        let path = text::line(&path.display().to_string(), 200);
        format!("{path} ({})", text::size(*size))
    });
    named.collect::<Vec<_>>().join(", ")
}

/// A copy of a read-only file is the notebook's own and may be changed.
fn make_writable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

fn fail(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    |source| FolderError::Io { path, source }
}

/// What tells a changed file from an unchanged one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
}

/// The files of a folder at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    folder: PathBuf,
    files: BTreeMap<PathBuf, Stamp>,
}

/// A file that a run has made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    /// Its path inside the folder.
    pub(crate) path: PathBuf,
    /// Its size in bytes.
    pub(crate) bytes: u64,
    /// It was not there before.
    pub(crate) new: bool,
}

impl Snapshot {
    /// Looks at all regular files below a folder. What cannot be read counts as not there.
    pub(crate) fn of(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut waiting = vec![PathBuf::new()];
        while let Some(inside) = waiting.pop() {
            let Ok(listing) = fs::read_dir(folder.join(&inside)) else {
                continue;
            };
            for entry in listing.flatten() {
                let path = inside.join(entry.file_name());
                let Ok(metadata) = entry.metadata() else {
                    continue;
                };
                if metadata.is_dir() {
                    waiting.push(path);
                } else if metadata.is_file() {
                    let stamp = Stamp {
                        bytes: metadata.len(),
                        modified: (metadata.mtime(), metadata.mtime_nsec()),
                        changed: (metadata.ctime(), metadata.ctime_nsec()),
                        inode: metadata.ino(),
                    };
                    files.insert(path, stamp);
                }
            }
        }
        Self {
            folder: folder.into(),
            files,
        }
    }

    /// Returns what was made or changed since, by path.
    pub(crate) fn changes(&self) -> Vec<Changed> {
        let now = Self::of(&self.folder);
        let differing = now
            .files
            .into_iter()
            .filter(|(path, stamp)| self.files.get(path) != Some(stamp));
        differing
            .map(|(path, stamp)| Changed {
                new: !self.files.contains_key(&path),
                path,
                bytes: stamp.bytes,
            })
            .collect()
    }
}

/// Copies changed files of `folder` into `to`, in the same folders. Their names are the guest's
/// and what lies in `to` may be a stranger's, so no link is followed: one in place of a folder is
/// refused, one in place of a file is replaced. A file is there whole or not at all.
pub(crate) fn keep(folder: &Path, changed: &[Changed], to: &Path) -> Result<(), FolderError> {
    fs::create_dir_all(to).map_err(fail(to))?;
    let source = Dir::open_ambient_dir(folder, ambient_authority()).map_err(fail(folder))?;
    let target = Dir::open_ambient_dir(to, ambient_authority()).map_err(fail(to))?;
    for file in changed {
        keep_one(&source, &target, &file.path).map_err(fail(&to.join(&file.path)))?;
    }
    Ok(())
}

fn keep_one(source: &Dir, target: &Dir, path: &Path) -> io::Result<()> {
    // No guest knows this number, so none of its files has the name.
    let unfinished_name = format!(".cellblock-{}", std::process::id());
    let mut file = source.open(path)?;
    let mut folder = target.try_clone()?;
    for name in path.parent().unwrap_or(Path::new("")) {
        match folder.create_dir(name) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        folder = folder.open_dir_nofollow(name)?;
    }
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("it has no name"))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let written = folder
        .open_with(&unfinished_name, &options)
        .and_then(|mut unfinished| io::copy(&mut file, &mut unfinished))
        .and_then(|_| folder.rename(&unfinished_name, &folder, name));
    if written.is_err() {
        let _ = folder.remove_file(&unfinished_name);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox_policy::Policy;

    fn limits() -> Limits {
        Policy::profile("notebook").unwrap().limits
    }

    #[test]
    fn copies_plain_files_and_leaves_hidden_ones_and_links() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(from.path().join("data")).unwrap();
        fs::write(from.path().join("data/a.csv"), "a").unwrap();
        fs::write(from.path().join(".env"), "secret").unwrap();
        for (folder, file) in [("node_modules", "a.js"), ("my-env", "pyvenv.cfg")] {
            fs::create_dir(from.path().join(folder)).unwrap();
            fs::write(from.path().join(folder).join(file), "").unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", from.path().join("link")).unwrap();
        let skipped = copy(from.path(), to.path(), &limits(), "p").unwrap();
        assert_eq!(skipped.special, [PathBuf::from("link")]);
        let found: Vec<_> = Snapshot::of(to.path()).files.into_keys().collect();
        assert_eq!(found, [PathBuf::from("data/a.csv")]);
    }

    #[test]
    fn refuses_what_is_more_than_the_policy_gives_and_skips_single_large_files() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(from.path().join("a"), vec![0; 3000]).unwrap();
        fs::write(from.path().join("b"), vec![0; 10]).unwrap();
        let mut limits = limits();
        limits.file_bytes = 2000;
        let skipped = copy(from.path(), to.path(), &limits, "p").unwrap();
        assert_eq!(skipped.large, [(PathBuf::from("a"), 3000)]);
        assert!(to.path().join("b").exists() && !to.path().join("a").exists());
        limits.files_count = 0;
        let refusal = copy(from.path(), to.path(), &limits, "p")
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("in 1 files and folders, and the policy \"p\" allows 1 GiB (files_total_bytes) in 0 (files_count)"), "{refusal}");
        assert!(
            refusal.contains("the largest are b (10 B). Put"),
            "{refusal}"
        );
    }

    #[test]
    fn tells_made_and_changed_files_and_keeps_them() {
        let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in ["same", "other"] {
            fs::write(folder.path().join(name), "1").unwrap();
        }
        let before = Snapshot::of(folder.path());
        fs::write(folder.path().join("other"), "22").unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("sub/new"), "333").unwrap();
        let changes = before.changes();
        let told: Vec<_> = changes
            .iter()
            .map(|file| (file.path.to_str().unwrap(), file.bytes, file.new))
            .collect();
        assert_eq!(told, [("other", 2, false), ("sub/new", 3, true)]);
        keep(folder.path(), &changes, kept.path()).unwrap();
        assert_eq!(fs::read(kept.path().join("sub/new")).unwrap(), b"333");
    }

    #[test]
    fn links_where_files_are_kept_lead_nowhere() {
        use std::os::unix::fs::symlink;
        let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let victim = tempfile::tempdir().unwrap();
        fs::write(victim.path().join("keys"), "theirs").unwrap();
        let before = Snapshot::of(folder.path());
        fs::write(folder.path().join("file"), "made").unwrap();
        let changes = before.changes();
        symlink(victim.path().join("keys"), kept.path().join("file")).unwrap();
        keep(folder.path(), &changes, kept.path()).unwrap();
        assert_eq!(fs::read(kept.path().join("file")).unwrap(), b"made");

        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("sub/keys"), "made").unwrap();
        let changes = before.changes();
        symlink(victim.path(), kept.path().join("sub")).unwrap();
        let refusal = keep(folder.path(), &changes, kept.path()).unwrap_err();
        assert!(refusal.to_string().contains("sub/keys"), "{refusal}");
        assert_eq!(fs::read(victim.path().join("keys")).unwrap(), b"theirs");
        // The control: a folder in its place takes the file.
        fs::remove_file(kept.path().join("sub")).unwrap();
        fs::create_dir(kept.path().join("sub")).unwrap();
        keep(folder.path(), &changes, kept.path()).unwrap();
        assert_eq!(fs::read(kept.path().join("sub/keys")).unwrap(), b"made");
    }
}
