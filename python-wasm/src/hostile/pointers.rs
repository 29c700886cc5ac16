//! Pointers and lengths that lie (D1), and what is left in the bytes between fields (P8).

use super::{FILE, FOLDER, Hostile, MEMORY};
use crate::wasi::Errno;

/// A part of memory that an argument names: where it is when nobody lies, and how long.
const LIST: u64 = 0x1000;
const BUFFER: u64 = 0x2000;
const OUT: u64 = 0x3000;
const PATH: u64 = 0x4000;
const OTHER: u64 = 0x5000;
const EVENTS: u64 = 0x6000;

/// A call that names memory, with arguments that are right, and for each pointer among them its
/// index and how many bytes are read or written there.
type Call = (&'static str, &'static [u64], &'static [(usize, u32)]);

const CALLS: &[Call] = &[
    ("args_get", &[OUT, BUFFER], &[(0, 8), (1, 8)]),
    ("args_sizes_get", &[OUT, BUFFER], &[(0, 4), (1, 4)]),
    ("environ_get", &[OUT, BUFFER], &[(0, 4), (1, 4)]),
    ("environ_sizes_get", &[OUT, BUFFER], &[(0, 4), (1, 4)]),
    ("clock_res_get", &[1, OUT], &[(1, 8)]),
    ("clock_time_get", &[1, 0, OUT], &[(2, 8)]),
    ("random_get", &[BUFFER, 16], &[(0, 16)]),
    ("fd_fdstat_get", &[FILE, OUT], &[(1, 24)]),
    ("fd_filestat_get", &[FILE, OUT], &[(1, 64)]),
    ("fd_prestat_get", &[3, OUT], &[(1, 8)]),
    ("fd_prestat_dir_name", &[3, OUT, 1], &[(1, 1)]),
    ("fd_pread", &[FILE, LIST, 1, 0, OUT], &[(1, 8), (4, 4)]),
    ("fd_pwrite", &[FILE, LIST, 1, 0, OUT], &[(1, 8), (4, 4)]),
    ("fd_read", &[FILE, LIST, 1, OUT], &[(1, 8), (3, 4)]),
    ("fd_write", &[FILE, LIST, 1, OUT], &[(1, 8), (3, 4)]),
    ("fd_write", &[1, LIST, 1, OUT], &[(1, 8), (3, 4)]),
    (
        "fd_readdir",
        &[FOLDER, BUFFER, 64, 0, OUT],
        &[(1, 51), (4, 4)],
    ),
    ("fd_seek", &[FILE, 0, 0, OUT], &[(3, 8)]),
    ("fd_tell", &[FILE, OUT], &[(1, 8)]),
    ("path_create_directory", &[3, OTHER, 13], &[(1, 13)]),
    (
        "path_filestat_get",
        &[3, 0, PATH, 14, OUT],
        &[(2, 14), (4, 64)],
    ),
    (
        "path_filestat_set_times",
        &[3, 0, PATH, 14, 0, 0, 0],
        &[(2, 14)],
    ),
    (
        "path_open",
        &[3, 0, PATH, 14, 0, 2, 0, 0, OUT],
        &[(2, 14), (8, 4)],
    ),
    ("path_remove_directory", &[FOLDER, OTHER, 0], &[]),
    (
        "path_rename",
        &[3, PATH, 14, 3, OTHER, 13],
        &[(1, 14), (4, 13)],
    ),
    ("path_unlink_file", &[3, PATH, 14], &[(1, 14)]),
    (
        "poll_oneoff",
        &[LIST + 8, EVENTS, 1, OUT],
        &[(0, 48), (1, 32), (3, 4)],
    ),
];

/// Starts a guest in whose memory stands what the right arguments point at.
async fn prepared() -> Hostile {
    let mut guest = Hostile::start().await;
    guest.write_u32s(LIST as u32, &[BUFFER as u32, 4]);
    guest.write(PATH as u32, b"home/user/file");
    guest.write(OTHER as u32, b"home/user/new");
    guest
}

#[tokio::test]
async fn no_pointer_outside_of_memory_is_followed() {
    for (name, right, pointers) in CALLS {
        // The control: the call works with arguments that are right.
        assert_eq!(prepared().await.errno(name, right).await, Ok(()), "{name}");
        for (index, len) in *pointers {
            let outside = [
                MEMORY - len + 1,
                MEMORY,
                MEMORY + 1,
                1 << 31,
                u32::MAX - 3,
                u32::MAX,
            ];
            for pointer in outside {
                let mut arguments = right.to_vec();
                arguments[*index] = pointer.into();
                let mut guest = prepared().await;
                let descriptors = guest.store.data().wasi.descriptors.len();
                let answer = guest.errno(name, &arguments).await;
                assert_eq!(answer, Err(Errno::FAULT), "{name} {index} {pointer:#x}");
                // What was refused left no descriptor behind.
                let after = guest.store.data().wasi.descriptors.len();
                assert_eq!(after, descriptors, "{name} {index} {pointer:#x}");
            }
            // The last place where it fits. A list of buffers read there names others.
            let mut arguments = right.to_vec();
            arguments[*index] = (MEMORY - len).into();
            let answer = prepared().await.errno(name, &arguments).await;
            assert_ne!(answer, Err(Errno::FAULT), "{name} {index}");
        }
    }
}

#[tokio::test]
async fn no_length_reaches_beyond_memory_or_around_its_end() {
    let max = u64::from(u32::MAX);
    for (name, arguments, refusal) in [
        ("random_get", &[8, max][..], Errno::INVAL),
        ("random_get", &[0, (1 << 20) + 1], Errno::INVAL),
        ("random_get", &[1, 1 << 20], Errno::FAULT),
        ("random_get", &[max, 1], Errno::FAULT),
        ("path_unlink_file", &[3, 0, max], Errno::NAMETOOLONG),
        ("path_unlink_file", &[3, max, max], Errno::NAMETOOLONG),
        ("path_unlink_file", &[3, max - 9, 10], Errno::FAULT),
        ("path_unlink_file", &[3, max - 9, 100], Errno::FAULT),
        ("fd_read", &[FILE, LIST, 1_000_000, OUT], Errno::INVAL),
        ("fd_write", &[1, LIST, 1_000_000, OUT], Errno::INVAL),
        ("fd_write", &[FILE, LIST, 1025, OUT], Errno::INVAL),
        ("fd_pread", &[FILE, LIST, max, 0, OUT], Errno::INVAL),
        ("fd_pwrite", &[FILE, LIST, 1 << 29, 0, OUT], Errno::INVAL),
        ("fd_write", &[1, max - 7, 2, OUT], Errno::FAULT),
        ("fd_write", &[1, (MEMORY - 8).into(), 2, OUT], Errno::FAULT),
        ("poll_oneoff", &[LIST, EVENTS, 1_000_000, OUT], Errno::INVAL),
        ("poll_oneoff", &[LIST, EVENTS, max, OUT], Errno::INVAL),
        (
            "poll_oneoff",
            &[(MEMORY - 48).into(), EVENTS, 2, OUT],
            Errno::FAULT,
        ),
    ] {
        let answer = prepared().await.errno(name, arguments).await;
        assert_eq!(answer, Err(refusal), "{name} {arguments:?}");
    }
    // The control, and the most that is given in one call.
    let mut guest = prepared().await;
    assert_eq!(guest.errno("random_get", &[0, 1 << 20]).await, Ok(()));
    // A length is how much there is room for: a longer one than memory is only refused when used.
    assert_eq!(
        guest.errno("fd_prestat_dir_name", &[3, OUT, max]).await,
        Ok(())
    );
    let all = guest
        .errno("fd_readdir", &[FOLDER, BUFFER, max, 0, OUT])
        .await;
    assert_eq!((all, guest.read_u32(OUT as u32)), (Ok(()), 51));
}

#[tokio::test]
async fn a_list_of_buffers_names_at_most_what_one_call_may_copy() {
    let mut guest = prepared().await;
    // 1024 buffers of 4 GiB each: the first that does not lie in memory is refused.
    for index in 0..1024 {
        guest.write_u32s(LIST as u32 + index * 8, &[0, u32::MAX]);
    }
    for (name, fd) in [("fd_write", 1), ("fd_write", FILE), ("fd_read", FILE)] {
        let answer = guest.errno(name, &[fd, LIST, 1024, OUT]).await;
        assert_eq!(answer, Err(Errno::FAULT), "{name} {fd}");
    }
    // 1024 times the whole memory: cut after 8 MiB in all, and the text is bounded besides.
    for index in 0..1024 {
        guest.write_u32s(LIST as u32 + index * 8, &[0, MEMORY]);
    }
    assert_eq!(guest.errno("fd_write", &[1, LIST, 1024, OUT]).await, Ok(()));
    assert_eq!(guest.read_u32(OUT as u32), 8 << 20);
    let shown = guest.store.data_mut().output.take_raw();
    assert_eq!(shown.iter().map(|(_, bytes)| bytes).sum::<u64>(), 1001);
    // Into a file: as much as the file may hold, and not one byte more.
    guest.write_u32s(LIST as u32 + 8, &[0, MEMORY]);
    assert_eq!(
        guest.errno("fd_write", &[FILE, LIST, 1024, OUT]).await,
        Ok(())
    );
    assert_eq!(u64::from(guest.read_u32(OUT as u32)), super::FILE_BYTES);
    let answer = guest.errno("fd_write", &[FILE, LIST, 1024, OUT]).await;
    assert_eq!(answer, Err(Errno::FBIG));
    // No buffers, and empty ones wherever they are said to be.
    assert_eq!(guest.errno("fd_read", &[FILE, 0, 0, OUT]).await, Ok(()));
    guest.write_u32s(LIST as u32, &[u32::MAX, 0]);
    assert_eq!(guest.errno("fd_read", &[FILE, LIST, 1, OUT]).await, Ok(()));
    assert_eq!(guest.read_u32(OUT as u32), 0);
}

#[tokio::test]
async fn overlapping_and_misaligned_memory_is_only_the_guests_own_trouble() {
    // The list of buffers lies in the buffer that is read into.
    let mut guest = prepared().await;
    guest.write_u32s(LIST as u32, &[LIST as u32, 16]);
    assert_eq!(guest.errno("fd_read", &[FILE, LIST, 1, OUT]).await, Ok(()));
    assert_eq!(guest.read(LIST as u32, 5), b"hello");
    // The count is written over the data.
    let mut guest = prepared().await;
    assert_eq!(
        guest.errno("fd_read", &[FILE, LIST, 1, BUFFER]).await,
        Ok(())
    );
    assert_eq!(guest.read_u32(BUFFER as u32), 4);
    // Both answers at one place: the later one stays.
    assert_eq!(guest.errno("args_sizes_get", &[OUT, OUT]).await, Ok(()));
    assert_eq!(guest.read_u32(OUT as u32), 8);
    // Pointers and strings in one place.
    assert_eq!(guest.errno("args_get", &[OUT, OUT]).await, Ok(()));
    // Subscriptions and events in one place.
    guest.write(LIST as u32, &[0; 48]);
    assert_eq!(
        guest.errno("poll_oneoff", &[LIST, LIST, 1, LIST]).await,
        Ok(())
    );
    // Odd addresses.
    for (name, arguments) in [
        ("clock_time_get", &[1, 0, OUT + 3][..]),
        ("fd_filestat_get", &[FILE, OUT + 1]),
        ("fd_seek", &[FILE, 2, 0, OUT + 7]),
        ("poll_oneoff", &[0x7001, EVENTS + 5, 1, OUT + 1]),
    ] {
        assert_eq!(guest.errno(name, arguments).await, Ok(()), "{name}");
    }
    assert_eq!(guest.read(OUT as u32 + 7, 8), 2u64.to_le_bytes());
}

#[tokio::test]
async fn bytes_between_fields_hold_nothing_of_the_host() {
    // Length of the structure, and which of its bytes are no field.
    let cases: [(&str, &[u64], usize, &[usize]); 7] = [
        ("fd_fdstat_get", &[FILE, OUT], 24, &[1, 4, 5, 6, 7]),
        ("fd_fdstat_get", &[FOLDER, OUT], 24, &[1, 4, 5, 6, 7]),
        (
            "fd_filestat_get",
            &[FILE, OUT],
            64,
            &[17, 18, 19, 20, 21, 22, 23],
        ),
        (
            "path_filestat_get",
            &[3, 0, PATH, 14, OUT],
            64,
            &[17, 18, 19, 20, 21, 22, 23],
        ),
        ("fd_prestat_get", &[3, OUT], 8, &[1, 2, 3]),
        (
            "fd_readdir",
            &[FOLDER, OUT, 51, 0, BUFFER],
            51,
            &[21, 22, 23, 46, 47, 48],
        ),
        // All that is told of a clock: its number, no error, its kind.
        (
            "poll_oneoff",
            &[LIST, OUT, 1, BUFFER],
            32,
            &[8, 9, 11, 12, 13, 14, 15, 16, 24, 31],
        ),
    ];
    for (name, arguments, len, padding) in cases {
        let mut guest = prepared().await;
        guest.fill(0xAA);
        guest.write(PATH as u32, b"home/user/file");
        guest.write(LIST as u32, &[0; 48]);
        assert_eq!(guest.errno(name, arguments).await, Ok(()), "{name}");
        let bytes = guest.read(OUT as u32, len);
        for at in padding {
            assert_eq!(bytes[*at], 0, "{name}: byte {at} of {bytes:?}");
        }
        assert!(bytes.iter().any(|byte| *byte != 0xAA), "{name}");
        // Nothing is written before or behind it.
        assert_eq!(guest.read(OUT as u32 - 8, 8), [0xAA; 8], "{name}");
        assert_eq!(
            guest.read(OUT as u32 + len as u32, 64),
            [0xAA; 64],
            "{name}"
        );
    }
}
