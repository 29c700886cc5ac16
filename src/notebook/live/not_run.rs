//! Why a cell that was to be run was not: it is remembered with the cell until that is run or edited.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Document;
use crate::notebook::CellKind;
use crate::session::Finished;

/// Why a cell that waited to run was not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct NotRun {
    pub(crate) reason: NotRunReason,
    /// A sentence for people.
    pub(crate) message: String,
}

/// What came between a cell and its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NotRunReason {
    /// The service ended while the cell waited.
    ServiceEnded,
    /// A cell before it in the same run was lost with its worker.
    CellLost,
    /// The session ended.
    SessionEnded,
    /// The service refused to go on with the run, for example for a quota.
    Refused,
}

impl NotRun {
    /// The service ended.
    pub(crate) fn service_ended() -> Self {
        Self {
            reason: NotRunReason::ServiceEnded,
            message: "The service ended while this cell waited to run. It was not run.".into(),
        }
    }

    /// The service refused to run this cell, or one before it.
    pub(crate) fn refused(why: &str) -> Self {
        Self {
            reason: NotRunReason::Refused,
            message: format!("This cell was not run, because the run was refused: {why}"),
        }
    }

    /// Returns why those behind a cell that ended so are not run. Behind one that failed by itself they
    /// show nothing, as everywhere.
    pub(crate) fn behind(finished: Option<&Finished>) -> Option<Self> {
        let Some(finished) = finished else {
            return Some(Self {
                reason: NotRunReason::SessionEnded,
                message: "The session ended while this cell waited to run. It was not run.".into(),
            });
        };
        if finished.outcome == "lost" {
            return Some(Self {
                reason: NotRunReason::CellLost,
                message: "A cell before this one was lost. This one was not run.".into(),
            });
        }
        let why = finished.error["message"].as_str().unwrap_or_default();
        finished.never_began().then(|| Self::refused(why))
    }
}

impl Document {
    /// Marks cells as not run.
    pub(crate) fn mark_not_run(&mut self, cells: &HashSet<String>, why: &NotRun) {
        for position in 0..self.cells.len() {
            let cell = &self.cells[position];
            if cell.kind == CellKind::Code && cells.contains(&cell.id) {
                self.touch(position, |cell| cell.not_run = Some(why.clone()));
            }
        }
    }
}
