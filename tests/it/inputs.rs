//! Input that is refused: exit code 2, the exact message, and nothing written.

use serde_json::json;

use crate::support::{Folder, cellblock_with, code};

fn refusal(folder: &Folder, arguments: &[&str]) -> String {
    let before = folder.names();
    let ran = folder.run(arguments).expect(2);
    assert_eq!(ran.stdout, "");
    assert_eq!(folder.names(), before);
    ran.stderr
}

#[test]
fn what_is_no_notebook() {
    let folder = Folder::new();
    let text = |value: serde_json::Value| value.to_string();
    let cells = [code("1", &[])];
    for (content, message) in [
        (
            "{\"cells\": [".to_owned(),
            "it is not valid JSON: EOF while parsing a list at line 1 column 11; a notebook (.ipynb) is a JSON file",
        ),
        (
            text(json!({"cells": cells})),
            "it is not a notebook: it must have the key \"nbformat\" with a whole number",
        ),
        (
            text(json!({"nbformat": 5, "nbformat_minor": 0, "metadata": {}, "cells": cells})),
            "its format is nbformat 5.0, but only 3 and 4.0 to 4.5 can be read; save it as nbformat 4.5",
        ),
        (
            text(json!({"nbformat": 4, "nbformat_minor": 6, "metadata": {}, "cells": cells})),
            "its format is nbformat 4.6, but only 3 and 4.0 to 4.5 can be read; save it as nbformat 4.5",
        ),
        (
            text(json!({"nbformat": 2, "metadata": {}, "worksheets": []})),
            "its format is nbformat 2.0, but only 3 and 4.0 to 4.5 can be read; save it as nbformat 4.5",
        ),
        (
            text(json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})),
            "it has no cells; there is nothing to run",
        ),
        (
            text(json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [1]})),
            "it is not a notebook: cell 1: it must be an object",
        ),
    ] {
        folder.write("a.ipynb", &content);
        let expected = format!("error: a.ipynb cannot be run: {message}\n");
        assert_eq!(refusal(&folder, &["run", "a.ipynb"]), expected);
    }
    // The control case.
    folder.write(
        "a.ipynb",
        &json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).to_string(),
    );
    folder.run(&["run", "a.ipynb", "--image", "base"]).expect(0);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new();
    assert_eq!(
        refusal(&folder, &["run", "missing.ipynb"]),
        "error: missing.ipynb cannot be read: No such file or directory (os error 2)\n"
    );
    folder.write("a.txt", "1");
    assert_eq!(
        refusal(&folder, &["run", "a.txt"]),
        "error: a.txt is neither a notebook (.ipynb) nor a script (.py)\n"
    );
    std::fs::create_dir(folder.path().join("folder.ipynb")).unwrap();
    assert_eq!(
        refusal(&folder, &["run", "folder.ipynb"]),
        "error: folder.ipynb cannot be read: it is not a file\n"
    );
    std::fs::write(folder.path().join("b.ipynb"), [0xff, 0xfe]).unwrap();
    assert_eq!(
        refusal(&folder, &["run", "b.ipynb"]),
        "error: b.ipynb cannot be read: it is not UTF-8 text: invalid utf-8 sequence of 1 bytes from index 0\n"
    );
}

#[test]
fn wrong_use() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["1"]);
    folder.write("policy.toml", "profile = \"notebook\"\nnetwork = true\n");
    folder.write(
        "limits.toml",
        "profile = \"notebook\"\n[limits]\ncpus = 4\n",
    );
    for (arguments, message) in [
        (
            ["--mount", "data"],
            "error: --mount data: \"data\" is no mount; write HOST:GUEST or HOST:GUEST:rw, such as ./data:/data\n",
        ),
        (
            ["--mount", "nowhere:/data"],
            "error: --mount nowhere:/data: the host folder \"nowhere\" cannot be used: No such file or directory (os error 2); check that it exists and may be read\n",
        ),
        (
            ["--mount", ".:data"],
            "error: --mount .:data: \".:data\" is no mount; write HOST:GUEST or HOST:GUEST:rw, such as ./data:/data\n",
        ),
        (
            ["--mount", ".:/a/../b"],
            "error: --mount .:/a/../b: the guest path \"/a/../b\" contains \"..\"; write the folder it leads to\n",
        ),
        (
            ["--policy", "nope"],
            "error: --policy takes a profile or a TOML file: there is no profile \"nope\"; the profiles are untrusted, notebook, workflow, trusted\n",
        ),
        (
            ["--image", "nope"],
            "error: there is no image named \"nope\"; known are base, data, ml\n",
        ),
        (
            ["--out", "nowhere/a.ipynb"],
            "error: nowhere/a.ipynb cannot be written: its folder does not exist; choose a file with --out\n",
        ),
    ] {
        assert_eq!(
            refusal(&folder, &["run", "a.ipynb", arguments[0], arguments[1]]),
            message
        );
    }
    let unknown_key = refusal(&folder, &["run", "a.ipynb", "--policy", "policy.toml"]);
    assert!(
        unknown_key.starts_with("error: policy.toml: the policy cannot be read: "),
        "{unknown_key}"
    );
    assert!(
        unknown_key.contains("unknown field `network`, expected one of `profile`"),
        "{unknown_key}"
    );
    let unknown_limit = refusal(&folder, &["run", "a.ipynb", "--policy", "limits.toml"]);
    assert!(
        unknown_limit.contains("there is no limit \"cpus\"; the limits are fuel_per_cell"),
        "{unknown_limit}"
    );
    let parameter = refusal(&folder, &["run", "a.ipynb", "-p", "a"]);
    assert!(
        parameter.contains("\"a\" is no parameter; write name=value, such as -p alpha=0.5"),
        "{parameter}"
    );
    let keyword = refusal(&folder, &["run", "a.ipynb", "-p", "class=1"]);
    assert!(
        keyword.contains("\"class\" cannot be a variable in Python"),
        "{keyword}"
    );
    assert!(refusal(&folder, &["run"]).contains("Usage: cellblock run"));
    let piped = cellblock_with(folder.path(), &["run", "-", "--in-place"], "print(1)").expect(2);
    assert_eq!(
        piped.stderr,
        "error: --in-place needs a file; a notebook from stdin has no folder\n"
    );
}

#[test]
fn an_image_the_policy_does_not_allow() {
    let folder = Folder::new();
    folder.notebook("a.ipynb", &["1"]);
    folder.write(
        "policy.toml",
        "profile = \"notebook\"\nname = \"narrow\"\nimages = [\"base\"]\n",
    );
    assert_eq!(
        refusal(
            &folder,
            &[
                "run",
                "a.ipynb",
                "--policy",
                "policy.toml",
                "--image",
                "data",
                "-q"
            ]
        ),
        "error: the policy \"narrow\" does not allow the image \"data\"\n"
    );
    let base = [
        "run",
        "a.ipynb",
        "--policy",
        "policy.toml",
        "--image",
        "base",
    ];
    folder.run(&base).expect(0);
}

#[test]
fn what_never_answers_is_not_waited_for() {
    let folder = Folder::new();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.path().join("pipe.ipynb"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let told = refusal(&folder, &["run", "pipe.ipynb"]);
    assert!(
        told.contains("pipe.ipynb cannot be read: it is not a file"),
        "{told}"
    );
    let told = refusal(&folder, &["run", "-"]);
    assert!(
        told.contains("stdin is empty: there is nothing to run"),
        "{told}"
    );
}
