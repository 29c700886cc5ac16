//! The walls of the repository, held by reading it: who may use which crate, how long a file may
//! be, where the environment is read, and what must not be committed.

use std::fs;
use std::path::{Path, PathBuf};

/// The longest a source file may be, in lines. Above this there is a second room inside.
const LONGEST: usize = 450;

/// Folders that are not ours, or made.
const NOT_OURS: [&str; 5] = ["target", "node_modules", "dist", "__pycache__", ".git"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns all files with one of the endings, as paths from the root, with their text.
fn sources(endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(inside) = waiting.pop() {
        for entry in fs::read_dir(root().join(&inside)).expect("the folder is there") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = inside.join(&name);
            if entry.file_type().expect("a type").is_dir() {
                if !NOT_OURS.contains(&name.as_str()) {
                    waiting.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = fs::read_to_string(entry.path()).expect("the file is text");
                found.push((path.to_string_lossy().into_owned(), text));
            }
        }
    }
    assert!(!found.is_empty());
    found.sort();
    found
}

/// Returns `path:line` of every line that holds `word`, outside of the places allowed.
fn uses(word: &str, endings: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut uses = Vec::new();
    for (path, text) in sources(endings) {
        if allowed.iter().any(|allowed| path.starts_with(allowed)) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if line.contains(word) {
                uses.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    uses
}

fn none(uses: Vec<String>, why: &str) {
    assert!(uses.is_empty(), "{why}:\n{}", uses.join("\n"));
}

#[test]
fn files_are_short_enough_to_be_read() {
    let long: Vec<_> = sources(&[".rs", ".py"])
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    none(
        long,
        "these files are longer than 450 lines; look for the second room inside",
    );
}

#[test]
fn wasmtime_is_used_in_one_crate() {
    for word in ["wasmtime::", "use wasmtime", "wasmtime ="] {
        let allowed = ["python-wasm/", "tests/it/tidy.rs"];
        none(
            uses(word, &[".rs", "Cargo.toml"], &allowed),
            "wasmtime belongs to python-wasm only",
        );
    }
}

#[test]
fn foreign_crates_keep_to_their_rooms() {
    for (words, room) in [
        (["axum::", "use axum", "tower_http"], "src/http/"),
        (["sqlx::", "use sqlx", "PgPool"], "src/store/"),
        (["rmcp::", "use rmcp", "ServerHandler"], "src/agent/"),
    ] {
        for word in words {
            none(
                uses(word, &[".rs"], &[room, "tests/"]),
                "a foreign crate belongs to one room",
            );
        }
    }
    none(
        uses(
            "crate::http",
            &[".rs"],
            &[
                "src/http/",
                "src/cli/serve.rs",
                "src/cli/openapi.rs",
                "tests/it/tidy.rs",
            ],
        ),
        "what requests are answered from does not know of requests",
    );
}

#[test]
fn the_policy_does_no_input_or_output() {
    for word in ["std::fs", "std::env", "std::net", "std::process", "tokio"] {
        let mut found = uses(
            word,
            &[".rs"],
            &["src/", "python-wasm/", "tests/", "benches/"],
        );
        found.retain(|line| line.starts_with("sandbox-policy/src/") && !line.contains("//"));
        none(found, "sandbox-policy is pure data");
    }
}

#[test]
fn the_environment_is_read_in_one_place() {
    let word = ["env::", "var"].concat();
    let allowed = [
        "src/config.rs",
        "python-wasm/src/cache.rs",
        "python-wasm/build.rs",
    ];
    let mut found = uses(&word, &[".rs"], &allowed);
    found.retain(|line| !line.contains("/tests/") && !line.starts_with("tests/"));
    none(
        found,
        "environment variables are read in src/config.rs and python-wasm/src/cache.rs only",
    );
}

#[test]
fn no_path_of_a_machine_is_committed() {
    let endings = [
        ".rs", ".py", ".toml", ".md", ".ipynb", ".in", ".lock", "Makefile", ".sh",
    ];
    for start in ["/home/", "/Users/", "/root/"] {
        let mut found = uses(start, &endings, &["tests/it/tidy.rs"]);
        // The guest's own home is no path of a machine.
        found.retain(|line| line.replace("/home/user", "").contains(start));
        none(found, "paths of somebody's machine have no place here");
    }
}

#[test]
fn the_first_paragraph_of_every_module_says_what_it_is() {
    let silent: Vec<_> = sources(&[".rs"])
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    none(
        silent,
        "these files do not begin with what they are (`//! ...`)",
    );
}
