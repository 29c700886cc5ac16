//! API keys as rows.

use super::tenants::Count;
use super::{Store, Transaction};
use crate::error_code::Fault;
use crate::id::{KeyId, TenantId};

/// A key as it is stored. The key itself is not.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct KeyRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) user_id: String,
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) hash: String,
    pub(crate) scopes: Option<String>,
    pub(crate) created_at: String,
    pub(crate) expires_at: Option<String>,
    pub(crate) last_used_at: Option<String>,
}

/// A key with what its user and tenant are now.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct KeyHolder {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) user_id: String,
    pub(crate) hash: String,
    pub(crate) scopes: Option<String>,
    pub(crate) expires_at: Option<String>,
    pub(crate) last_used_at: Option<String>,
    pub(crate) role: String,
    pub(crate) user_standing: String,
    pub(crate) tenant_standing: String,
}

impl Store {
    /// Returns the key with this prefix. The one question that is asked before the tenant is known.
    pub(crate) async fn key_holder(&self, prefix: &str) -> Result<Option<KeyHolder>, Fault> {
        row!(
            self,
            KeyHolder,
            "select k.id, k.tenant_id, k.user_id, k.hash, k.scopes, k.expires_at, k.last_used_at, u.role,
                u.standing as user_standing, t.standing as tenant_standing
             from keys k join users u on u.id = k.user_id join tenants t on t.id = k.tenant_id
             where k.prefix = $1",
            prefix
        )
    }

    /// Returns keys of the tenant behind `after`: all, or one user's.
    pub(crate) async fn keys(
        &self,
        tenant: TenantId,
        user: &str,
        after: &str,
        most: i64,
    ) -> Result<Vec<KeyRow>, Fault> {
        let tenant = tenant.to_string();
        rows!(
            self,
            KeyRow,
            "select * from keys where tenant_id = $1 and ($2 = '' or user_id = $2) and id > $3 order by id limit $4",
            tenant,
            user,
            after,
            most
        )
    }

    /// Returns a key of the tenant.
    pub(crate) async fn key(&self, tenant: TenantId, id: KeyId) -> Result<Option<KeyRow>, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        row!(
            self,
            KeyRow,
            "select * from keys where tenant_id = $1 and id = $2",
            tenant,
            id
        )
    }

    /// Returns how many keys the tenant has.
    pub(crate) async fn count_keys(&self, tenant: TenantId) -> Result<i64, Fault> {
        let tenant = tenant.to_string();
        let row = row!(
            self,
            Count,
            "select count(*) as count from keys where tenant_id = $1",
            tenant
        )?;
        Ok(row.map_or(0, |row| row.count))
    }

    /// Adds a key.
    pub(crate) async fn add_key(&self, row: &KeyRow) -> Result<(), Fault> {
        let mut transaction = self.begin().await?;
        insert_key(&mut transaction, row).await?;
        transaction.commit().await
    }

    /// Puts a new secret in the place of a key's old one; tells whether the key was there.
    pub(crate) async fn rotate_key(
        &self,
        tenant: TenantId,
        id: KeyId,
        prefix: &str,
        hash: &str,
    ) -> Result<bool, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        let changed = run!(
            self,
            "update keys set prefix = $3, hash = $4 where tenant_id = $1 and id = $2",
            tenant,
            id,
            prefix,
            hash
        )?;
        Ok(changed == 1)
    }

    /// Removes a key; tells whether it was there.
    pub(crate) async fn remove_key(&self, tenant: TenantId, id: KeyId) -> Result<bool, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        let removed = run!(
            self,
            "delete from keys where tenant_id = $1 and id = $2",
            tenant,
            id
        )?;
        Ok(removed == 1)
    }

    /// Notes that a key was used.
    pub(crate) async fn touch_key(
        &self,
        tenant: TenantId,
        id: KeyId,
        time: &str,
    ) -> Result<(), Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        run!(
            self,
            "update keys set last_used_at = $3 where tenant_id = $1 and id = $2",
            tenant,
            id,
            time
        )?;
        Ok(())
    }
}

pub(super) async fn insert_key(
    transaction: &mut Transaction<'_>,
    row: &KeyRow,
) -> Result<(), Fault> {
    run_in!(
        transaction,
        "insert into keys (id, tenant_id, user_id, name, prefix, hash, scopes, created_at, expires_at, last_used_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        row.id, row.tenant_id, row.user_id, row.name, row.prefix, row.hash, row.scopes, row.created_at,
        row.expires_at, row.last_used_at
    )?;
    Ok(())
}
