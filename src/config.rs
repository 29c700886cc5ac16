//! The service's configuration: one TOML file, then environment variables (`CELLBLOCK_` and the
//! key's path with two underscores between its parts: `CELLBLOCK_SERVER__ADDRESS`), then options
//! of the command. Unknown keys are refused. Nothing else reads the environment.

mod agents;
mod checks;
mod jupyter;
mod retention;
mod values;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use agents::{Agents, Client};
pub(crate) use jupyter::{Confinement, Jupyter};
pub(crate) use retention::Retention;
use serde::{Deserialize, Serialize};
pub(crate) use values::{Network, Size, Span};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("the configuration {path} cannot be read")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{origin}: {message}")]
    Invalid { origin: String, message: String },
}

/// Everything that can be configured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) data: Data,
    pub(crate) access: Access,
    pub(crate) workers: Workers,
    pub(crate) sessions: Sessions,
    pub(crate) files: Files,
    pub(crate) quotas: Quotas,
    pub(crate) retention: Retention,
    pub(crate) log: Log,
    pub(crate) traces: Traces,
    pub(crate) agents: Agents,
    pub(crate) jupyter: Jupyter,
    pub(crate) client: Client,
}

/// Where and how requests are taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    /// Address and port; port 0 takes a free one.
    pub(crate) address: SocketAddr,
    /// Origins besides the service's own whose pages may call it, such as "https://example.org".
    pub(crate) allowed_origins: Vec<String>,
    /// Names besides this machine's own under which the local user's service may be called, such as
    /// "cells.example.org".
    pub(crate) hosts: Vec<String>,
    /// Connections at once, and no more than half of what the process may open. Above it those go
    /// first that have asked for nothing the longest.
    pub(crate) connections: usize,
    /// The largest JSON body.
    pub(crate) body: Size,
    /// Requests a second that one caller may send on average, and at once.
    pub(crate) requests_per_second: u32,
    pub(crate) request_burst: u32,
    /// Proxies before the service. What they say of their clients is believed, and nobody else.
    pub(crate) trusted_proxies: Vec<Network>,
    /// Where they say it: `x-forwarded-for` (and `X-Forwarded-Proto`) or `forwarded` (RFC 7239).
    pub(crate) proxy_header: ProxyHeader,
    /// How long running cells may go on when the service stops.
    pub(crate) shutdown_grace: Span,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8888)),
            allowed_origins: Vec::new(),
            hosts: Vec::new(),
            connections: 10_000,
            body: Size(8 << 20),
            requests_per_second: 200,
            request_burst: 1000,
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
            shutdown_grace: Span(Duration::from_secs(10)),
        }
    }
}

impl Server {
    /// Tells whether an address is a trusted proxy's.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies
            .iter()
            .any(|network| network.0.contains(&address))
    }
}

/// The header in which a proxy tells of its client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProxyHeader {
    #[default]
    XForwardedFor,
    Forwarded,
}

/// Where things are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Data {
    /// The folder of the database, projects, checkpoints and journals; by default `cellblock` in
    /// the user's data folder.
    pub(crate) folder: PathBuf,
    /// A PostgreSQL or SQLite URL; by default `cellblock.db` in the folder.
    pub(crate) database: Option<String>,
}

/// Who may come in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Access {
    /// `local`: one user, with a token in the printed URL. `tenants`: users and API keys.
    pub(crate) mode: AccessMode,
    /// The local user's token; by default a new one is made and kept in the data folder.
    pub(crate) token: Option<String>,
    /// API keys that were not seen for a while and are sent from one address a minute. Each is
    /// checked at the cost of some 20 ms of a processor.
    pub(crate) sign_ins_per_minute: u32,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            mode: AccessMode::Local,
            token: None,
            sign_ins_per_minute: 60,
        }
    }
}

/// How callers are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccessMode {
    #[default]
    Local,
    Tenants,
}

/// The processes that hold the interpreters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Workers {
    /// Worker processes that tenants share.
    pub(crate) shared: usize,
    /// Tenants (by id) that get worker processes of their own, and how many.
    pub(crate) own: BTreeMap<String, usize>,
    /// Memory that one worker process may hold for its sessions; "0 B" for its share of three quarters of the machine's.
    pub(crate) memory: Size,
    /// Images that a worker opens when it starts.
    pub(crate) images: Vec<String>,
}

impl Default for Workers {
    fn default() -> Self {
        Self {
            shared: 2,
            own: BTreeMap::new(),
            memory: Size(0),
            images: vec!["data".into()],
        }
    }
}

/// The most forks that `sessions.forks` may allow, as the API's document says.
pub(crate) const MOST_FORKS: u32 = 200;

/// Sessions and the cells that run in them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sessions {
    /// Cells that run at once in all workers; 0 means as many as there are processors.
    pub(crate) cells_at_once: usize,
    /// Executions that may wait in one session, and cells of a notebook's runs that wait for earlier ones.
    pub(crate) queue: usize,
    /// Sessions that may exist at once, awake or not.
    pub(crate) most: usize,
    /// Memory of all sessions that are awake; above it the least recently used are put to sleep.
    pub(crate) memory: Size,
    /// The policy that bounds every session.
    pub(crate) policy: String,
    /// The image of sessions that name none.
    pub(crate) image: String,
    /// Forks of a session that one request may make, at most 200.
    pub(crate) forks: u32,
    /// Bytes of events that are kept for each session.
    pub(crate) journal: Size,
    /// Checkpoints that are kept for each session; beyond it the oldest go that have no label.
    pub(crate) checkpoints: usize,
    /// What becomes of code that looks like an attack: `ignore`, `report` (an event says what was seen) or `refuse`.
    pub(crate) suspicious_code: SuspiciousCode,
}

