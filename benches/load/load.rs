//! Many sessions at once.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::Amounts;
use crate::measures::MEMORY;
use crate::processes;
use crate::service::Service;
use crate::table::{Table, Unit};

/// Sessions that are made at the same time.
const MADE_AT_ONCE: usize = 8;

/// As many sessions as the peer has kernels at most.
const FIFTY: usize = 50;

/// What a session keeps that holds data: 20 MB of random bytes, which nobody can share.
const HOLD: &str = "import numpy\nheld = numpy.random.default_rng().bytes(20_000_000)\nlen(held)";

/// What clients do all the time: something is changed, and something is seen of it.
const WORK: &str = "count = globals().get('count', 0) + 1\ncount";

/// Measures what fifty sessions hold that have used pandas.
pub async fn fifty(amounts: &Amounts, table: &mut Table) -> Result<()> {
    let service = Service::start(&[]).await?;
    let many = FIFTY.min(amounts.sessions);
    let before = processes::mebibytes(service.process());
    for _ in 0..many {
        let session = service.session().await?;
        service.run(&session, "import pandas").await?;
    }
    let held = processes::mebibytes(service.process()) - before;
    table.number(MEMORY, held / many as f64, Unit::Mebibytes, "");
    service.stop().await
}

/// Opens many sessions, some of which hold much, and lets many clients run cells in them.
pub async fn many(amounts: &Amounts, table: &mut Table) -> Result<()> {
    let service = Service::start(&[]).await?;
    let started = Instant::now();
    let sessions: Vec<String> = stream::iter((0..amounts.sessions).map(|_| service.session()))
        .buffer_unordered(MADE_AT_ONCE)
        .try_collect()
        .await?;
    let rate = amounts.sessions as f64 / started.elapsed().as_secs_f64();
    table.number("sessions made, by 8 clients", rate, Unit::PerSecond, "");
    // Every so many holds data, so that clients meet both kinds.
    let step = amounts.sessions / amounts.holding;
    stream::iter(sessions.iter().step_by(step))
        .map(|session| service.run(session, HOLD))
        .buffer_unordered(MADE_AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
    let end = Instant::now() + Duration::from_secs(amounts.seconds);
    let clients = (0..amounts.clients).map(|client| {
        let own = sessions.iter().skip(client).step_by(amounts.clients);
        work(&service, own.collect(), end)
    });
    let started = Instant::now();
    let (done, memory) = tokio::join!(join_all(clients), highest(&service, end));
    let time = started.elapsed().as_secs_f64();
    let (mut results, mut ends, mut errors) = (Vec::new(), Vec::new(), 0);
    for client in done {
        results.extend(client.results);
        ends.extend(client.ends);
        errors += client.errors;
    }
    let (many, clients) = (amounts.sessions, amounts.clients);
    let name = format!("{many} sessions, {clients} clients: results");
    table.times(name, &results, "");
    table.times("  their ends", &ends, "");
    let rate = ends.len() as f64 / time;
    table.number("  cells", rate, Unit::PerSecond, "");
    table.number("  errors", f64::from(errors), Unit::Count, "none");
    let name = "  memory of all processes, at most";
    table.number(name, memory, Unit::Mebibytes, "bounded");
    service.stop().await?;
    ensure!(errors == 0, "{errors} of the clients' visits failed");
    Ok(())
}

/// What one client saw.
#[derive(Default)]
struct Client {
    results: Vec<Duration>,
    ends: Vec<Duration>,
    errors: u32,
}

/// Goes from one session to the next and runs cells.
async fn work(service: &Service, sessions: Vec<&String>, end: Instant) -> Client {
    let mut client = Client::default();
    for session in sessions.into_iter().cycle() {
        if Instant::now() >= end {
            break;
        }
        if let Err(error) = visit(service, session, &mut client).await {
            client.errors += 1;
            if client.errors == 1 {
                tell(&error);
            }
        }
    }
    client
}

async fn visit(service: &Service, session: &str, client: &mut Client) -> Result<()> {
    let mut channel = service.channel(session).await.context("its channel")?;
    for _ in 0..5 {
        let seen = channel.execute(WORK).await?;
        client.results.push(seen.result);
        client.ends.push(seen.end);
    }
    Ok(())
}

/// Returns the most that the service held until then.
async fn highest(service: &Service, end: Instant) -> f64 {
    let mut most: f64 = 0.0;
    while Instant::now() < end {
        let process = service.process();
        let held = tokio::task::spawn_blocking(move || processes::mebibytes(process));
        most = most.max(held.await.unwrap_or_default());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    most
}

fn tell(error: &anyhow::Error) {
    use std::io::Write as _;
    // What cannot be told is counted all the same.
    let _ = writeln!(std::io::stderr(), "a client met an error: {error:#}");
}
