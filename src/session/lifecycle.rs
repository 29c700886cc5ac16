//! How an actor's session wakes, sleeps, goes back and ends.

use std::sync::Arc;
use std::time::Duration;

use python_wasm::CheckpointId;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::actor::Actor;
use super::event::{ExecutionState, Notice};
use super::handle::State;
use super::link::Link;
use super::memory::LEAST;
use super::unwritten::Unwritten;
use crate::error_code::{ErrorCode, Fault};
use crate::id::SessionId;
use crate::store::sessions::SessionRow;
use crate::tenant::quotas::Reservation;
use crate::worker::protocol::{Answer, Command, Standing, Start, Stored};

/// How often a room that is busy is asked to close.
const CLOSING: Duration = Duration::from_millis(20);

/// How long a session waits for a worker when there is none, and how often it looks.
const WORKER_TIME: Duration = Duration::from_secs(10);
const WORKER_LOOK: Duration = Duration::from_millis(50);

impl Actor {
    /// Returns the worker that holds the session; a sleeping one is woken first. When its state
    /// cannot be read, the one before it is taken, and everybody is told.
    pub(super) async fn awake(&mut self) -> Result<Arc<Link>, Fault> {
        if let Some(link) = &self.link {
            return Ok(Arc::clone(link));
        }
        self.look(|view| view.state = State::Starting);
        let opened = self.open_somewhere().await;
        self.show();
        opened
    }

