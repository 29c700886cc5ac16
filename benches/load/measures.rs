//! One thing at a time, in a service that does nothing else; and beside cells that compute.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use reqwest::Method;
use serde_json::json;

use crate::Amounts;
use crate::processes;
use crate::service::{Service, answer};
use crate::table::{Table, Unit};

/// Rows that the gateway is measured for too.
pub const READY: &str = "a session with pandas loaded";
pub const RESULT: &str = "1+1 over a WebSocket: its result";
pub const END: &str = "1+1 over a WebSocket: its end";
pub const MEMORY: &str = "memory of each of many with pandas";

/// A small table made and grouped.
pub const GROUPBY: &str = "import pandas as pd\n\
    table = pd.DataFrame({'key': ['a', 'b'] * 500, 'value': range(1000)})\n\
    table.groupby('key')['value'].mean()";

/// A cell that computes until it is interrupted.
const ENDLESS: &str = "while True: pass";

/// Forks that are asked for at the same time.
const FORKS_AT_ONCE: usize = 16;

/// Measures what a user does, one after the other.
pub async fn basics(amounts: &Amounts, table: &mut Table) -> Result<()> {
    let service = Service::start(&[]).await?;
    sessions(&service, amounts, table).await?;
    executions(&service, amounts, table).await?;
    sleep(&service, amounts, table).await?;
    forks(&service, amounts, table).await?;
    upload(&service, amounts, table).await?;
    service.stop().await
}

async fn sessions(service: &Service, amounts: &Amounts, table: &mut Table) -> Result<()> {
    let (mut made, mut shots) = (Vec::new(), Vec::new());
    for round in 0..=amounts.starts {
        let started = Instant::now();
        let session = service.session().await?;
        let time = started.elapsed();
        // The first reads what later ones find in memory.
        if round > 0 {
            made.push(time);
        } else {
            service.run(&session, "import pandas").await?;
        }
        service.end(&session).await?;
    }
    table.times(READY, &made, "p50 3 ms");
    for _ in 0..amounts.starts {
        let started = Instant::now();
        let shot = service.post("/execute", json!({"code": "1+1"})).await?;
        shots.push(started.elapsed());
        ensure!(shot["text"] == "2", "{shot:#}");
    }
    table.times("one-shot execution of 1+1", &shots, "");
    Ok(())
}

