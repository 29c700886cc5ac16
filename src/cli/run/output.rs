//! Where the notebook is written, and what is told of a run's files.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use python_wasm::Policy;
use sandbox_policy::format_size;

use super::Arguments;
use super::input::Format;
use crate::cli::Failure;
use crate::folder::{Changed, Skipped};
use crate::text;

/// Files that are listed at most; the rest is counted.
const LISTED: usize = 20;

/// Where the notebook with its outputs goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    File(PathBuf),
    Stdout,
    /// A script prints what it shows.
    Nowhere,
}

impl Target {
    /// Returns where to write, and refuses what cannot be written before anything is run.
    pub(super) fn of(
        out: Option<&Path>,
        file: &Path,
        format: Format,
        in_place: bool,
    ) -> Result<Self, Failure> {
        let path = match (out, format) {
            (Some(path), _) if path == Path::new("-") => return Ok(Self::Stdout),
            (Some(path), _) => path.to_owned(),
            (None, Format::Piped) => return Ok(Self::Stdout),
            (None, Format::Script) => return Ok(Self::Nowhere),
            (None, Format::Notebook) if in_place => file.to_owned(),
            (None, Format::Notebook) => file.with_extension("out.ipynb"),
        };
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            Some(_) | None => Path::new("."),
        };
        // A name that nobody chose may be a stranger's link.
        let chosen = out.is_some() || in_place;
        let wrong = if path.is_dir() {
            Some("it is a folder")
        } else if path.is_symlink() && !chosen {
            Some("it is a link, and may lead anywhere")
        } else if !folder.is_dir() {
            Some("its folder does not exist")
        } else {
            None
        };
        match wrong {
            Some(wrong) => Err(Failure::Usage(anyhow!(
                "{} cannot be written: {wrong}; choose a file with --out",
                path.display()
            ))),
            None => Ok(Self::File(path)),
        }
    }

    /// Returns its name, when it is a file.
    pub(super) fn name(&self) -> Option<String> {
        match self {
            Self::File(path) => Some(path.display().to_string()),
            Self::Stdout | Self::Nowhere => None,
        }
    }

    /// Tells whether it is this file.
    pub(super) fn is(&self, other: &Path) -> bool {
        match self {
            Self::File(path) => path.canonicalize().is_ok_and(|path| path == other),
            Self::Stdout | Self::Nowhere => false,
        }
    }

    /// Writes the notebook. A file is replaced at once or not at all.
    pub(super) fn write(&self, json: &str) -> Result<(), Failure> {
        match self {
            Self::File(path) => replace(path, json)
                .with_context(|| format!("{} cannot be written", path.display()))
                .map_err(Failure::Usage),
            Self::Stdout => std::io::stdout()
                .write_all(json.as_bytes())
                .context("stdout cannot be written")
                .map_err(Failure::Usage),
            Self::Nowhere => Ok(()),
        }
    }
}

fn replace(path: &Path, json: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    // The real file is replaced, not a link to it; devices such as /dev/null are written to.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&path).ok();
    if before.as_ref().is_some_and(|found| !found.is_file()) {
        return fs::write(&path, json);
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    // A new file is as readable as any other the user makes; an old one stays as it was.
    let mut file = tempfile::Builder::new()
        .prefix(".cellblock-")
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(json.as_bytes())?;
    if let Some(before) = before {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.persist(&path)?;
    Ok(())
}

/// Tells what was left out of the private copy.
pub(super) fn tell_skipped(skipped: &Skipped, policy: &Policy) {
    for (path, bytes) in skipped.large.iter().take(LISTED) {
        note!(
            "note: {} ({}) is left out: a file may have {} under the policy {:?} (file_bytes)",
            text::line(&path.to_string_lossy(), 300),
            text::size(*bytes),
            format_size(policy.limits.file_bytes),
            policy.name
        );
    }
    for path in skipped.special.iter().take(LISTED) {
        note!(
            "note: {} is left out: it is a link or no plain file; grant what it leads to with --mount",
            text::line(&path.to_string_lossy(), 300)
        );
    }
}

/// Tells which files the cells made or changed.
pub(super) fn tell_files(changed: &[Changed], arguments: &Arguments, private: bool) {
    if changed.is_empty() {
        return;
    }
    let kept = match (&arguments.files, private) {
        (Some(folder), _) => format!("kept in {}", folder.display()),
        (None, true) => "not kept; --files DIR keeps them".to_owned(),
        (None, false) => "in the notebook's folder".to_owned(),
    };
    note!("files made or changed ({kept}):");
    for file in changed.iter().take(LISTED) {
        note!(
            "  {} ({}{})",
            text::line(&file.path.to_string_lossy(), 300),
            text::size(file.bytes),
            if file.new { "" } else { ", changed" }
        );
    }
    if changed.len() > LISTED {
        note!("  and {} more", changed.len() - LISTED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notebook_goes_beside_its_file_unless_told_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.ipynb");
        let target = |out: Option<&str>, format, in_place| {
            Target::of(out.map(Path::new), &file, format, in_place).unwrap()
        };
        assert_eq!(
            target(None, Format::Notebook, false),
            Target::File(folder.path().join("a.out.ipynb"))
        );
        assert_eq!(
            target(None, Format::Notebook, true),
            Target::File(file.clone())
        );
        std::os::unix::fs::symlink("elsewhere", folder.path().join("a.out.ipynb")).unwrap();
        let refusal = Target::of(None, &file, Format::Notebook, false).unwrap_err();
        assert!(refusal.to_string().contains("it is a link"), "{refusal}");
        let chosen = folder.path().join("a.out.ipynb");
        assert_eq!(
            target(chosen.to_str(), Format::Notebook, false),
            Target::File(chosen)
        );
        assert_eq!(target(None, Format::Piped, false), Target::Stdout);
        assert_eq!(target(None, Format::Script, false), Target::Nowhere);
        assert_eq!(target(Some("-"), Format::Script, false), Target::Stdout);
        let refusal = Target::of(
            Some(Path::new("/nowhere/x.ipynb")),
            &file,
            Format::Notebook,
            false,
        );
        assert_eq!(
            refusal.unwrap_err().to_string(),
            "/nowhere/x.ipynb cannot be written: its folder does not exist; choose a file with --out"
        );
    }
}
