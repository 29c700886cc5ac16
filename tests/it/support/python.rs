//! Python packages that tests use: fetched once, checked by their hashes, and kept in the cache.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the folder with the packages of a file of requirements, for `PYTHONPATH`.
pub fn packages(requirements: &str, options: &[&str]) -> PathBuf {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join(requirements);
    let mut hasher = DefaultHasher::new();
    fs::read(&requirements)
        .expect("the requirements are there")
        .hash(&mut hasher);
    let cache = python_wasm::default_cache();
    fs::create_dir_all(&cache).expect("the cache folder can be made");
    let folder = cache.join(format!("test-python-{:016x}", hasher.finish()));
    let lock = File::create(cache.join("test-python.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    if !folder.exists() {
        fetch(&requirements, options, &cache, &folder);
    }
    folder
}

fn fetch(requirements: &Path, options: &[&str], cache: &Path, folder: &Path) {
    let half = tempfile::tempdir_in(cache).expect("a folder");
    let status = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--require-hashes", "--only-binary", ":all:"])
        .args(options)
        .arg("--target")
        .arg(half.path())
        .arg("-r")
        .arg(requirements)
        .status()
        .expect("pip starts");
    assert!(
        status.success(),
        "pip could not fetch {} for the tests",
        requirements.display()
    );
    fs::rename(half.keep(), folder).expect("the folder can be renamed");
}
