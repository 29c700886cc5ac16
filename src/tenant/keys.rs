//! API keys as they are managed: made, listed, rotated, revoked.

use serde::Serialize;
use utoipa::ToSchema;

use super::audit::{Action, Entry};
use super::{Caller, Name, Scope, Tenants, stored, stored_scopes};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{KeyId, UserId};
use crate::store;
use crate::store::keys::KeyRow;
use crate::store::tenants::UserRow;

/// Keys that one tenant may have.
const MOST_KEYS: i64 = 10_000;

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKey {
    pub(crate) id: KeyId,
    user_id: UserId,
    name: String,
    /// What stands behind `cb_` in the key, and in the logs.
    prefix: String,
    /// What the key is limited to; nothing for all that the user's role includes.
    scopes: Option<Vec<Scope>>,
    created_at: String,
    expires_at: Option<String>,
    /// Exact to a minute.
    last_used_at: Option<String>,
}

/// A key with its text, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedKey {
    #[serde(flatten)]
    key: ApiKey,
    /// The key itself. It is not kept: who loses it has the key rotated.
    #[schema(example = "cb_0123456789ab_0123456789abcdef0123456789abcdef0123456789abcdef")]
    secret: String,
}

/// A key to be made.
#[derive(Debug)]
pub(crate) struct NewKey {
    pub(crate) name: Name,
    /// Whose it is; nothing for the caller's own.
    pub(crate) user: Option<UserId>,
    pub(crate) scopes: Option<Vec<Scope>>,
    pub(crate) expires_at: Option<jiff::Timestamp>,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = Fault;

    fn try_from(row: KeyRow) -> Result<Self, Fault> {
        Ok(Self {
            id: stored(&row.id)?,
            user_id: stored(&row.user_id)?,
            name: row.name,
            prefix: row.prefix,
            scopes: stored_scopes(row.scopes.as_deref())?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        })
    }
}

impl IssuedKey {
    pub(super) fn new(row: KeyRow, secret: String) -> Result<Self, Fault> {
        Ok(Self {
            key: row.try_into()?,
            secret,
        })
    }
}

impl Tenants {
    /// Returns keys of the caller's tenant behind `after`: all, or one user's.
    pub(crate) async fn keys(
        &self,
        caller: &Caller,
        user: Option<UserId>,
        after: &str,
        most: i64,
    ) -> Result<Vec<ApiKey>, Fault> {
        let user = user.map(|user| user.to_string()).unwrap_or_default();
        let rows = self.store.keys(caller.tenant, &user, after, most).await?;
        rows.into_iter().map(ApiKey::try_from).collect()
    }

    /// Returns a key of the caller's tenant.
    pub(crate) async fn key(&self, caller: &Caller, id: KeyId) -> Result<ApiKey, Fault> {
        self.key_row(caller, id).await?.try_into()
    }

    /// Makes a key for a user of the caller's tenant. A key that is limited to scopes makes none
    /// that may do more.
    pub(crate) async fn create_key(
        &self,
        caller: &Caller,
        new: NewKey,
    ) -> Result<IssuedKey, Fault> {
        if let Some(expiry) = new.expires_at
            && expiry <= jiff::Timestamp::now()
        {
            return Err(Fault::field(
                "expires_at",
                format!("{expiry} is not in the future"),
            ));
        }
        refuse_more_than_own(caller, new.scopes.as_deref())?;
        let user = self
            .user_row(caller, new.user.unwrap_or(caller.user))
            .await?;
        if self.store.count_keys(caller.tenant).await? >= MOST_KEYS {
            return Err(Fault::new(
                ErrorCode::QuotaExceeded,
                format!("A tenant has at most {MOST_KEYS} keys."),
            ));
        }
        let (row, secret) = self
            .new_key_row(
                &user,
                new.name.as_str(),
                new.scopes.as_deref(),
                new.expires_at,
            )
            .await?;
        let what = format!("key {} {} of user {}", row.id, row.prefix, row.user_id);
        let entry = Entry::of(caller, Action::KeyCreate, what);
        self.audit.guard(entry, self.store.add_key(&row)).await?;
        IssuedKey::new(row, secret)
    }

