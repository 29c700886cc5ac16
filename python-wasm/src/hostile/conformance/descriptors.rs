//! What an open descriptor tells and does.

use super::{
    APPEND, BUFFER, CREATE, DIRECTORY, FILE_KIND, FOLDER_KIND, LIST, OUT, PATH, READ, SYNC, Stat,
    TRUNCATE, WRITE,
};
use crate::hostile::{FILE, FOLDER, Hostile, RIGHTS};
use crate::session::Exited;
use crate::wasi::Errno;

#[tokio::test]
async fn arguments_environment_and_random_bytes() {
    let mut guest = Hostile::start().await;
    let (out, at) = (OUT.into(), BUFFER.into());
    for (sizes, get, texts) in [
        ("args_sizes_get", "args_get", &["python", ""][..]),
        ("environ_sizes_get", "environ_get", &["A=1"]),
    ] {
        let bytes: Vec<u8> = texts
            .iter()
            .flat_map(|text| [text, "\0"].concat().into_bytes())
            .collect();
        assert_eq!(guest.errno(sizes, &[out, out + 4]).await, Ok(()));
        let told = (guest.read_u32(OUT), guest.read_u32(OUT + 4));
        assert_eq!(told, (texts.len() as u32, bytes.len() as u32));
        assert_eq!(guest.errno(get, &[out, at]).await, Ok(()));
        assert_eq!(guest.read(BUFFER, bytes.len()), bytes);
        let mut start = BUFFER;
        for (index, text) in texts.iter().enumerate() {
            assert_eq!(guest.read_u32(OUT + 4 * index as u32), start);
            start += text.len() as u32 + 1;
        }
    }
    guest.fill(0);
    assert_eq!(guest.errno("random_get", &[at, 0]).await, Ok(()));
    assert_eq!(guest.read(BUFFER, 1024), [0; 1024]);
    assert_eq!(guest.errno("random_get", &[at, 1024]).await, Ok(()));
    let first = guest.read(BUFFER, 1024);
    assert_eq!(guest.errno("random_get", &[at, 1024]).await, Ok(()));
    assert!(first != [0; 1024] && first != guest.read(BUFFER, 1024));
    assert_eq!(guest.read(BUFFER + 1024, 64), [0; 64]);
}

#[tokio::test]
async fn an_exit_carries_its_code() {
    for code in [0, 33, u32::MAX] {
        let mut guest = Hostile::start().await;
        let trap = guest.call("proc_exit", &[code.into()]).await.unwrap_err();
        assert_eq!(trap.downcast_ref::<Exited>().unwrap().code, code);
    }
}

#[tokio::test]
async fn waiting_for_the_streams() {
    let mut guest = Hostile::start().await;
    // What is waited for, the kind of event, and the descriptor; and a clock that is late.
    for (userdata, kind, fd) in [(0x8765_4321, 1, 0), (1, 2, 1), (2, 2, 2), (3, 1, FILE)] {
        let mut bytes = [0u8; 96];
        bytes[0..8].copy_from_slice(&u64::to_le_bytes(userdata));
        bytes[8] = kind;
        bytes[16..24].copy_from_slice(&fd.to_le_bytes());
        bytes[48..56].copy_from_slice(&99u64.to_le_bytes());
        bytes[64] = 1;
        bytes[72..80].copy_from_slice(&u64::MAX.to_le_bytes());
        guest.write(LIST, &bytes);
        let arguments = [LIST.into(), BUFFER.into(), 2, OUT.into()];
        assert_eq!(guest.errno("poll_oneoff", &arguments).await, Ok(()));
        assert_eq!(guest.read_u32(OUT), 1);
        let event = (guest.read_u64(BUFFER), guest.read(BUFFER + 8, 3));
        assert_eq!(event, (userdata, vec![0, 0, kind]));
    }
    assert_eq!(guest.errno("sched_yield", &[]).await, Ok(()));
}

