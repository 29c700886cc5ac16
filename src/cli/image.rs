//! `cellblock image`: which images there are, what they hold, and building them.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use python_wasm::{ImageSpec, Runtime, RuntimeOptions};

use super::{Failure, bars, say};
use crate::text;

/// What can be done with images.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the built-in images, and those that were built from recipes.
    List,
    /// Build an image, so that the first run need not wait for it.
    #[command(
        after_help = "Examples:\n  cellblock image build ml\n  cellblock image build examples/reports.toml"
    )]
    Build {
        /// base, data, ml, or a recipe (TOML file).
        #[arg(value_name = "NAME|TOML")]
        image: String,
        /// Show no progress.
        #[arg(long, short)]
        quiet: bool,
    },
    /// Remove what other builds of this program left in the cache; what a running process uses stays.
    Prune,
    /// Show an image's recipe.
    Show {
        /// base, data, ml, or a recipe (TOML file).
        #[arg(value_name = "NAME|TOML")]
        image: String,
    },
}

pub(super) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::List => list()?,
        Command::Build { image, quiet } => {
            let spec = spec(&image)?;
            let progress = bars::progress(quiet);
            let runtime = Runtime::prepare(RuntimeOptions::default(), progress.clone())
                .await
                .map_err(Failure::sandbox)?;
            let built = runtime.image(&spec, progress).await?;
            say(&format!(
                "{}: {} of memory, shared by all its sessions; {}",
                built.name(),
                text::size(built.memory_bytes()),
                built.digest()
            ))?;
        }
        Command::Prune => prune()?,
        Command::Show { image } => show(&spec(&image)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list() -> Result<(), Failure> {
    for name in ImageSpec::builtins() {
        let spec = ImageSpec::builtin(name)?;
        let default = if name == "data" { " (default)" } else { "" };
        say(&format!("{name:<6} {}{default}", spec.description))?;
    }
    for own in RuntimeOptions::default().own_images()? {
        say(&format!(
            "{:<6} Built from a recipe, {}; named by the recipe's file.",
            own.name,
            text::size(own.bytes)
        ))?;
    }
    Ok(())
}

fn prune() -> Result<(), Failure> {
    let pruned = RuntimeOptions::default()
        .prune()
        .map_err(Failure::sandbox)?;
    for stale in &pruned.removed {
        say(&format!(
            "removed {} ({})",
            stale.name,
            text::size(stale.bytes)
        ))?;
    }
    for stale in &pruned.in_use {
        let size = text::size(stale.bytes);
        say(&format!(
            "kept {} ({size}): a running process uses it",
            stale.name
        ))?;
    }
    let bytes = pruned.removed.iter().map(|stale| stale.bytes).sum();
    say(&format!("{} removed", text::size(bytes)))
}

/// Returns the recipe of a built-in image, or the one in a TOML file. Paths of wheels in a file
/// are meant from the file's own folder.
pub(super) fn spec(name: &str) -> Result<ImageSpec, Failure> {
    let path = Path::new(name);
    if ImageSpec::builtins().contains(&name) || (!name.contains(['/', '.']) && !path.exists()) {
        return Ok(ImageSpec::builtin(name)?);
    }
    let text = fs::read_to_string(path)
        .with_context(|| format!("the image recipe {} cannot be read", path.display()))
        .map_err(Failure::Usage)?;
    let mut spec = ImageSpec::from_toml(&text)
        .with_context(|| format!("{}", path.display()))
        .map_err(Failure::Usage)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for wheel in &mut spec.wheels {
        *wheel = folder.join(&*wheel);
    }
    Ok(spec)
}

fn show(spec: &ImageSpec) -> Result<(), Failure> {
    say(&format!("{}: {}", spec.name, spec.description))?;
    if let Some(base) = &spec.extends {
        say(&format!("extends: {base}"))?;
    }
    for wheel in &spec.wheels {
        say(&format!("wheel: {}", wheel.display()))?;
    }
    say(&format!("imports: {}", spec.imports.join(", ")))?;
    for (title, code) in [("set-up", &spec.setup), ("warm-up", &spec.warm)] {
        if !code.trim().is_empty() {
            say(&format!("{title}:"))?;
            for line in code.trim().lines() {
                say(&format!("    {line}"))?;
            }
        }
    }
    Ok(())
}
