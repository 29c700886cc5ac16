//! What can be wrong with a policy.

use crate::grant::GrantError;
use crate::limits::LimitError;

/// Why a policy is refused.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// No profile has this name.
    #[error("there is no profile {name:?}; the profiles are {}", crate::Policy::profiles().join(", "))]
    UnknownProfile {
        /// The name as it was given.
        name: String,
    },
    /// The text is not TOML, has an unknown key, or a value of the wrong kind.
    #[error("the policy cannot be read: {source}")]
    Syntax {
        /// What the parser says, with the line.
        #[from]
        source: toml::de::Error,
    },
    /// A limit is unknown, missing, unreadable or outside its allowed range.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A file grant is refused.
    #[error("files: {0}")]
    Grant(#[from] GrantError),
    /// The name of the policy is empty, too long, or has control characters.
    #[error("the policy's name {name:?} must have 1 to 100 characters and no control characters")]
    Name {
        /// The name as it was given.
        name: String,
    },
}
