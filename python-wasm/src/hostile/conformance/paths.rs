//! What paths lead to: opening, listing, renaming, removing.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};

use super::{
    BUFFER, CREATE, DIRECTORY, EXCLUSIVE, FILE_KIND, FOLDER_KIND, FOLLOW, LINK_KIND, OUT, PATH,
    READ, WRITE,
};
use crate::hostile::{FILE, FOLDER, Hostile, RIGHTS};
use crate::wasi::Errno;

#[tokio::test]
async fn what_opening_gives_and_refuses() {
    let mut guest = Hostile::start().await;
    for (rights, reads, writes) in [(READ, 1, 0), (WRITE, 0, 1), (RIGHTS, 1, 1), (0, 0, 0)] {
        let fd = guest
            .opened("home/user/file", [0, 0, rights, 0])
            .await
            .unwrap();
        let (kind, _, own, _) = guest.status(fd).await;
        // A file is no terminal: those are of another kind.
        assert_eq!(
            (kind, own >> 1 & 1, own >> 6 & 1),
            (FILE_KIND, reads, writes)
        );
        guest.closed(fd).await;
    }
    for (path, open, refusal) in [
        ("home/user/file", CREATE | EXCLUSIVE, Errno::EXIST),
        ("home/user/folder", CREATE | EXCLUSIVE, Errno::EXIST),
        ("home/user/missing", 0, Errno::NOENT),
        ("home/user/missing", DIRECTORY, Errno::NOENT),
        ("home/user/missing/file", CREATE, Errno::NOENT),
        ("home/user/file", DIRECTORY, Errno::NOTDIR),
        ("home/user/file/inside", CREATE, Errno::NOTDIR),
        ("beside/secret", 0, Errno::NOENT),
    ] {
        let answer = guest.opened(path, [0, open, 0, 0]).await;
        assert_eq!(answer, Err(refusal), "{path} {open}");
    }
    // A descriptor that is no folder leads nowhere.
    guest.write(PATH, b"foo");
    let arguments = [FILE, 0, PATH.into(), 3, CREATE, 0, 0, 0, OUT.into()];
    let answer = guest.errno("path_open", &arguments).await;
    assert_eq!(answer, Err(Errno::NOTDIR));
    // What was closed and removed can be made anew, a file and a folder.
    for _ in 0..2 {
        let made = guest
            .opened("home/user/new", [0, CREATE, 0, 0])
            .await
            .unwrap();
        guest.closed(made).await;
        let again = guest.opened("home/user/new", [0, 0, 0, 0]).await.unwrap();
        assert_eq!(again, made);
        guest.closed(again).await;
        assert_eq!(guest.at("path_unlink_file", "home/user/new").await, Ok(()));
        assert_eq!(
            guest.at("path_create_directory", "home/user/new").await,
            Ok(())
        );
        let opened = guest
            .opened("home/user/new", [0, DIRECTORY, 0, 0])
            .await
            .unwrap();
        guest.closed(opened).await;
        assert_eq!(
            guest.at("path_remove_directory", "home/user/new").await,
            Ok(())
        );
    }
    // Waiting is nothing that a folder knows.
    let nonblocking = guest.opened(".", [0, 0, 0, 1 << 2]).await;
    assert!(nonblocking.is_ok());
}

/// An entry of a listing: where the next begins, inode, kind and name.
type Entry = (u64, u64, u8, String);

/// Reads a folder with a buffer of 256 bytes from a place on; tells whether that was the rest.
async fn listed(guest: &mut Hostile, fd: u64, cookie: u64) -> (Vec<Entry>, bool) {
    let arguments = [fd, BUFFER.into(), 256, cookie, OUT.into()];
    assert_eq!(guest.errno("fd_readdir", &arguments).await, Ok(()));
    let used = guest.read_u32(OUT);
    let (mut at, mut entries) = (0, Vec::new());
    while used - at >= 24 {
        let head = BUFFER + at;
        let len = guest.read_u32(head + 16);
        if used - at - 24 < len {
            break;
        }
        let name = String::from_utf8(guest.read(head + 24, len as usize)).unwrap();
        let kind = guest.read(head + 20, 1)[0];
        entries.push((guest.read_u64(head), guest.read_u64(head + 8), kind, name));
        at += 24 + len;
    }
    (entries, used < 256)
}

