//! Arguments by chance, for every import: an answer or a trap, and nothing outside changes.

use std::fs;
use std::time::Duration;

use proptest::prelude::*;
use wasmtime::ValType;

use super::{FILE, FOLDER, Hostile, MEMORY, fixture};
use crate::session::Budget;

/// Mostly what is near an edge, or right.
fn argument() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..16u64,
        Just(FILE),
        Just(FOLDER),
        (0..MEMORY).prop_map(u64::from),
        (MEMORY - 80..MEMORY + 8).prop_map(u64::from),
        (u32::MAX - 80..=u32::MAX).prop_map(u64::from),
        (0..64u32).prop_map(|shift| 1u64 << shift),
        (0..64u32).prop_map(|shift| (1u64 << shift).wrapping_sub(1)),
        any::<u64>(),
    ]
}

/// What stands in memory: paths, lists of buffers, subscriptions and frames, at places that the
/// arguments hit often.
fn contents(guest: &mut Hostile, seed: &[u8]) {
    guest.fill(seed.first().copied().unwrap_or(0));
    guest.write(0, b"home/user/file");
    guest.write_u32s(
        16,
        &[0, 9, MEMORY - 4, 8, 0x100, 0x1000, u32::MAX, u32::MAX],
    );
    guest.write(64, b"\x0e\0\0\0{\"op\":\"limit\"}");
    guest.write(128, b"home/user/../../beside/secret");
    guest.write(256, seed);
}

/// Nothing rests for long, and nothing is stopped for good on a machine that is busy.
fn no_time() -> Budget {
    Budget {
        grace: Duration::from_secs(60),
        ..super::budget(Duration::from_millis(1))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_import_answers_or_traps_whatever_it_is_given(
        calls in proptest::collection::vec(
            (any::<prop::sample::Index>(), proptest::collection::vec(argument(), 9)),
            1..40,
        ),
        seed in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut guest = Hostile::start().await;
            contents(&mut guest, &seed);
            for (which, arguments) in &calls {
                let import = which.get(&fixture().imports);
                let arguments = &arguments[..import.parameters.len()];
                guest.store.data_mut().turn.begin(no_time());
                match guest.call(&import.name, arguments).await {
                    // WASI has 77 error numbers, the door two.
                    Ok(answer) => assert!(answer < 77 || answer as i32 == -2, "{}", import.name),
                    // Only the end of the process, the door's memory and a limit are traps.
                    Err(trap) => {
                        assert!(["proc_exit", "call"].contains(&&*import.name), "{trap:#}");
                    }
                }
            }
            let beside = guest.folders.0.path().join("beside");
            assert_eq!(fs::read(beside.join("secret")).unwrap(), b"hello");
            assert_eq!(fs::read_dir(&beside).unwrap().count(), 1);
            let module = guest.folders.0.path().join("library/module");
            assert_eq!(fs::read(module).unwrap(), b"hello");
            assert!(guest.store.data().wasi.descriptors.len() <= 16);
        });
    }
}

#[test]
fn every_parameter_is_a_whole_number() {
    // What the fuzzing and the forwarding count on.
    for import in &fixture().imports {
        let whole = |kind: &ValType| matches!(kind, ValType::I32 | ValType::I64);
        assert!(import.parameters.iter().all(whole), "{}", import.name);
    }
}
