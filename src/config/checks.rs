//! What holds between the values of a configuration, and what of it may be shown.

use std::time::Duration;

use sandbox_policy::format_size;

use super::{Config, MOST_FORKS};

/// The least memory that a worker process does anything useful with.
const SMALLEST_WORKER: u64 = 256 << 20;

/// The shortest pause between two sweeps. What is being written down takes less.
const SHORTEST_SWEEP: Duration = Duration::from_secs(1);

/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// The shortest token that the operator may choose, in characters.
const SHORTEST_TOKEN: usize = 16;

impl Config {
    /// Refuses values that no service can run with; says which key it is and what is allowed.
    pub(super) fn check(&self) -> Result<(), String> {
        let at_least_one = [
            (
                "server.requests_per_second",
                u64::from(self.server.requests_per_second),
            ),
            ("server.request_burst", u64::from(self.server.request_burst)),
            ("server.body", self.server.body.0),
            ("server.connections", self.server.connections as u64),
            (
                "access.sign_ins_per_minute",
                u64::from(self.access.sign_ins_per_minute),
            ),
            ("workers.shared", self.workers.shared as u64),
            ("sessions.queue", self.sessions.queue as u64),
            ("sessions.most", self.sessions.most as u64),
            ("sessions.checkpoints", self.sessions.checkpoints as u64),
            ("sessions.forks", u64::from(self.sessions.forks)),
            ("agents.connections", self.agents.connections as u64),
        ];
        if let Some((key, _)) = at_least_one.iter().find(|(_, value)| *value == 0) {
            return Err(format!("{key} is 0; it has to be at least 1"));
        }
        if !self.workers.images.contains(&self.sessions.image) {
            return Err(format!(
                "sessions.image is {:?}, which is not among workers.images ({})",
                self.sessions.image,
                self.workers.images.join(", ")
            ));
        }
        if self.jupyter.first_port == 0 || self.jupyter.first_port > self.jupyter.last_port {
            return Err("jupyter.first_port is 0, or behind jupyter.last_port".into());
        }
        let memory = self.workers.memory.0;
        if memory != 0 && memory < SMALLEST_WORKER {
            return Err(format!(
                "workers.memory is {}; it has to be at least {}, or \"0 B\" for a share of the machine's",
                format_size(memory),
                format_size(SMALLEST_WORKER)
            ));
        }
        if self.sessions.forks > MOST_FORKS {
            let forks = self.sessions.forks;
            return Err(format!(
                "sessions.forks is {forks}; it may be at most {MOST_FORKS}"
            ));
        }
        if self.retention.sweep.0 < SHORTEST_SWEEP {
            return Err("retention.sweep has to be at least 1 s".into());
        }
        for origin in &self.server.allowed_origins {
            if !is_origin(origin) {
                return Err(format!(
                    "server.allowed_origins: {origin:?} is no origin; write it as \"https://example.org\" or \
                     \"http://localhost:3000\", without a path"
                ));
            }
        }
        for host in &self.server.hosts {
            if url::Host::parse(host).map(|parsed| parsed.to_string()) != Ok(host.to_lowercase()) {
                return Err(format!(
                    "server.hosts: {host:?} is no name of a host; write it as \"cells.example.org\", without a port"
                ));
            }
        }
        if let Some(endpoint) = &self.traces.endpoint {
            let url = url::Url::parse(endpoint);
            if !url.is_ok_and(|url| {
                url.scheme() == "http" && url.has_host() && url.username().is_empty()
            }) {
                return Err(format!(
                    "traces.endpoint: {endpoint:?} is no address of a collector; write it as \"http://127.0.0.1:4318/v1/traces\". \
                     It is spoken to without TLS: let one run beside the service that passes traces on"
                ));
            }
        }
        if !(0.0..=1.0).contains(&self.traces.share) {
            return Err(format!(
                "traces.share is {}; it has to be from 0 to 1",
                self.traces.share
            ));
        }
        if let Some(token) = &self.access.token {
            let visible = token.bytes().all(|byte| byte.is_ascii_graphic());
            if token.len() < SHORTEST_TOKEN || !visible {
                return Err(format!(
                    "access.token has to be at least {SHORTEST_TOKEN} visible ASCII characters without blanks"
                ));
            }
        }
        Ok(())
    }

    /// Returns the configuration without its secrets.
    pub(crate) fn without_secrets(&self) -> Self {
        let mut shown = self.clone();
        let tokens = [&mut shown.access.token, &mut shown.client.token];
        for token in tokens.into_iter().flatten() {
            HIDDEN.clone_into(token);
        }
        if let Some(database) = &mut shown.data.database {
            match url::Url::parse(database) {
                Ok(mut url) if url.password().is_some() => {
                    *database = match url.set_password(Some("hidden")) {
                        Ok(()) => url.into(),
                        Err(()) => HIDDEN.into(),
                    };
                }
                Ok(_) => {}
                Err(_) => HIDDEN.clone_into(database),
            }
        }
        shown
    }
}

/// Tells whether a text is an origin as browsers send it.
fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(change: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config::default();
        change(&mut config);
        config
    }

    #[test]
    fn values_that_cannot_be_are_refused_by_their_key() {
        assert_eq!(Config::default().check(), Ok(()));
        for (key, config) in [
            (
                "server.requests_per_second",
                changed(|config| config.server.requests_per_second = 0),
            ),
            (
                "server.allowed_origins",
                changed(|config| config.server.allowed_origins = vec!["*".into()]),
            ),
            (
                "server.allowed_origins",
                changed(|config| config.server.allowed_origins = vec!["https://a.org/".into()]),
            ),
            (
                "server.hosts",
                changed(|config| config.server.hosts = vec!["cells.example.org:80".into()]),
            ),
            (
                "server.connections",
                changed(|config| config.server.connections = 0),
            ),
            (
                "traces.endpoint",
                changed(|config| config.traces.endpoint = Some("https://example.org".into())),
            ),
            ("traces.share", changed(|config| config.traces.share = 1.5)),
            (
                "access.token",
                changed(|config| config.access.token = Some("short".into())),
            ),
            (
                "workers.memory",
                changed(|config| config.workers.memory.0 = 1 << 20),
            ),
            (
                "sessions.forks",
                changed(|config| config.sessions.forks = MOST_FORKS + 1),
            ),
            (
                "retention.sweep",
                changed(|config| config.retention.sweep.0 = Duration::ZERO),
            ),
        ] {
            let message = config.check().expect_err(key);
            assert!(message.contains(key), "{message}");
        }
        let origins = vec!["https://example.org".into(), "http://localhost:3000".into()];
        assert_eq!(
            changed(|config| config.server.allowed_origins = origins).check(),
            Ok(())
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let config = changed(|config| {
            config.access.token = Some("canary-canary-canary".into());
            config.client.token = Some("canary".into());
            config.data.database = Some("postgres://me:canary@localhost/cells".into());
        });
        let shown = config.without_secrets().to_toml();
        assert!(
            !shown.contains("canary") && shown.contains("localhost/cells"),
            "{shown}"
        );
    }
}
