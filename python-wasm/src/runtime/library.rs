//! The guest's read-only folders: the standard library and its packages as real files.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use zip::ZipArchive;

use super::RuntimeError;
use super::lock::Lock;
use crate::progress::{Progress, Unit};

/// Folder of the standard library and the compiled-in packages, under `/usr/local/lib`.
pub(crate) const STANDARD: &str = "python315.zip";
/// Folder of the pinned wheels, under `/usr/local/lib`.
pub(crate) const SITE: &str = "site-packages";

/// Bytes that all archives may unpack to.
const UNPACKED_BYTES: u64 = 4 << 30;

/// Unpacks everything into `folder`.
pub(crate) fn unpack(
    lock: &Lock,
    wheels: &Path,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(), RuntimeError> {
    const STEP: &str = "unpacking packages";
    let total = lock.wheels.len() as u64 + lock.fills.len() as u64 + 1;
    let mut unpacker = Unpacker {
        left: UNPACKED_BYTES,
    };
    let standard = folder.join(STANDARD);
    fs::create_dir_all(&standard).map_err(|source| RuntimeError::Cache {
        path: standard.clone(),
        source,
    })?;
    let mut runtime = open(&wheels.join(&lock.runtime.filename))?;
    let inner = folder.join(".library");
    unpacker.one(&mut runtime, &lock.runtime.library, &inner)?;
    unpacker.all(&inner, &standard, |_| true, false)?;
    fs::remove_file(&inner).map_err(|source| RuntimeError::Cache {
        path: inner.clone(),
        source,
    })?;
    // A zip inside of the zip: matplotlib opens its data by path.
    let data = standard.join("matplotlib/mpl-data.zip");
    if data.exists() {
        unpacker.all(
            &data,
            &standard.join("matplotlib/mpl-data"),
            |_| true,
            false,
        )?;
    }
    progress.update(STEP, 1, Some(total), Unit::Items);
    for (done, fill) in lock.fills.iter().enumerate() {
        let include = globs(&fill.include)?;
        unpacker.all(
            &wheels.join(&fill.filename),
            &standard,
            |path| include.is_match(path),
            true,
        )?;
        progress.update(STEP, done as u64 + 2, Some(total), Unit::Items);
    }
    let site = folder.join(SITE);
    for (done, wheel) in lock.wheels.iter().enumerate() {
        let exclude = globs(&wheel.exclude)?;
        unpacker.all(
            &wheels.join(&wheel.filename),
            &site,
            |path| !exclude.is_match(path),
            false,
        )?;
        progress.update(
            STEP,
            (done + lock.fills.len()) as u64 + 2,
            Some(total),
            Unit::Items,
        );
    }
    progress.finish(STEP);
    Ok(())
}

/// Unpacks one more wheel into a folder; for the wheels of a custom image.
pub(crate) fn unpack_wheel(wheel: &Path, folder: &Path) -> Result<(), RuntimeError> {
    Unpacker {
        left: UNPACKED_BYTES,
    }
    .all(wheel, folder, |_| true, false)
}

/// Copies the interpreter's module out of its wheel.
pub(crate) fn module(lock: &Lock, wheels: &Path) -> Result<Vec<u8>, RuntimeError> {
    let path = wheels.join(&lock.runtime.filename);
    let fail = |source| RuntimeError::Archive {
        path: path.clone(),
        source,
    };
    let mut archive = open(&path)?;
    let mut entry = archive.by_name(&lock.runtime.module).map_err(fail)?;
    let mut module = Vec::with_capacity(entry.size() as usize);
    io::copy(&mut entry, &mut module).map_err(|source| RuntimeError::Cache {
        path: path.clone(),
        source,
    })?;
    Ok(module)
}

fn globs(patterns: &[String]) -> Result<GlobSet, RuntimeError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|error| RuntimeError::Lock {
            reason: error.to_string(),
        })?);
    }
    set.build().map_err(|error| RuntimeError::Lock {
        reason: error.to_string(),
    })
}

fn open(path: &Path) -> Result<ZipArchive<File>, RuntimeError> {
    let file = File::open(path).map_err(|source| RuntimeError::Cache {
        path: path.into(),
        source,
    })?;
    ZipArchive::new(file).map_err(|source| RuntimeError::Archive {
        path: path.into(),
        source,
    })
}

struct Unpacker {
    left: u64,
}

impl Unpacker {
    fn one(
        &mut self,
        archive: &mut ZipArchive<File>,
        name: &str,
        to: &Path,
    ) -> Result<(), RuntimeError> {
        let fail = |source| RuntimeError::Cache {
            path: to.into(),
            source,
        };
        let mut entry = archive
            .by_name(name)
            .map_err(|source| RuntimeError::Archive {
                path: to.into(),
                source,
            })?;
        let mut out = File::create(to).map_err(fail)?;
        let copied =
            io::copy(&mut io::Read::take(&mut entry, self.left + 1), &mut out).map_err(fail)?;
        self.left = self
            .left
            .checked_sub(copied)
            .ok_or(RuntimeError::TooLarge {
                limit: UNPACKED_BYTES,
            })?;
        Ok(())
    }

    /// Unpacks the entries that `wanted` names; with `only_missing`, none that is there already.
    fn all(
        &mut self,
        archive: &Path,
        folder: &Path,
        wanted: impl Fn(&Path) -> bool,
        only_missing: bool,
    ) -> Result<(), RuntimeError> {
        let fail = |source| RuntimeError::Cache {
            path: folder.into(),
            source,
        };
        let source = archive;
        let mut archive = open(source)?;
        let names: Vec<String> = archive
            .file_names()
            .map(|name| name.map(|name| name.into_owned()))
            .collect::<Result<_, _>>()
            .map_err(|error| RuntimeError::Archive {
                path: source.into(),
                source: error,
            })?;
        let mut made: HashSet<PathBuf> = HashSet::new();
        for name in names {
            let path = Path::new(&name);
            if name.ends_with('/') || !wanted(path) || is_native(&name) {
                continue;
            }
            if !path
                .components()
                .all(|part| matches!(part, Component::Normal(_)))
            {
                return Err(RuntimeError::Lock {
                    reason: format!("an archive holds the path {name:?}"),
                });
            }
            // A wheel's `name.data/purelib/...` belongs beside its packages.
            let inside: PathBuf = path.components().collect();
            let place = match inside.to_str().and_then(|text| text.split_once(".data/")) {
                Some((_, rest)) => match rest.split_once('/') {
                    Some(("purelib" | "platlib", rest)) => PathBuf::from(rest),
                    _ => continue,
                },
                None => inside,
            };
            let to = folder.join(place);
            let module = to.with_extension("pyc");
            if only_missing
                && (to.exists()
                    || (to.extension().is_some_and(|end| end == "py") && module.exists()))
            {
                continue;
            }
            if let Some(parent) = to.parent()
                && made.insert(parent.to_owned())
            {
                fs::create_dir_all(parent).map_err(fail)?;
            }
            self.one(&mut archive, &name, &to)?;
        }
        Ok(())
    }
}

/// Native code is never unpacked: nothing could load it, and nothing should be able to.
fn is_native(name: &str) -> bool {
    [".so", ".pyd", ".dll", ".dylib"]
        .iter()
        .any(|end| name.ends_with(end))
        || name.contains(".so.")
}
