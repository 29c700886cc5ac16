//! `cellblock audit`: checks that the audit log is as it was written.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Failure, say};
use crate::config::Config;
use crate::store::Store;
use crate::tenant::audit;
use crate::text;

/// What to do with the audit log.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Follow every tenant's chain of records and name the first that was altered, moved or removed.
    /// Exit code 1 if there is one. The service may run meanwhile.
    Verify(Arguments),
}

/// Which log.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A configuration file (see `cellblock config show`).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The service's data folder.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Signed heads that were kept elsewhere, in the place of the data folder's audit-heads.json.
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
}

pub(super) async fn run(command: Command) -> Result<ExitCode, Failure> {
    let Command::Verify(arguments) = command;
    let mut config = Config::load(arguments.config.as_deref()).map_err(Failure::usage)?;
    if let Some(data) = arguments.data {
        config.data.folder = data;
    }
    let folder = &config.data.folder;
    if config.data.database.is_none() && !folder.join("cellblock.db").is_file() {
        return Err(Failure::Usage(anyhow::anyhow!(
            "{} holds no cellblock.db; name the service's data folder with --data",
            folder.display()
        )));
    }
    let store = Store::open(config.data.database.as_deref(), folder)
        .await
        .map_err(Failure::Usage)?;
    let report = audit::verify(&store, folder, arguments.heads.as_deref())
        .await
        .map_err(Failure::Usage)?;
    for finding in &report.findings {
        say(&finding.to_string())?;
    }
    if report.findings.is_empty() {
        say(&format!(
            "{} of {}: all as they were written.",
            text::count(report.records, "record"),
            text::count(report.tenants as u64, "tenant")
        ))?;
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::from(1))
    }
}
