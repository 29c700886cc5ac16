//! Descriptors, offsets and folders (P8, H3, P11).

use std::fs;

use super::{FILE, FILE_BYTES, FOLDER, Hostile, RIGHTS};
use crate::wasi::Errno;

const LIST: u64 = 0x1000;
const OUT: u64 = 0x3000;
const NEVER_OPEN: [u64; 4] = [6, 255, 1 << 31, u32::MAX as u64];

/// Calls on a descriptor; the first argument is the descriptor, the others are zero or these.
const ON_DESCRIPTORS: [(&str, &[u64]); 17] = [
    ("fd_advise", &[0, 0, 0]),
    ("fd_close", &[]),
    ("fd_datasync", &[]),
    ("fd_sync", &[]),
    ("fd_fdstat_get", &[OUT]),
    ("fd_fdstat_set_flags", &[0]),
    ("fd_filestat_get", &[OUT]),
    ("fd_filestat_set_size", &[0]),
    ("fd_filestat_set_times", &[0, 0, 0]),
    ("fd_pread", &[LIST, 1, 0, OUT]),
    ("fd_pwrite", &[LIST, 1, 0, OUT]),
    ("fd_read", &[LIST, 1, OUT]),
    ("fd_write", &[LIST, 1, OUT]),
    ("fd_readdir", &[LIST, 64, 0, OUT]),
    ("fd_seek", &[0, 0, OUT]),
    ("fd_tell", &[OUT]),
    ("path_unlink_file", &[0, 4]),
];

async fn on(guest: &mut Hostile, name: &str, descriptor: u64, rest: &[u64]) -> Result<(), Errno> {
    let arguments: Vec<u64> = [descriptor].iter().chain(rest).copied().collect();
    guest.errno(name, &arguments).await
}

#[tokio::test]
async fn a_number_that_is_no_descriptor_is_refused() {
    let mut guest = Hostile::start().await;
    guest.write(0, b"name");
    for descriptor in NEVER_OPEN {
        for (name, rest) in ON_DESCRIPTORS {
            let answer = on(&mut guest, name, descriptor, rest).await;
            assert_eq!(answer, Err(Errno::BADF), "{name} {descriptor}");
        }
        // A descriptor among other arguments.
        let rename = guest
            .errno("path_rename", &[3, 0, 1, descriptor, 0, 1])
            .await;
        assert_eq!(rename, Err(Errno::BADF));
        for name in ["fd_prestat_get", "fd_prestat_dir_name"] {
            let rest: &[u64] = if name == "fd_prestat_get" {
                &[OUT]
            } else {
                &[OUT, 9]
            };
            assert_eq!(
                on(&mut guest, name, descriptor, rest).await,
                Err(Errno::BADF)
            );
        }
    }
    // There are no sockets, whatever the descriptor is.
    for (descriptor, refusal) in [
        (0, Errno::NOTSOCK),
        (3, Errno::NOTSOCK),
        (FILE, Errno::NOTSOCK),
        (u32::MAX.into(), Errno::BADF),
    ] {
        for (name, rest) in [
            ("sock_accept", &[0, OUT][..]),
            ("sock_recv", &[LIST, 1, 0, OUT, OUT]),
            ("sock_send", &[LIST, 1, 0, OUT]),
            ("sock_shutdown", &[0]),
        ] {
            assert_eq!(
                on(&mut guest, name, descriptor, rest).await,
                Err(refusal),
                "{name} {descriptor}"
            );
        }
    }
}

#[tokio::test]
async fn the_streams_and_the_root_cannot_be_closed() {
    let mut guest = Hostile::start().await;
    for descriptor in 0..4 {
        for _ in 0..1000 {
            let answer = on(&mut guest, "fd_close", descriptor, &[]).await;
            assert_eq!(answer, Err(Errno::BADF));
        }
    }
    // What was opened closes once, and its number is given again.
    assert_eq!(on(&mut guest, "fd_close", FILE, &[]).await, Ok(()));
    assert_eq!(
        on(&mut guest, "fd_close", FILE, &[]).await,
        Err(Errno::BADF)
    );
    guest.open("home/user/file").await.unwrap();
    assert_eq!(guest.read_u32(0), FILE as u32);
    // Opening and closing in a storm leaves nothing behind, and the table has an end.
    for _ in 0..1000 {
        guest.open("home/user/file").await.unwrap();
        assert_eq!(guest.read_u32(0), 6);
        assert_eq!(on(&mut guest, "fd_close", 6, &[]).await, Ok(()));
    }
    for _ in 6..16 {
        guest.open("home/user/file").await.unwrap();
    }
    assert_eq!(guest.open("home/user/file").await, Err(Errno::MFILE));
    assert_eq!(guest.store.data().wasi.descriptors.len(), 16);
}

