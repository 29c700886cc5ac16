//! Prepares the runtime, starts a session and runs the code given as arguments, a cell each.

use python_wasm::{
    Event, ImageSpec, PageStore, Policy, Progress, Runtime, Session, SessionOptions, Unit,
};
use std::time::Instant;

struct Lines;

impl Progress for Lines {
    fn update(&self, step: &str, done: u64, total: Option<u64>, _unit: Unit) {
        eprintln!("{step}: {done}/{}", total.unwrap_or(0));
    }

    fn finish(&self, step: &str) {
        eprintln!("{step}: done");
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut cells = std::env::args().skip(1);
    let image = cells.next().unwrap_or_else(|| "data".into());
    let started = Instant::now();
    let progress = std::sync::Arc::new(Lines);
    let runtime = Runtime::prepare(Default::default(), progress.clone()).await?;
    eprintln!("runtime after {:?}", started.elapsed());
    let image = runtime
        .image(&ImageSpec::builtin(&image)?, progress)
        .await?;
    eprintln!(
        "image of {} MiB after {:?}",
        image.memory_bytes() >> 20,
        started.elapsed()
    );
    let options = SessionOptions {
        store: PageStore::in_memory(),
        ..SessionOptions::new(Policy::profile("notebook")?)
    };
    let started = Instant::now();
    let mut session = Session::spawn(&image, options).await?;
    eprintln!("session after {:?}", started.elapsed());
    for code in cells {
        let started = Instant::now();
        let (execution, events) = session.collect(&code).await?;
        eprintln!("{:?} after {:?}", execution, started.elapsed());
        for event in events {
            match event {
                Event::Stream(stream) => print!("{}", stream.text),
                Event::Error(error) => println!("{}", error.traceback.join("\n")),
                other => println!(
                    "{}",
                    serde_json::to_string(&other)?
                        .chars()
                        .take(300)
                        .collect::<String>()
                ),
            }
        }
    }
    Ok(())
}
