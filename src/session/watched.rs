//! An execution that somebody waits for, and what its events come to.

use bytes::Bytes;
use nbformat::v4::Output;

use super::event::{Event, Happening, Notice};
use super::event_log::EventReader;
use super::execution::{Finished, Submission};
use super::handle::Handle;
use crate::error_code::{ErrorCode, Fault};
use crate::id::ExecutionId;
use crate::notebook::{Outputs, text_of};
use crate::tenant::scan::Finding;

/// An execution whose end somebody waits for. When they go away, it is taken back.
pub(crate) struct Watched {
    handle: Handle,
    execution: ExecutionId,
    events: EventReader,
    ended: bool,
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended {
            let (handle, execution) = (self.handle.clone(), self.execution);
            tokio::spawn(async move { handle.cancel(execution).await });
        }
    }
}

impl Watched {
    /// Queues code in a session.
    pub(crate) async fn begin(handle: Handle, submission: Submission) -> Result<Self, Fault> {
        let accepted = handle.execute(submission).await?;
        let events = handle.events(accepted.after);
        Ok(Self {
            handle,
            execution: accepted.execution,
            events,
            ended: false,
        })
    }

    /// Returns the execution's id.
    pub(crate) fn execution(&self) -> ExecutionId {
        self.execution
    }

    /// Returns the next event of the execution with its JSON; nothing after its end.
    pub(crate) async fn next(&mut self) -> Result<Option<(Event, Bytes)>, Fault> {
        while !self.ended {
            let Some(recorded) = self.events.next().await.map_err(Fault::internal)? else {
                self.ended = true;
                break;
            };
            let event = recorded.event().map_err(Fault::internal)?;
            if event.draft.execution_id != Some(self.execution) {
                continue;
            }
            self.ended = matches!(
                event.draft.happening,
                Happening::Notice(Notice::Finished(_))
            );
            return Ok(Some((event, recorded.json)));
        }
        Ok(None)
    }

    /// Waits for the end and returns what came of it.
    pub(crate) async fn wait(mut self) -> Result<Gathered, Fault> {
        let mut gathered = Gathered::default();
        while let Some((event, _)) = self.next().await? {
            gathered.take(event);
        }
        Ok(gathered)
    }
}

/// The events of one execution, put together.
#[derive(Default)]
pub(crate) struct Gathered {
    outputs: Outputs<()>,
    pub(crate) finished: Option<Finished>,
    pub(crate) first_seq: Option<u64>,
    pub(crate) last_seq: Option<u64>,
    /// What the scan of its code found.
    pub(crate) findings: Vec<Finding>,
}

impl Gathered {
    pub(crate) fn take(&mut self, event: Event) {
        self.first_seq.get_or_insert(event.seq);
        self.last_seq = Some(event.seq);
        match event.draft.happening {
            Happening::Kernel(message) => {
                self.outputs.take(&(), message);
            }
            Happening::Notice(Notice::Finished(finished)) => self.finished = Some(finished),
            Happening::Notice(Notice::Log { findings, .. }) => self.findings.extend(findings),
            Happening::Notice(_) => {}
        }
    }

    /// Returns the outputs as nbformat 4.5 has them.
    pub(crate) fn outputs(&self) -> Vec<Output> {
        self.outputs.of_cell(&())
    }

    /// Returns everything readable in the outputs.
    pub(crate) fn text(&self) -> String {
        text_of(&self.outputs())
    }

    /// Refuses when what came of it is not stored.
    pub(crate) fn require_stored(&self, execution: ExecutionId) -> Result<(), Fault> {
        let Some(finished) = &self.finished else {
            return Ok(());
        };
        let Some(not_stored) = &finished.not_stored else {
            return Ok(());
        };
        let details = serde_json::json!({
            "execution_id": execution,
            "status": self.status(),
            "cause": not_stored,
        });
        let message = format!(
            "The code ran, and what came of it could not be stored: {}",
            not_stored.message
        );
        Err(Fault::new(ErrorCode::ExecutionNotStored, message).with_details(details))
    }

    /// Returns how it ended, as the API says it.
    pub(crate) fn status(&self) -> String {
        self.finished
            .as_ref()
            .map_or("lost".into(), |finished| status(&finished.outcome))
    }
}

/// Returns the name that the API has for an outcome.
pub(crate) fn status(outcome: &str) -> String {
    if outcome == "ok" {
        "success".into()
    } else {
        outcome.into()
    }
}