#[tokio::test]
async fn a_descriptor_does_only_what_its_kind_can() {
    let mut guest = Hostile::start().await;
    guest.write_u32s(LIST as u32, &[0x2000, 4]);
    guest.write(0, b"name");
    for (name, rest, folder, input, output) in [
        (
            "fd_read",
            &[LIST, 1, OUT][..],
            Some(Errno::ISDIR),
            None,
            Some(Errno::BADF),
        ),
        (
            "fd_write",
            &[LIST, 1, OUT],
            Some(Errno::ISDIR),
            Some(Errno::BADF),
            None,
        ),
        (
            "fd_pread",
            &[LIST, 1, 0, OUT],
            Some(Errno::ISDIR),
            Some(Errno::SPIPE),
            Some(Errno::SPIPE),
        ),
        (
            "fd_pwrite",
            &[LIST, 1, 0, OUT],
            Some(Errno::ISDIR),
            Some(Errno::SPIPE),
            Some(Errno::SPIPE),
        ),
        (
            "fd_seek",
            &[0, 0, OUT],
            Some(Errno::ISDIR),
            Some(Errno::SPIPE),
            Some(Errno::SPIPE),
        ),
        (
            "fd_tell",
            &[OUT],
            Some(Errno::ISDIR),
            Some(Errno::SPIPE),
            Some(Errno::SPIPE),
        ),
        (
            "fd_filestat_set_size",
            &[0],
            Some(Errno::ISDIR),
            Some(Errno::SPIPE),
            Some(Errno::SPIPE),
        ),
        (
            "fd_filestat_set_times",
            &[0, 0, 0],
            Some(Errno::ISDIR),
            Some(Errno::SPIPE),
            Some(Errno::SPIPE),
        ),
        (
            "fd_readdir",
            &[LIST, 8, 0, OUT],
            None,
            Some(Errno::NOTDIR),
            Some(Errno::NOTDIR),
        ),
        (
            "path_unlink_file",
            &[0, 4],
            Some(Errno::NOENT),
            Some(Errno::NOTDIR),
            Some(Errno::NOTDIR),
        ),
    ] {
        for (descriptor, refusal) in [(FOLDER, folder), (3, folder), (0, input), (2, output)] {
            let answer = on(&mut guest, name, descriptor, rest).await;
            assert_eq!(answer, refusal.map_or(Ok(()), Err), "{name} {descriptor}");
        }
    }
    for name in ["fd_readdir", "path_unlink_file"] {
        let rest: &[u64] = if name == "fd_readdir" {
            &[LIST, 8, 0, OUT]
        } else {
            &[0, 4]
        };
        assert_eq!(on(&mut guest, name, FILE, rest).await, Err(Errno::NOTDIR));
    }
}

#[tokio::test]
async fn offsets_and_sizes_at_the_ends_of_their_types() {
    let mut guest = Hostile::start().await;
    guest.write_u32s(LIST as u32, &[0x2000, 4]);
    let (least, most) = (i64::MIN as u64, i64::MAX as u64);
    for (offset, whence, refusal) in [
        (least, 0, Err(Errno::INVAL)),
        (u64::MAX, 0, Err(Errno::INVAL)),
        (0, 3, Err(Errno::INVAL)),
        (0, u32::MAX.into(), Err(Errno::INVAL)),
        (most, 2, Err(Errno::INVAL)),
        (most, 0, Ok(())),
        (1, 1, Err(Errno::INVAL)),
        (most, 1, Err(Errno::INVAL)),
    ] {
        let answer = guest.errno("fd_seek", &[FILE, offset, whence, OUT]).await;
        assert_eq!(answer, refusal, "{offset} {whence}");
    }
    // The position is still the last that was taken; there is nothing to read and no room there.
    assert_eq!(guest.errno("fd_tell", &[FILE, OUT]).await, Ok(()));
    assert_eq!(guest.read_u64(OUT as u32), most);
    let read = guest.errno("fd_read", &[FILE, LIST, 1, OUT]).await;
    assert_eq!(read, Err(Errno::INVAL));
    let written = guest.errno("fd_write", &[FILE, LIST, 1, OUT]).await;
    assert_eq!(written, Err(Errno::FBIG));
    for offset in [u64::MAX, most + 1, u64::MAX - 3] {
        let read = guest.errno("fd_pread", &[FILE, LIST, 1, offset, OUT]).await;
        assert_eq!(read, Err(Errno::INVAL), "{offset}");
    }
    for offset in [u64::MAX, most, 1 << 62, FILE_BYTES] {
        let written = guest
            .errno("fd_pwrite", &[FILE, LIST, 1, offset, OUT])
            .await;
        assert_eq!(written, Err(Errno::FBIG), "{offset}");
        if offset > FILE_BYTES {
            let sized = guest.errno("fd_filestat_set_size", &[FILE, offset]).await;
            assert_eq!(sized, Err(Errno::FBIG), "{offset}");
        }
        let advised = guest
            .errno("fd_advise", &[FILE, offset, offset, u32::MAX.into()])
            .await;
        assert_eq!(advised, Ok(()));
    }
    // Nothing of that changed the file or the account.
    assert_eq!(
        fs::read(guest.folders.0.path().join("home/file")).unwrap(),
        b"hello"
    );
    assert_eq!(guest.store.data().wasi.quota.used(), (0, 0));
    // The control, at the end of what a file may hold.
    let last = FILE_BYTES - 4;
    assert_eq!(
        guest.errno("fd_pwrite", &[FILE, LIST, 1, last, OUT]).await,
        Ok(())
    );
    assert_eq!(guest.read_u32(OUT as u32), 4);
    // A write that only begins there is cut.
    let cut = guest
        .errno("fd_pwrite", &[FILE, LIST, 1, last + 2, OUT])
        .await;
    assert_eq!((cut, guest.read_u32(OUT as u32)), (Ok(()), 2));
}

