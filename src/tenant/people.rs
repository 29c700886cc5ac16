//! Tenants and users as they are managed: the operator adds tenants, an admin the users of one.

use serde::Serialize;
use utoipa::ToSchema;

use super::audit::{Action, Entry};
use super::keys::IssuedKey;
use super::{Caller, Name, Role, Standing, Tenants, name, stored};
use crate::config::AccessMode;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{TenantId, UserId};
use crate::store;
use crate::store::tenants::{TenantRow, UserRow};

/// Users that one tenant may have.
const MOST_USERS: i64 = 10_000;

/// A tenant: whose rows, files and limits they are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    name: String,
    standing: Standing,
    created_at: String,
}

/// A user of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    pub(crate) id: UserId,
    name: String,
    role: Role,
    standing: Standing,
    created_at: String,
}

/// A new tenant, its first admin, and the key that admin begins with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewTenant {
    tenant: Tenant,
    admin: User,
    key: IssuedKey,
}

/// What is to be changed of a tenant; nothing where it stays.
#[derive(Debug, Default)]
pub(crate) struct TenantChange {
    pub(crate) name: Option<Name>,
    pub(crate) standing: Option<Standing>,
}

/// What is to be changed of a user; nothing where it stays.
#[derive(Debug, Default)]
pub(crate) struct UserChange {
    pub(crate) name: Option<Name>,
    pub(crate) role: Option<Role>,
    pub(crate) standing: Option<Standing>,
}

impl TryFrom<TenantRow> for Tenant {
    type Error = Fault;

    fn try_from(row: TenantRow) -> Result<Self, Fault> {
        Ok(Self {
            id: stored(&row.id)?,
            name: row.name,
            standing: stored(&row.standing)?,
            created_at: row.created_at,
        })
    }
}

impl TryFrom<UserRow> for User {
    type Error = Fault;

    fn try_from(row: UserRow) -> Result<Self, Fault> {
        Ok(Self {
            id: stored(&row.id)?,
            name: row.name,
            role: stored(&row.role)?,
            standing: stored(&row.standing)?,
            created_at: row.created_at,
        })
    }
}

/// Whoever asks for tenants other than their own is the operator ([`Tenants::require_operator`]).
impl Tenants {
    /// Returns tenants behind `after`.
    pub(crate) async fn tenants(&self, after: &str, most: i64) -> Result<Vec<Tenant>, Fault> {
        let rows = self.store.tenants(after, most).await?;
        rows.into_iter().map(Tenant::try_from).collect()
    }

    /// Returns a tenant.
    pub(crate) async fn tenant(&self, id: TenantId) -> Result<Tenant, Fault> {
        self.tenant_row(id).await?.try_into()
    }

    /// Adds a tenant with its first admin.
    pub(crate) async fn create_tenant(
        &self,
        caller: &Caller,
        tenant: &Name,
        admin: &Name,
    ) -> Result<NewTenant, Fault> {
        if self.mode == AccessMode::Local {
            return Err(Fault::new(
                ErrorCode::NotAllowed,
                "This service has one tenant; `access.mode = \"tenants\"` in its configuration allows more.",
            ));
        }
        let tenant = TenantRow {
            id: TenantId::new().to_string(),
            name: tenant.as_str().to_owned(),
            standing: name(&Standing::Active),
            created_at: store::now(),
        };
        let admin = UserRow {
            id: UserId::new().to_string(),
            tenant_id: tenant.id.clone(),
            name: admin.as_str().to_owned(),
            role: name(&Role::Admin),
            standing: name(&Standing::Active),
            created_at: store::now(),
        };
        let (row, secret) = self.new_key_row(&admin, "first key", None, None).await?;
        let what = format!("tenant {} {:?}", tenant.id, tenant.name);
        let entry = Entry::of(caller, Action::TenantCreate, what);
        self.audit
            .guard(entry, self.store.add_tenant(&tenant, &admin, &row))
            .await?;
        Ok(NewTenant {
            tenant: tenant.try_into()?,
            admin: admin.try_into()?,
            key: IssuedKey::new(row, secret)?,
        })
    }