#[tokio::test]
async fn a_folder_says_what_it_is_good_for() {
    // Bits of the `rights` type: what only files are good for, and what a folder must be.
    let files_only = [1, 2, 5, 6, 8, 22];
    let folders = [
        9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 23, 24, 25, 26,
    ];
    let mut guest = Hostile::start().await;
    for fd in [3, FOLDER] {
        let (kind, flags, own, inherited) = guest.status(fd).await;
        assert_eq!((kind, flags), (FOLDER_KIND, 0));
        for bit in files_only {
            assert_eq!((own >> bit & 1, inherited >> bit & 1), (0, 1), "{bit}");
        }
        for bit in folders {
            assert_eq!((own >> bit & 1, inherited >> bit & 1), (1, 1), "{bit}");
        }
    }
    // It opens again with just these.
    let own = guest.status(3).await.2;
    for (open, rights) in [(0, own), (0, 0), (DIRECTORY, 0), (DIRECTORY, READ)] {
        let fd = guest.opened(".", [0, open, rights, 0]).await.unwrap();
        assert_eq!(guest.stat_of(fd).await.kind, FOLDER_KIND);
        guest.closed(fd).await;
    }
    for open in [0, DIRECTORY] {
        for path in [".", "home/user/folder"] {
            let answer = guest.opened(path, [0, open, READ | WRITE, 0]).await;
            assert_eq!(answer, Err(Errno::ISDIR), "{path}");
        }
    }
    // The name of the root, and a buffer that it does not fit in.
    let name = |len| ("fd_prestat_dir_name", [3, u64::from(BUFFER), len]);
    for (len, refusal) in [(0, Err(Errno::NAMETOOLONG)), (1, Ok(())), (2, Ok(()))] {
        let (call, arguments) = name(len);
        assert_eq!(guest.errno(call, &arguments).await, refusal);
    }
    assert_eq!(guest.read(BUFFER, 2), b"/\0");
}

#[tokio::test]
async fn sizes_times_and_inodes() {
    let mut guest = Hostile::start().await;
    let fd = guest
        .opened("home/user/new", [0, CREATE, RIGHTS, 0])
        .await
        .unwrap();
    assert_eq!(guest.stat_of(fd).await.size, 0);
    assert_eq!(
        guest.errno("fd_filestat_set_size", &[fd, 100]).await,
        Ok(())
    );
    assert_eq!(guest.errno("fd_advise", &[fd, 10, 50, 0]).await, Ok(()));
    let before = guest.stat_of(fd).await;
    assert_eq!((before.kind, before.size), (FILE_KIND, 100));
    let (accessed, set, now) = (before.accessed, [1, 4], [2, 8]);
    let earlier = before.modified - 100;
    let times = [fd, earlier, earlier, set[1]];
    assert_eq!(guest.errno("fd_filestat_set_times", &times).await, Ok(()));
    let expected = Stat {
        modified: earlier,
        ..before
    };
    assert_eq!(guest.stat_of(fd).await, expected);
    // A time cannot be given and now; also where the file is open to read alone.
    let reader = guest
        .opened("home/user/new", [0, 0, READ, 0])
        .await
        .unwrap();
    for index in 0..2 {
        let both = set[index] | now[index];
        for fd in [fd, reader] {
            let answer = guest
                .errno("fd_filestat_set_times", &[fd, 100, 200, both])
                .await;
            assert_eq!(answer, Err(Errno::INVAL));
        }
        guest.write(PATH, b"home/user/new");
        let arguments = [3, 0, PATH.into(), 13, 0, 0, both];
        let answer = guest.errno("path_filestat_set_times", &arguments).await;
        assert_eq!(answer, Err(Errno::INVAL));
    }
    assert_eq!(guest.stat("home/user/new", 0).await, Ok(expected));
    // By path, the time of reading.
    guest.write(PATH, b"home/user/new");
    let arguments = [3, 0, PATH.into(), 13, accessed - 500, 0, set[0]];
    assert_eq!(
        guest.errno("path_filestat_set_times", &arguments).await,
        Ok(())
    );
    let after = guest.stat_of(fd).await;
    assert_eq!((after.accessed, after.modified), (accessed - 500, earlier));
    // Two files of a folder have one device and two inodes.
    let devices = (
        guest.read_u64(OUT),
        guest.stat_of(FILE).await,
        guest.read_u64(OUT),
    );
    assert_eq!(devices.0, devices.2);
    assert_ne!(devices.1.inode, after.inode);
}

