//! Making a backup beside a running service.
//!
//! The order makes the copy one that a crash could have left: first the audit log's heads, which may be
//! older than the database but not newer; then the checkpoints are held against sweeps; then the database;
//! and behind it everything that the database may name, which can only have grown.

use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use python_wasm::{Held, Progress, Unit};

use super::{DATABASE, Entry, FORMAT, MANIFEST, Manifest, backups, copied};
use crate::disk;
use crate::store;

/// What a backup came to.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) folder: PathBuf,
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    /// Of these, what is shared with the backup before.
    pub(crate) shared: u64,
    /// Paths that were left out, for their names are no UTF-8.
    pub(crate) left_out: usize,
}

/// Makes a backup of the data folder `data` in the folder `to`, and removes those beyond the newest `keep`.
pub(crate) async fn create(
    data: &Path,
    to: &Path,
    keep: usize,
    progress: &dyn Progress,
) -> Result<Made> {
    if !data.join(DATABASE).is_file() {
        bail!(
            "{} holds no {DATABASE}; name the service's data folder with --data",
            data.display()
        );
    }
    disk::private_folder(to).with_context(|| format!("{} cannot be made", to.display()))?;
    let lock = File::create(to.join(".lock"))
        .with_context(|| format!("{} cannot be written to", to.display()))?;
    if lock.try_lock().is_err() {
        bail!("another backup is being made in {}", to.display());
    }
    remove_unfinished(to)?;
    let before = backups(to)?;
    let unfinished = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(to)
        .with_context(|| format!("{} cannot be written to", to.display()))?;
    let mut copy = Copy::begin(data, unfinished.path(), before.last().map(|(_, path)| path))?;
    for name in copy.names(Path::new("."))? {
        if name.starts_with("audit-heads") {
            copy.file(Path::new(&name))?;
        }
    }
    let held = hold(data)?;
    let file = unfinished.path().join(DATABASE);
    store::snapshot(data, &file).await?;
    copy.took(DATABASE, &file)?;
    // Those that were written meanwhile.
    let held = (held, hold(data)?);
    copy.all(progress)?;
    drop(held);
    let made = copy.end(unfinished.path())?;
    let number = before.last().map_or(1, |(number, _)| number + 1);
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H-%M-%SZ");
    let folder = to.join(format!("{number:06}-{now}"));
    fs::rename(unfinished.path(), &folder)
        .and_then(|()| File::open(to)?.sync_all())
        .with_context(|| format!("{} cannot be put in place", folder.display()))?;
    let _ = unfinished.keep();
    let gone = (before.len() + 1).saturating_sub(keep.max(1));
    for (_, old) in before.iter().take(gone) {
        disk::remove_tree(old).with_context(|| format!("{} cannot be removed", old.display()))?;
    }
    Ok(Made { folder, ..made })
}

const UNFINISHED: &str = ".unfinished-";

fn remove_unfinished(to: &Path) -> Result<()> {
    for entry in fs::read_dir(to)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            disk::remove_tree(&entry.path())?;
        }
    }
    Ok(())
}

/// Holds all checkpoints of all tenants.
fn hold(data: &Path) -> Result<Vec<Held>> {
    let tenants = match fs::read_dir(data.join("tenants")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        tenants => tenants?,
    };
    let mut held = Vec::new();
    for tenant in tenants {
        let folder = tenant?.path().join("checkpoints");
        held.push(
            Held::all(&folder).with_context(|| format!("{} cannot be held", folder.display()))?,
        );
    }
    Ok(held)
}

/// A copy under way.
struct Copy {
    from: Dir,
    to: PathBuf,
    before: Option<(PathBuf, Manifest)>,
    files: BTreeMap<String, Entry>,
    shared: u64,
    left_out: usize,
}

impl Copy {
    fn begin(data: &Path, to: &Path, before: Option<&PathBuf>) -> Result<Self> {
        let from = Dir::open_ambient_dir(data, ambient_authority())
            .with_context(|| format!("{} cannot be opened", data.display()))?;
        let before = match before {
            Some(before) => Some((before.clone(), Manifest::of(before)?)),
            None => None,
        };
        Ok(Self {
            from,
            to: to.to_owned(),
            before,
            files: BTreeMap::new(),
            shared: 0,
            left_out: 0,
        })
    }

