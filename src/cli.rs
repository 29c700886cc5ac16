//! The command line: what there is, and what an exit code means.

/// Writes a line to stderr. That nobody can read it (a closed pipe, a full disk) ends nothing.
macro_rules! note {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($line)*);
    }};
}

mod audit;
mod backup;
mod bars;
mod bench;
mod config;
mod doctor;
mod image;
mod kernel;
mod mcp;
mod openapi;
mod policy;
mod run;
mod serve;
mod stdin;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use python_wasm::{ImageError, SessionError};

use crate::environment::confine;
use crate::worker;

/// Runs Jupyter notebooks whose code nobody has to trust, inside CPython compiled to WebAssembly.
#[derive(Debug, Parser)]
#[command(
    name = "cellblock",
    version,
    after_help = "Exit codes: 0 all cells ran; 1 a cell raised or hit a limit; \
    2 wrong use or unreadable input; 3 the sandbox itself failed; 130 ended by Ctrl-C without waiting for the cell."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve sessions, notebooks and files over HTTP and WebSocket.
    Serve(serve::Arguments),
    /// Hold sessions for `cellblock serve`, which starts this itself.
    #[command(hide = true)]
    Worker(worker::WorkerOptions),
    /// Be a program of an environment, behind the walls that `cellblock serve` names.
    #[command(hide = true)]
    Confined(confine::ConfinedOptions),
    /// Run a notebook or a script and write the notebook with its outputs.
    Run(run::Arguments),
    /// Be a kernel of Jupyter, or tell Jupyter of the kernels that there are.
    Kernel(kernel::Arguments),
    /// Serve an agent's program (MCP) over stdin and stdout.
    Mcp(mcp::Arguments),
    /// List, build or show images: interpreters with packages already loaded.
    #[command(subcommand)]
    Image(image::Command),
    /// List or show policies: what a run may use and see.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Check or show the service's configuration.
    #[command(subcommand)]
    Config(config::Command),
    /// Check that the service's audit log is as it was written.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Copy the service's data folder while it runs, check a copy, or bring it back.
    #[command(subcommand)]
    Backup(backup::Command),
    /// Print the OpenAPI document of the service's API.
    Openapi,
    /// Measure the sandbox on this machine.
    Bench(bench::Arguments),
    /// Check this machine and say what to do.
    Doctor,
}

/// Why a command did not do what was asked, and with which exit code that ends.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Wrong use or unreadable input.
    #[error("{}", told(.0))]
    Usage(anyhow::Error),
    /// The sandbox itself failed.
    #[error("{}", told(.0))]
    Sandbox(anyhow::Error),
}

/// Returns an error with its causes in one line; a cause that the text before it tells already is
/// not told twice.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

impl Failure {
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::Usage(error.into())
    }

    fn sandbox(error: impl Into<anyhow::Error>) -> Self {
        Self::Sandbox(error.into())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Sandbox(_) => 3,
        }
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Unknown { .. }
            | ImageError::Spec { .. }
            | ImageError::Recipe { .. }
            | ImageError::Wheel { .. } => Self::usage(error),
            ImageError::Step { .. } | ImageError::Runtime(_) => Self::sandbox(error),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::ImageNotAllowed { .. }
            | SessionError::Folder(_)
            | SessionError::TooLittleMemory { .. } => Self::usage(error),
            SessionError::Runtime(_)
            | SessionError::Memory(_)
            | SessionError::Store(_)
            | SessionError::OtherImage { .. }
            | SessionError::Stopped { .. }
            | SessionError::Refused { .. }
            | SessionError::Engine(_) => Self::sandbox(error),
        }
    }
}

/// Runs the command that the process was started with, and returns its exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::Worker(options) = &arguments.command {
        // It confines itself before it starts any thread.
        return match worker::run(options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&Failure::sandbox(error)),
        };
    }
    if let Command::Confined(options) = &arguments.command {
        return match confine::run(options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&Failure::sandbox(error)),
        };
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::sandbox(error)),
    };
    let result = runtime.block_on(async {
        match arguments.command {
            Command::Serve(arguments) => serve::run(arguments).await,
            Command::Worker(_) | Command::Confined(_) => unreachable!("it was started above"),
            Command::Run(arguments) => run::run(arguments).await,
            Command::Kernel(arguments) => kernel::run(arguments).await,
            Command::Mcp(arguments) => mcp::run(arguments).await,
            Command::Image(command) => image::run(command).await,
            Command::Policy(command) => policy::run(&command),
            Command::Config(command) => config::run(&command),
            Command::Audit(command) => audit::run(command).await,
            Command::Backup(command) => backup::run(command).await,
            Command::Openapi => openapi::run(),
            Command::Bench(arguments) => bench::run(&arguments).await,
            Command::Doctor => doctor::run().await,
        }
    });
    // A thread may still wait for a line of text that nobody needs any more.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(failure) => fail(&failure),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    note!("error: {failure}");
    ExitCode::from(failure.code())
}

/// Writes a line to stdout. A reader that has gone away (`| head`) is no error of ours.
fn say(line: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Sandbox(anyhow::anyhow!(
                "stdout cannot be written: {error}; what was to be shown is not complete"
            )))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
