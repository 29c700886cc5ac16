//! Notebooks whole, as other programs read them: large outputs stand in their text.

use std::sync::Arc;

use super::document::Notebook;
use super::library::{Library, Snapshot};
use super::path::NotebookPath;
use super::place::ProjectFolder;
use super::stored::invalid;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ProjectId, TenantId};

impl Library {
    /// Returns the text of the notebook at a path of a project, in nbformat 4.5.
    pub(crate) async fn whole_at(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        path: &NotebookPath,
    ) -> Result<String, Fault> {
        self.projects.folder(tenant, project).await?;
        if let Some(found) = self.at(tenant, project, path).await? {
            let snapshot = |state: &_| Ok(Snapshot::of(state, None));
            let snapshot = self.look(tenant, found.id, snapshot).await?;
            let outputs = self.whole_outputs(&snapshot).await?;
            return self
                .work(move |_| Ok(snapshot.document.to_file_of(&outputs)))
                .await;
        }
        let path = path.clone();
        self.work(move |library| {
            let folder = ProjectFolder::open(&library.layout, tenant, project)?;
            let (bytes, _) = folder.read(&path, library.largest)?;
            let text = String::from_utf8(bytes)
                .map_err(|_| Fault::new(ErrorCode::NotebookInvalid, "The notebook is no UTF-8."))?;
            Ok(Notebook::read(&text)
                .map_err(|error| invalid(&error))?
                .to_json())
        })
        .await
    }

    /// Returns the text that a notebook is written with, if it is one.
    pub(crate) async fn checked_text(self: &Arc<Self>, text: String) -> Result<String, Fault> {
        self.work(move |_| {
            Ok(Notebook::read(&text)
                .map_err(|error| invalid(&error))?
                .to_json())
        })
        .await
    }
}