    /// Returns the names in a folder; none when it has gone meanwhile.
    fn names(&mut self, folder: &Path) -> Result<Vec<String>> {
        let entries = match self.from.read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.with_context(|| format!("{} cannot be listed", folder.display()))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            match entry?.file_name().into_string() {
                Ok(name) => names.push(name),
                Err(_) => self.left_out += 1,
            }
        }
        names.sort();
        Ok(names)
    }

    /// Copies all that is not the database, nor lives only as long as the service runs.
    fn all(&mut self, progress: &dyn Progress) -> Result<()> {
        const TITLE: &str = "copying files";
        let mut waiting = vec![PathBuf::new()];
        while let Some(folder) = waiting.pop() {
            let at = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                &folder
            };
            for name in self.names(at)? {
                let path = folder.join(&name);
                let depth = path.components().count();
                let passing = match depth {
                    1 => matches!(&*name, "scratch" | "service.lock") || name.starts_with(DATABASE),
                    // tenants/{tenant}/staging
                    3 => name == "staging",
                    _ => false,
                };
                if passing || self.files.contains_key(&*path.to_string_lossy()) {
                    continue;
                }
                match self.from.symlink_metadata(&path) {
                    Ok(data) if data.is_dir() => waiting.push(path),
                    Ok(data) if data.is_file() => {
                        self.file(&path)?;
                        progress.update(TITLE, self.files.len() as u64, None, Unit::Items);
                    }
                    // Links, and what else does not belong to us.
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        progress.finish(TITLE);
        Ok(())
    }

    /// Copies a file, or shares it with the backup before; one that has gone meanwhile is not there.
    fn file(&mut self, path: &Path) -> Result<()> {
        let told = || format!("{} cannot be copied", path.display());
        let mut from = match self.from.open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            from => from.with_context(told)?,
        };
        let data = from.metadata().with_context(told)?;
        let modified = data.modified().with_context(told)?.into_std();
        let name = path.to_string_lossy().into_owned();
        let to = self.to.join(path);
        disk::private_folder(to.parent().unwrap_or(&self.to)).with_context(told)?;
        if let Some(entry) = self.unchanged(&name, data.len(), modified) {
            let (before, _) = self.before.as_ref().expect("it is unchanged since then");
            fs::hard_link(before.join(path), &to).with_context(told)?;
            self.shared += entry.bytes;
            self.files.insert(name, entry);
            return Ok(());
        }
        let mut made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&to)
            .with_context(told)?;
        let entry = copied(&mut from, &mut made).with_context(told)?;
        made.set_times(FileTimes::new().set_modified(modified))
            .with_context(told)?;
        self.files.insert(name, entry);
        Ok(())
    }

    /// Returns what the backup before says of a file that has been the same since.
    fn unchanged(&self, name: &str, bytes: u64, modified: SystemTime) -> Option<Entry> {
        let (folder, manifest) = self.before.as_ref()?;
        let entry = manifest.files.get(name)?;
        let there = fs::symlink_metadata(folder.join(name)).ok()?;
        let same = there.is_file()
            && (there.len(), there.modified().ok()?) == (bytes, modified)
            && entry.bytes == bytes;
        same.then(|| entry.clone())
    }

    /// Notes a file that was written by somebody else.
    fn took(&mut self, name: &str, file: &Path) -> Result<()> {
        let entry = copied(&mut File::open(file)?, &mut io::sink())?;
        self.files.insert(name.to_owned(), entry);
        Ok(())
    }

    /// Writes the manifest, and returns when everything is on the disk.
    fn end(self, folder: &Path) -> Result<Made> {
        let manifest = Manifest {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: jiff::Timestamp::now().to_string(),
            files: self.files,
        };
        fs::write(folder.join(MANIFEST), serde_json::to_vec(&manifest)?)?;
        rustix::fs::syncfs(File::open(folder)?).context("the backup does not get to the disk")?;
        Ok(Made {
            folder: folder.to_owned(),
            files: manifest.files.len(),
            bytes: manifest.files.values().map(|entry| entry.bytes).sum(),
            shared: self.shared,
            left_out: self.left_out,
        })
    }
}
