//! What a session costs, by criterion: `cargo bench --workspace --profile dev --bench session`.
//!
//! The dev profile is meant: it optimises all that is measured here (see Cargo.toml), and nothing
//! has to be compiled a second time.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use python_wasm::{
    Cell, Checkpoint, Image, ImageSpec, Outcome, Policy, Quiet, Runtime, Session, SessionOptions,
};
use tokio::sync::mpsc;

/// A small table made and grouped: what a first cell with pandas does.
const GROUPBY: &str = "import pandas as pd\n\
    table = pd.DataFrame({'key': ['a', 'b'] * 500, 'value': range(1000)})\n\
    table.groupby('key')['value'].mean()";
const SMALL: &str = "x = [1] * 100";
/// Sessions that live at once.
const LIVE: usize = 300;

async fn image() -> Image {
    let runtime = Runtime::prepare(Default::default(), Quiet::shared())
        .await
        .expect("the interpreter can be prepared");
    let spec = ImageSpec::builtin("data").expect("a built-in image");
    let image = runtime.image(&spec, Quiet::shared()).await;
    image.expect("the image can be built")
}

async fn spawn(image: &Image) -> Session {
    let policy = Policy::profile("notebook").expect("the profile is compiled in");
    let session = Session::spawn(image, SessionOptions::new(policy)).await;
    session.expect("a session starts")
}

async fn run(session: &mut Session, code: &str) {
    let (execution, _) = session.collect(code).await.expect("the sandbox works");
    assert_eq!(execution.outcome, Outcome::Ok, "{code}");
}

async fn spawn_and_run(image: &Image, code: &str) -> Session {
    let mut session = spawn(image).await;
    run(&mut session, code).await;
    session
}

async fn checkpoint(session: &mut Session) -> Checkpoint {
    session.checkpoint().await.expect("memory holds it")
}

/// Returns the time from an interrupt to the end of an endless loop.
async fn interrupt(session: &mut Session) -> Duration {
    let interrupter = session.interrupter();
    let (events, mut seen) = mpsc::channel(64);
    let reader = tokio::spawn(async move { while seen.recv().await.is_some() {} });
    let pressed = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let now = Instant::now();
        interrupter.interrupt();
        now
    });
    let cell = Cell::new("while True: pass");
    let execution = session.run_cell(&cell, &events).await;
    let ended = Instant::now();
    reader.abort();
    assert_eq!(
        execution.expect("the sandbox works").outcome,
        Outcome::Interrupted
    );
    ended - pressed.await.expect("the interrupt was sent")
}

fn sessions(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Runtime::new().expect("a runtime starts");
    let image = tokio.block_on(image());
    let mut group = criterion.benchmark_group("session");
    group
        .sample_size(40)
        .measurement_time(Duration::from_secs(4));

    group.bench_function("spawn", |bench| {
        bench.iter_with_large_drop(|| tokio.block_on(spawn(&image)));
    });
    for (name, code) in [
        ("spawn to the answer of 1+1", "1+1"),
        ("spawn to the first groupby", GROUPBY),
    ] {
        group.bench_function(name, |bench| {
            bench.iter_with_large_drop(|| tokio.block_on(spawn_and_run(&image, code)));
        });
    }
    let mut session = tokio.block_on(spawn_and_run(&image, GROUPBY));
    group.bench_function("1+1 in a live session", |bench| {
        bench.iter(|| tokio.block_on(run(&mut session, "1+1")));
    });
    let before = tokio.block_on(checkpoint(&mut session));
    // A cell takes its checkpoint by itself, behind the next one; this is the wait for it.
    group.bench_function("a small cell's checkpoint", |bench| {
        bench.iter_custom(|rounds| {
            tokio.block_on(async {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    run(&mut session, SMALL).await;
                    let started = Instant::now();
                    checkpoint(&mut session).await;
                    spent += started.elapsed();
                }
                spent
            })
        });
    });
    group.bench_function("rollback of a small cell", |bench| {
        bench.iter_custom(|rounds| {
            tokio.block_on(async {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    run(&mut session, SMALL).await;
                    checkpoint(&mut session).await;
                    let started = Instant::now();
                    session.restore(&before).await.expect("the way back");
                    spent += started.elapsed();
                }
                spent
            })
        });
    });
    group.bench_function("fork", |bench| {
        bench.iter_with_large_drop(|| tokio.block_on(session.fork()).expect("a fork"));
    });
    group.bench_function("interrupt to the end of the cell", |bench| {
        bench.iter_custom(|rounds| {
            tokio.block_on(async {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    spent += interrupt(&mut session).await;
                }
                spent
            })
        });
    });

    let live: Vec<Session> = (0..LIVE)
        .map(|_| tokio.block_on(spawn_and_run(&image, GROUPBY)))
        .collect();
    group.bench_function(
        format!("spawn to 1+1 beside {LIVE} live sessions"),
        |bench| {
            bench.iter_with_large_drop(|| tokio.block_on(spawn_and_run(&image, "1+1")));
        },
    );
    drop(live);
    group.finish();
}

criterion_group!(benches, sessions);
criterion_main!(benches);
