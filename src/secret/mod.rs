//! Secrets of projects: kept encrypted, never shown again, and given to sessions that name them.
//!
//! What happens to a value: it comes in with one request, lies in the database sealed by the
//! [`vault`], and is opened when a session that was granted it is brought into memory. From there it
//! goes to the worker and no further until code calls `tools.secret("NAME")`. What that code makes of it
//! is the code's own: a variable is in the session's checkpoints, which stay with the tenant and are read
//! by no other project, and a file is in the project. What is shown is not: outputs, errors and
//! previews leave the worker without it (see [`redactor`]). A fork has its parent's grants, for it
//! has its parent's project and variables. Images are made without a session and hold none.

mod grant;
mod redactor;
mod vault;

use std::path::Path;
use std::sync::Arc;

pub(crate) use grant::{Granted, SecretText};
pub(crate) use redactor::{Redactor, Streaming};
use serde::Serialize;
use utoipa::ToSchema;
use vault::Vault;

use crate::error_code::{ErrorCode, Fault};
use crate::id::{ProjectId, SessionId, TenantId};
use crate::store::secrets::SecretRow;
use crate::store::{Store, now};
use crate::tenant::Caller;
use crate::tenant::audit::{Action, Audit, Entry};

/// Secrets that one project may have.
const MOST: i64 = 200;

/// Secrets that one session may be granted, and bytes of their values: outputs are looked through for all.
const MOST_GRANTED: usize = 32;
const GRANTED_BYTES: usize = 64 << 10;

/// A secret as it is listed: without its value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretView {
    pub(crate) name: String,
    created_at: String,
    /// When its value was set last.
    modified_at: String,
}

/// The secrets of all projects.
pub(crate) struct Secrets {
    store: Store,
    audit: Arc<Audit>,
    vault: Vault,
}

