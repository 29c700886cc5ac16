//! Ctrl-C: the cell is interrupted, the run ends, and what ran is written.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Folder, Outputs};

const SWALLOW: &str =
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass\n";

/// Runs a script, sends the signal while its second cell runs, and returns what was written. The
/// cell makes a file, so that it is known when it runs.
fn interrupted(second: &str, signal: Signal) -> Outputs {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("tmp")).expect("a folder");
    let cells = [
        "print('first')",
        &format!("open('begun', 'w').close()\n{second}"),
        "print('never')",
    ];
    folder.write("a.py", &format!("# %%\n{}\n", cells.join("\n# %%\n")));
    let mut child = started(&folder, &["--in-place", "--timeout", "60s"]);
    wait_for(&mut child, &folder.path().join("begun"));
    send(&child, signal);
    assert_eq!(child.wait().expect("the command ends").code(), Some(1));
    let written = folder.outputs("a.ipynb");
    assert_eq!(written.text(0), "first\n");
    assert!(!written.ran(2) && written.of(2).is_empty());
    written
}

/// Starts the script `a.py` and returns at once.
fn started(folder: &Folder, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .args(["run", "a.py", "--image", "base", "--out", "a.ipynb"])
        .args(more)
        .current_dir(folder.path())
        .env("TMPDIR", folder.path().join("tmp"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts")
}

/// Waits until the running cell has made a file.
fn wait_for(child: &mut Child, file: &Path) {
    while !file.exists() {
        let ended = child.try_wait().expect("the command can be asked");
        assert!(ended.is_none(), "it ended before its cell made {file:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("the signal is sent");
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

#[test]
fn a_second_interrupt_ends_the_run_at_once_and_leaves_no_private_folder() {
    let folder = Folder::new();
    for name in ["tmp", "marks"] {
        fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    // The cell could take a minute to stop; only the second signal ends it before.
    let policy = folder.run(&["policy", "show", "notebook"]).expect(0).stdout;
    let slow = policy.replace("grace_time = \"1 s\"", "grace_time = \"60 s\"");
    assert_ne!(policy, slow);
    folder.write("slow.toml", &slow);
    let told = "try:\n    while True: pass\nexcept BaseException: open('/marks/told', 'w').close()";
    let cell =
        format!("# %%\nprint('first')\n# %%\nopen('/marks/begun', 'w').close()\n{told}\n{SWALLOW}");
    folder.write("a.py", &cell);
    let more = ["--policy", "slow.toml", "--mount", "marks:/marks:rw"];
    let mut child = started(&folder, &more);
    wait_for(&mut child, &folder.path().join("marks/begun"));
    // The control: the private folder is there while it runs.
    let temporary = || -> Vec<_> {
        let listing = fs::read_dir(folder.path().join("tmp")).unwrap();
        listing
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let is_private = |name: &String| name.starts_with("cellblock-run-");
    assert!(temporary().iter().any(is_private), "{:?}", temporary());
    send(&child, Signal::INT);
    wait_for(&mut child, &folder.path().join("marks/told"));
    send(&child, Signal::INT);
    assert_eq!(child.wait().expect("the command ends").code(), Some(130));
    assert_eq!(temporary(), Vec::<String>::new());
    let written = folder.outputs("a.ipynb");
    assert_eq!(written.text(0), "first\n");
    assert_eq!(
        written.error(1).1,
        "the run was ended before the cell had stopped"
    );
}
