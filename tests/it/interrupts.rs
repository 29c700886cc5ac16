//! Ctrl-C: the cell is interrupted, the run ends, and what ran is written.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Folder, Outputs};

const SWALLOW: &str =
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass\n";

/// Runs a script of two cells, sends the signal while the second one runs, and returns what was
/// written. The first cell prints a line, so it is known when cells run.
fn interrupted(second: &str, signal: Signal) -> Outputs {
    let folder = Folder::new();
    let first = "# %%\nprint('running', flush=True)\n";
    folder.write(
        "a.py",
        &format!("{first}# %%\nprint('second', flush=True)\n{second}# %%\nprint('never')\n"),
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["run", "a.py", "--image", "base", "--out", "a.ipynb"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    let stdout = child.stdout.take().expect("it is a pipe");
    let mut lines = BufReader::new(stdout).lines();
    let said: Vec<_> = lines.by_ref().take(2).map(|line| line.unwrap()).collect();
    assert_eq!(said, ["running", "second"]);
    let pid = Pid::from_child(&child);
    kill_process(pid, signal).expect("the signal is sent");
    assert_eq!(child.wait().expect("the command ends").code(), Some(1));
    let written = folder.outputs("a.ipynb");
    assert_eq!(written.text(0), "running\n");
    assert!(!written.ran(2) && written.of(2).is_empty());
    written
}

#[test]
fn the_running_cell_is_interrupted() {
    for signal in [Signal::INT, Signal::TERM] {
        let written = interrupted("while True: pass\n", signal);
        assert_eq!(written.error(1).0, "KeyboardInterrupt");
    }
}

#[test]
fn a_cell_that_swallows_the_interrupt_is_ended() {
    let written = interrupted(SWALLOW, Signal::INT);
    assert_eq!(written.error(1).0, "CellKilled");
}
