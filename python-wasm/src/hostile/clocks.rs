//! Waiting without end (C5), and clocks that are asked for more than they tell (T1).

use std::time::{Duration, Instant};

use super::Hostile;
use crate::wasi::Errno;

const LIST: u64 = 0x1000;
const EVENTS: u64 = 0x2_0000;
const OUT: u64 = 0x8_0000;

/// Writes a subscription of a clock.
fn subscribe(guest: &mut Hostile, index: u32, clock: u32, time: u64, absolute: bool) {
    let mut bytes = [0; 48];
    bytes[0..8].copy_from_slice(&u64::from(index).to_le_bytes());
    bytes[16..20].copy_from_slice(&clock.to_le_bytes());
    bytes[24..32].copy_from_slice(&time.to_le_bytes());
    bytes[40] = absolute.into();
    guest.write(LIST as u32 + index * 48, &bytes);
}

/// The longest that a rest may go on after its end. A machine that is busy with other tests may
/// be late once, so the best of several is held to it.
const LATE: Duration = Duration::from_millis(100);

#[tokio::test]
async fn an_endless_rest_ends_with_the_turn() {
    const TIME: Duration = Duration::from_millis(60);
    let mut least = Duration::MAX;
    for (clock, absolute) in [(1, false), (1, true), (0, false), (0, true), (3, true)] {
        let mut guest = Hostile::start().await;
        for index in 0..1024 {
            subscribe(&mut guest, index, clock, u64::MAX, absolute);
        }
        let started = Instant::now();
        guest.give(TIME);
        let answer = guest.errno("poll_oneoff", &[LIST, EVENTS, 1024, OUT]).await;
        assert_eq!(answer, Ok(()));
        assert!(started.elapsed() >= TIME);
        least = least.min(started.elapsed());
    }
    assert!(least <= TIME + LATE, "{least:?}");
}

#[tokio::test]
async fn an_endless_rest_is_interrupted_and_holds_no_thread() {
    let mut least = Duration::MAX;
    for _ in 0..5 {
        let mut guest = Hostile::start().await;
        subscribe(&mut guest, 0, 1, u64::MAX, false);
        let control = guest.store.data().turn.control();
        // On the one thread of this test's runtime, so it only runs when the guest has left it.
        let interrupted = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(30)).await;
            control.interrupt();
            Instant::now()
        });
        let answer = guest.errno("poll_oneoff", &[LIST, EVENTS, 1, OUT]).await;
        assert_eq!(answer, Ok(()));
        least = least.min(interrupted.await.unwrap().elapsed());
    }
    assert!(least <= LATE, "{least:?}");
}

#[tokio::test]
async fn what_cannot_be_waited_for_is_refused() {
    let mut guest = Hostile::start().await;
    for count in [0, 1025, 1_000_000, u32::MAX] {
        let answer = guest
            .errno("poll_oneoff", &[LIST, EVENTS, count.into(), OUT])
            .await;
        assert_eq!(answer, Err(Errno::INVAL), "{count}");
    }
    for clock in [4, 255, 1 << 31, u32::MAX] {
        subscribe(&mut guest, 0, clock, 0, false);
        let answer = guest.errno("poll_oneoff", &[LIST, EVENTS, 1, OUT]).await;
        assert_eq!(answer, Err(Errno::INVAL), "{clock}");
    }
    for kind in 3..=255 {
        guest.write(LIST as u32 + 8, &[kind]);
        let answer = guest.errno("poll_oneoff", &[LIST, EVENTS, 1, OUT]).await;
        assert_eq!(answer, Err(Errno::INVAL), "{kind}");
    }
    // The control: a clock that is due, one that is not, and a descriptor, whatever its number.
    subscribe(&mut guest, 0, 1, 0, false);
    subscribe(&mut guest, 1, 1, 1 << 60, false);
    subscribe(&mut guest, 2, 0, 0, false);
    guest.write(LIST as u32 + 2 * 48 + 8, &[1]);
    assert_eq!(
        guest.errno("poll_oneoff", &[LIST, EVENTS, 3, OUT]).await,
        Ok(())
    );
    assert_eq!(guest.read_u32(OUT as u32), 2);
    assert_eq!(guest.read_u64(EVENTS as u32), 0);
    assert_eq!(guest.read_u64(EVENTS as u32 + 32), 2);
}

#[tokio::test]
async fn clocks_tell_milliseconds_and_no_more() {
    let mut guest = Hostile::start().await;
    for clock in [4, 5, 1000, 1 << 31, u32::MAX] {
        for (name, arguments) in [
            ("clock_res_get", &[clock.into(), OUT][..]),
            ("clock_time_get", &[clock.into(), 0, OUT]),
        ] {
            assert_eq!(
                guest.errno(name, arguments).await,
                Err(Errno::INVAL),
                "{clock}"
            );
        }
    }
    for clock in 0..4 {
        assert_eq!(guest.errno("clock_res_get", &[clock, OUT]).await, Ok(()));
        assert_eq!(guest.read_u64(OUT as u32), 1_000_000);
        let mut last = 0;
        for precision in [0, 1, u64::MAX] {
            let answer = guest
                .errno("clock_time_get", &[clock, precision, OUT])
                .await;
            assert_eq!(answer, Ok(()));
            let time = guest.read_u64(OUT as u32);
            assert!(time.is_multiple_of(1_000_000) && time >= last, "{time}");
            last = time;
        }
    }
}

#[tokio::test]
async fn no_call_is_free() {
    let mut guest = Hostile::start().await;
    guest.store.set_fuel(1_000_000).unwrap();
    // Fifty calls that are refused, at a thousand each.
    for _ in 0..50 {
        let answer = guest.errno("fd_close", &[u32::MAX.into()]).await;
        assert_eq!(answer, Err(Errno::BADF));
    }
    let left = guest.store.get_fuel().unwrap();
    assert!(left < 950_000, "{left}");
    // Ten thousand of them are more than there is fuel for.
    guest.store.set_fuel(20_000).unwrap();
    for call in 0.. {
        assert!(call < 100, "it never ended");
        let Err(trap) = guest.call("fd_close", &[u32::MAX.into()]).await else {
            continue;
        };
        let trap = trap.downcast_ref::<wasmtime::Trap>();
        assert_eq!(trap, Some(&wasmtime::Trap::OutOfFuel));
        break;
    }
}