    /// Gives a key a new secret; the old one ends at once.
    pub(crate) async fn rotate_key(&self, caller: &Caller, id: KeyId) -> Result<IssuedKey, Fault> {
        let mut row = self.key_row(caller, id).await?;
        if caller.key != Some(id) {
            refuse_more_than_own(caller, stored_scopes(row.scopes.as_deref())?.as_deref())?;
        }
        let made = self.verifier.new_key().await?;
        let what = format!("key {id}: {} becomes {}", row.prefix, made.prefix);
        let entry = Entry::of(caller, Action::KeyRotate, what);
        let rotated = self
            .store
            .rotate_key(caller.tenant, id, &made.prefix, &made.hash);
        let there = self.audit.guard(entry, rotated).await?;
        self.rights_changed();
        row.prefix = made.prefix;
        if there {
            IssuedKey::new(row, made.text)
        } else {
            Err(no_key(id))
        }
    }

    /// Revokes a key; it ends at once, and so do connections that it opened.
    pub(crate) async fn revoke_key(&self, caller: &Caller, id: KeyId) -> Result<(), Fault> {
        let row = self.key_row(caller, id).await?;
        let entry = Entry::of(
            caller,
            Action::KeyRevoke,
            format!("key {id} {}", row.prefix),
        );
        let there = self
            .audit
            .guard(entry, self.store.remove_key(caller.tenant, id))
            .await?;
        self.rights_changed();
        if there { Ok(()) } else { Err(no_key(id)) }
    }

    /// Makes the row of a key and the text that is shown once.
    pub(super) async fn new_key_row(
        &self,
        user: &UserRow,
        name: &str,
        scopes: Option<&[Scope]>,
        expires_at: Option<jiff::Timestamp>,
    ) -> Result<(KeyRow, String), Fault> {
        let made = self.verifier.new_key().await?;
        let scopes = scopes.map(|scopes| serde_json::to_string(scopes).expect("scopes are texts"));
        let row = KeyRow {
            id: KeyId::new().to_string(),
            tenant_id: user.tenant_id.clone(),
            user_id: user.id.clone(),
            name: name.to_owned(),
            prefix: made.prefix,
            hash: made.hash,
            scopes,
            created_at: store::now(),
            expires_at: expires_at.map(|time| format!("{time:.6}")),
            last_used_at: None,
        };
        Ok((row, made.text))
    }

    /// Returns a key of the caller's tenant: any for an admin, for others the one they came with.
    async fn key_row(&self, caller: &Caller, id: KeyId) -> Result<KeyRow, Fault> {
        if caller.key != Some(id) {
            caller.require(Scope::Admin)?;
        }
        self.store
            .key(caller.tenant, id)
            .await?
            .ok_or_else(|| no_key(id))
    }
}

fn no_key(id: KeyId) -> Fault {
    Fault::new(ErrorCode::KeyNotFound, format!("There is no API key {id}."))
}

/// Refuses a key that could do what the caller's own key cannot.
fn refuse_more_than_own(caller: &Caller, wanted: Option<&[Scope]>) -> Result<(), Fault> {
    let Some(own) = &caller.scopes else {
        return Ok(());
    };
    let Some(wanted) = wanted else {
        return Err(Fault::field(
            "scopes",
            "the caller's key is limited to scopes, so the new one has to be too",
        ));
    };
    match wanted.iter().find(|scope| !own.contains(scope)) {
        None => Ok(()),
        Some(scope) => Err(Fault::new(
            ErrorCode::ScopeMissing,
            format!(
                "The caller's key is not made for {}, so it makes none for it.",
                super::name(scope)
            ),
        )
        .with_details(serde_json::json!({"scope": scope}))),
    }
}
