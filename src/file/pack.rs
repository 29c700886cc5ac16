//! Packing: a folder goes out as a zip archive that is made while it is sent, in constant memory.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cap_std::fs::{Dir, Metadata, MetadataExt as _};
use futures_util::Stream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipWriter};

use super::tree::{self, Kind};
use super::walk::Walk;
use super::{FilePath, Files, blocking, refusal};
use crate::error_code::Fault;
use crate::id::{ProjectId, TenantId};

/// Entries of an archive: its directory is held until the end.
const ENTRIES: usize = 100_000;

/// How long a receiver may take nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// Bytes that are sent at once, and how many of those wait.
const CHUNK: usize = 256 << 10;
const WAITING: usize = 4;

impl Files {
    /// Packs a folder. Links, what is neither file nor folder, and names that no path may have are
    /// left out. A failure on the way ends the stream with an error, so that nobody takes what came
    /// for an archive.
    pub(crate) async fn pack(
        self: &Arc<Self>,
        tenant: TenantId,
        project: ProjectId,
        path: FilePath,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + use<>, Fault> {
        let site = self.site(tenant, project).await?;
        let (folder, again) = blocking(move || {
            let folder = tree::enter(&site.root, &path)?;
            if Walk::new(folder.try_clone().map_err(refusal::own)?, true)
                .take(ENTRIES + 1)
                .count()
                > ENTRIES
            {
                return Err(Fault::field(
                    "zip",
                    format!("{path} has more than {ENTRIES} files; ask for its folders one by one"),
                ));
            }
            Ok((folder.try_clone().map_err(refusal::own)?, folder))
        })
        .await?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let handle = Handle::current();
        let place = Arc::clone(&self.packing)
            .acquire_owned()
            .await
            .map_err(Fault::internal)?;
        tokio::task::spawn_blocking(move || {
            let _place = place;
            let pipe = Pipe {
                sender: sender.clone(),
                handle,
            };
            if let Err(error) = write(folder, &again, pipe) {
                // Nobody listens when it was the receiver who left.
                let _ = sender.try_send(Err(error));
            }
        });
        Ok(ReceiverStream::new(receiver))
    }
}

/// Writes into the channel, and gives up when nobody takes what was written.
struct Pipe {
    sender: mpsc::Sender<io::Result<Bytes>>,
    handle: Handle,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self
            .sender
            .send_timeout(Ok(Bytes::copy_from_slice(bytes)), SILENCE);
        match self.handle.block_on(sent) {
            Ok(()) => Ok(bytes.len()),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(folder: Dir, again: &Dir, pipe: Pipe) -> io::Result<()> {
    let mut archive = ZipWriter::new_stream(BufWriter::with_capacity(CHUNK, pipe));
    for found in Walk::new(folder, true).take(ENTRIES) {
        let found = found?;
        let Some(path) = allowed(&found.path) else {
            continue;
        };
        match found.kind {
            Kind::Folder => archive.add_directory(path.as_str(), SimpleFileOptions::default())?,
            Kind::File => {
                // What a guest removed or replaced meanwhile is left out.
                let Ok((file, metadata)) = open(again, &path) else {
                    continue;
                };
                let options = SimpleFileOptions::default()
                    .large_file(metadata.len() > u64::from(u32::MAX / 2))
                    .last_modified_time(modified(&metadata))
                    .unix_permissions(0o644);
                archive.start_file(path.as_str(), options)?;
                // What a guest adds meanwhile is left out too: the header has said how large it may be.
                io::copy(&mut io::Read::take(file, metadata.len()), &mut archive)?;
            }
            Kind::Link | Kind::Other => {}
        }
    }
    archive
        .finish()?
        .into_inner()
        .into_inner()
        .map_err(|error| error.into_error())
        .map(drop)
}

fn open(root: &Dir, path: &FilePath) -> Result<(cap_std::fs::File, Metadata), Fault> {
    let (folder, name) = path.split().ok_or_else(|| refusal::missing(path))?;
    tree::open_file(&tree::enter(root, &folder)?, name, path)
}

/// Returns a path that whoever unpacks it can have: a guest's names may be anything.
fn allowed(path: &std::path::Path) -> Option<FilePath> {
    FilePath::parse(path.to_str()?).ok()
}

/// Returns a file's time as archives have it, which know the years 1980 to 2107.
fn modified(metadata: &Metadata) -> DateTime {
    let seconds = jiff::Timestamp::from_second(metadata.mtime()).ok();
    seconds
        .map(|time| time.to_zoned(jiff::tz::TimeZone::UTC))
        .and_then(|time| {
            let part = |value: i8| u8::try_from(value).ok();
            let year = u16::try_from(time.year()).ok()?;
            let (month, day) = (part(time.month())?, part(time.day())?);
            let (hour, minute, second) = (
                part(time.hour())?,
                part(time.minute())?,
                part(time.second())?,
            );
            DateTime::from_date_and_time(year, month, day, hour, minute, second).ok()
        })
        .unwrap_or_default()
}
