//! `cellblock kernel`: a kernel that Jupyter's clients start, and telling Jupyter where it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use jupyter_protocol::connection_info::ConnectionInfo;
use python_wasm::{Home, ImageSpec, Runtime, RuntimeOptions, Session, SessionOptions};
use serde_json::json;

use super::{Failure, bars, image, run, say};
use crate::{config, disk, jupyter, telemetry};

const EXAMPLES: &str = "\
Examples:
  cellblock kernel install                     kernels of all built-in images, for this user
  cellblock kernel install --image ml --in-place --prefix .venv
  jupyter console --kernel cellblock-data
  cellblock kernel -f connection.json          what Jupyter's clients call

The code runs in the sandbox: it has no network, and of this machine's files none but those that --in-place
or --mount grants.";

/// Be a kernel of Jupyter, or tell Jupyter of the kernels that there are.
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The file in which the client says at which ports it will be, and with which key messages are signed.
    #[arg(short = 'f', long, value_name = "FILE", required = true)]
    connection_file: Option<PathBuf>,
    /// The image to start from: base, data, ml, or a recipe (TOML file).
    #[arg(long, value_name = "NAME|TOML", default_value = "data")]
    image: String,
    #[command(flatten)]
    grants: Grants,
    /// What clients set of an IPython kernel, as `--HistoryManager.hist_file=:memory:`. There is no such setting here, and
    /// nothing comes of it.
    #[arg(value_name = "--CLASS.SETTING=VALUE", value_parser = setting, allow_hyphen_values = true, trailing_var_arg = true, hide = true)]
    settings: Vec<String>,
}

/// Takes a setting of a program that is configured as Jupyter's own are.
fn setting(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("--").unwrap_or_default();
    let name = name.split('=').next().unwrap_or_default();
    let class = name.split_once('.').map_or("", |(class, _)| class);
    if class.starts_with(|letter: char| letter.is_ascii_uppercase()) {
        return Ok(text.to_owned());
    }
    Err("this option is not known; see --help".into())
}

/// What the code of a kernel may do and see.
#[derive(Debug, clap::Args)]
struct Grants {
    /// The policy to run under: untrusted, notebook, workflow, trusted, or a TOML file.
    #[arg(long, value_name = "NAME|TOML", default_value = "notebook")]
    policy: String,
    /// Let the code see a folder of this machine, read-only or (`:rw`) writable. May be repeated.
    #[arg(long, value_name = "HOST:GUEST[:rw]")]
    mount: Vec<String>,
    /// Run in the folder in which the client starts the kernel, which is the notebook's: the code may read and change everything
    /// in it. Without this it has an empty folder of its own.
    #[arg(long)]
    in_place: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write the kernelspecs, by which Jupyter's clients find the kernels.
    Install(Install),
}

#[derive(Debug, clap::Args)]
struct Install {
    /// An image: base, data, ml, or a recipe (TOML file). May be repeated; without it, all that are built in.
    #[arg(long, value_name = "NAME|TOML")]
    image: Vec<String>,
    /// Install below this folder, such as a virtual environment, instead of for the user.
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    #[command(flatten)]
    grants: Grants,
    /// Show no progress.
    #[arg(long, short)]
    quiet: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    match arguments.command {
        Some(Command::Install(install)) => set_up(install).await,
        None => serve(&arguments).await,
    }
}

/// Is a kernel until a client ends it.
async fn serve(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let path = arguments
        .connection_file
        .as_deref()
        .unwrap_or(Path::new(""));
    let info = connection(path).map_err(Failure::Usage)?;
    let policy = run::policy(&arguments.grants.policy, &arguments.grants.mount, None)?;
    let spec = image::spec(&arguments.image)?;
    // What a client shows of its kernel is what stands here.
    let progress = bars::progress(false);
    let runtime = Runtime::prepare(RuntimeOptions::default(), progress.clone())
        .await
        .map_err(Failure::sandbox)?;
    let image = runtime.image(&spec, progress).await?;
    let home = match arguments.grants.in_place {
        true => Home::Folder(PathBuf::from(".").canonicalize().map_err(Failure::usage)?),
        false => Home::Temporary,
    };
    let options = SessionOptions {
        home,
        ..SessionOptions::new(policy)
    };
    // A client that has another key would else wait without a word.
    telemetry::warn();
    let session = Session::spawn(&image, options).await?;
    jupyter::serve(&info, session, ended())
        .await
        .map_err(Failure::usage)?;
    Ok(ExitCode::SUCCESS)
}

fn connection(path: &Path) -> anyhow::Result<ConnectionInfo> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("the connection file {} cannot be read", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is no connection file of Jupyter's", path.display()))
}

/// Comes when the process is to end. Ctrl-C in a terminal reaches the kernel too; clients say on the
/// control channel what they mean by it.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    if let Ok(mut interrupts) = signal(SignalKind::interrupt()) {
        tokio::spawn(async move { while interrupts.recv().await.is_some() {} });
    }
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => drop(signals.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// Prepares the images and writes their kernelspecs.
async fn set_up(install: Install) -> Result<ExitCode, Failure> {
    // What Jupyter would otherwise find out when a kernel is started.
    run::policy(&install.grants.policy, &install.grants.mount, None)?;
    let program = std::env::current_exe()
        .context("the program's own file is not known")
        .map_err(Failure::Sandbox)?;
    let names: Vec<String> = match install.image.is_empty() {
        true => ImageSpec::builtins()
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        false => install.image.clone(),
    };
    let folder = match &install.prefix {
        Some(prefix) => prefix.join("share/jupyter"),
        None => config::jupyter_folder(),
    }
    .join("kernels");
    let progress = bars::progress(install.quiet);
    let runtime = Runtime::prepare(RuntimeOptions::default(), progress.clone())
        .await
        .map_err(Failure::sandbox)?;
    for name in names {
        let spec = image::spec(&name)?;
        runtime.image(&spec, progress.clone()).await?;
        let kernel = format!("cellblock-{}", spec.name.to_lowercase());
        let mut argv = vec![program.display().to_string(), "kernel".into()];
        argv.extend(["--image".into(), absolute(&name)?]);
        argv.extend(["--policy".into(), absolute(&install.grants.policy)?]);
        for mount in &install.grants.mount {
            argv.extend(["--mount".into(), mount.clone()]);
        }
        argv.extend(install.grants.in_place.then(|| "--in-place".into()));
        argv.extend(["-f".into(), "{connection_file}".into()]);
        let place = folder.join(&kernel);
        let text = serde_json::to_string_pretty(&json!(jupyter::spec(&spec.name, &argv)))
            .map_err(Failure::sandbox)?;
        fs::create_dir_all(&place)
            .and_then(|()| {
                let logo = place.join(jupyter::LOGO_FILE);
                disk::write_whole(&logo, jupyter::LOGO.as_bytes())
            })
            .and_then(|()| disk::write_whole(&place.join("kernel.json"), text.as_bytes()))
            .with_context(|| format!("the kernelspec cannot be written to {}", place.display()))
            .map_err(Failure::Usage)?;
        say(&format!("{kernel}: {}", place.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns a name as it is, and a file so that it is found from everywhere.
fn absolute(name: &str) -> Result<String, Failure> {
    let path = Path::new(name);
    if !path.exists() {
        return Ok(name.to_owned());
    }
    let path = path.canonicalize().map_err(Failure::usage)?;
    Ok(path.display().to_string())
}
