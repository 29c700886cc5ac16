//! What an agent is told while its code runs, if it asked for that.

use std::time::Instant;

use python_wasm::Event as Shown;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RoleServer};

use crate::session::{Happening, Notice};

/// Characters of a line of output that are told.
const LINE: usize = 200;

/// The way back to whoever waits for a call.
pub(super) struct Progress {
    peer: Peer<RoleServer>,
    token: ProgressToken,
    begun: Instant,
    told: f64,
}

impl Progress {
    pub(super) fn new(peer: Peer<RoleServer>, token: ProgressToken) -> Self {
        Self {
            peer,
            token,
            begun: Instant::now(),
            told: 0.0,
        }
    }

    /// Tells what happened, as far as it is progress.
    pub(super) async fn of(&mut self, happening: &Happening) {
        let message = match happening {
            Happening::Notice(Notice::Queued { position }) => {
                format!("waiting, number {position} in the queue")
            }
            Happening::Notice(Notice::Started { .. }) => "running".to_owned(),
            Happening::Kernel(Shown::Stream(stream)) => {
                let last = stream
                    .text
                    .lines()
                    .rev()
                    .find(|line| !line.trim().is_empty());
                let Some(last) = last else { return };
                crate::text::line(&crate::text::colourless(last), LINE)
            }
            Happening::Notice(_) | Happening::Kernel(_) => return,
        };
        self.tell(message).await;
    }

    /// Tells that it still runs.
    pub(super) async fn still_running(&mut self) {
        let seconds = self.begun.elapsed().as_secs();
        self.tell(format!("running for {seconds} s")).await;
    }

    /// Tells something; each time the number is larger, as the protocol wants it.
    async fn tell(&mut self, message: String) {
        self.told = self.begun.elapsed().as_secs_f64().max(self.told + 0.001);
        let told = ProgressNotificationParam::new(self.token.clone(), self.told);
        // Who has gone needs no progress.
        let _ = self.peer.notify_progress(told.with_message(message)).await;
    }
}
