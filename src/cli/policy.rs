//! `cellblock policy`: what a run may use and see.

use std::process::ExitCode;

use python_wasm::Policy;

use super::run::load_policy;
use super::{Failure, say};

/// What can be done with policies.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the built-in profiles, from the narrowest to the widest.
    List,
    /// Show a policy as TOML; the text of a profile is a good start for an own file.
    Show {
        /// untrusted, notebook, workflow, trusted, or a TOML file.
        #[arg(value_name = "NAME|TOML")]
        policy: String,
    },
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::List => {
            for name in Policy::profiles() {
                let text = Policy::profile_text(name).map_err(Failure::usage)?;
                let about = text.lines().next().unwrap_or_default();
                let about = about.trim_start_matches("# ");
                let about = about.strip_prefix(&format!("{name}: ")).unwrap_or(about);
                say(&format!("{name:<10} {about}"))?;
            }
        }
        Command::Show { policy } => match Policy::profile_text(policy) {
            Ok(text) => say(text.trim_end())?,
            Err(_) => say(load_policy(policy)
                .map_err(Failure::Usage)?
                .to_toml()
                .trim_end())?,
        },
    }
    Ok(ExitCode::SUCCESS)
}