#[tokio::test]
async fn a_folder_is_listed_in_pieces_with_true_inodes() {
    let mut guest = Hostile::start().await;
    let (entries, all) = listed(&mut guest, FOLDER, 0).await;
    let names: Vec<&str> = entries.iter().map(|entry| entry.3.as_str()).collect();
    assert!(all && names == [".", ".."], "{entries:?}");
    let own = guest.stat_of(FOLDER).await;
    assert_eq!((entries[0].1, entries[0].2), (own.inode, FOLDER_KIND));
    assert_eq!(entries[1].2, FOLDER_KIND);
    let home = guest.folders.0.path().join("home/folder");
    for index in 0..100 {
        fs::write(home.join(format!("file-{index}")), "").unwrap();
    }
    let (mut all, mut cookie, mut found) = (false, 0, Vec::new());
    while !all {
        let (entries, rest) = listed(&mut guest, FOLDER, cookie).await;
        (cookie, all) = (entries.last().unwrap().0, rest);
        found.extend(entries);
    }
    assert_eq!(found.len(), 102);
    // A listing goes on behind any entry that was seen.
    let (again, _) = listed(&mut guest, FOLDER, found[99].0).await;
    assert_eq!(again, found[100..]);
    found.retain(|entry| entry.3.starts_with("file-"));
    for (_, inode, kind, name) in &found {
        let stat = guest
            .stat(&format!("home/user/folder/{name}"), 0)
            .await
            .unwrap();
        assert_eq!((*inode, *kind), (stat.inode, FILE_KIND), "{name}");
        assert_eq!(*inode, fs::metadata(home.join(name)).unwrap().ino());
    }
    found.sort_by_key(|entry| entry.1);
    found.dedup_by_key(|entry| entry.1);
    assert_eq!(found.len(), 100);
}

#[tokio::test]
async fn a_trailing_slash_means_a_folder() {
    let mut guest = Hostile::start().await;
    for end in ["/", "///", "/."] {
        let (file, folder) = (
            format!("home/user/file{end}"),
            format!("home/user/folder{end}"),
        );
        for open in [0, CREATE, DIRECTORY] {
            let answer = guest.opened(&file, [0, open, 0, 0]).await;
            assert_eq!(answer, Err(Errno::NOTDIR), "{file} {open}");
        }
        let answer = guest
            .opened(&format!("home/user/new{end}"), [0, CREATE, 0, 0])
            .await;
        assert_eq!(answer, Err(Errno::NOENT));
        assert_eq!(guest.stat(&file, 0).await, Err(Errno::NOTDIR));
        for (call, path, refusal) in [
            ("path_unlink_file", &file, Errno::NOTDIR),
            ("path_remove_directory", &file, Errno::NOTDIR),
            ("path_unlink_file", &folder, Errno::ISDIR),
        ] {
            assert_eq!(guest.at(call, path).await, Err(refusal), "{call} {path}");
        }
        for (from, to) in [
            (file.as_str(), "home/user/new"),
            ("home/user/file", "home/user/new/"),
        ] {
            assert_eq!(
                guest.renamed(from, to).await,
                Err(Errno::NOTDIR),
                "{from} {to}"
            );
        }
        // The control: a folder is one.
        let opened = guest.opened(&folder, [0, 0, 0, 0]).await.unwrap();
        guest.closed(opened).await;
        assert_eq!(guest.stat(&folder, 0).await.unwrap().kind, FOLDER_KIND);
        let other = format!("home/user/other{end}");
        assert_eq!(guest.at("path_create_directory", &other).await, Ok(()));
        assert_eq!(guest.at("path_remove_directory", &other).await, Ok(()));
    }
    for (from, to) in [("folder/", "a"), ("a", "b/"), ("b/", "c/"), ("c", "folder")] {
        let (from, to) = (format!("home/user/{from}"), format!("home/user/{to}"));
        assert_eq!(guest.renamed(&from, &to).await, Ok(()), "{from} {to}");
    }
    // A way round through folders that are there.
    let round = "home/.//user/../../home/user/folder/../folder///.././file";
    let opened = guest.opened(round, [0, 0, 0, 0]).await;
    assert!(opened.is_ok());
}