async fn executions(service: &Service, amounts: &Amounts, table: &mut Table) -> Result<()> {
    let session = service.session().await?;
    service.run(&session, GROUPBY).await?;
    let mut channel = service.channel(&session).await?;
    let (mut results, mut ends, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..amounts.executions + 5 {
        let seen = channel.execute("1+1").await?;
        if round >= 5 {
            results.push(seen.result);
            ends.push(seen.end);
        }
    }
    table.times(RESULT, &results, "p50 1 ms, p99 5 ms");
    table.times(END, &ends, "");
    for _ in 0..amounts.executions / 2 {
        let started = Instant::now();
        service.run(&session, "1+1").await?;
        whole.push(started.elapsed());
    }
    table.times("1+1 over HTTP: the stored result", &whole, "");
    service.end(&session).await
}

async fn sleep(service: &Service, amounts: &Amounts, table: &mut Table) -> Result<()> {
    let session = service.session().await?;
    service.run(&session, GROUPBY).await?;
    let (mut asleep, mut awake) = (Vec::new(), Vec::new());
    for _ in 0..amounts.starts {
        for (deed, times) in [("hibernate", &mut asleep), ("wake", &mut awake)] {
            let started = Instant::now();
            service
                .post(&format!("/sessions/{session}/{deed}"), json!({}))
                .await?;
            times.push(started.elapsed());
        }
    }
    service.run(&session, "table").await?;
    table.times("hibernation", &asleep, "");
    table.times("wake from hibernation", &awake, "p50 15 ms");
    service.end(&session).await
}

async fn forks(service: &Service, amounts: &Amounts, table: &mut Table) -> Result<()> {
    let session = service.session().await?;
    service.run(&session, GROUPBY).await?;
    let fork = || async {
        let started = Instant::now();
        let made = service
            .post(&format!("/sessions/{session}/fork"), json!({}))
            .await?;
        let id = made["id"].as_str().context("a fork has an id")?.to_owned();
        Ok::<_, anyhow::Error>((id, started.elapsed()))
    };
    let mut children = Vec::new();
    let mut alone = Vec::new();
    for _ in 0..amounts.starts / 4 {
        let (child, time) = fork().await?;
        alone.push(time);
        children.push(child);
    }
    table.times("one fork", &alone, "");
    let started = Instant::now();
    let forked: Vec<_> = stream::iter((0..amounts.forks).map(|_| fork()))
        .buffer_unordered(FORKS_AT_ONCE)
        .try_collect()
        .await?;
    let time = started.elapsed();
    let name = format!("{} forks of one session", amounts.forks);
    table.times(name, &[time], "1000 ms");
    children.extend(forked.into_iter().map(|(child, _)| child));
    let last = children.last().context("there are forks")?;
    service.run(last, "table").await?;
    for child in &children {
        service.end(child).await?;
    }
    service.end(&session).await
}

async fn upload(service: &Service, amounts: &Amounts, table: &mut Table) -> Result<()> {
    let project = service.post("/projects", json!({"name": "load"})).await?;
    let project = project["id"].as_str().context("a project has an id")?;
    let bytes = bytes::Bytes::from(vec![7; amounts.upload_bytes]);
    let path = format!("/projects/{project}/files/large.bin");
    let before = processes::peak_mebibytes(service.process())?;
    processes::forget_peak(service.process())?;
    let rest = processes::peak_mebibytes(service.process())?.min(before);
    let started = Instant::now();
    answer(service.request(Method::PUT, &path).body(bytes)).await?;
    let time = started.elapsed();
    let peak = processes::peak_mebibytes(service.process())?;
    let megabytes = amounts.upload_bytes >> 20;
    table.times(format!("upload of {megabytes} MiB"), &[time], "");
    let name = "memory of the service during the upload, more";
    table.number(name, peak - rest, Unit::Mebibytes, "constant");
    Ok(())
}

/// Measures small cells beside twice as many computing ones as there are processors.
pub async fn busy(amounts: &Amounts, table: &mut Table) -> Result<()> {
    let processors = std::thread::available_parallelism()?.get();
    let computing = 2 * processors;
    let settings = [("SESSIONS__CELLS_AT_ONCE", (computing + 2).to_string())];
    let service = Service::start(&settings).await?;
    let sessions = try_join_all((0..computing).map(|_| service.session())).await?;
    let session = service.session().await?;
    let mut channel = service.channel(&session).await?;
    channel.execute("1+1").await?;
    for session in &sessions {
        let path = format!("/sessions/{session}/execute");
        let request = service.request(Method::POST, &path);
        let request = request.header("prefer", "respond-async");
        answer(request.json(&json!({"code": ENDLESS}))).await?;
    }
    all_busy(&service, &sessions).await?;
    let (mut results, mut ends) = (Vec::new(), Vec::new());
    for _ in 0..amounts.executions / 5 {
        let seen = channel.execute("1+1").await?;
        results.push(seen.result);
        ends.push(seen.end);
    }
    let name = format!("{RESULT} beside {computing} computing");
    table.times(name, &results, "p99 25 ms");
    let name = format!("{END} beside {computing} computing");
    table.times(name, &ends, "");
    all_busy(&service, &sessions).await?;
    for session in sessions.iter().chain([&session]) {
        service.end(session).await?;
    }
    service.stop().await
}

/// Makes sure that all of these sessions run a cell.
async fn all_busy(service: &Service, sessions: &[String]) -> Result<()> {
    for session in sessions {
        let started = Instant::now();
        loop {
            let path = format!("/sessions/{session}");
            let shown = answer(service.request(Method::GET, &path)).await?;
            if shown["state"] == "busy" {
                break;
            }
            ensure!(
                started.elapsed() < Duration::from_secs(10),
                "it computes no more: {shown:#}"
            );
        }
    }
    Ok(())
}