#[tokio::test]
async fn a_folder_is_read_from_any_place_without_more_than_there_is() {
    let mut guest = Hostile::start().await;
    for cookie in [3, 1 << 32, u64::MAX - 1, u64::MAX] {
        guest.fill(0xAA);
        let read = guest
            .errno("fd_readdir", &[FOLDER, 0, 4096, cookie, OUT])
            .await;
        assert_eq!(read, Ok(()));
        assert_eq!(guest.read_u32(OUT as u32), 0, "{cookie}");
        assert_eq!(guest.read(0, 64), [0xAA; 64]);
    }
    // The control: `.` and `..`, and a cut where the buffer ends.
    assert_eq!(
        guest.errno("fd_readdir", &[FOLDER, 0, 4096, 0, OUT]).await,
        Ok(())
    );
    assert_eq!(guest.read_u32(OUT as u32), 24 + 1 + 24 + 2);
    guest.fill(0xAA);
    assert_eq!(
        guest.errno("fd_readdir", &[FOLDER, 0, 10, 0, OUT]).await,
        Ok(())
    );
    assert_eq!(guest.read_u32(OUT as u32), 10);
    assert_eq!(guest.read(10, 8), [0xAA; 8]);
    // A folder is paid for by what is in it, also when nothing of it is asked for.
    for index in 0..90 {
        let name = format!("home/folder/{index}");
        fs::write(guest.folders.0.path().join(name), "").unwrap();
    }
    let before = guest.store.get_fuel().unwrap();
    let listed = guest.errno("fd_readdir", &[FOLDER, 0, 0, 0, OUT]).await;
    assert_eq!((listed, guest.read_u32(OUT as u32)), (Ok(()), 0));
    assert!(before - guest.store.get_fuel().unwrap() > 90 * 500);
}

#[tokio::test]
async fn what_was_opened_to_read_is_not_written() {
    // GHSA-2r75-cxrj-cmph: cutting a file is writing. GHSA-4ch3-9j33-3pmj: so are names.
    let mut guest = Hostile::start().await;
    let path = b"usr/lib/module";
    guest.write(0, path);
    guest.write(0x100, b"home/user/taken");
    let len = path.len() as u64;
    for (name, arguments) in [
        ("path_open", &[3, 0, 0, len, 8, 2, 0, 0, OUT][..]),
        ("path_open", &[3, 0, 0, len, 9, 0, 0, 0, OUT]),
        ("path_open", &[3, 0, 0, len, 0, RIGHTS, 0, 0, OUT]),
        ("path_unlink_file", &[3, 0, len]),
        ("path_rename", &[3, 0, len, 3, 0x100, 15]),
        ("path_rename", &[3, 0x100, 14, 3, 0, len]),
        ("path_filestat_set_times", &[3, 0, 0, len, 0, 0, 5]),
    ] {
        assert_eq!(
            guest.errno(name, arguments).await,
            Err(Errno::ROFS),
            "{name}"
        );
    }
    for (name, arguments) in [
        ("path_link", &[3, 0, 0, len, 3, 0x100, 15][..]),
        ("path_symlink", &[0, len, 3, 0x100, 15]),
    ] {
        assert_eq!(
            guest.errno(name, arguments).await,
            Err(Errno::PERM),
            "{name}"
        );
    }
    // The control: it can be read, by a descriptor that does nothing else.
    guest.write_u32s(LIST as u32, &[0x2000, 5]);
    assert_eq!(
        guest
            .errno("path_open", &[3, 0, 0, len, 0, 2, 0, 0, OUT])
            .await,
        Ok(())
    );
    let opened = guest.read_u32(OUT as u32).into();
    assert_eq!(
        guest.errno("fd_read", &[opened, LIST, 1, OUT]).await,
        Ok(())
    );
    assert_eq!(guest.read(0x2000, 5), b"hello");
    assert_eq!(
        guest.errno("fd_write", &[opened, LIST, 1, OUT]).await,
        Err(Errno::BADF)
    );
    assert_eq!(
        guest.errno("fd_filestat_set_size", &[opened, 0]).await,
        Err(Errno::BADF)
    );
    assert_eq!(
        fs::read(guest.folders.0.path().join("library/module")).unwrap(),
        b"hello"
    );
}
