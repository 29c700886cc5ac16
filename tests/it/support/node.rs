//! npm packages that tests use: fetched once, checked by their hashes, and kept in the cache.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the folder with the `node_modules` of a folder that has a `package.json` and a lock file.
pub fn packages(folder: &str) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut hasher = DefaultHasher::new();
    let files = ["package.json", "package-lock.json"];
    for file in files {
        let read = fs::read(from.join(file)).expect("the file is there");
        read.hash(&mut hasher);
    }
    let cache = python_wasm::default_cache();
    fs::create_dir_all(&cache).expect("the cache folder can be made");
    let installed = cache.join(format!("test-node-{:016x}", hasher.finish()));
    let lock = File::create(cache.join("test-node.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    if installed.exists() {
        return installed;
    }
    let half = tempfile::tempdir_in(&cache).expect("a folder");
    for file in files {
        fs::copy(from.join(file), half.path().join(file)).expect("it is copied");
    }
    let status = Command::new("npm")
        .args([
            "ci",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--ignore-scripts",
        ])
        .current_dir(half.path())
        .status()
        .expect("npm starts");
    assert!(
        status.success(),
        "npm could not fetch {folder} for the tests"
    );
    fs::rename(half.keep(), &installed).expect("the folder can be renamed");
    installed
}
