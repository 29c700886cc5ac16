//! Who calls, for which tenant, and what they may do.

pub(crate) mod audit;
mod directory;
pub(crate) mod idempotency;
pub(crate) mod keys;
mod local;
mod name;
pub(crate) mod passes;
pub(crate) mod people;
pub(crate) mod quotas;
pub(crate) mod rate;
pub(crate) mod scan;
pub(crate) mod verifier;

use std::net::IpAddr;

pub(crate) use directory::Tenants;
pub(crate) use name::Name;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error_code::{ErrorCode, Fault};
use crate::id::{KeyId, TenantId, UserId};

/// What a user is to the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// May do everything, for others too.
    Admin,
    /// May run code and change what the tenant has.
    Member,
    /// May read the audit log and nothing else.
    Auditor,
    /// May look.
    Viewer,
}

/// What a request needs, and what an API key may be limited to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// Look at sessions, notebooks and files.
    Read,
    /// Change notebooks and files.
    Write,
    /// Run code.
    Run,
    /// Read the audit log.
    Audit,
    /// Manage users, keys and quotas.
    Admin,
}

/// Whether a user or a tenant may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// May come in.
    Active,
    /// May not, until it is active again. Nothing is lost.
    Suspended,
}

impl Role {
    /// Tells whether the role includes the scope.
    pub(crate) fn includes(self, scope: Scope) -> bool {
        match self {
            Self::Admin => true,
            Self::Member => matches!(scope, Scope::Read | Scope::Write | Scope::Run),
            Self::Auditor => scope == Scope::Audit,
            Self::Viewer => scope == Scope::Read,
        }
    }
}

/// A caller who is known.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    pub(crate) role: Role,
    /// What the key is limited to; `None` for all that the role includes.
    pub(crate) scopes: Option<Vec<Scope>>,
    /// The key that the request came with; `None` for the local token.
    pub(crate) key: Option<KeyId>,
    /// The first characters of the key, as the audit log names it.
    pub(crate) key_prefix: Option<String>,
    /// The pass that the request came with in the place of a key, and what it counts for.
    pub(crate) pass: Option<passes::Pass>,
    /// Where the request came from.
    pub(crate) address: IpAddr,
}

impl Caller {
    /// Refuses what the caller may not do.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), Fault> {
        if !self.role.includes(scope) {
            return Err(Fault::new(
                ErrorCode::NotAllowed,
                format!(
                    "The role {} does not include {}.",
                    name(&self.role),
                    name(&scope)
                ),
            ));
        }
        match &self.scopes {
            Some(scopes) if !scopes.contains(&scope) => Err(Fault::new(
                ErrorCode::ScopeMissing,
                format!("The API key is not made for {}.", name(&scope)),
            )
            .with_details(serde_json::json!({"scope": scope}))),
            Some(_) | None => Ok(()),
        }
    }
}

/// Returns the name that the API and the database have for a role, a scope or a standing.
pub(crate) fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => unreachable!("roles, scopes and standings are texts"),
    }
}

/// Reads a name or an id from the database.
fn stored<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(damaged)
}

/// Reads the scopes of a key from the database.
fn stored_scopes(text: Option<&str>) -> Result<Option<Vec<Scope>>, Fault> {
    text.map(|text| serde_json::from_str(text).map_err(damaged))
        .transpose()
}

fn damaged(error: impl std::fmt::Display) -> Fault {
    tracing::error!(%error, "a row of the database is damaged");
    Fault::new(ErrorCode::StoreCorrupt, "A row of the database is damaged.")
}
