//! The file tree and its limits (P1, P2, P3, P6, P8, P11, P12, H1, H3).

use std::fs;

use python_wasm::{Access, Grant, Outcome, Session, SessionOptions};

use crate::harness::{base, image, policy, raised, run, session_with, survives, text};

#[tokio::test]
async fn nothing_outside_of_the_grants_exists() {
    let mut session = base().await;
    for hostile in [
        "open('/etc/passwd')",
        "open('../../../../etc/passwd')",
        "open('/proc/self/environ')",
        "open('//etc//./passwd')",
        "open('/tmp/../etc/passwd')",
        "import os\nos.listdir('/etc')",
        "import os\nos.stat('/root')",
        "open('x\\0y')",
        "open('x' * 300, 'w')",
        "open('a/' * 4000 + 'x')",
    ] {
        let (ename, evalue) = raised(&mut session, hostile).await;
        assert!(
            matches!(
                ename.as_str(),
                "FileNotFoundError" | "OSError" | "ValueError"
            ),
            "{hostile}: {ename}: {evalue}"
        );
    }
    assert_eq!(
        text(
            &mut session,
            "open('mine.txt', 'w').write('x'); print(open('/home/user/mine.txt').read())"
        )
        .await,
        "x\n"
    );
    assert_eq!(
        text(
            &mut session,
            "import os; print(os.listdir('/'), os.getcwd())"
        )
        .await,
        "['home', 'tmp', 'usr'] /home/user\n"
    );
}

#[tokio::test]
async fn links_are_not_made_and_those_that_lead_outside_are_not_followed() {
    let mut session = base().await;
    for hostile in [
        "import os\nos.symlink('/etc/passwd', 'a')",
        "import os\nos.symlink('../../..', 'a')",
        "import os\nopen('f', 'w').close()\nos.link('f', 'g')",
    ] {
        let (ename, _) = raised(&mut session, hostile).await;
        assert_eq!(ename, "PermissionError", "{hostile}");
    }
    let secret = tempfile::tempdir().unwrap();
    fs::write(secret.path().join("secret.txt"), "secret").unwrap();
    let outside = secret.path().to_str().unwrap();
    let link = |name: &str, target: &str| {
        std::os::unix::fs::symlink(target, session.home().join(name)).unwrap()
    };
    link("out", outside);
    link("out-slash", &format!("{outside}/"));
    link("up", "../../../../../..");
    link("loop", "loop");
    link("file", &format!("{outside}/secret.txt"));
    fs::write(session.home().join("inside.txt"), "inside").unwrap();
    link("good", "inside.txt");
    for hostile in [
        "open('out/secret.txt')",
        "open('out-slash/secret.txt')",
        "import os\nos.listdir('out-slash')",
        "import os\nos.listdir('out-slash/')",
        "import os\nos.mkdir('out-slash/new')",
        "import os\nos.remove('out-slash/secret.txt')",
        "import os\nos.rename('out-slash/secret.txt', 'here')",
        "import os\nos.rename('inside.txt', 'out-slash/there')",
        "open('out/new.txt', 'w')",
        "open('up/etc/passwd')",
        "open('loop')",
        "open('file')",
    ] {
        let (ename, evalue) = raised(&mut session, hostile).await;
        assert!(
            matches!(
                ename.as_str(),
                "PermissionError" | "OSError" | "FileNotFoundError" | "NotADirectoryError"
            ),
            "{hostile}: {ename}: {evalue}"
        );
    }
    assert_eq!(
        text(&mut session, "print(open('good').read())").await,
        "inside\n"
    );
    assert_eq!(fs::read_dir(secret.path()).unwrap().count(), 1);
    assert_eq!(
        fs::read_to_string(secret.path().join("secret.txt")).unwrap(),
        "secret"
    );
}

