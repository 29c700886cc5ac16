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
