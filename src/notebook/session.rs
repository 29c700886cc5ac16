//! The session in which the cells of a notebook run.

use std::sync::Arc;

use super::library::Library;
use super::open::Open;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{NotebookId, TenantId};
use crate::session::{Handle, NewSession};
use crate::store::notebooks::NotebookRow;
use crate::tenant::Caller;

impl Library {
    /// Returns the notebook's session, a new one if it has none that lives.
    pub(super) async fn session(
        self: &Arc<Self>,
        caller: &Caller,
        id: NotebookId,
        open: &Arc<Open>,
    ) -> Result<Handle, Fault> {
        // Two requests at once make one session.
        let _turn = open.starting().await;
        let (row, _) = self.find(caller.tenant, id).await?;
        if let Some(handle) = self.living(caller.tenant, &row).await? {
            return Ok(handle);
        }
        let project = row.project_id.parse().map_err(Fault::internal)?;
        let new = NewSession {
            name: Some(row.name.clone()),
            project: Some(project),
            notebook: Some(id),
            ..NewSession::default()
        };
        let handle = self.sessions.create(caller, new).await?;
        let session = handle.id.to_string();
        self.store.set_notebook_session(&row, &session).await?;
        open.set_session(session).await;
        Ok(handle)
    }

    /// Returns the session that a notebook has, if that lives.
    pub(super) async fn living(
        &self,
        tenant: TenantId,
        row: &NotebookRow,
    ) -> Result<Option<Handle>, Fault> {
        let known = row.session_id.as_deref().and_then(|text| text.parse().ok());
        let Some(session) = known else {
            return Ok(None);
        };
        match self.sessions.get(tenant, session).await {
            Err(fault)
                if matches!(
                    fault.code,
                    ErrorCode::SessionNotFound | ErrorCode::SessionDead
                ) =>
            {
                Ok(None)
            }
            other => other.map(Some),
        }
    }
}
