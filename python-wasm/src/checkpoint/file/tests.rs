//! Files of checkpoints: what is written is read again, and what was altered is refused.

use std::time::Duration;

use super::*;
use crate::memory::PAGE;

fn checkpoint(store: &PageStore, pages: &[(u32, [u8; PAGE])]) -> Checkpoint {
    let about = About {
        image: "image".into(),
        memory_bytes: 1 << 20,
        open: Vec::new(),
        clock: Duration::from_secs(5),
        fuel_used: 7,
        execution_count: 3,
    };
    Checkpoint::new(about, store.table_of(pages))
}

fn bytes_of(store: &PageStore, checkpoint: &Checkpoint, index: u32) -> [u8; PAGE] {
    checkpoint
        .0
        .table
        .get(index)
        .unwrap()
        .contents(store.key())
        .unwrap()
}

#[test]
fn another_process_reads_what_was_written_and_pages_are_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = PageStore::open(folder.path()).unwrap();
    let first = checkpoint(&store, &[(1, [1; PAGE]), (2, [2; PAGE])]);
    write(&store, folder.path(), &first).unwrap();
    let second = checkpoint(&store, &[(1, [1; PAGE]), (2, [9; PAGE])]);
    write(&store, folder.path(), &second).unwrap();

    let other = PageStore::open(folder.path()).unwrap();
    let read = other.load(second.id()).unwrap();
    assert_eq!(bytes_of(&other, &read, 1), [1; PAGE]);
    assert_eq!(bytes_of(&other, &read, 2), [9; PAGE]);
    assert_eq!(read.execution_count(), 3);
    assert_eq!(read.0.about.clock, Duration::from_secs(5));
}

#[test]
fn an_altered_or_cut_file_never_becomes_another_state() {
    let folder = tempfile::tempdir().unwrap();
    let store = PageStore::open(folder.path()).unwrap();
    let kept = checkpoint(&store, &[(1, [1; PAGE]), (2, [2; PAGE])]);
    write(&store, folder.path(), &kept).unwrap();
    let id = kept.id().clone();
    drop(kept);
    let path = path_of(folder.path(), &id);
    let good = std::fs::read(&path).unwrap();
    let load = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let store = PageStore::open(folder.path()).unwrap();
        store.load(&id).and_then(|checkpoint| {
            let table = &checkpoint.0.table;
            table
                .iter()
                .map(|(_, page)| page.contents(store.key()))
                .collect::<Result<Vec<_>, _>>()
        })
    };
    let pages = load(&good).unwrap();
    assert_eq!(pages, [[1; PAGE], [2; PAGE]]);
    let header = u64::from_le_bytes(good[MAGIC.len()..MAGIC.len() + 8].try_into().unwrap());
    let body_at = PREFIX_BYTES + header as usize;
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        match load(&bad) {
            Err(StoreError::Tampered { .. }) => {}
            // Compressed bytes can say the same in two ways; the page is what is checked.
            Ok(read) if at >= body_at => assert_eq!(read, pages, "byte {at}"),
            other => panic!("byte {at}: {:?}", other.map(|_| ())),
        }
    }
    for len in 0..good.len() {
        assert!(
            matches!(
                load(&good[..len]),
                Err(StoreError::Tampered { .. } | StoreError::Read { .. })
            ),
            "cut at {len}"
        );
    }
    // A page's length that somebody with the key wrote is refused before there is room for it.
    let mut long = good.clone();
    let last = body_at - 4;
    long[last..body_at].copy_from_slice(&u32::MAX.to_le_bytes());
    let mac = blake3::keyed_hash(
        PageStore::open(folder.path()).unwrap().key(),
        &long[PREFIX_BYTES..body_at],
    );
    long[MAGIC.len() + 8..PREFIX_BYTES].copy_from_slice(mac.as_bytes());
    assert!(matches!(
        load(&long),
        Err(StoreError::Tampered {
            what: "a page's length",
            ..
        })
    ));
    let mut huge = good.clone();
    huge[MAGIC.len()..MAGIC.len() + 8].copy_from_slice(&(1u64 << 63).to_le_bytes());
    assert!(matches!(
        load(&huge),
        Err(StoreError::Tampered {
            what: "the header's length",
            ..
        })
    ));
}

#[test]
fn a_checkpoint_under_another_name_or_of_another_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = PageStore::open(folder.path()).unwrap();
    let kept = checkpoint(&store, &[(1, [1; PAGE])]);
    write(&store, folder.path(), &kept).unwrap();
    let other = CheckpointId::random();
    std::fs::copy(
        path_of(folder.path(), kept.id()),
        path_of(folder.path(), &other),
    )
    .unwrap();
    assert!(matches!(
        store.load(&other),
        Err(StoreError::Tampered {
            what: "the name",
            ..
        })
    ));

    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = PageStore::open(elsewhere.path()).unwrap();
    std::fs::copy(
        path_of(folder.path(), kept.id()),
        path_of(elsewhere.path(), kept.id()),
    )
    .unwrap();
    assert!(matches!(
        foreign.load(kept.id()),
        Err(StoreError::Tampered {
            what: "the header",
            ..
        })
    ));
}
