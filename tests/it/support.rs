//! Running the built command and reading what it wrote.

pub mod agent;
pub mod archive;
pub mod calls;
pub mod crash_image;
pub mod failing;
pub mod jupyter;
pub mod lab;
pub mod node;
pub mod patience;
pub mod people;
pub mod postgres;
pub mod processes;
pub mod python;
pub mod recording;
pub mod service;
pub mod socket;
pub mod workload;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What a command did.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Asserts the exit code; on another one shows everything.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\nstdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }
}

/// Runs `cellblock` in `folder` with `arguments` and nothing on stdin.
pub fn cellblock<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Ran {
    cellblock_with(folder, arguments, "")
}

/// Runs `cellblock` with a text on stdin.
pub fn cellblock_with<A: AsRef<OsStr>>(folder: &Path, arguments: &[A], stdin: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // A command that refuses its arguments does not read.
    let _ = child
        .stdin
        .take()
        .expect("it is a pipe")
        .write_all(stdin.as_bytes());
    let output = child.wait_with_output().expect("the command ends");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A folder of its own for a test, with what is needed to make and read notebooks.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).expect("the file is there")
    }

    /// Writes a notebook of code cells.
    pub fn notebook(&self, name: &str, cells: &[&str]) -> PathBuf {
        let cells: Vec<_> = cells.iter().map(|source| code(source, &[])).collect();
        self.write(name, &notebook(&cells))
    }

    /// Runs `cellblock` here.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        cellblock(self.path(), arguments)
    }

    /// Reads a written notebook, and checks it with Jupyter's own reader.
    pub fn outputs(&self, name: &str) -> Outputs {
        let path = self.path().join(name);
        jupyter::validate(&path);
        Outputs::read(&path)
    }

    /// Returns the names in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        let listing = std::fs::read_dir(self.path()).expect("the folder is there");
        let mut names: Vec<_> = listing
            .map(|entry| {
                let entry = entry.expect("an entry");
                entry.file_name().to_string_lossy().into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

/// Returns a code cell.
pub fn code(source: &str, tags: &[&str]) -> Value {
    let metadata = if tags.is_empty() {
        json!({})
    } else {
        json!({ "tags": tags })
    };
    json!({"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": null})
}

/// Returns a notebook of cells as text.
pub fn notebook(cells: &[Value]) -> String {
    json!({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).to_string()
}

/// A written notebook.
pub struct Outputs(pub Value);

impl Outputs {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("the notebook was written");
        Self(serde_json::from_str(&text).expect("it is JSON"))
    }

    pub fn code_cells(&self) -> Vec<&Value> {
        let cells = self.0["cells"].as_array().expect("cells");
        cells
            .iter()
            .filter(|cell| cell["cell_type"] == "code")
            .collect()
    }

    /// Returns the outputs of the code cell at `index`.
    pub fn of(&self, index: usize) -> &Vec<Value> {
        self.code_cells()[index]["outputs"]
            .as_array()
            .expect("outputs")
    }

    /// Returns the text that the code cell at `index` printed or returned.
    pub fn text(&self, index: usize) -> String {
        let join = |lines: &Value| -> String {
            match lines {
                Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
                Value::String(text) => text.clone(),
                _ => String::new(),
            }
        };
        self.of(index)
            .iter()
            .map(|output| join(&output["text"]) + &join(&output["data"]["text/plain"]))
            .collect()
    }

    /// Returns name and text of the error of the code cell at `index`.
    pub fn error(&self, index: usize) -> (String, String) {
        let errors = self
            .of(index)
            .iter()
            .find(|output| output["output_type"] == "error");
        let error = errors.unwrap_or_else(|| panic!("no error in {:#?}", self.of(index)));
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        (text("ename"), text("evalue"))
    }

    pub fn ran(&self, index: usize) -> bool {
        self.code_cells()[index]["execution_count"].is_u64()
    }

    /// Returns all media types that were shown.
    pub fn media(&self) -> Vec<String> {
        let cells = self.code_cells();
        let outputs = cells
            .iter()
            .flat_map(|cell| cell["outputs"].as_array().expect("outputs"));
        let mut types: Vec<_> = outputs
            .filter_map(|output| output["data"].as_object())
            .flat_map(|data| data.keys().cloned())
            .collect();
        types.sort();
        types.dedup();
        types
    }
}
