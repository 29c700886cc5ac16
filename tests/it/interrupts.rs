//! Ctrl-C: the cell is interrupted, the run ends, and what ran is written.

use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Folder, Outputs};

const SWALLOW: &str =
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass\n";

/// Runs a script, sends the signal while its second cell runs, and returns what was written. The
/// cell makes a file, so that it is known when it runs.
fn interrupted(second: &str, signal: Signal) -> Outputs {
    let folder = Folder::new();
    let cells = [
        "print('first')",
        &format!("open('begun', 'w').close()\n{second}"),
        "print('never')",
    ];
    folder.write("a.py", &format!("# %%\n{}\n", cells.join("\n# %%\n")));
    let mut child = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["run", "a.py", "--image", "base", "--out", "a.ipynb"])
        .args(["--in-place", "--timeout", "60s"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    while !folder.path().join("begun").exists() {
        let ended = child.try_wait().expect("the command can be asked");
        assert!(ended.is_none(), "it ended before its second cell");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = Pid::from_child(&child);
    kill_process(pid, signal).expect("the signal is sent");
    assert_eq!(child.wait().expect("the command ends").code(), Some(1));
    let written = folder.outputs("a.ipynb");
    assert_eq!(written.text(0), "first\n");
    assert!(!written.ran(2) && written.of(2).is_empty());
    written
}

#[test]
fn the_running_cell_is_interrupted() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let written = interrupted("while True: pass\n", signal);
        assert_eq!(written.error(1).0, "KeyboardInterrupt");
    }
}

#[test]
fn a_cell_that_swallows_the_interrupt_is_ended() {
    let written = interrupted(SWALLOW, Signal::INT);
    assert_eq!(written.error(1).0, "CellKilled");
}
