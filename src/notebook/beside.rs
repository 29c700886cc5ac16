//! What runs in a notebook's session and belongs to none of its cells: code, and messages to widgets.

use std::sync::Arc;

use python_wasm::CommMessage;
use tokio::time::sleep;

use super::execute::Taken;
use super::library::Library;
use super::open::Open;
use super::run::SETTLE;
use crate::error_code::{ErrorCode, Fault};
use crate::id::{ExecutionId, NotebookId};
use crate::session::{EventReader, Handle, Happening, Notice, Submission};
use crate::store::notebooks::NotebookRow;
use crate::tenant::Caller;

impl Library {
    /// Runs code in the notebook's session, which is made when there is none.
    pub(crate) async fn execute_code(
        self: &Arc<Self>,
        caller: &Caller,
        id: NotebookId,
        code: String,
    ) -> Result<Taken, Fault> {
        let (row, open) = self.find(caller.tenant, id).await?;
        let handle = self.session(caller, id, &open).await?;
        let submission = Submission::new(caller, code);
        self.run_beside(row, open, handle, id, submission).await
    }

    /// Gives a message to a widget of the notebook. Without a session there are none.
    pub(crate) async fn tell_widget(
        self: &Arc<Self>,
        caller: &Caller,
        id: NotebookId,
        message: CommMessage,
    ) -> Result<Taken, Fault> {
        let (row, open) = self.find(caller.tenant, id).await?;
        let Some(handle) = self.living(caller.tenant, &row).await? else {
            return Err(Fault::new(
                ErrorCode::SessionNotFound,
                "The notebook has no session in which its widgets live. Run their cells again.",
            ));
        };
        // What the document knows of its widgets is looked up when they change.
        open.look(self, row.clone(), |_| Ok(())).await?;
        let submission = Submission::of_comm(caller, message);
        self.run_beside(row, open, handle, id, submission).await
    }

    async fn run_beside(
        self: &Arc<Self>,
        row: NotebookRow,
        open: Arc<Open>,
        handle: Handle,
        id: NotebookId,
        submission: Submission,
    ) -> Result<Taken, Fault> {
        let submission = Submission {
            notebook: Some(id),
            ..submission
        };
        let events = handle.events(handle.log().last());
        let execution = handle.execute(submission).await?.execution;
        let session = handle.id;
        open.log(self, &row).await?;
        tokio::spawn(Arc::clone(self).follow_beside(row, open, handle, events, execution));
        Ok(Taken {
            session,
            execution: Some(execution),
            cells: Vec::new(),
            revision: None,
        })
    }

    /// Shows what it shows to those who watch the notebook. Of it the notebook keeps the state of widgets.
    async fn follow_beside(
        self: Arc<Self>,
        row: NotebookRow,
        open: Arc<Open>,
        handle: Handle,
        mut events: EventReader,
        execution: ExecutionId,
    ) {
        let mut widgets = false;
        while let Ok(Some(recorded)) = events.next().await {
            let Ok(event) = recorded.event() else { break };
            if event.draft.execution_id != Some(execution) {
                continue;
            }
            open.tell(event.draft.clone());
            match event.draft.happening {
                Happening::Kernel(message) => widgets |= open.take_widget(message).await,
                Happening::Notice(Notice::Finished(_)) => break,
                Happening::Notice(_) => {}
            }
        }
        drop(handle);
        if !widgets {
            return;
        }
        // A control that is drawn along says something many times a second: one writing is enough.
        sleep(SETTLE).await;
        let keep = open.change(&self, row, |state| {
            state.running.keep_widgets(&mut state.document);
            Ok(())
        });
        if let Err(fault) = keep.await {
            tracing::warn!(%fault, "the state of widgets could not be saved");
        }
    }
}