#[tokio::test]
async fn flags_are_kept_and_appending_can_be_turned_off() {
    let mut guest = Hostile::start().await;
    let how = [0, CREATE, RIGHTS, APPEND | SYNC];
    let fd = guest.opened("home/user/new", how).await.unwrap();
    assert_eq!(u64::from(guest.status(fd).await.1), APPEND | SYNC);
    assert_eq!(guest.put(fd, &[0; 100], None).await, Ok(100));
    assert_eq!(guest.seek(fd, 0, 0).await, Ok(0));
    assert_eq!(guest.put(fd, &[1; 100], None).await, Ok(100));
    assert_eq!(guest.seek(fd, 0, 1).await, Ok(200));
    assert_eq!(guest.got(fd, 100, Some(0)).await.unwrap(), [0; 100]);
    assert_eq!(guest.got(fd, 100, Some(100)).await.unwrap(), [1; 100]);
    // Writing at an offset moves nothing.
    assert_eq!(guest.put(fd, &[3; 3], Some(0)).await, Ok(3));
    assert_eq!(guest.seek(fd, 0, 1).await, Ok(200));
    assert_eq!(guest.errno("fd_fdstat_set_flags", &[fd, 0]).await, Ok(()));
    assert_eq!(guest.status(fd).await.1, 0);
    assert_eq!(guest.seek(fd, 0, 0).await, Ok(0));
    assert_eq!(guest.put(fd, &[2; 100], None).await, Ok(100));
    assert_eq!(guest.got(fd, 100, Some(0)).await.unwrap(), [2; 100]);
    assert_eq!(guest.stat_of(fd).await.size, 200);
    for unknown in [1 << 5, 1 << 16, u64::from(u32::MAX)] {
        let answer = guest.errno("fd_fdstat_set_flags", &[fd, unknown]).await;
        assert_eq!(answer, Err(Errno::INVAL));
        let answer = guest.opened("home/user/new", [0, 0, READ, unknown]).await;
        assert_eq!(answer, Err(Errno::INVAL));
    }
}

#[tokio::test]
async fn bytes_offsets_and_truncation() {
    let mut guest = Hostile::start().await;
    let fd = guest.opened("home/user/new", [0, CREATE, RIGHTS, 0]).await;
    let fd = fd.unwrap();
    assert_eq!(guest.put(fd, &[0, 1, 2, 3], Some(0)).await, Ok(4));
    assert_eq!(guest.got(fd, 4, Some(0)).await, Ok(vec![0, 1, 2, 3]));
    assert_eq!(guest.got(fd, 4, Some(2)).await, Ok(vec![2, 3]));
    assert_eq!(guest.put(fd, &[1, 0], Some(2)).await, Ok(2));
    assert_eq!(guest.got(fd, 4, Some(0)).await, Ok(vec![0, 1, 1, 0]));
    // Nothing of that moved the position.
    assert_eq!(guest.errno("fd_tell", &[fd, OUT.into()]).await, Ok(()));
    assert_eq!(guest.read_u64(OUT), 0);
    assert_eq!(guest.put(fd, &[7; 100], None).await, Ok(100));
    for (by, whence, to) in [
        (0, 1, Ok(100)),
        (-50, 1, Ok(50)),
        (0, 0, Ok(0)),
        (1000, 1, Ok(1000)),
        (-2000, 1, Err(Errno::INVAL)),
        (-1, 2, Ok(99)),
        (0, 0, Ok(0)),
    ] {
        assert_eq!(guest.seek(fd, by, whence).await, to, "{by} {whence}");
    }
    assert_eq!(guest.got(fd, 200, None).await, Ok(vec![7; 100]));
    assert_eq!(guest.got(fd, 200, None).await, Ok(vec![]));
    assert_eq!(guest.seek(fd, 0, 1).await, Ok(100));
    // What one descriptor writes another reads at once, also one that made the file to read it.
    let how = [0, CREATE, READ, 0];
    let reader = guest.opened("home/user/other", how).await.unwrap();
    let how = [0, 0, WRITE, 0];
    let writer = guest.opened("home/user/other", how).await.unwrap();
    assert_eq!(guest.put(writer, &[1], None).await, Ok(1));
    assert_eq!(guest.got(reader, 4, None).await, Ok(vec![1]));
    assert_eq!(guest.put(reader, &[1], None).await, Err(Errno::BADF));
    assert_eq!(guest.got(writer, 4, None).await, Err(Errno::BADF));
    // Cut when it is opened, with or without a right to read or write it.
    for rights in [RIGHTS, 0] {
        assert_eq!(guest.put(writer, &[1; 9], Some(0)).await, Ok(9));
        let how = [0, CREATE | TRUNCATE, rights, 0];
        let cut = guest.opened("home/user/other", how).await.unwrap();
        assert_eq!(guest.stat_of(cut).await.size, 0);
        guest.closed(cut).await;
    }
    assert_eq!(guest.got(reader, 4, Some(0)).await, Ok(vec![]));
}
