//! Tenants and their users as rows.

use super::{Store, Transaction};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{TenantId, UserId};

/// A tenant as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct TenantRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) standing: String,
    pub(crate) created_at: String,
}

/// A user as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct UserRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) standing: String,
    pub(crate) created_at: String,
}

/// A number that a query counted.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Count {
    pub(crate) count: i64,
}

impl Store {
    /// Adds a tenant with its first user, unless the tenant is there.
    pub(crate) async fn ensure_tenant(
        &self,
        tenant: &TenantRow,
        user: &UserRow,
    ) -> Result<(), Fault> {
        let mut transaction = self.begin().await?;
        let added = run_in!(
            &mut transaction,
            "insert into tenants (id, name, standing, created_at) values ($1, $2, $3, $4) on conflict (id) do nothing",
            tenant.id,
            tenant.name,
            tenant.standing,
            tenant.created_at
        )?;
        if added == 1 {
            insert_user(&mut transaction, user).await?;
        }
        transaction.commit().await
    }

    /// Adds a tenant, its first user and that user's key.
    pub(crate) async fn add_tenant(
        &self,
        tenant: &TenantRow,
        user: &UserRow,
        key: &super::keys::KeyRow,
    ) -> Result<(), Fault> {
        let mut transaction = self.begin().await?;
        run_in!(
            &mut transaction,
            "insert into tenants (id, name, standing, created_at) values ($1, $2, $3, $4)",
            tenant.id,
            tenant.name,
            tenant.standing,
            tenant.created_at
        )?;
        insert_user(&mut transaction, user).await?;
        super::keys::insert_key(&mut transaction, key).await?;
        transaction.commit().await
    }

    /// Returns tenants behind `after`.
    pub(crate) async fn tenants(&self, after: &str, most: i64) -> Result<Vec<TenantRow>, Fault> {
        rows!(
            self,
            TenantRow,
            "select * from tenants where id > $1 order by id limit $2",
            after,
            most
        )
    }

    /// Returns a tenant.
    pub(crate) async fn tenant(&self, id: TenantId) -> Result<Option<TenantRow>, Fault> {
        let id = id.to_string();
        row!(self, TenantRow, "select * from tenants where id = $1", id)
    }

    /// Stores a tenant's name and standing; tells whether it was there.
    pub(crate) async fn change_tenant(&self, row: &TenantRow) -> Result<bool, Fault> {
        let changed = run!(
            self,
            "update tenants set name = $2, standing = $3 where id = $1",
            row.id,
            row.name,
            row.standing
        )?;
        Ok(changed == 1)
    }

    /// Returns how many tenants there are.
    pub(crate) async fn count_tenants(&self) -> Result<i64, Fault> {
        let row = row!(self, Count, "select count(*) as count from tenants")?;
        Ok(row.map_or(0, |row| row.count))
    }

    /// Returns users of the tenant behind `after`.
    pub(crate) async fn users(
        &self,
        tenant: TenantId,
        after: &str,
        most: i64,
    ) -> Result<Vec<UserRow>, Fault> {
        let tenant = tenant.to_string();
        rows!(
            self,
            UserRow,
            "select * from users where tenant_id = $1 and id > $2 order by id limit $3",
            tenant,
            after,
            most
        )
    }

    /// Returns a user of the tenant.
    pub(crate) async fn user(
        &self,
        tenant: TenantId,
        id: UserId,
    ) -> Result<Option<UserRow>, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        row!(
            self,
            UserRow,
            "select * from users where tenant_id = $1 and id = $2",
            tenant,
            id
        )
    }

    /// Returns the user of this name of the tenant of this name.
    pub(crate) async fn user_named(
        &self,
        tenant: &str,
        user: &str,
    ) -> Result<Option<UserRow>, Fault> {
        row!(
            self,
            UserRow,
            "select u.* from users u join tenants t on t.id = u.tenant_id where t.name = $1 and u.name = $2",
            tenant,
            user
        )
    }

    /// Returns how many users the tenant has.
    pub(crate) async fn count_users(&self, tenant: TenantId) -> Result<i64, Fault> {
        let tenant = tenant.to_string();
        let row = row!(
            self,
            Count,
            "select count(*) as count from users where tenant_id = $1",
            tenant
        )?;
        Ok(row.map_or(0, |row| row.count))
    }

    /// Adds a user.
    pub(crate) async fn add_user(&self, row: &UserRow) -> Result<(), Fault> {
        let mut transaction = self.begin().await?;
        insert_user(&mut transaction, row).await?;
        transaction.commit().await
    }

    /// Stores a user's name, role and standing, unless the tenant would be left without an admin;
    /// tells whether the user was there.
    pub(crate) async fn change_user(&self, row: &UserRow) -> Result<bool, Fault> {
        let mut transaction = self.begin().await?;
        hold_tenant(&mut transaction, &row.tenant_id).await?;
        let changed = run_in!(
            &mut transaction,
            "update users set name = $3, role = $4, standing = $5 where tenant_id = $1 and id = $2",
            row.tenant_id,
            row.id,
            row.name,
            row.role,
            row.standing
        )?;
        keep_an_admin(&mut transaction, &row.tenant_id).await?;
        transaction.commit().await?;
        Ok(changed == 1)
    }

    /// Removes a user with all keys, unless the tenant would be left without an admin; tells
    /// whether the user was there.
    pub(crate) async fn remove_user(&self, tenant: TenantId, id: UserId) -> Result<bool, Fault> {
        let (tenant, id) = (tenant.to_string(), id.to_string());
        let mut transaction = self.begin().await?;
        hold_tenant(&mut transaction, &tenant).await?;
        run_in!(
            &mut transaction,
            "delete from keys where tenant_id = $1 and user_id = $2",
            tenant,
            id
        )?;
        let removed = run_in!(
            &mut transaction,
            "delete from users where tenant_id = $1 and id = $2",
            tenant,
            id
        )?;
        keep_an_admin(&mut transaction, &tenant).await?;
        transaction.commit().await?;
        Ok(removed == 1)
    }
}

async fn insert_user(transaction: &mut Transaction<'_>, row: &UserRow) -> Result<(), Fault> {
    run_in!(
        transaction,
        "insert into users (id, tenant_id, name, role, standing, created_at) values ($1, $2, $3, $4, $5, $6)",
        row.id,
        row.tenant_id,
        row.name,
        row.role,
        row.standing,
        row.created_at
    )?;
    Ok(())
}

/// Lets no other change of the tenant's users happen until the transaction ends.
async fn hold_tenant(transaction: &mut Transaction<'_>, tenant: &str) -> Result<(), Fault> {
    run_in!(
        transaction,
        "update tenants set standing = standing where id = $1",
        tenant
    )?;
    Ok(())
}

/// Refuses a change after which nobody could manage the tenant.
async fn keep_an_admin(transaction: &mut Transaction<'_>, tenant: &str) -> Result<(), Fault> {
    let left = row_in!(
        transaction,
        Count,
        "select count(*) as count from users where tenant_id = $1 and role = 'admin' and standing = 'active'",
        tenant
    )?;
    if left.is_some_and(|left| left.count > 0) {
        Ok(())
    } else {
        Err(Fault::new(
            ErrorCode::LastAdmin,
            "This is the only active admin of the tenant.",
        ))
    }
}
