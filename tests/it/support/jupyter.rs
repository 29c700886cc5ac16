//! Jupyter's own `nbformat` package, which says whether a written notebook is valid.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use super::python;

/// The package. All of it is pure Python, so that one folder does for every machine.
static PACKAGES: LazyLock<PathBuf> =
    LazyLock::new(|| python::packages("tests/requirements.txt", &["--platform", "any"]));

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
        .env("PYTHONPATH", PACKAGES.as_path())
        .output()
        .expect("python3 starts");
    assert!(
        output.status.success(),
        "{} is not valid:\n{}",
        notebook.display(),
        String::from_utf8_lossy(&output.stderr)
    );
}
