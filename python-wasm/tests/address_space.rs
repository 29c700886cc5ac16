//! More sessions than the address space holds (M6, F15); a program of its own, for its limit
//! holds for the whole process.

use python_wasm::{
    ImageSpec, MemoryError, Outcome, Policy, Quiet, Runtime, RuntimeOptions, Session, SessionError,
    SessionOptions,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Address space that a session takes, a little more than 4 GiB.
const SESSION: u64 = (4 << 30) + (64 << 20);
/// Sessions there is room for.
const ROOM: u64 = 12;

fn address_space_used() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    pages * 4096
}

#[tokio::test]
async fn a_fork_too_many_is_refused_and_the_others_go_on() {
    let runtime = Runtime::prepare(RuntimeOptions::default(), Quiet::shared())
        .await
        .unwrap();
    let spec = ImageSpec::builtin("base").unwrap();
    let image = runtime.image(&spec, Quiet::shared()).await.unwrap();
    let options = SessionOptions::new(Policy::profile("untrusted").unwrap());
    let mut first = Session::spawn(&image, options).await.unwrap();
    let (execution, _) = first.collect("x = 40").await.unwrap();
    assert_eq!(execution.outcome, Outcome::Ok);

    let current = address_space_used() + ROOM * SESSION;
    let maximum = getrlimit(Resource::As).maximum;
    let limit = Rlimit {
        current: Some(current),
        maximum,
    };
    setrlimit(Resource::As, limit).unwrap();
    let mut forks = Vec::new();
    let refusal = loop {
        match first.fork().await {
            Ok(fork) => forks.push(fork),
            Err(refusal) => break refusal,
        }
        assert!(forks.len() < 2 * ROOM as usize, "nothing was refused");
    };
    assert!(
        matches!(
            &refusal,
            SessionError::Memory(MemoryError::System {
                action: "reserve",
                ..
            })
        ),
        "{refusal:?}"
    );
    assert!(forks.len() > ROOM as usize / 2, "{}", forks.len());
    for session in forks.iter_mut().chain([&mut first]) {
        let (execution, events) = session.collect("x += 2\nassert x == 42").await.unwrap();
        assert_eq!(execution.outcome, Outcome::Ok, "{events:?}");
    }
    // The control: with one less there is room for one more.
    forks.pop();
    first.fork().await.unwrap();
}