#[tokio::test]
async fn a_read_only_grant_is_read_only_and_a_writable_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data.csv"), "a\n1\n").unwrap();
    for (access, writes) in [(Access::ReadOnly, false), (Access::ReadWrite, true)] {
        let mut policy = policy(|_| {});
        policy.files = vec![Grant::new(folder.path(), "/data", access).unwrap()];
        let mut session = session_with("base", policy).await;
        assert_eq!(
            text(&mut session, "print(open('/data/data.csv').read())").await,
            "a\n1\n\n"
        );
        for change in [
            "open('/data/new.txt', 'w').write('x')",
            "open('/data/data.csv', 'a').write('')",
            "import os\nos.mkdir('/data/folder')",
            "import os\nos.rename('/data/data.csv', '/data/data.csv')",
        ] {
            match run(&mut session, change).await {
                Outcome::Ok => assert!(writes, "{change}"),
                Outcome::Error { ename, evalue, .. } => {
                    assert!(
                        !writes && ename == "OSError" && evalue.contains("Read-only file system"),
                        "{change}: {ename}: {evalue}"
                    );
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_pipe_in_a_granted_folder_does_not_block() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    let mut policy = policy(|_| {});
    policy.files = vec![Grant::new(folder.path(), "/data", Access::ReadOnly).unwrap()];
    let mut session = session_with("base", policy).await;
    assert_eq!(
        raised(&mut session, "open('/data/pipe').read()").await.0,
        "PermissionError"
    );
}

#[tokio::test]
async fn bytes_files_and_sizes_are_limited() {
    let policy = policy(|limits| {
        limits.files_total_bytes = 4 << 20;
        limits.file_bytes = 3 << 20;
        limits.files_count = 20;
    });
    let mut session = session_with("base", policy).await;
    let (ename, evalue) = raised(
        &mut session,
        "f = open('big', 'wb', buffering=0)\nwhile True: f.write(bytes(1 << 16))",
    )
    .await;
    assert_eq!(
        (ename.as_str(), evalue.contains("File too large")),
        ("OSError", true),
        "{evalue}"
    );
    let (_, evalue) = raised(
        &mut session,
        "f = open('second', 'wb', buffering=0)\nwhile True: f.write(bytes(1 << 16))",
    )
    .await;
    assert!(evalue.contains("No space left"), "{evalue}");
    let (_, evalue) = raised(&mut session, "open('sparse', 'wb').truncate(2**62)").await;
    assert!(evalue.contains("File too large"), "{evalue}");
    let (_, evalue) = raised(
        &mut session,
        "for n in range(10**6): open(f'f{n}', 'w').close()",
    )
    .await;
    assert!(evalue.contains("No space left"), "{evalue}");
    assert_eq!(session.usage().files, 20);
    // What is removed is free again, also while it is open.
    let code = "import os\nf.close()\nfor n in os.listdir(): os.remove(n)\ng = open('third', 'wb')\ng.write(bytes(2 << 20)), g.flush(), os.remove('third'), g.close()\nprint(open('fourth', 'wb').write(bytes(2 << 20)))";
    assert_eq!(text(&mut session, code).await, "2097152\n");
    assert_eq!(session.usage().file_bytes, 2 << 20);
}

#[tokio::test]
async fn an_unlinked_open_file_still_counts() {
    let policy = policy(|limits| {
        limits.files_total_bytes = 4 << 20;
        limits.file_bytes = 3 << 20;
    });
    let mut session = session_with("base", policy).await;
    let hostile = "import os\nheld = []\nfor n in range(100):\n    f = open(f'f{n}', 'wb', buffering=0)\n    f.write(bytes(1 << 20))\n    os.remove(f'f{n}')\n    held.append(f)";
    let (ename, evalue) = raised(&mut session, hostile).await;
    assert!(
        ename == "OSError" && evalue.contains("No space left"),
        "{ename}: {evalue}"
    );
    assert_eq!(text(&mut session, "print(len(held))").await, "4\n");
}

#[tokio::test]
async fn open_files_are_capped_and_the_session_goes_on() {
    let policy = policy(|limits| limits.open_files = 64);
    let mut session = session_with("base", policy).await;
    let (ename, evalue) = raised(
        &mut session,
        "held = []\nfor n in range(10**6): held.append(open('same', 'w'))",
    )
    .await;
    assert!(
        ename == "OSError" && evalue.contains("file descriptors"),
        "{ename}: {evalue}"
    );
    assert_eq!(
        text(
            &mut session,
            "held.clear()\nprint(open('same', 'w').write('x'))"
        )
        .await,
        "1\n"
    );
}

#[tokio::test]
async fn deep_folders_strange_times_and_directory_reads_are_harmless() {
    let mut session = base().await;
    let (ename, _) = raised(
        &mut session,
        "import os\nfor n in range(10**5):\n    os.mkdir('d')\n    os.chdir('d')",
    )
    .await;
    assert_eq!(ename, "OSError");
    for hostile in [
        "import os\nos.chdir('/home/user')\nopen('t', 'w').close()\nos.utime('t', ns=(2**63 - 1, 2**63 - 1))",
        "import os\nos.utime('t', (-62135596800, -62135596800))",
        "import os\nos.read(os.open('/home/user', os.O_RDONLY), 10)",
        "import os\nos.close(3)\nos.listdir('/')",
        "import os\nos.dup2(1, 5)\nos.write(5, b'x')",
        "import os\nos.close(1); os.close(2); print('still here')",
    ] {
        let execution = survives(&mut session, hostile).await;
        assert!(
            !matches!(execution.outcome, Outcome::Killed { .. }),
            "{hostile}: {execution:?}"
        );
    }
}

#[tokio::test]
async fn an_open_file_is_part_of_the_state() {
    let mut session = base().await;
    run(
        &mut session,
        "f = open('log.txt', 'w+')\nf.write('one ')\nf.flush()\nr = open('log.txt')\nr.read(2)",
    )
    .await;
    let kept = session.checkpoint().await.unwrap();
    run(&mut session, "f.write('two')\nf.close()\nr.close()").await;
    session.restore(&kept).await.unwrap();
    assert_eq!(
        text(&mut session, "print(r.tell(), f.tell(), f.closed)").await,
        "2 4 False\n"
    );
    fs::remove_file(session.home().join("log.txt")).unwrap();
    session.restore(&kept).await.unwrap();
    let (ename, evalue) = raised(&mut session, "f.seek(0)\nf.read()").await;
    assert!(
        ename == "OSError" && evalue.contains("Stale file handle"),
        "{ename}: {evalue}"
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there_cannot_be_granted() {
    let mut policy = policy(|_| {});
    policy.files = vec![Grant::new("/nonexistent-folder", "/data", Access::ReadOnly).unwrap()];
    let refusal = Session::spawn(&image("base").await, SessionOptions::new(policy))
        .await
        .err()
        .unwrap();
    assert!(
        refusal
            .to_string()
            .starts_with("the folder /nonexistent-folder cannot be granted"),
        "{refusal}"
    );
}