    /// Changes a tenant.
    pub(crate) async fn change_tenant(
        &self,
        caller: &Caller,
        id: TenantId,
        change: TenantChange,
    ) -> Result<Tenant, Fault> {
        let mut row = self.tenant_row(id).await?;
        self.refuse_local_tenant(id)?;
        let what = format!("tenant {id}: {change:?}");
        if let Some(new) = change.name {
            row.name = new.as_str().to_owned();
        }
        if let Some(standing) = change.standing {
            row.standing = name(&standing);
        }
        let entry = Entry::of(caller, Action::TenantChange, what);
        self.audit
            .guard(entry, self.store.change_tenant(&row))
            .await?;
        self.rights_changed();
        row.try_into()
    }

    async fn tenant_row(&self, id: TenantId) -> Result<TenantRow, Fault> {
        let row = self.store.tenant(id).await?;
        row.ok_or_else(|| {
            Fault::new(
                ErrorCode::TenantNotFound,
                format!("There is no tenant {id}."),
            )
        })
    }

    /// Returns users of the caller's tenant behind `after`.
    pub(crate) async fn users(
        &self,
        caller: &Caller,
        after: &str,
        most: i64,
    ) -> Result<Vec<User>, Fault> {
        let rows = self.store.users(caller.tenant, after, most).await?;
        rows.into_iter().map(User::try_from).collect()
    }

    /// Returns a user of the caller's tenant.
    pub(crate) async fn user(&self, caller: &Caller, id: UserId) -> Result<User, Fault> {
        self.user_row(caller, id).await?.try_into()
    }

    /// Adds a user to the caller's tenant.
    pub(crate) async fn create_user(
        &self,
        caller: &Caller,
        new: &Name,
        role: Role,
    ) -> Result<User, Fault> {
        if self.store.count_users(caller.tenant).await? >= MOST_USERS {
            return Err(Fault::new(
                ErrorCode::QuotaExceeded,
                format!("A tenant has at most {MOST_USERS} users."),
            ));
        }
        let row = UserRow {
            id: UserId::new().to_string(),
            tenant_id: caller.tenant.to_string(),
            name: new.as_str().to_owned(),
            role: name(&role),
            standing: name(&Standing::Active),
            created_at: store::now(),
        };
        let entry = Entry::of(
            caller,
            Action::UserCreate,
            format!("user {} {:?}: {}", row.id, row.name, row.role),
        );
        self.audit.guard(entry, self.store.add_user(&row)).await?;
        row.try_into()
    }

    /// Changes a user of the caller's tenant.
    pub(crate) async fn change_user(
        &self,
        caller: &Caller,
        id: UserId,
        change: UserChange,
    ) -> Result<User, Fault> {
        let mut row = self.user_row(caller, id).await?;
        self.refuse_local(id)?;
        let what = format!("user {id}: {change:?}");
        if let Some(new) = change.name {
            row.name = new.as_str().to_owned();
        }
        if let Some(role) = change.role {
            row.role = name(&role);
        }
        if let Some(standing) = change.standing {
            row.standing = name(&standing);
        }
        let entry = Entry::of(caller, Action::UserChange, what);
        let there = self
            .audit
            .guard(entry, self.store.change_user(&row))
            .await?;
        self.rights_changed();
        if there {
            row.try_into()
        } else {
            Err(no_user(id))
        }
    }

    /// Removes a user of the caller's tenant with all keys.
    pub(crate) async fn delete_user(&self, caller: &Caller, id: UserId) -> Result<(), Fault> {
        let row = self.user_row(caller, id).await?;
        self.refuse_local(id)?;
        let entry = Entry::of(
            caller,
            Action::UserDelete,
            format!("user {id} {:?}", row.name),
        );
        let there = self
            .audit
            .guard(entry, self.store.remove_user(caller.tenant, id))
            .await?;
        self.rights_changed();
        if there { Ok(()) } else { Err(no_user(id)) }
    }

    pub(super) async fn user_row(&self, caller: &Caller, id: UserId) -> Result<UserRow, Fault> {
        self.store
            .user(caller.tenant, id)
            .await?
            .ok_or_else(|| no_user(id))
    }
}

fn no_user(id: UserId) -> Fault {
    Fault::new(ErrorCode::UserNotFound, format!("There is no user {id}."))
}
