//! `cellblock bench`: the figures of this machine as a table or as JSON.

use std::process::ExitCode;

use python_wasm::{ImageSpec, Runtime, RuntimeOptions};

use super::{Failure, bars, image, say};
use crate::bench::{self, Amount, Figure, Kind};

/// Measures the sandbox on this machine. Nothing else should run meanwhile.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Write JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// The image that sessions start from.
    #[arg(long, value_name = "NAME|TOML", default_value = "data")]
    image: String,
    /// How often each figure is taken; the median is shown.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    runs: u16,
    /// How many sessions live at once.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    sessions: u16,
}

pub(super) async fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let spec: ImageSpec = image::spec(&arguments.image)?;
    let progress = bars::progress(false);
    let runtime = Runtime::prepare(RuntimeOptions::default(), progress.clone())
        .await
        .map_err(Failure::sandbox)?;
    let image = runtime.image(&spec, progress).await?;
    let amount = Amount {
        runs: usize::from(arguments.runs),
        sessions: usize::from(arguments.sessions),
    };
    let figures = bench::measure(&image, amount, &mut |name| note!("measuring {name} ..."))
        .await
        .map_err(Failure::sandbox)?;
    if arguments.json {
        let json = serde_json::json!({"image": image.name(), "figures": figures});
        say(&format!("{json:#}"))?;
    } else {
        table(&figures)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(figures: &[Figure]) -> Result<(), Failure> {
    say(&format!(
        "{:<42} {:>10} {:>10} {:>10}",
        "", "median", "least", "most"
    ))?;
    for figure in figures {
        let unit = match figure.unit {
            Kind::Milliseconds => "ms",
            Kind::Mebibytes => "MiB",
        };
        say(&format!(
            "{:<42} {:>10.2} {:>10.2} {:>10.2} {unit}",
            figure.name, figure.median, figure.minimum, figure.maximum
        ))?;
    }
    Ok(())
}