impl Secrets {
    /// Opens the vault; the first start makes its key.
    pub(crate) fn open(store: &Store, audit: &Arc<Audit>, folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            store: store.clone(),
            audit: Arc::clone(audit),
            vault: Vault::open(folder)?,
        })
    }

    /// Returns a text that only this service opens, and only for this place.
    pub(crate) fn seal(&self, place: &str, text: String) -> Result<Vec<u8>, Fault> {
        self.vault.seal(place, &SecretText::new(text))
    }

    /// Returns what was sealed for a place.
    pub(crate) fn unseal(&self, place: &str, sealed: &[u8]) -> Result<SecretText, Fault> {
        let damaged = || Fault::new(ErrorCode::StoreCorrupt, "A sealed row cannot be opened.");
        self.vault.unseal(place, sealed).ok_or_else(damaged)
    }

    /// Sets a secret of a project that exists; tells whether it is new.
    pub(crate) async fn set(
        &self,
        caller: &Caller,
        project: ProjectId,
        name: &str,
        value: &SecretText,
    ) -> Result<bool, Fault> {
        check_name("name", name)?;
        value.check()?;
        let new = self
            .store
            .secret(caller.tenant, project, name)
            .await?
            .is_none();
        if new && self.store.count_secrets(caller.tenant, project).await? >= MOST {
            return Err(Fault::field(
                "name",
                format!("the project has {MOST} secrets, which is all it may"),
            ));
        }
        let sealed = self
            .vault
            .seal(&place(caller.tenant, project, name), value)?;
        let now = now();
        let row = SecretRow {
            tenant_id: caller.tenant.to_string(),
            project_id: project.to_string(),
            name: name.into(),
            sealed,
            created_at: now.clone(),
            modified_at: now,
        };
        let entry = Entry::of(caller, Action::SecretSet, format!("{project}/{name}"));
        self.audit.guard(entry, self.store.set_secret(&row)).await?;
        Ok(new)
    }

    /// Returns the project's secrets behind the name `after`.
    pub(crate) async fn page(
        &self,
        tenant: TenantId,
        project: ProjectId,
        after: &str,
        rows: i64,
    ) -> Result<Vec<SecretView>, Fault> {
        let rows = self.store.secrets(tenant, project, after, rows).await?;
        let views = rows.into_iter().map(|row| SecretView {
            name: row.name,
            created_at: row.created_at,
            modified_at: row.modified_at,
        });
        Ok(views.collect())
    }

    /// Removes a secret. Sessions that are in memory with it have it until they sleep or end.
    pub(crate) async fn delete(
        &self,
        caller: &Caller,
        project: ProjectId,
        name: &str,
    ) -> Result<(), Fault> {
        let entry = Entry::of(
            caller,
            Action::SecretDelete,
            format!("{project}/{}", crate::text::line(name, 100)),
        );
        let removed = self.store.remove_secret(caller.tenant, project, name);
        let removed = async {
            if removed.await? {
                Ok(())
            } else {
                let message = format!(
                    "The project has no secret {:?}.",
                    crate::text::line(name, 100)
                );
                Err(Fault::new(ErrorCode::SecretNotFound, message))
            }
        };
        self.audit.guard(entry, removed).await
    }

    /// Refuses names that a session of the project cannot be granted, and records the others.
    pub(crate) async fn grant(
        &self,
        caller: &Caller,
        session: SessionId,
        project: Option<ProjectId>,
        names: &[String],
    ) -> Result<(), Fault> {
        if names.is_empty() {
            return Ok(());
        }
        if names.len() > MOST_GRANTED {
            let message = format!("a session may be granted {MOST_GRANTED} secrets");
            return Err(Fault::field("secrets", message));
        }
        let Some(project) = project else {
            return Err(Fault::field(
                "secrets",
                "secrets belong to projects; name the project in project_id",
            ));
        };
        let mut bytes = 0;
        for (index, name) in names.iter().enumerate() {
            let field = format!("secrets[{index}]");
            check_name(&field, name)?;
            let Some(found) = self.store.secret(caller.tenant, project, name).await? else {
                let message = format!("the project has no secret {name:?}");
                return Err(Fault::field(field, message));
            };
            bytes += found.sealed.len();
        }
        if bytes > GRANTED_BYTES {
            let message = format!("together they are longer than {GRANTED_BYTES} bytes");
            return Err(Fault::field("secrets", message));
        }
        let what = format!("{project}/{}", names.join(","));
        let entry = Entry {
            session: Some(session),
            ..Entry::of(caller, Action::SecretGrant, what)
        };
        self.audit.record(entry).await
    }

    /// Returns what a session was granted. What was removed meanwhile, or cannot be read, is left
    /// out: asked for it, the session says so.
    pub(crate) async fn granted(
        &self,
        tenant: TenantId,
        project: ProjectId,
        names: Vec<String>,
    ) -> Result<Vec<Granted>, Fault> {
        let mut granted = Vec::with_capacity(names.len());
        for name in names {
            let Some(row) = self.store.secret(tenant, project, &name).await? else {
                continue;
            };
            match self
                .vault
                .unseal(&place(tenant, project, &name), &row.sealed)
            {
                Some(value) => granted.push(Granted { name, value }),
                None => {
                    tracing::error!(%project, name, "a secret cannot be read with this key; it has to be set again")
                }
            }
        }
        Ok(granted)
    }
}

/// Returns what a sealed value is bound to: moved to another row, it cannot be opened.
fn place(tenant: TenantId, project: ProjectId, name: &str) -> String {
    format!("{tenant}/{project}/{name}")
}

/// Refuses names that are none of a variable.
fn check_name(field: &str, name: &str) -> Result<(), Fault> {
    let first = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    let others = name
        .bytes()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == b'_');
    if first && others && name.len() <= 100 {
        return Ok(());
    }
    Err(Fault::field(
        field,
        "a secret's name has 1 to 100 letters, digits and underscores, and begins with no digit",
    ))
}
