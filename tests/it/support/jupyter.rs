//! Jupyter's own `nbformat` package, which says whether a written notebook is valid.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/requirements.txt");

const VALIDATE: &str = "import json, sys, warnings, nbformat\n\
    warnings.simplefilter('error')\n\
    with open(sys.argv[1], encoding='utf-8') as file: notebook = json.load(file)\n\
    assert (notebook['nbformat'], notebook['nbformat_minor']) == (4, 5)\n\
    nbformat.validate(notebook)\n";

/// Asserts that the file is a valid notebook of nbformat 4.5, without any repair.
pub fn validate(notebook: &Path) {
    let output = Command::new("python3")
        .args(["-c", VALIDATE])
        .arg(notebook)
        .env("PYTHONPATH", packages())
        .output()
        .expect("python3 starts");
    assert!(
        output.status.success(),
        "{} is not valid:\n{}",
        notebook.display(),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Returns the folder with the package, which is fetched once and kept in the cache.
fn packages() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut hasher = DefaultHasher::new();
        fs::read(REQUIREMENTS)
            .expect("the requirements are there")
            .hash(&mut hasher);
        let cache = python_wasm::default_cache();
        fs::create_dir_all(&cache).expect("the cache folder can be made");
        let folder = cache.join(format!("test-python-{:016x}", hasher.finish()));
        let lock = File::create(cache.join("test-python.lock")).expect("a lock file");
        lock.lock().expect("the lock");
        if !folder.exists() {
            fetch(&cache, &folder);
        }
        folder
    })
}

fn fetch(cache: &Path, folder: &Path) {
    let half = tempfile::tempdir_in(cache).expect("a folder");
    let status = Command::new("python3")
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
        ])
        .args(["--only-binary", ":all:", "--platform", "any", "--target"])
        .arg(half.path())
        .args(["-r", REQUIREMENTS])
        .status()
        .expect("pip starts");
    assert!(
        status.success(),
        "pip could not fetch nbformat for the tests"
    );
    fs::rename(half.keep(), folder).expect("the folder can be renamed");
}