    async fn open_somewhere(&mut self) -> Result<Arc<Link>, Fault> {
        let since = Instant::now();
        let mut memory = Some(self.reserve_memory().await?);
        loop {
            let (link, _held) = match self.pick_worker().await {
                Ok(picked) => picked,
                // One that ended is being replaced.
                Err(fault)
                    if fault.code == ErrorCode::WorkerLost && since.elapsed() < WORKER_TIME =>
                {
                    tokio::time::sleep(WORKER_LOOK).await;
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            let start = match &self.checkpoint {
                Some(checkpoint) => Start::Checkpoint(checkpoint.clone()),
                None => Start::Image,
            };
            match self.open_on(Arc::clone(&link), start, &mut memory).await {
                Ok(()) => return Ok(link),
                Err(fault) if fault.code == ErrorCode::CheckpointUnreadable => {
                    self.fall_back(&fault).await?
                }
                // It ended just now; another one may be there.
                Err(fault) if fault.code == ErrorCode::WorkerLost && !link.is_alive() => {}
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Begins as a copy of a session that this worker holds.
    pub(super) async fn begin_as(
        &mut self,
        link: Arc<Link>,
        parent: SessionId,
    ) -> Result<(), Fault> {
        let mut memory = Some(self.reserve_memory().await?);
        let _held = self.room_to_begin(&link).await?;
        self.open_on(link, Start::Fork(parent), &mut memory).await
    }

    /// Starts the session on a worker. What was reserved of the quota is its own from then on.
    async fn open_on(
        &mut self,
        link: Arc<Link>,
        start: Start,
        memory: &mut Option<Reservation>,
    ) -> Result<(), Fault> {
        self.listen(&link);
        let mut opening = self.opening(start);
        opening.secrets = self.around.granted(self.tenant, &self.row).await?;
        // A project's folder is made when it is first used.
        // That of the checkpoints is made here too, by who sees to it that it stays.
        for folder in [&opening.home, &opening.checkpoints] {
            crate::disk::private_folder(folder).map_err(Fault::disk)?;
        }
        let opening = Box::new(opening);
        match link.ask(self.id, Command::Open(opening)).await {
            Ok((Answer::Opened { standing, stored }, _)) => {
                self.stand_at(standing);
                let bytes = stored.as_ref().map_or(LEAST, Stored::bytes);
                *self.shared.link.lock().expect("no holder panics") = Some(Arc::clone(&link));
                *self.shared.memory.lock().expect("no holder panics") = memory.take();
                self.link = Some(link);
                self.holds(bytes);
                // A fork may be newer than what its row names.
                if let Some(stored) = stored
                    && self.checkpoint.as_ref() != Some(&stored.checkpoint)
                {
                    self.keep(&stored, None).await?;
                }
                self.show();
                Ok(())
            }
            Ok((other, _)) => Err(unexpected(&other)),
            Err(fault) => {
                link.detach(self.id);
                self.hear_nobody();
                Err(fault)
            }
        }
    }

    /// Goes to the state before the one that cannot be read.
    async fn fall_back(&mut self, fault: &Fault) -> Result<(), Fault> {
        let Some(broken) = self.checkpoint.take() else {
            return Err(fault.clone());
        };
        let store = &self.around.store;
        store
            .remove_checkpoint(self.tenant, self.id, broken.as_str())
            .await?;
        let before = store.last_checkpoint(self.tenant, self.id).await?;
        self.checkpoint = match before {
            Some(row) => Some(row.id.parse().map_err(Fault::internal)?),
            None => None,
        };
        let current = self.checkpoint.as_ref().map(CheckpointId::as_str);
        store.set_checkpoint(self.tenant, self.id, current).await?;
        tracing::error!(session = %self.id, checkpoint = %broken, %fault, "a checkpoint cannot be read; the one before it is used");
        self.notice(Notice::Restored {
            checkpoint_id: self.checkpoint.clone(),
            reason: format!(
                "The state {broken} cannot be read ({}); this is the one before it.",
                fault.message
            ),
            lost: Vec::new(),
        });
        Ok(())
    }

    /// Forgets the worker.
    pub(super) fn part(&mut self) {
        if let Some(link) = self.link.take() {
            link.detach(self.id);
        }
        self.hear_nobody();
        *self.shared.link.lock().expect("no holder panics") = None;
        *self.shared.memory.lock().expect("no holder panics") = None;
    }

    pub(super) fn stand_at(&self, standing: Standing) {
        self.look(|view| {
            view.usage = standing.usage;
            view.execution_count = standing.execution_count;
        });
    }

    /// Frees the memory; the state is on disk.
    pub(super) async fn sleep(&mut self) -> Result<(), Fault> {
        self.rests("be put to sleep")?;
        let Some(link) = self.link.clone() else {
            return Ok(());
        };
        let (answer, _) = link.ask(self.id, Command::Hibernate).await?;
        let Answer::Stored(stored) = answer else {
            return Err(unexpected(&answer));
        };
        self.part();
        // A session that never ran anything needs no state of its own.
        if self.checkpoint.is_some() {
            let row = super::outcome::checkpoint_row(self, &stored, None, None);
            // The memory is gone: this is the state, also when it cannot be noted now.
            self.checkpoint = Some(stored.checkpoint.clone());
            self.unwritten.push(Unwritten::Checkpoint(row));
            self.write_down().await?;
        }
        self.show();
        Ok(())
    }

    /// Changes what it is granted. What its memory was given before goes with it.
    pub(super) async fn grant(&mut self, names: &[String]) -> Result<(), Fault> {
        self.rests("be granted secrets")?;
        self.sleep().await?;
        let granted = SessionRow::grants(names);
        self.around
            .store
            .set_grants(self.tenant, self.id, granted.as_deref())
            .await?;
        self.row.secrets = granted;
        Ok(())
    }

    /// Begins anew from the image; what runs or waits is not finished.
    pub(super) async fn restart(&mut self) -> Result<(), Fault> {
        self.abandon("The session was restarted.").await;
        self.status(ExecutionState::Starting);
        self.checkpoint = None;
        self.private = LEAST;
        self.around
            .store
            .set_checkpoint(self.tenant, self.id, None)
            .await?;
        self.awake().await?;
        self.notice(Notice::Restored {
            checkpoint_id: None,
            reason: "The session was restarted.".into(),
            lost: Vec::new(),
        });
        self.status(ExecutionState::Idle);
        Ok(())
    }

    /// Ends the session.
    pub(super) async fn end(&mut self, reason: &str) -> Result<(), Fault> {
        self.abandon(reason).await;
        self.notice(Notice::log("info", reason));
        self.status(ExecutionState::Dead);
        self.look(|view| view.state = State::Dead);
        self.log.close();
        Ok(())
    }

    /// Takes the memory away, and back what runs or waits.
    async fn abandon(&mut self, reason: &str) {
        while let Some(waiting) = self.queue.pop_front() {
            self.take_back(waiting).await;
        }
        self.ticket = None;
        if let Some(link) = self.link.clone() {
            self.part();
            if self.running.is_some() {
                // It need not stop softly: nobody wants its state.
                link.tell(self.id, Command::Interrupt).await;
            }
            // While the cell ends, the room takes no request; it is asked until it does. Nothing
            // of the old room may come after what a new one says.
            while let Err(fault) = link.ask(self.id, Command::Close).await {
                if fault.code != ErrorCode::SessionBusy {
                    break;
                }
                tokio::time::sleep(CLOSING).await;
            }
        }
        if let Some(running) = self.running.take() {
            self.lose(running, reason).await;
        }
    }

    /// Stores the state as it is.
    pub(super) async fn store(&mut self, label: Option<String>) -> Result<Stored, Fault> {
        self.rests("be stored")?;
        self.around.quotas.may_store(self.tenant)?;
        let link = self.awake().await?;
        let (answer, _) = link.ask(self.id, Command::Checkpoint).await?;
        let Answer::Stored(stored) = answer else {
            return Err(unexpected(&answer));
        };
        self.keep(&stored, label).await?;
        let notice = Notice::Checkpoint {
            checkpoint_id: stored.checkpoint.clone(),
            pages: stored.pages,
        };
        self.notice(notice);
        self.show();
        Ok(stored)
    }

    /// Notes a stored state as the session's present one.
    async fn keep(&mut self, stored: &Stored, label: Option<String>) -> Result<(), Fault> {
        let row = super::outcome::checkpoint_row(self, stored, None, label);
        self.around.store.keep_checkpoint(&row).await?;
        self.checkpoint = Some(stored.checkpoint.clone());
        self.private = stored.bytes().max(LEAST);
        Ok(())
    }

    /// Goes to a stored state, or to the image's own.
    pub(super) async fn restore(&mut self, checkpoint: Option<CheckpointId>) -> Result<(), Fault> {
        self.rests("be restored")?;
        match &checkpoint {
            Some(target) => {
                let link = self.awake().await?;
                let command = Command::Restore {
                    checkpoint: target.clone(),
                };
                let (answer, _) = link.ask(self.id, command).await?;
                let Answer::Stored(stored) = answer else {
                    return Err(unexpected(&answer));
                };
                self.look(|view| view.execution_count = stored.execution_count);
            }
            None => {
                self.abandon("The session went back to its beginning.")
                    .await;
            }
        }
        self.checkpoint = checkpoint;
        let current = self.checkpoint.as_ref().map(CheckpointId::as_str);
        self.around
            .store
            .set_checkpoint(self.tenant, self.id, current)
            .await?;
        self.notice(Notice::Restored {
            checkpoint_id: self.checkpoint.clone(),
            reason: "It was asked for.".into(),
            lost: Vec::new(),
        });
        self.show();
        Ok(())
    }

    pub(super) async fn inject(&mut self, variables: Map<String, Value>) -> Result<(), Fault> {
        self.rests("take variables")?;
        let link = self.awake().await?;
        link.ask(self.id, Command::Inject { variables }).await?;
        self.store(None).await.map(drop)
    }

    /// Refuses while a cell runs or waits.
    fn rests(&self, what: &str) -> Result<(), Fault> {
        if self.running.is_some() || !self.queue.is_empty() {
            let message = format!("The session runs a cell, and cannot {what} meanwhile.");
            return Err(Fault::new(ErrorCode::SessionBusy, message));
        }
        Ok(())
    }
}

/// Returns what a caller is told when a worker answers something else than it was asked.
pub(super) fn unexpected(answer: &Answer) -> Fault {
    Fault::internal(format!("a worker answered {answer:?}"))
}
