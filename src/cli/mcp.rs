//! `cellblock mcp`: an agent's program starts this and speaks to it over stdin and stdout.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;
use std::process::ExitCode;

use super::Failure;
use super::serve::{Running, alone};
use crate::agent::{Agent, Remote, relay};
use crate::config::Config;
use crate::{descriptors, telemetry};

const EXAMPLES: &str = "\
In the settings of the agent's program (Claude Desktop, Cursor and others):
  {\"mcpServers\": {\"cellblock\": {\"command\": \"cellblock\", \"args\": [\"mcp\"]}}}
and with a service that runs already, whose sessions and notebooks it then has:
  {\"mcpServers\": {\"cellblock\": {\"command\": \"cellblock\", \"args\": [\"mcp\", \"--url\", \"http://127.0.0.1:8888\"],
    \"env\": {\"CELLBLOCK_CLIENT__TOKEN\": \"...\"}}}}";

/// Serve an agent's program (MCP) over stdin and stdout. Without --url this is a service of its own, whose code runs in
/// the sandbox of this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// A configuration file (see `cellblock config show`).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A service that runs already, such as http://127.0.0.1:8888; also CELLBLOCK_CLIENT__URL.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    url: Option<String>,
    /// The token to ask it with. Other users of this machine can see it here, and not in CELLBLOCK_CLIENT__TOKEN.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Without --url: the folder of the database, projects and checkpoints.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut config = Config::load(arguments.config.as_deref()).map_err(Failure::usage)?;
    if let Some(data) = &arguments.data {
        config.data.folder.clone_from(data);
    }
    let _log = telemetry::start(&config).map_err(Failure::Usage)?;
    let url = arguments.url.or_else(|| config.client.url.clone());
    match url.filter(|_| arguments.data.is_none()) {
        Some(url) => {
            let token = arguments.token.or_else(|| config.client.token.clone());
            let token = token.ok_or_else(|| {
                Failure::Usage(anyhow::anyhow!(
                    "{url} asks for a token: set CELLBLOCK_CLIENT__TOKEN, or give --token"
                ))
            })?;
            let remote = Remote::new(&url, token).map_err(Failure::Usage)?;
            let (input, output) = pipes().map_err(Failure::sandbox)?;
            relay(remote, input, output)
                .await
                .map_err(Failure::Sandbox)?;
        }
        None => serve(config).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Is a service for one agent, until it closes its pipe or the process is told to stop.
async fn serve(config: Config) -> Result<(), Failure> {
    // What this process and its workers write is for its user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    descriptors::allow_many();
    let _alone = alone(&config.data.folder)?;
    let running = Running::start(config).await?;
    let service = &running.service;
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let caller = service.tenants.caller(service.tenants.local_token(), here);
    let caller = caller
        .await
        .map_err(|fault| Failure::sandbox(anyhow::anyhow!("{fault}")))?;
    let (input, output) = pipes().map_err(Failure::sandbox)?;
    let agent = Agent::new(service);
    let mut stop = running.stop.clone();
    let conversed = tokio::select! {
        conversed = agent.converse(caller, input, output) => conversed,
        _ = stop.wait_for(|stop| *stop) => Ok(()),
    };
    drop(agent);
    running.end().await;
    conversed.map_err(Failure::Sandbox)
}

/// Returns stdin and stdout to be read and written without anybody waiting.
fn pipes() -> std::io::Result<(tokio::fs::File, tokio::fs::File)> {
    let own = |end: BorrowedFd<'_>| {
        let file = File::from(end.try_clone_to_owned()?);
        Ok::<_, std::io::Error>(tokio::fs::File::from_std(file))
    };
    Ok((
        own(std::io::stdin().as_fd())?,
        own(std::io::stdout().as_fd())?,
    ))
}
