//! What a sandboxed session may do, as plain data.
//!
//! A [`Policy`] is a set of [`Limits`], the host folders that are granted ([`Grant`]), the network it
//! may reach ([`Egress`]) and the images it may start from ([`ImageRule`]). Everything that is not
//! granted is denied: a policy without grants sees no host folder, and there is no way to write a
//! policy that opens the network.
//!
//! This crate does no input or output. It parses policies from TOML, checks every number against one
//! table ([`LIMIT_TABLE`]), and merges what somebody asks for with what they may have
//! ([`Policy::meet`]), which never widens anything.
//!
//! ```
//! use sandbox_policy::Policy;
//!
//! // What the operator allows this tenant...
//! let ceiling = Policy::profile("notebook")?;
//! // ...and what a request asks for: a profile with some fields changed.
//! let request = Policy::from_toml(
//!     r#"
//!     profile = "notebook"
//!     name = "nightly-report"
//!     [limits]
//!     memory = "4 GiB"
//!     cell_time = "30 s"
//!     "#,
//! )?;
//!
//! let met = ceiling.meet(&request);
//! assert_eq!(met.policy.limits.memory, ceiling.limits.memory);
//! assert_eq!(met.policy.limits.cell_time.as_secs(), 30);
//! assert_eq!(met.narrowed.len(), 1);
//! assert_eq!(
//!     met.narrowed[0].to_string(),
//!     "limits.memory: 4 GiB was asked for, 2 GiB is granted"
//! );
//! # Ok::<(), sandbox_policy::PolicyError>(())
//! ```
//!
//! # The rooms
//! | module | what it holds |
//! | --- | --- |
//! | `policy` | [`Policy`] and its text form |
//! | `profile` | the profiles that are compiled in |
//! | `limits`, `limit_table` | [`Limits`], and the one table of names, units and allowed ranges |
//! | `size` | human sizes, durations and counts |
//! | `grant`, `guest_path` | file grants and the checked path type |
//! | `rules` | network and image rules |
//! | `meet` | ceiling meets request |
//! | `error` | [`PolicyError`] |

mod error;
mod grant;
mod guest_path;
mod limit_table;
mod limits;
mod meet;
mod policy;
mod profile;
mod rules;
mod size;

pub use error::PolicyError;
pub use grant::{Access, Grant, GrantError};
pub use guest_path::{GuestPath, GuestPathError};
pub use limit_table::{LIMIT_TABLE, LimitField, LimitRange, LimitUnit, LimitValue};
pub use limits::{LimitError, Limits};
pub use meet::{Met, Narrowed};
pub use policy::Policy;
pub use rules::{Egress, ImageRule};
pub use size::{
    NumberError, format_count, format_duration, format_size, parse_count, parse_duration,
    parse_size,
};
