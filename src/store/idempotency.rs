//! Requests that carry an idempotency key, and their answers, as rows.

use super::Store;
use crate::error_code::Fault;
use crate::id::{TenantId, UserId};

/// A request that came before.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct RepeatRow {
    pub(crate) request: String,
    pub(crate) process: String,
    pub(crate) progress: String,
    pub(crate) status: Option<i64>,
    pub(crate) headers: Option<String>,
    pub(crate) body: Option<Vec<u8>>,
}

/// When a request came.
#[derive(Debug, sqlx::FromRow)]
struct Age {
    created_at: String,
}

impl Store {
    /// Adds a request that begins; tells whether it is the first with its key.
    pub(crate) async fn begin_request(
        &self,
        (tenant, user): (TenantId, UserId),
        key: &str,
        request: &str,
        process: &str,
        time: &str,
    ) -> Result<bool, Fault> {
        let (tenant, user) = (tenant.to_string(), user.to_string());
        let added = run!(
            self,
            "insert into idempotency (tenant_id, user_id, key, request, process, progress, created_at)
             values ($1, $2, $3, $4, $5, 'running', $6) on conflict (tenant_id, user_id, key) do nothing",
            tenant, user, key, request, process, time
        )?;
        Ok(added == 1)
    }

    /// Returns the request that came first with a key.
    pub(crate) async fn first_request(
        &self,
        (tenant, user): (TenantId, UserId),
        key: &str,
    ) -> Result<Option<RepeatRow>, Fault> {
        let (tenant, user) = (tenant.to_string(), user.to_string());
        row!(
            self,
            RepeatRow,
            "select request, process, progress, status, headers, body from idempotency
             where tenant_id = $1 and user_id = $2 and key = $3",
            tenant,
            user,
            key
        )
    }

    /// Keeps the answer of a request.
    pub(crate) async fn keep_answer(
        &self,
        (tenant, user): (TenantId, UserId),
        key: &str,
        status: i64,
        headers: &str,
        body: &[u8],
    ) -> Result<(), Fault> {
        let (tenant, user) = (tenant.to_string(), user.to_string());
        run!(
            self,
            "update idempotency set progress = 'kept', status = $4, headers = $5, body = $6
             where tenant_id = $1 and user_id = $2 and key = $3",
            tenant,
            user,
            key,
            status,
            headers,
            body
        )?;
        Ok(())
    }

    /// Notes that a request was done and that its answer cannot be repeated.
    pub(crate) async fn keep_no_answer(
        &self,
        (tenant, user): (TenantId, UserId),
        key: &str,
    ) -> Result<(), Fault> {
        let (tenant, user) = (tenant.to_string(), user.to_string());
        run!(
            self,
            "update idempotency set progress = 'unkept' where tenant_id = $1 and user_id = $2 and key = $3",
            tenant,
            user,
            key
        )?;
        Ok(())
    }

    /// Forgets a request that was refused: it changed nothing and may come again.
    pub(crate) async fn forget_request(
        &self,
        (tenant, user): (TenantId, UserId),
        key: &str,
    ) -> Result<(), Fault> {
        let (tenant, user) = (tenant.to_string(), user.to_string());
        run!(
            self,
            "delete from idempotency where tenant_id = $1 and user_id = $2 and key = $3",
            tenant,
            user,
            key
        )?;
        Ok(())
    }

    /// Forgets requests older than `oldest`.
    pub(crate) async fn forget_requests_before(&self, oldest: &str) -> Result<(), Fault> {
        run!(
            self,
            "delete from idempotency where created_at < $1",
            oldest
        )?;
        Ok(())
    }

    /// Forgets all but the tenant's newest `most` requests.
    pub(crate) async fn forget_requests_beyond(
        &self,
        tenant: TenantId,
        most: i64,
    ) -> Result<(), Fault> {
        let tenant = tenant.to_string();
        let oldest = row!(
            self,
            Age,
            "select created_at from idempotency where tenant_id = $1 order by created_at desc limit 1 offset $2",
            tenant,
            most
        )?;
        if let Some(Age { created_at }) = oldest {
            run!(
                self,
                "delete from idempotency where tenant_id = $1 and created_at <= $2 and progress <> 'running'",
                tenant,
                created_at
            )?;
        }
        Ok(())
    }
}
