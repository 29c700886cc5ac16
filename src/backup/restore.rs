//! Checking a backup, and making a data folder of it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use python_wasm::{Progress, Unit};

use super::{Entry, MANIFEST, Manifest, backups, copied};
use crate::disk;

/// Returns the backup that a path names: itself, or the newest in it.
fn chosen(from: &Path) -> Result<PathBuf> {
    if from.join(MANIFEST).is_file() {
        return Ok(from.to_owned());
    }
    match backups(from)?.pop() {
        Some((_, newest)) => Ok(newest),
        None => bail!("{} holds no backup", from.display()),
    }
}

/// Reads a whole backup and returns it with what is wrong with it, a line for each file.
pub(crate) fn verify(from: &Path, progress: &dyn Progress) -> Result<(PathBuf, Vec<String>)> {
    const TITLE: &str = "reading the backup";
    let backup = chosen(from)?;
    let manifest = Manifest::of(&backup)?;
    let total = Some(manifest.files.len() as u64);
    let mut wrong = Vec::new();
    for (number, (name, entry)) in manifest.files.iter().enumerate() {
        progress.update(TITLE, number as u64, total, Unit::Items);
        if let Err(error) = take(&backup, name, entry, &mut io::sink()) {
            wrong.push(format!("{error:#}"));
        }
    }
    progress.finish(TITLE);
    Ok((backup, wrong))
}

/// Makes `data`, which is empty or not there, the data folder that a backup was made of. Returns the backup.
/// Nothing is there when this fails.
pub(crate) fn restore(from: &Path, data: &Path, progress: &dyn Progress) -> Result<PathBuf> {
    const TITLE: &str = "restoring files";
    let backup = chosen(from)?;
    let manifest = Manifest::of(&backup)?;
    let there = match fs::read_dir(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        entries => {
            let mut entries =
                entries.with_context(|| format!("{} cannot be read", data.display()))?;
            if entries.next().is_some() {
                bail!(
                    "{} is not empty; move it away, or name another folder with --data",
                    data.display()
                );
            }
            true
        }
    };
    let parent = match data.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    disk::private_folder(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
    let unfinished = tempfile::Builder::new()
        .prefix(".restoring-")
        .tempdir_in(parent)
        .with_context(|| format!("{} cannot be written to", parent.display()))?;
    let total = Some(manifest.files.len() as u64);
    for (number, (name, entry)) in manifest.files.iter().enumerate() {
        progress.update(TITLE, number as u64, total, Unit::Items);
        let to = unfinished.path().join(name);
        let told = || format!("{} cannot be written", to.display());
        disk::private_folder(to.parent().unwrap_or(unfinished.path())).with_context(told)?;
        let mut made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&to)
            .with_context(told)?;
        take(&backup, name, entry, &mut made)?;
    }
    progress.finish(TITLE);
    rustix::fs::syncfs(File::open(unfinished.path())?).context("it does not get to the disk")?;
    if there {
        fs::remove_dir(data).with_context(|| format!("{} cannot be replaced", data.display()))?;
    }
    fs::rename(unfinished.path(), data)
        .and_then(|()| File::open(parent)?.sync_all())
        .with_context(|| format!("{} cannot be put in place", data.display()))?;
    let _ = unfinished.keep();
    Ok(backup)
}

/// Copies a file of a backup, and fails if it is not what was put there.
fn take(backup: &Path, name: &str, entry: &Entry, to: &mut impl io::Write) -> Result<()> {
    let told = || format!("{name} cannot be read from the backup");
    let mut file = File::open(backup.join(name)).with_context(told)?;
    if copied(&mut file, to).with_context(told)? != *entry {
        bail!("{name} is not what was backed up: the backup is damaged there");
    }
    Ok(())
}
