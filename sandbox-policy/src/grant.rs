//! Host folders that a session may see.

use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::guest_path::{GuestPath, GuestPathError};

/// What a session may do in a granted folder. The smaller variant is the smaller right.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Files are listed and read; every change is refused.
    #[default]
    ReadOnly,
    /// Files are also made, changed and removed.
    ReadWrite,
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ReadOnly => "read-only",
            Self::ReadWrite => "read-write",
        })
    }
}

/// A host folder, where the guest sees it, and what it may do there.
///
/// The host path is absolute and has no `..`. This crate compares host paths name by name and touches
/// no file system: whoever accepts a path from outside resolves its links first
/// (`std::fs::canonicalize`), or a link below a ceiling's folder could lead out of it.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "GrantText")]
pub struct Grant {
    /// The folder on the host.
    pub host: PathBuf,
    /// Where the guest sees it.
    pub guest: GuestPath,
    /// What the guest may do in it.
    pub access: Access,
}

/// A grant as it is written in TOML or JSON; [`Grant::new`] checks it.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantText {
    host: PathBuf,
    guest: String,
    #[serde(default)]
    access: Access,
}

/// Why a grant is refused.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// The guest path cannot be granted.
    #[error(transparent)]
    Guest(#[from] GuestPathError),
    /// The host path is relative, empty, or contains `..` or a NUL.
    #[error(
        "the host folder {host:?} must be an absolute path without \"..\"; write where it really lies"
    )]
    HostNotAbsolute {
        /// The path as it was given.
        host: PathBuf,
    },
    /// The host folder could not be found.
    #[error(
        "the host folder {host:?} cannot be used: {source}; check that it exists and may be read"
    )]
    HostNotFound {
        /// The path as it was given.
        host: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The text is not `HOST:GUEST` with an optional `:ro` or `:rw`.
    #[error("{text:?} is no mount; write HOST:GUEST or HOST:GUEST:rw, such as ./data:/data")]
    NotAMount {
        /// The text as it was given.
        text: String,
    },
    /// Two grants have the same guest path, or one lies inside the other.
    #[error(
        "the guest paths {first} and {second} lie inside each other; every grant needs a folder of its own"
    )]
    Overlap {
        /// The outer guest path.
        first: GuestPath,
        /// The inner guest path.
        second: GuestPath,
    },
}

impl Grant {
    /// Returns a grant of `host` as `guest`.
    ///
    /// # Errors
    /// [`GrantError::HostNotAbsolute`] when the host path is relative or contains `..` or a NUL, and
    /// [`GrantError::Guest`] when the guest path cannot be granted.
    pub fn new(host: impl Into<PathBuf>, guest: &str, access: Access) -> Result<Self, GrantError> {
        let grant = Self {
            host: host.into(),
            guest: GuestPath::new(guest)?,
            access,
        };
        grant.check()?;
        Ok(grant)
    }

    /// Returns the grant that `HOST:GUEST`, `HOST:GUEST:ro` or `HOST:GUEST:rw` stands for. Without the
    /// last part it is read-only.
    ///
    /// `resolve` makes the host path absolute and follows its links; pass `|path| path.canonicalize()`.
    ///
    /// # Errors
    /// [`GrantError`] when the text has another form, when `resolve` fails, or as [`Grant::new`].
    pub fn from_mount(
        text: &str,
        resolve: impl FnOnce(&Path) -> io::Result<PathBuf>,
    ) -> Result<Self, GrantError> {
        let (rest, access) = match text.rsplit_once(':') {
            Some((rest, "rw")) => (rest, Access::ReadWrite),
            Some((rest, "ro")) => (rest, Access::ReadOnly),
            Some(_) | None => (text, Access::ReadOnly),
        };
        // The guest path is absolute, so the last ":/" is where it begins, even if the host has colons.
        let split = rest.rfind(":/").filter(|at| *at > 0);
        let Some((host, guest)) = split.and_then(|at| Some((rest.get(..at)?, rest.get(at + 1..)?)))
        else {
            return Err(GrantError::NotAMount {
                text: text.to_owned(),
            });
        };
        // A colon here is a misspelt access, which must not become a part of the folder's name.
        if guest.contains(':') {
            return Err(GrantError::NotAMount {
                text: text.to_owned(),
            });
        }
        let guest = GuestPath::new(guest)?;
        let host = Path::new(host);
        let found = resolve(host).map_err(|source| GrantError::HostNotFound {
            host: host.to_owned(),
            source,
        })?;
        let grant = Self {
            host: found,
            guest,
            access,
        };
        grant.check()?;
        Ok(grant)
    }

    /// Checks the host path; the guest path is right by its type.
    fn check(&self) -> Result<(), GrantError> {
        let plain = self.host.components().all(|part| {
            matches!(
                part,
                Component::Prefix(_) | Component::RootDir | Component::Normal(_)
            )
        });
        let has_nul = self.host.as_os_str().as_encoded_bytes().contains(&0);
        if self.host.is_absolute() && plain && !has_nul {
            Ok(())
        } else {
            Err(GrantError::HostNotAbsolute {
                host: self.host.clone(),
            })
        }
    }

