//! The load driver: starts the built `cellblock serve` with a data folder of its own and, where it
//! was prepared, a Jupyter Kernel Gateway; measures both with the same clients, prints one table and
//! ends. `benches/compare.sh` prepares the gateway and calls this.
//!
//! Nothing is asserted but that every answer is the right one: the numbers are of this machine.

mod client;
mod gateway;
mod load;
mod measures;
mod processes;
mod service;
mod table;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use table::Table;

/// How much is done of each thing.
#[derive(Debug, Clone, Copy)]
pub struct Amounts {
    /// Sessions that are made one after the other, and whatever else takes as long.
    starts: usize,
    /// Executions in a warm session.
    executions: usize,
    forks: usize,
    upload_bytes: usize,
    /// Sessions that are open at once, how many of them hold data, and who runs cells in them.
    sessions: usize,
    holding: usize,
    clients: usize,
    seconds: u64,
    /// Kernels of the peer that are started one after the other, and that live at once.
    peer_starts: usize,
    peer_kernels: usize,
}

const FULL: Amounts = Amounts {
    starts: 200,
    executions: 1000,
    forks: 200,
    upload_bytes: 50 << 20,
    sessions: 1000,
    holding: 100,
    clients: 100,
    seconds: 20,
    peer_starts: 3,
    peer_kernels: 50,
};

/// What shows in some seconds that this program works.
const QUICK: Amounts = Amounts {
    starts: 10,
    executions: 50,
    forks: 20,
    upload_bytes: 10 << 20,
    sessions: 40,
    holding: 4,
    clients: 8,
    seconds: 2,
    peer_starts: 1,
    peer_kernels: 2,
};

/// What the command line asks for.
struct Arguments {
    amounts: Amounts,
    /// A folder into which pip installed the gateway.
    peer: Option<PathBuf>,
    /// Parts to measure, by a piece of their name; all when there is none.
    only: Option<String>,
}

impl Arguments {
    fn read() -> Result<Self> {
        let mut read = Self {
            amounts: FULL,
            peer: None,
            only: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => read.amounts = QUICK,
                "--peer" => {
                    let folder = arguments.next().context("--peer needs a folder")?;
                    read.peer = Some(folder.into());
                }
                "--only" => read.only = Some(arguments.next().context("--only needs a name")?),
                // What cargo tells every bench.
                "--bench" => {}
                other => bail!(
                    "{other:?} is not known; there are --quick, --peer FOLDER and --only PART"
                ),
            }
        }
        Ok(read)
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::read()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut table = Table::default();
    let measured = runtime.block_on(measure(&arguments, &mut table));
    // What was measured until something failed is shown too.
    table.print()?;
    measured
}

async fn measure(arguments: &Arguments, table: &mut Table) -> Result<()> {
    let wanted = |part: &str| {
        arguments
            .only
            .as_deref()
            .is_none_or(|only| part.contains(only))
    };
    let amounts = &arguments.amounts;
    if wanted("basics") {
        measures::basics(amounts, table).await?;
    }
    if wanted("busy") {
        measures::busy(amounts, table).await?;
    }
    if wanted("fifty") {
        load::fifty(amounts, table).await?;
    }
    if wanted("many") {
        load::many(amounts, table).await?;
    }
    match &arguments.peer {
        Some(peer) if wanted("peer") => gateway::measure(peer, amounts, table).await,
        Some(_) | None => Ok(()),
    }
}
