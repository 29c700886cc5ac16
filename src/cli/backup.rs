//! `cellblock backup`: copies of the data folder, and back.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sandbox_policy::{format_size, parse_duration};

use super::{Failure, bars, say};
use crate::config::Config;
use crate::{backup, descriptors, text};

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Copy the data folder into a new folder in TO, while the service runs or not. Files that did not
    /// change are shared with the backup before.
    #[command(
        after_help = "A backup holds the secrets of projects and the keys they are sealed with: keep it \
    where nobody else reads. With PostgreSQL as the database, `pg_dump` makes the copy of that."
    )]
    Create(Create),
    /// Read a backup (or the newest in a folder) whole and name what is damaged. Exit code 1 if anything is.
    Verify {
        /// A backup, or the folder of several.
        from: PathBuf,
    },
    /// Make a data folder of a backup (or of the newest in a folder).
    Restore {
        /// A backup, or the folder of several.
        from: PathBuf,
        /// The folder to make; it must be empty or not there.
        #[arg(long, value_name = "FOLDER")]
        data: PathBuf,
    },
}

/// Where from and where to.
#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// The folder of the backups; best on another disk.
    to: PathBuf,
    /// A configuration file (see `cellblock config show`).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The service's data folder.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// How many backups stay; the oldest go first.
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    keep: usize,
    /// Go on, and make one again and again after this time, such as "10 min".
    #[arg(long, value_name = "TIME", value_parser = time)]
    every: Option<std::time::Duration>,
}

fn time(text: &str) -> Result<std::time::Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

pub(super) async fn run(command: Command) -> Result<ExitCode, Failure> {
    // What is copied is for this user alone, as it was.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let progress = bars::progress(false);
    match command {
        Command::Create(arguments) => create(arguments).await?,
        Command::Verify { from } => {
            let (backup, wrong) = backup::verify(&from, &*progress).map_err(Failure::Usage)?;
            for line in &wrong {
                say(line)?;
            }
            if !wrong.is_empty() {
                return Ok(ExitCode::from(1));
            }
            say(&format!("{} is as it was made.", backup.display()))?;
        }
        Command::Restore { from, data } => {
            let backup = backup::restore(&from, &data, &*progress).map_err(Failure::Usage)?;
            say(&format!(
                "{} is what {} was made of. Start the service on it with: cellblock serve --data {0}",
                data.display(),
                backup.display()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(arguments: Create) -> Result<(), Failure> {
    let mut config = Config::load(arguments.config.as_deref()).map_err(Failure::usage)?;
    if let Some(data) = arguments.data {
        config.data.folder = data;
    }
    if config.data.database.is_some() {
        return Err(Failure::Usage(anyhow::anyhow!(
            "data.database names a database that is not in the data folder; copy it with its own tools (pg_dump), \
             and the data folder behind it with any program"
        )));
    }
    descriptors::allow_many();
    let once = async || once(&config.data.folder, &arguments.to, arguments.keep).await;
    let Some(every) = arguments.every else {
        return once().await;
    };
    loop {
        // What fails now (a disk that is full) may work the next time.
        if let Err(failure) = once().await {
            note!("error: {failure}");
        }
        tokio::time::sleep(every).await;
    }
}

async fn once(data: &Path, to: &Path, keep: usize) -> Result<(), Failure> {
    let progress = bars::progress(false);
    let made = backup::create(data, to, keep, &*progress)
        .await
        .map_err(Failure::Usage)?;
    say(&format!(
        "{}: {}, {}, of which {} are shared with the backup before",
        made.folder.display(),
        text::count(made.files as u64, "file"),
        format_size(made.bytes),
        format_size(made.shared)
    ))?;
    if made.left_out > 0 {
        note!(
            "left out, for their names are no UTF-8: {}",
            text::count(made.left_out as u64, "path")
        );
    }
    Ok(())
}
