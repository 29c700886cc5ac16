//! Paths that are too long, no text, or lead out (P1, P3).

use std::fs;
use std::os::unix::fs::symlink;

use super::Hostile;
use crate::wasi::Errno;

const AT: u64 = 0x8000;
const OTHER: u64 = 0x7000;
const OUT: u64 = 0x3000;

/// Every call that takes a path, with `AT` and its length in the place of the path.
async fn every_call(guest: &mut Hostile, path: &[u8]) -> Vec<(&'static str, Result<(), Errno>)> {
    guest.write(AT as u32, path);
    guest.write(OTHER as u32, b"home/user/other");
    let len = path.len() as u64;
    let calls: [(&str, &[u64]); 10] = [
        ("path_open", &[3, 1, AT, len, 0, 2, 0, 0, OUT]),
        ("path_open", &[3, 0, AT, len, 9, 66, 0, 0, OUT]),
        ("path_filestat_get", &[3, 1, AT, len, OUT]),
        ("path_filestat_set_times", &[3, 1, AT, len, 0, 0, 0]),
        ("path_create_directory", &[3, AT, len]),
        ("path_remove_directory", &[3, AT, len]),
        ("path_unlink_file", &[3, AT, len]),
        ("path_readlink", &[3, AT, len, 0x100, 4096, OUT]),
        ("path_rename", &[3, AT, len, 3, OTHER, 15]),
        ("path_rename", &[3, OTHER, 15, 3, AT, len]),
    ];
    let mut answers = Vec::new();
    for (name, arguments) in calls {
        answers.push((name, guest.errno(name, arguments).await));
    }
    answers
}

#[tokio::test]
async fn what_is_no_path_is_refused_by_every_call() {
    let mut guest = Hostile::start().await;
    let deep = "x/".repeat(65);
    for (path, refusal) in [
        (&[b'a'; 8192][..], Errno::NAMETOOLONG),
        (&[b'/'; 4097], Errno::NAMETOOLONG),
        (&[b'a'; 256], Errno::NAMETOOLONG),
        (deep.as_bytes(), Errno::NAMETOOLONG),
        (b"home/user/a\0b", Errno::INVAL),
        (b"\0", Errno::INVAL),
        (b"home/user/\xff", Errno::ILSEQ),
        (b"home/user/\xc3", Errno::ILSEQ),
        // A surrogate, and a slash in more bytes than it needs.
        (b"home/user/\xed\xa0\x80", Errno::ILSEQ),
        (b"home/user\xc0\xaffile", Errno::ILSEQ),
    ] {
        for (name, answer) in every_call(&mut guest, path).await {
            assert_eq!(answer, Err(refusal), "{name} {:?}", path.get(..20));
        }
    }
    // The control: the longest path that is one.
    let long = format!("{}home/user/file", "/".repeat(4082));
    guest.write(AT as u32, long.as_bytes());
    let answer = guest
        .errno("path_filestat_get", &[3, 1, AT, 4096, OUT])
        .await;
    assert_eq!(answer, Ok(()));
}

#[tokio::test]
async fn no_path_leads_out_of_what_is_granted() {
    let mut guest = Hostile::start().await;
    let outside = guest.folders.0.path().to_owned();
    let home = outside.join("home");
    // Links that somebody else put there: guests cannot make any.
    symlink(outside.join("beside"), home.join("absolute")).unwrap();
    symlink("../beside", home.join("relative")).unwrap();
    symlink("../beside/", home.join("slash")).unwrap();
    symlink("loop", home.join("loop")).unwrap();
    for path in [
        "../../etc/passwd",
        "/etc/passwd",
        "//etc/passwd",
        "./././etc/passwd",
        "proc/self/environ",
        "home/user/../../beside/secret",
        "home/user/absolute/secret",
        "home/user/relative/secret",
        "home/user/slash/secret",
        "home/user/loop/secret",
        "home/user/file/secret",
    ] {
        for (name, answer) in every_call(&mut guest, path.as_bytes()).await {
            assert!(answer.is_err(), "{name} {path}");
        }
        let beside = outside.join("beside");
        assert_eq!(fs::read(beside.join("secret")).unwrap(), b"hello", "{path}");
        assert_eq!(fs::read_dir(&beside).unwrap().count(), 1, "{path}");
    }
    // The links themselves can be renamed and removed, but are not followed, nor written through.
    for path in ["home/user/slash/", "home/user/slash/.", "home/user/loop"] {
        guest.write(AT as u32, path.as_bytes());
        let len = path.len() as u64;
        for (name, arguments) in [
            ("path_open", &[3, 1, AT, len, 0, 2, 0, 0, OUT][..]),
            ("path_open", &[3, 1, AT, len, 2, 2, 0, 0, OUT]),
            ("path_open", &[3, 0, AT, len, 9, 66, 0, 0, OUT]),
            ("path_filestat_get", &[3, 1, AT, len, OUT]),
            ("path_filestat_set_times", &[3, 1, AT, len, 0, 0, 5]),
            ("path_create_directory", &[3, AT, len]),
            ("path_remove_directory", &[3, AT, len]),
        ] {
            assert!(guest.errno(name, arguments).await.is_err(), "{name} {path}");
        }
    }
    // The control: what is granted is reached by the same ways round.
    for path in [
        "../../home/user/file",
        "//./home/user//file",
        "home/user/folder/../file",
    ] {
        guest.write(AT as u32, path.as_bytes());
        let len = path.len() as u64;
        let answer = guest
            .errno("path_filestat_get", &[3, 1, AT, len, OUT])
            .await;
        assert_eq!(answer, Ok(()), "{path}");
    }
}
