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

/// Names that are tried beside a notebook that cannot be written.
const NAMES_TRIED: u32 = 1000;

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

    /// Writes the notebook. A file is replaced at once or not at all. Where there is a folder by
    /// now, which a cell may have made, the outputs go beside it.
    pub(super) fn write(&self, json: &str) -> Result<(), Failure> {
        match self {
            Self::File(path) => replace(path, json).map_err(|error| {
                let cannot = format!("{} cannot be written", path.display());
                let folder = path.is_dir();
                match folder.then(|| beside(path, json)).flatten() {
                    Some(saved) => Failure::Sandbox(anyhow!(
                        "{cannot}: {error}; the notebook with its outputs is in {} instead",
                        saved.display()
                    )),
                    None => Failure::Usage(anyhow::Error::from(error).context(cannot)),
                }
            }),
            Self::Stdout => std::io::stdout()
                .write_all(json.as_bytes())
                .context("stdout cannot be written")
                .map_err(Failure::Usage),
            Self::Nowhere => Ok(()),
        }
    }
}

/// Writes a new file beside `path` under a name that nothing has: `a.ipynb` becomes `a-1.ipynb`.
/// Returns its path, or none when there cannot be one.
fn beside(path: &Path, json: &str) -> Option<PathBuf> {
    let mut file = new_file(path).ok()?;
    file.write_all(json.as_bytes()).ok()?;
    let (stem, extension) = (path.file_stem()?, path.extension().unwrap_or_default());
    for number in 1..=NAMES_TRIED {
        let mut name = stem.to_owned();
        name.push(format!("-{number}"));
        let free = path.with_file_name(name).with_added_extension(extension);
        match file.persist_noclobber(&free) {
            Ok(_) => return Some(free),
            Err(error) => file = error.file,
        }
    }
    None
}

/// Returns an empty file in the folder of `path`, as readable as any other the user makes.
fn new_file(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    tempfile::Builder::new()
        .prefix(".cellblock-")
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
}

fn replace(path: &Path, json: &str) -> std::io::Result<()> {
    // The real file is replaced, not a link to it; devices such as /dev/null are written to.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&path).ok();
    if before.as_ref().is_some_and(|found| !found.is_file()) {
        return fs::write(&path, json);
    }
    let mut file = new_file(&path)?;
    file.write_all(json.as_bytes())?;
    // An old file stays as it was.
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
    let more = |paths: usize| paths.saturating_sub(LISTED);
    let untold = more(skipped.large.len()) + more(skipped.special.len());
    if untold > 0 {
        note!("note: {untold} more are left out for the same reasons");
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
    fn outputs_go_beside_a_place_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::File(folder.path().join("a.out.ipynb"));
        fs::create_dir(folder.path().join("a.out.ipynb")).unwrap();
        fs::write(folder.path().join("a.out-1.ipynb"), "somebody's").unwrap();
        let refusal = target.write("{}").unwrap_err();
        assert_eq!(refusal.code(), 3);
        assert!(refusal.to_string().contains("a.out-2.ipynb"), "{refusal}");
        let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("a.out-1.ipynb"), "somebody's");
        assert_eq!(read("a.out-2.ipynb"), "{}");
        // The control: a free place is written.
        fs::remove_dir(folder.path().join("a.out.ipynb")).unwrap();
        target.write("{}").unwrap();
        assert_eq!(read("a.out.ipynb"), "{}");
    }

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
