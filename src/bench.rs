//! Measures the sandbox on this machine: how long things take and how much memory a session costs.

use std::time::{Duration, Instant};

use python_wasm::{Cell, Image, Outcome, Policy, Session, SessionError, SessionOptions};
use serde::Serialize;
use tokio::sync::mpsc;

/// A small table made and grouped: what a first cell with pandas does.
const GROUPBY: &str = "import pandas as pd\n\
    table = pd.DataFrame({'key': ['a', 'b'] * 500, 'value': range(1000)})\n\
    table.groupby('key')['value'].mean()";

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Milliseconds.
    Milliseconds,
    /// Mebibytes.
    Mebibytes,
}

/// A measured figure.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// The median.
    pub(crate) median: f64,
    /// The smallest.
    pub(crate) minimum: f64,
    /// The largest.
    pub(crate) maximum: f64,
    /// What the numbers count.
    pub(crate) unit: Kind,
    /// How often it was measured.
    pub(crate) runs: usize,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    /// How often each figure is taken.
    pub(crate) runs: usize,
    /// How many sessions live at once in the last figure.
    pub(crate) sessions: usize,
}

/// Why a figure cannot be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// The sandbox failed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A cell of the measurement did not end as it should.
    #[error("the cell {code:?} ended with {outcome:?}")]
    Cell {
        /// Its source.
        code: &'static str,
        /// How it ended.
        outcome: Outcome,
    },
}

/// Takes all figures. `begins` is told the name of each before it is taken.
pub(crate) async fn measure(
    image: &Image,
    amount: Amount,
    begins: &mut dyn FnMut(&str),
) -> Result<Vec<Figure>, BenchError> {
    let mut figures = Vec::new();
    let mut record = |name: &str, samples: Vec<f64>, unit: Kind| {
        figures.push(figure(name, samples, unit));
    };
    // The first session pays for what later ones share.
    run(&mut spawn(image).await?, GROUPBY).await?;

    for (name, code) in [
        ("spawn", None),
        ("spawn to the answer of 1+1", Some("1+1")),
        ("spawn to the first groupby", Some(GROUPBY)),
    ] {
        begins(name);
        let mut samples = Vec::new();
        for _ in 0..amount.runs {
            let started = Instant::now();
            let mut session = spawn(image).await?;
            if let Some(code) = code {
                run(&mut session, code).await?;
            }
            samples.push(milliseconds(started));
        }
        record(name, samples, Kind::Milliseconds);
    }

    begins("1+1 in a live session");
    let mut session = spawn(image).await?;
    run(&mut session, GROUPBY).await?;
    let mut samples = Vec::new();
    for _ in 0..amount.runs {
        let started = Instant::now();
        run(&mut session, "1+1").await?;
        samples.push(milliseconds(started));
    }
    record("1+1 in a live session", samples, Kind::Milliseconds);

    history(&mut session, amount, begins, &mut record).await?;

    begins("interrupt");
    let mut samples = Vec::new();
    for _ in 0..amount.runs.min(10) {
        samples.push(interrupt(&mut session).await?);
    }
    record(
        "interrupt to the end of the cell",
        samples,
        Kind::Milliseconds,
    );

    begins("live sessions");
    let started = Instant::now();
    let mut sessions = Vec::new();
    for _ in 0..amount.sessions {
        let mut session = spawn(image).await?;
        run(&mut session, GROUPBY).await?;
        sessions.push(session);
    }
    let name = format!("{} live sessions, each with a groupby", amount.sessions);
    record(&name, vec![milliseconds(started)], Kind::Milliseconds);
    let private = sessions
        .iter()
        .map(|session| session.private_bytes() as f64 / f64::from(1 << 20));
    record("private memory of each", private.collect(), Kind::Mebibytes);
    Ok(figures)
}

/// Measures checkpoints, the way back, and forks.
async fn history(
    session: &mut Session,
    amount: Amount,
    begins: &mut dyn FnMut(&str),
    record: &mut dyn FnMut(&str, Vec<f64>, Kind),
) -> Result<(), BenchError> {
    begins("checkpoint and rollback");
    let (mut checkpoints, mut rollbacks) = (Vec::new(), Vec::new());
    let before = session.checkpoint().await?;
    for _ in 0..amount.runs {
        // The cell takes its own checkpoint, so what is timed here is the waiting for it.
        run(session, "x = [1] * 100").await?;
        let started = Instant::now();
        session.checkpoint().await?;
        checkpoints.push(milliseconds(started));
        let started = Instant::now();
        session.restore(&before).await?;
        rollbacks.push(milliseconds(started));
    }
    record("a small cell's checkpoint", checkpoints, Kind::Milliseconds);
    record("rollback of a small cell", rollbacks, Kind::Milliseconds);

    begins("fork");
    let mut samples = Vec::new();
    for _ in 0..amount.runs {
        let started = Instant::now();
        let fork = session.fork().await?;
        samples.push(milliseconds(started));
        drop(fork);
    }
    record("fork", samples, Kind::Milliseconds);
    Ok(())
}

async fn spawn(image: &Image) -> Result<Session, SessionError> {
    let policy = Policy::profile("notebook").expect("the profile is compiled in");
    Session::spawn(image, SessionOptions::new(policy)).await
}

async fn run(session: &mut Session, code: &'static str) -> Result<(), BenchError> {
    match session.collect(code).await?.0.outcome {
        Outcome::Ok => Ok(()),
        outcome => Err(BenchError::Cell { code, outcome }),
    }
}

/// Returns the milliseconds from an interrupt to the end of an endless loop.
async fn interrupt(session: &mut Session) -> Result<f64, BenchError> {
    const LOOP: &str = "while True: pass";
    let interrupter = session.interrupter();
    let (events, mut seen) = mpsc::channel(64);
    let drain = tokio::spawn(async move { while seen.recv().await.is_some() {} });
    let pressed = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = Instant::now();
        interrupter.interrupt();
        now
    });
    let execution = session.run_cell(&Cell::new(LOOP), &events).await?;
    let ended = Instant::now();
    drain.abort();
    match execution.outcome {
        Outcome::Interrupted => {
            let pressed = pressed.await.unwrap_or(ended);
            Ok((ended - pressed).as_secs_f64() * 1000.0)
        }
        outcome => Err(BenchError::Cell {
            code: LOOP,
            outcome,
        }),
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn figure(name: &str, mut samples: Vec<f64>, unit: Kind) -> Figure {
    samples.sort_by(f64::total_cmp);
    let middle = samples.len() / 2;
    let median = match samples.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => samples[middle],
        _ => (samples[middle - 1] + samples[middle]) / 2.0,
    };
    Figure {
        name: name.into(),
        median,
        minimum: samples.first().copied().unwrap_or(f64::NAN),
        maximum: samples.last().copied().unwrap_or(f64::NAN),
        unit,
        runs: samples.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let of = |samples: &[f64]| figure("", samples.to_vec(), Kind::Milliseconds).median;
        assert!((of(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((of(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }
}
