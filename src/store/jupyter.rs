//! What clients of Jupyter have open, as rows.

use super::Store;
use crate::error_code::Fault;
use crate::id::TenantId;

/// A document that is open, and its kernel.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct OpenRow {
    pub(crate) id: String,
    pub(crate) tenant_id: String,
    /// The kernel.
    pub(crate) session_id: String,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) kind: String,
}

impl Store {
    /// Adds a document; those whose kernels have ended go.
    pub(crate) async fn add_open(&self, row: &OpenRow) -> Result<(), Fault> {
        run!(
            self,
            "delete from jupyter_sessions where tenant_id = $1 and session_id not in
             (select id from sessions where tenant_id = $1 and standing = 'live')",
            row.tenant_id
        )?;
        run!(
            self,
            "insert into jupyter_sessions (id, tenant_id, session_id, path, name, kind) values ($1, $2, $3, $4, $5, $6)",
            row.id,
            row.tenant_id,
            row.session_id,
            row.path,
            row.name,
            row.kind
        )?;
        Ok(())
    }

    /// Returns the open documents of a tenant whose kernels live, the newest last.
    pub(crate) async fn open_documents(
        &self,
        tenant: TenantId,
        most: i64,
    ) -> Result<Vec<OpenRow>, Fault> {
        let tenant = tenant.to_string();
        rows!(
            self,
            OpenRow,
            "select * from jupyter_sessions where tenant_id = $1 and session_id in
             (select id from sessions where tenant_id = $1 and standing = 'live') order by id limit $2",
            tenant,
            most
        )
    }

    /// Returns an open document of the tenant whose kernel lives.
    pub(crate) async fn open_document(
        &self,
        tenant: TenantId,
        id: &str,
    ) -> Result<Option<OpenRow>, Fault> {
        let tenant = tenant.to_string();
        row!(
            self,
            OpenRow,
            "select * from jupyter_sessions where tenant_id = $1 and id = $2 and session_id in
             (select id from sessions where tenant_id = $1 and standing = 'live')",
            tenant,
            id
        )
    }

    /// Changes everything of an open document that can change.
    pub(crate) async fn change_open(&self, row: &OpenRow) -> Result<(), Fault> {
        run!(
            self,
            "update jupyter_sessions set session_id = $1, path = $2, name = $3, kind = $4
             where tenant_id = $5 and id = $6",
            row.session_id,
            row.path,
            row.name,
            row.kind,
            row.tenant_id,
            row.id
        )?;
        Ok(())
    }

    /// Removes an open document.
    pub(crate) async fn remove_open(&self, row: &OpenRow) -> Result<(), Fault> {
        run!(
            self,
            "delete from jupyter_sessions where tenant_id = $1 and id = $2",
            row.tenant_id,
            row.id
        )?;
        Ok(())
    }
}
