//! The walls around the programs of environments: each is tried by a Python behind them.

use std::path::PathBuf;
use std::process::Command;

/// Runs code in a Python behind the walls that a JupyterLab has.
fn probe(folder: &std::path::Path, code: &str) -> String {
    let python = Command::new("python3")
        .args([
            "-c",
            "import os, sys; print(os.path.realpath(sys.executable)); print(sys.base_prefix)",
        ])
        .output()
        .expect("python3 starts");
    let told = String::from_utf8(python.stdout).expect("text");
    let mut lines = told.lines().map(PathBuf::from);
    let (program, prefix) = (
        lines.next().expect("a program"),
        lines.next().expect("a folder"),
    );
    let output = Command::new(env!("CARGO_BIN_EXE_cellblock"))
        .arg("confined")
        .arg("--read")
        .arg(prefix.join("lib"))
        .arg("--execute")
        .arg(&program)
        .arg("--write")
        .arg(folder)
        .args([
            "--listen",
            "18399",
            "--connect",
            "18398",
            "--memory",
            "1000000000",
        ])
        .args(["--parent", &std::process::id().to_string(), "--"])
        .arg(&program)
        .args(["-I", "-c", code])
        .output()
        .expect("it starts");
    let (out, err) = (output.stdout, output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(&out),
        String::from_utf8_lossy(&err)
    )
}

#[test]
fn behind_its_walls_a_program_reaches_nothing_but_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = tempfile::tempdir().expect("a folder");
    let secret = other.path().join("secret");
    std::fs::write(&secret, "secret").expect("it is written");
    let (secret, elsewhere) = (secret.display(), other.path().join("new"));
    for (code, refused) in [
        (
            "open('/etc/passwd')".to_owned(),
            "PermissionError: [Errno 13]",
        ),
        (format!("open('{secret}')"), "PermissionError: [Errno 13]"),
        (
            format!("open('{}', 'w')", elsewhere.display()),
            "PermissionError: [Errno 13]",
        ),
        (
            format!("import os; os.chmod('{secret}', 0o777)"),
            "PermissionError: [Errno 1]",
        ),
        ("import os; os.fork()".into(), "PermissionError: [Errno 1]"),
        (
            "import subprocess; subprocess.run(['/bin/sh', '-c', 'true'])".into(),
            "PermissionError",
        ),
        (
            "import os; os.execv('/bin/sh', ['sh', '-c', 'echo out'])".into(),
            "PermissionError: [Errno 13]",
        ),
        (
            "import socket; socket.socket().connect(('127.0.0.1', 18397))".into(),
            "PermissionError: [Errno 13]",
        ),
        (
            "import socket; socket.socket().bind(('127.0.0.1', 18397))".into(),
            "PermissionError: [Errno 13]",
        ),
        (
            "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)".into(),
            "PermissionError: [Errno 1]",
        ),
        (
            "import socket; socket.socket(socket.AF_UNIX)".into(),
            "PermissionError: [Errno 1]",
        ),
        (
            "import os; os.kill(os.getppid(), 0)".into(),
            "PermissionError: [Errno 1]",
        ),
    ] {
        let told = probe(folder.path(), &code);
        assert!(told.contains(refused), "{code}: {told}");
    }
    for (code, told) in [
        (
            "open('mine', 'w').write('x'); print(open('mine').read())",
            "x\n",
        ),
        (
            "import socket; socket.socket().bind(('127.0.0.1', 18399)); print('bound')",
            "bound\n",
        ),
        (
            "import socket; socket.socket().connect(('127.0.0.1', 18398))",
            "ConnectionRefusedError",
        ),
    ] {
        let heard = probe(folder.path(), code);
        assert!(heard.contains(told), "{code}: {heard}");
    }
}
