//! `cellblock config`: checks and shows the configuration of the service.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Failure, say};
use crate::config::Config;

/// What to do with a configuration.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Say whether the configuration is right, and if not, where.
    Check {
        /// The configuration file; without it, the environment alone.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// The same, as `cellblock serve` takes it.
        #[arg(long, value_name = "FILE", conflicts_with = "file")]
        config: Option<PathBuf>,
    },
    /// Show the configuration as the service would have it, with the environment applied and
    /// secrets hidden.
    Show {
        /// The configuration file; without it, the defaults and the environment.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Check { file, config } => {
            let file = file.as_ref().or(config.as_ref());
            load(file.map(PathBuf::as_path))?;
            match file {
                Some(file) => say(&format!("{} is right.", file.display()))?,
                None => say("The configuration is right.")?,
            }
        }
        Command::Show { config } => say(load(config.as_deref())?
            .without_secrets()
            .to_toml()
            .trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn load(file: Option<&Path>) -> Result<Config, Failure> {
    Config::load(file).map_err(Failure::usage)
}