/// What becomes of code that looks like an attack. The sandbox stops attacks anyway.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SuspiciousCode {
    Ignore,
    #[default]
    Report,
    Refuse,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            cells_at_once: 0,
            queue: 1000,
            most: 2000,
            memory: Size(4 << 30),
            policy: "notebook".into(),
            image: "data".into(),
            forks: MOST_FORKS,
            journal: Size(64 << 20),
            checkpoints: 100,
            suspicious_code: SuspiciousCode::default(),
        }
    }
}

/// Projects and uploads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Files {
    /// The largest single file.
    pub(crate) largest: Size,
    /// The largest notebook, without what is kept in files beside it.
    pub(crate) largest_notebook: Size,
    /// File endings that are not taken, such as "exe".
    pub(crate) refused_types: Vec<String>,
    /// How long an unfinished upload is kept.
    pub(crate) upload_lifetime: Span,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            largest: Size(2 << 30),
            largest_notebook: Size(64 << 20),
            refused_types: ["exe", "dll", "so", "cwasm", "wasm"]
                .map(String::from)
                .to_vec(),
            upload_lifetime: Span(Duration::from_secs(24 * 3600)),
        }
    }
}

/// What a tenant may use when nothing else is set for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Quotas {
    pub(crate) sessions: u64,
    pub(crate) cells_at_once: u64,
    pub(crate) memory: Size,
    pub(crate) disk: Size,
    pub(crate) fuel_per_day: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            sessions: 1000,
            cells_at_once: 64,
            memory: Size(16 << 30),
            disk: Size(20 << 30),
            fuel_per_day: 1_000_000_000_000_000,
        }
    }
}

/// Traces of requests and executions.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Traces {
    /// The collector that they are sent to (OTLP over HTTP), such as "http://127.0.0.1:4318/v1/traces"; by
    /// default there is none.
    pub(crate) endpoint: Option<String>,
    /// The share of traces that are sent, from 0 to 1. Callers who send a `traceparent` decide for theirs.
    pub(crate) share: f64,
}

impl Default for Traces {
    fn default() -> Self {
        Self {
            endpoint: None,
            share: 1.0,
        }
    }
}

/// What is written to stderr.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `cellblock=debug,info`.
    pub(crate) level: String,
}

/// The form of a line of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    #[default]
    Human,
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Human,
            level: "cellblock=info,rmcp=off,warn".into(),
        }
    }
}

impl Config {
    /// Reads the file, then what the environment sets.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let text = match file {
            Some(path) => {
                std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
                    path: path.to_owned(),
                    source,
                })?
            }
            None => String::new(),
        };
        let origin = file.map_or("the environment".into(), |path| path.display().to_string());
        let mut config = Self::merged(&origin, &text, variables)?;
        if config.data.folder.as_os_str().is_empty() {
            config.data.folder = default_folder();
        }
        Ok(config)
    }

    fn merged(
        origin: &str,
        text: &str,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let invalid = |message: String| ConfigError::Invalid {
            origin: origin.to_owned(),
            message,
        };
        let mut table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| invalid(error.to_string()))?;
        for (name, value) in variables {
            let Some(path) = name.strip_prefix("CELLBLOCK_") else {
                continue;
            };
            if OF_CLIENTS.contains(&path) {
                continue;
            }
            let parts: Vec<String> = path.split("__").map(str::to_lowercase).collect();
            set(&mut table, &parts, &value).map_err(|message| ConfigError::Invalid {
                origin: format!("the environment variable {name}"),
                message,
            })?;
        }
        let config: Self = table
            .try_into()
            .map_err(|error: toml::de::Error| invalid(error.to_string()))?;
        config.check().map_err(invalid)?;
        Ok(config)
    }

    /// Returns the configuration as the text of a file.
    pub(crate) fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a configuration is a table")
    }
}

/// Variables by which programs that use a service are told of it: none of its settings.
const OF_CLIENTS: [&str; 2] = ["URL", "TOKEN"];

/// Sets a key by its path. The value is TOML if it reads as such, and a text otherwise.
fn set(table: &mut toml::Table, path: &[String], value: &str) -> Result<(), String> {
    let [section, key] = path else {
        return Err("it must name a section and a key, as CELLBLOCK_SERVER__ADDRESS does".into());
    };
    let section = table
        .entry(section.clone())
        .or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let section = section.as_table_mut().ok_or("its section is no table")?;
    let parsed = format!("value = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    section.insert(key.clone(), parsed);
    Ok(())
}

/// Returns `cellblock` in the user's folder for data.
fn default_folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    match (set("XDG_DATA_HOME"), set("HOME")) {
        (Some(data), _) => PathBuf::from(data).join("cellblock"),
        (None, Some(home)) => PathBuf::from(home).join(".local/share/cellblock"),
        (None, None) => PathBuf::from("cellblock-data"),
    }
}

/// Returns the folder in which Jupyter's programs look for what a user has installed.
pub(crate) fn jupyter_folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    match (set("JUPYTER_DATA_DIR"), set("XDG_DATA_HOME"), set("HOME")) {
        (Some(folder), ..) => PathBuf::from(folder),
        (None, Some(data), _) => PathBuf::from(data).join("jupyter"),
        (None, None, Some(home)) => PathBuf::from(home).join(".local/share/jupyter"),
        (None, None, None) => PathBuf::from("jupyter"),
    }
}

#[cfg(test)]
mod tests;