#[tokio::test]
async fn folders_and_files_are_renamed_and_removed() {
    let mut guest = Hostile::start().await;
    let (source, target) = ("home/user/source", "home/user/target");
    // A folder to a free name, and to an empty folder.
    for replaces in [false, true] {
        assert_eq!(guest.at("path_create_directory", source).await, Ok(()));
        if replaces {
            assert_eq!(guest.at("path_create_directory", target).await, Ok(()));
        }
        assert_eq!(guest.renamed(source, target).await, Ok(()));
        assert_eq!(guest.stat(source, 0).await, Err(Errno::NOENT));
        for lookup in [0, FOLLOW] {
            assert_eq!(guest.stat(target, lookup).await.unwrap().kind, FOLDER_KIND);
        }
        assert_eq!(guest.at("path_remove_directory", target).await, Ok(()));
    }
    // A file to a free name, and to another file.
    for replaces in [false, true] {
        for path in [source, target].into_iter().take(1 + usize::from(replaces)) {
            let made = guest.opened(path, [0, CREATE, WRITE, 0]).await.unwrap();
            assert_eq!(guest.put(made, path.as_bytes(), None).await, Ok(16));
            guest.closed(made).await;
        }
        assert_eq!(guest.renamed(source, target).await, Ok(()));
        assert_eq!(guest.stat(source, 0).await, Err(Errno::NOENT));
        let opened = guest.opened(target, [0, 0, READ, 0]).await.unwrap();
        assert_eq!(
            guest.got(opened, 64, None).await.unwrap(),
            source.as_bytes()
        );
        guest.closed(opened).await;
        assert_eq!(guest.at("path_unlink_file", target).await, Ok(()));
    }
    // The account is as it was: nothing is there besides what was at the start.
    assert_eq!(guest.store.data().wasi.quota.used(), (0, 0));
    // A folder that is not empty is neither replaced nor removed, and kinds do not mix.
    let inside = "home/user/folder/inside";
    for path in [source, inside] {
        assert_eq!(guest.at("path_create_directory", path).await, Ok(()));
    }
    for (from, to, refusal) in [
        (source, "home/user/folder", Errno::NOTEMPTY),
        (source, "home/user/file", Errno::NOTDIR),
        ("home/user/file", source, Errno::ISDIR),
        ("home/user/missing", source, Errno::NOENT),
        ("home/user/folder", inside, Errno::INVAL),
    ] {
        assert_eq!(guest.renamed(from, to).await, Err(refusal), "{from} {to}");
    }
    let answer = guest.at("path_remove_directory", "home/user/folder").await;
    assert_eq!(answer, Err(Errno::NOTEMPTY));
    for path in [inside, source, "home/user/folder"] {
        assert_eq!(guest.at("path_remove_directory", path).await, Ok(()));
    }
}

#[tokio::test]
async fn links_of_the_host_are_followed_when_asked() {
    let mut guest = Hostile::start().await;
    let home = guest.folders.0.path().join("home");
    for (target, name) in [("file", "a"), ("folder", "b"), ("nowhere", "c"), ("d", "d")] {
        symlink(target, home.join(name)).unwrap();
    }
    for (name, lookup, kind) in [
        ("a", 0, Ok(LINK_KIND)),
        ("b", 0, Ok(LINK_KIND)),
        ("c", 0, Ok(LINK_KIND)),
        ("d", 0, Ok(LINK_KIND)),
        ("a", FOLLOW, Ok(FILE_KIND)),
        ("b", FOLLOW, Ok(FOLDER_KIND)),
        ("c", FOLLOW, Err(Errno::NOENT)),
        ("d", FOLLOW, Err(Errno::LOOP)),
    ] {
        let path = format!("home/user/{name}");
        let found = guest.stat(&path, lookup).await.map(|stat| stat.kind);
        assert_eq!(found, kind, "{name} {lookup}");
    }
    for (name, lookup, open, refusal) in [
        ("a", 0, 0, Err(Errno::LOOP)),
        ("b", 0, 0, Err(Errno::LOOP)),
        ("c", 0, 0, Err(Errno::LOOP)),
        ("d", 0, 0, Err(Errno::LOOP)),
        ("a", 0, DIRECTORY, Err(Errno::NOTDIR)),
        ("b", 0, DIRECTORY, Err(Errno::NOTDIR)),
        ("c", 0, DIRECTORY, Err(Errno::NOTDIR)),
        ("a", FOLLOW, DIRECTORY, Err(Errno::NOTDIR)),
        ("c", FOLLOW, 0, Err(Errno::NOENT)),
        ("d", FOLLOW, 0, Err(Errno::LOOP)),
        ("a", FOLLOW, 0, Ok(())),
        ("b", FOLLOW, DIRECTORY, Ok(())),
    ] {
        let path = format!("home/user/{name}");
        let answer = guest
            .opened(&path, [lookup, open, READ * u64::from(open == 0), 0])
            .await;
        assert_eq!(answer.map(|_| ()), refusal, "{name} {lookup} {open}");
    }
    // What a link says, into a buffer with room and into one without.
    for (len, text) in [(10, &b"folder\xAA\xAA\xAA\xAA"[..]), (4, b"fold\xAA\xAA")] {
        guest.fill(0xAA);
        guest.write(PATH, b"home/user/b");
        let arguments = [3, PATH.into(), 11, BUFFER.into(), len, OUT.into()];
        assert_eq!(guest.errno("path_readlink", &arguments).await, Ok(()));
        assert_eq!(guest.read_u32(OUT), len.min(6) as u32);
        assert_eq!(guest.read(BUFFER, text.len()), text);
    }
    // A link is removed by itself.
    assert_eq!(guest.at("path_unlink_file", "home/user/a").await, Ok(()));
    assert_eq!(fs::read(home.join("file")).unwrap(), b"hello");
}
