//! Fetching wheels with pip and checking them against their pins.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::progress::{Progress, Unit};
use crate::runtime::RuntimeError;

/// A wheel to be fetched.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'w> {
    pub(crate) name: &'w str,
    pub(crate) version: &'w str,
    pub(crate) filename: &'w str,
    pub(crate) sha256: &'w str,
}

/// Wheels asked of pip in one go: enough to be quick, few enough to show how far it is.
const BATCH: usize = 12;

/// Returns the folder with all `wanted` wheels in it, each checked; fetches those that are
/// missing or damaged.
pub(crate) fn fetch(
    folder: &Path,
    wanted: &[Wanted<'_>],
    progress: &dyn Progress,
) -> Result<(), RuntimeError> {
    const STEP: &str = "fetching packages";
    fs::create_dir_all(folder).map_err(|source| RuntimeError::Cache {
        path: folder.into(),
        source,
    })?;
    let mut missing = Vec::new();
    for wheel in wanted {
        if !is_intact(&folder.join(wheel.filename), wheel.sha256) {
            missing.push(wheel);
        }
    }
    let total = wanted.len() as u64;
    let mut done = total - missing.len() as u64;
    if missing.is_empty() {
        return Ok(());
    }
    progress.update(STEP, done, Some(total), Unit::Items);
    let python = python()?;
    for batch in missing.chunks(BATCH) {
        download(&python, folder, batch)?;
        for wheel in batch {
            let path = folder.join(wheel.filename);
            if !is_intact(&path, wheel.sha256) {
                let _ = fs::remove_file(&path);
                return Err(RuntimeError::Hash {
                    filename: wheel.filename.into(),
                    expected: wheel.sha256.into(),
                });
            }
        }
        done += batch.len() as u64;
        progress.update(STEP, done, Some(total), Unit::Items);
    }
    progress.finish(STEP);
    Ok(())
}

/// Returns a Python that has pip.
fn python() -> Result<PathBuf, RuntimeError> {
    for name in ["python3", "python"] {
        let works = Command::new(name)
            .args(["-m", "pip", "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if works {
            return Ok(name.into());
        }
    }
    Err(RuntimeError::NoPip)
}

/// Downloads exactly the named files. The pins are for other interpreters and platforms than
/// the one that runs pip, so each is asked for by its own tags.
fn download(python: &Path, folder: &Path, batch: &[&Wanted<'_>]) -> Result<(), RuntimeError> {
    let (pure, platform): (Vec<&Wanted<'_>>, Vec<&Wanted<'_>>) = batch
        .iter()
        .partition(|wheel| wheel.filename.ends_with("-none-any.whl"));
    if !pure.is_empty() {
        let tags = ["--python-version", "3.15", "--platform", "any"].map(str::to_owned);
        pip(python, folder, &tags, &pure)?;
    }
    for wheel in platform {
        let mut tags = vec!["--python-version".to_owned()];
        let parts: Vec<&str> = wheel
            .filename
            .trim_end_matches(".whl")
            .rsplit('-')
            .collect();
        let [platforms, abi, python_tag, ..] = parts[..] else {
            return Err(RuntimeError::Pip {
                output: format!("{} is no wheel's name", wheel.filename),
            });
        };
        tags.push(python_tag.trim_start_matches("cp").to_owned());
        tags.extend([
            "--implementation".to_owned(),
            "cp".to_owned(),
            "--abi".to_owned(),
            abi.to_owned(),
        ]);
        for tag in platforms.split('.') {
            tags.extend(["--platform".to_owned(), tag.to_owned()]);
        }
        pip(python, folder, &tags, &[wheel])?;
    }
    Ok(())
}

fn pip(
    python: &Path,
    folder: &Path,
    tags: &[String],
    wheels: &[&Wanted<'_>],
) -> Result<(), RuntimeError> {
    let requirements: String = wheels
        .iter()
        .map(|wheel| {
            format!(
                "{}=={} --hash=sha256:{}\n",
                wheel.name, wheel.version, wheel.sha256
            )
        })
        .collect();
    let list = folder.join(format!(".requirements-{}", std::process::id()));
    let fail = |source| RuntimeError::Cache {
        path: list.clone(),
        source,
    };
    fs::write(&list, requirements).map_err(fail)?;
    let output = Command::new(python)
        .args([
            "-m",
            "pip",
            "download",
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
        ])
        .args(["--only-binary=:all:", "--quiet", "--dest"])
        .arg(folder)
        .args(tags)
        .arg("-r")
        .arg(&list)
        .stdin(Stdio::null())
        .output();
    let _ = fs::remove_file(&list);
    let output = output.map_err(|source| RuntimeError::Pip {
        output: source.to_string(),
    })?;
    if !output.status.success() {
        return Err(RuntimeError::Pip {
            output: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    Ok(())
}

fn is_intact(path: &Path, sha256: &str) -> bool {
    sha256_of(path).is_ok_and(|found| found == sha256)
}

/// Returns a file's SHA-256 in hexadecimal.
fn sha256_of(path: &Path) -> io::Result<String> {
    use sha2::Digest;
    let mut hasher = sha2::Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_whose_hash_differs_is_not_taken_for_the_pinned_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.whl");
        fs::write(&path, b"abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(is_intact(&path, abc));
        fs::write(&path, b"abd").unwrap();
        assert!(!is_intact(&path, abc));
        assert!(!is_intact(&folder.path().join("absent"), abc));
    }
}