    /// Returns whether this grant lies under `ceiling`: the same host folder or one below it, seen at
    /// the place where the ceiling shows it too. Access is not compared.
    pub fn lies_under(&self, ceiling: &Grant) -> bool {
        let (Ok(host), Some(guest)) = (
            self.host.strip_prefix(&ceiling.host),
            self.guest.below(&ceiling.guest),
        ) else {
            return false;
        };
        host == Path::new(guest)
    }
}

/// Checks every grant, and that no guest path is inside another.
///
/// Nested guest folders are refused because they would make a right depend on what lies on top: asking
/// for the outer folder alone would show what a narrower inner grant had covered.
pub(crate) fn check_grants(grants: &[Grant]) -> Result<(), GrantError> {
    for (position, grant) in grants.iter().enumerate() {
        grant.check()?;
        for other in &grants[..position] {
            let (first, second) = if grant.guest.below(&other.guest).is_some() {
                (other, grant)
            } else if other.guest.below(&grant.guest).is_some() {
                (grant, other)
            } else {
                continue;
            };
            return Err(GrantError::Overlap {
                first: first.guest.clone(),
                second: second.guest.clone(),
            });
        }
    }
    Ok(())
}

impl fmt::Display for Grant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} as {} ({})",
            self.host.display(),
            self.guest,
            self.access
        )
    }
}

impl TryFrom<GrantText> for Grant {
    type Error = GrantError;

    fn try_from(text: GrantText) -> Result<Self, GrantError> {
        Self::new(text.host, &text.guest, text.access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(host: &str, guest: &str, access: Access) -> Grant {
        Grant::new(host, guest, access).unwrap()
    }

    #[test]
    fn a_host_path_is_absolute_and_plain() {
        for host in ["", "data", "./data", "/srv/../etc", "/a\0b"] {
            assert!(
                matches!(
                    Grant::new(host, "/data", Access::ReadOnly),
                    Err(GrantError::HostNotAbsolute { .. })
                ),
                "{host:?}"
            );
        }
        assert!(Grant::new("/srv/data", "/data", Access::ReadOnly).is_ok());
    }

    #[test]
    fn mounts_are_read_only_unless_they_say_otherwise() {
        let resolve = |path: &Path| Ok(Path::new("/work").join(path));
        let parsed = |text: &str| Grant::from_mount(text, resolve).unwrap();
        assert_eq!(
            parsed("data:/data"),
            grant("/work/data", "/data", Access::ReadOnly)
        );
        assert_eq!(
            parsed("data:/data:ro"),
            grant("/work/data", "/data", Access::ReadOnly)
        );
        assert_eq!(
            parsed("/srv/a:b:/data:rw"),
            grant("/srv/a:b", "/data", Access::ReadWrite)
        );
        for text in [
            "",
            "data",
            "data:data",
            ":/data",
            "data:/data:rx",
            "data:/data:",
        ] {
            let result = Grant::from_mount(text, resolve);
            assert!(
                matches!(result, Err(GrantError::NotAMount { .. })),
                "{text}"
            );
        }
        let missing = Grant::from_mount("nowhere:/data", |_| {
            Err(io::Error::from(io::ErrorKind::NotFound))
        });
        assert!(matches!(missing, Err(GrantError::HostNotFound { .. })));
    }

    #[test]
    fn lies_under_needs_the_same_place_on_both_sides() {
        let ceiling = grant("/srv/tenant", "/data", Access::ReadOnly);
        assert!(grant("/srv/tenant", "/data", Access::ReadOnly).lies_under(&ceiling));
        assert!(grant("/srv/tenant/in", "/data/in", Access::ReadOnly).lies_under(&ceiling));
        assert!(!grant("/srv/tenant/in", "/data/out", Access::ReadOnly).lies_under(&ceiling));
        assert!(!grant("/srv/tenant/in", "/data", Access::ReadOnly).lies_under(&ceiling));
        assert!(!grant("/srv/tenant2", "/data", Access::ReadOnly).lies_under(&ceiling));
        assert!(!grant("/srv", "/data", Access::ReadOnly).lies_under(&ceiling));
    }

    #[test]
    fn guest_folders_do_not_nest() {
        let outer = grant("/a", "/data", Access::ReadOnly);
        let inner = grant("/b", "/data/in", Access::ReadWrite);
        let refusal = check_grants(&[inner.clone(), outer.clone()]).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the guest paths /data and /data/in lie inside each other; every grant needs a folder of its own"
        );
        assert!(check_grants(&[outer.clone(), outer.clone()]).is_err());
        assert!(check_grants(&[outer, grant("/b", "/database", Access::ReadOnly)]).is_ok());
    }
}
