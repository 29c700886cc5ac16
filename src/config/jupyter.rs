//! JupyterLab, which the service installs and runs for environments.

use serde::{Deserialize, Serialize};

use super::Size;

/// JupyterLab in environments.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Jupyter {
    /// The Python that JupyterLab is installed for.
    pub(crate) python: String,
    /// The ports of this machine that it listens on, from `first_port` to `last_port`: as many can run at once.
    pub(crate) first_port: u16,
    pub(crate) last_port: u16,
    /// Memory for the data of each.
    pub(crate) memory: Size,
    /// Plugins that may be installed: names on PyPI of extensions that need no build, each with the version,
    /// such as "jupyterlab-git==0.51.2".
    pub(crate) plugins: Vec<String>,
    /// The name under which its pages are reached: another one than the service's, so that what runs in them is of
    /// another origin. On this machine itself it is "lab.localhost", which all browsers know.
    pub(crate) host: Option<String>,
    /// `required`: it does not start where the kernel does not hold all walls around it. `best_effort`: it does.
    pub(crate) confinement: Confinement,
}

/// What becomes of a program around which not all walls can be held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Confinement {
    #[default]
    Required,
    BestEffort,
}

impl Default for Jupyter {
    fn default() -> Self {
        Self {
            python: "python3".into(),
            first_port: 18_900,
            last_port: 18_999,
            memory: Size(2 << 30),
            plugins: Vec::new(),
            host: None,
            confinement: Confinement::default(),
        }
    }
}
