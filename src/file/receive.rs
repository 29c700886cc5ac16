//! Receiving: bytes of a request go into a file that no guest sees, in constant memory.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use futures_util::{Stream, StreamExt as _};
use tokio::io::AsyncWriteExt as _;

use super::room::Reservation;
use super::{Files, blocking, refusal};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{RequestId, TenantId};
use crate::text;

/// How long a sender may send nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// A whole file that waits to be put in place. A temporary one is removed when that does not happen.
pub(super) struct Staged {
    pub(super) folder: Dir,
    pub(super) name: String,
    pub(super) temporary: bool,
    /// Room for it, if nothing else accounts for it.
    pub(super) reservation: Option<Reservation>,
}

impl Staged {
    /// Says that it is in place now.
    pub(super) fn placed(mut self) {
        self.temporary = false;
        if let Some(reservation) = self.reservation.take() {
            reservation.keep();
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = self.folder.remove_file(&self.name)
        {
            tracing::warn!(%error, "a temporary file could not be removed; the next start will");
        }
    }
}

impl Files {
    /// Receives a file and syncs it. `declared` is the length that the sender announced.
    pub(super) async fn receive<E: Display>(
        self: &Arc<Self>,
        tenant: TenantId,
        declared: Option<u64>,
        body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Staged, Fault> {
        let files = Arc::clone(self);
        if declared.is_some_and(|declared| declared > files.largest) {
            return Err(too_large(files.largest));
        }
        let (mut staged, file) = blocking(move || {
            let reservation = files.room.reserve(tenant, 1, declared.unwrap_or(0))?;
            let folder = files.projects.layout().staging(tenant)?;
            let name = RequestId::new().to_string();
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600);
            let file = folder.open_with(&name, &options).map_err(refusal::own)?;
            Ok((
                Staged {
                    folder,
                    name,
                    temporary: true,
                    reservation: Some(reservation),
                },
                file.into_std(),
            ))
        })
        .await?;
        let mut file = tokio::fs::File::from_std(file);
        pour(
            body,
            &mut file,
            staged.reservation.as_mut(),
            declared.unwrap_or(0),
            self.largest,
        )
        .await?;
        file.sync_all().await.map_err(refusal::own)?;
        Ok(staged)
    }
}

/// Writes a body into a file. Room is reserved for what comes beyond the `reserved` bytes, and more
/// than `most` is refused. What came before a failure is in the file when this returns.
pub(super) async fn pour<E: Display>(
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    file: &mut tokio::fs::File,
    mut reservation: Option<&mut Reservation>,
    reserved: u64,
    most: u64,
) -> Result<u64, Fault> {
    let mut length = 0u64;
    let poured = loop {
        let chunk = match tokio::time::timeout(SILENCE, body.next()).await {
            Ok(Some(Ok(chunk))) => chunk,
            Ok(None) => break Ok(length),
            Ok(Some(Err(error))) => {
                break Err(Fault::new(
                    ErrorCode::MalformedBody,
                    format!("The body ended early: {error}."),
                ));
            }
            Err(_) => {
                let seconds = SILENCE.as_secs();
                break Err(Fault::new(
                    ErrorCode::TimedOut,
                    format!("Nothing came for {seconds} seconds."),
                ));
            }
        };
        let longer = length + chunk.len() as u64;
        if longer > most {
            break Err(too_large(most));
        }
        let unreserved = longer.saturating_sub(reserved.max(length));
        if let Some(reservation) = reservation.as_deref_mut()
            && let Err(fault) = reservation.grow(unreserved)
        {
            break Err(fault);
        }
        if let Err(error) = file.write_all(&chunk).await {
            break Err(refusal::own(error));
        }
        length = longer;
    };
    file.flush().await.map_err(refusal::own)?;
    poured
}

/// The refusal of a body that is too large for a file.
pub(super) fn too_large(most: u64) -> Fault {
    Fault::new(
        ErrorCode::BodyTooLarge,
        format!(
            "Here at most {} ({most} bytes) are taken.",
            text::size(most)
        ),
    )
    .with_details(serde_json::json!({"limit": most}))
}
