//! The local user: who opens the service with the printed URL.

use std::net::IpAddr;
use std::path::Path;

use anyhow::Context as _;

use super::{Caller, Role, Standing, name};
use crate::id::{TenantId, UserId};
use crate::store::tenants::{TenantRow, UserRow};
use crate::store::{self, Store};

/// The file in the data folder that keeps the local user's token and ids.
const LOCAL_FILE: &str = "local.json";

/// The name of the local user and of its tenant.
const LOCAL_NAME: &str = "local";

/// The one user of a service that runs for its owner alone; where there are other tenants, the
/// operator.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Local {
    pub(super) token: String,
    pub(super) tenant: TenantId,
    pub(super) user: UserId,
}

impl Local {
    /// Reads the local user, or makes one. A file that was removed is made again with a new token
    /// for the user whom the database knows.
    pub(super) async fn read_or_make(folder: &Path, store: &Store) -> anyhow::Result<Self> {
        let file = &folder.join(LOCAL_FILE);

        match std::fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!(
                    "{} cannot be read; remove it to get a new token",
                    file.display()
                )
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut secret = [0; 24];
                getrandom::fill(&mut secret).context("the operating system has no random bytes")?;
                let (tenant, user) = match store.user_named(LOCAL_NAME, LOCAL_NAME).await? {
                    Some(row) => (super::stored(&row.tenant_id)?, super::stored(&row.id)?),
                    None => (TenantId::new(), UserId::new()),
                };
                let local = Local {
                    token: data_encoding::HEXLOWER.encode(&secret),
                    tenant,
                    user,
                };
                crate::disk::write_whole(file, &serde_json::to_vec_pretty(&local)?)?;
                Ok(local)
            }
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", file.display())),
        }
    }

    pub(super) fn caller(&self, address: IpAddr) -> Caller {
        Caller {
            tenant: self.tenant,
            user: self.user,
            role: Role::Admin,
            scopes: None,
            key: None,
            key_prefix: None,
            pass: None,
            address,
        }
    }

    pub(super) fn tenant_row(&self) -> TenantRow {
        TenantRow {
            id: self.tenant.to_string(),
            name: LOCAL_NAME.into(),
            standing: name(&Standing::Active),
            created_at: store::now(),
        }
    }

    pub(super) fn user_row(&self) -> UserRow {
        UserRow {
            id: self.user.to_string(),
            tenant_id: self.tenant.to_string(),
            name: LOCAL_NAME.into(),
            role: name(&Role::Admin),
            standing: name(&Standing::Active),
            created_at: store::now(),
        }
    }
}
