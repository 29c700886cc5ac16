//! Names of things: UUIDv7 texts, one type for each kind of thing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Makes a type of id that cannot be taken for another.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub(crate) struct $name(Uuid);

        impl $name {
            /// Returns a new id, which nobody can guess; later ones sort behind earlier ones.
            pub(crate) fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A tenant: whose rows, files and limits they are.
    TenantId;
    /// A user of a tenant.
    UserId;
    /// An API key.
    KeyId;
    /// A session: one interpreter and its variables.
    SessionId;
    /// One running of one cell.
    ExecutionId;
    /// An environment: a place for programs that work on a project.
    EnvironmentId;
    /// A project: a folder of files and notebooks.
    ProjectId;
    /// A notebook.
    NotebookId;
    /// Files that were made of variables.
    ExportId;
    /// A resumable upload.
    UploadId;
    /// A request, as the logs and the answer's header name it.
    RequestId;
}

/// A sandbox of a client of E2B: `i` and 32 hexadecimal digits. Its clients show it as proof in some of their requests, so
/// nobody can guess it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SandboxId(String);

impl SandboxId {
    /// Returns a new id.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("i{}", data_encoding::HEXLOWER.encode(&bytes))))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SandboxId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for SandboxId {
    type Err = NoSandboxId;

    fn from_str(text: &str) -> Result<Self, NoSandboxId> {
        let digits = text.strip_prefix('i').ok_or(NoSandboxId)?;
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match digits.len() == 32 && digits.bytes().all(digit) {
            true => Ok(Self(text.to_owned())),
            false => Err(NoSandboxId),
        }
    }
}

/// A text that is the id of no sandbox.
#[derive(Debug, thiserror::Error)]
#[error("it is no id of a sandbox")]
pub(crate) struct NoSandboxId;
