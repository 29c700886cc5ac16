//! The worker's front: reads requests, hands them to the rooms of the sessions, sends messages.

use std::collections::HashMap;
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use python_wasm::{Image, ImageSpec, PageStore, Quiet, Runtime};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_util::codec::{FramedRead, FramedWrite};

use super::confine;
use super::failure;
use super::protocol::{
    Answer, Command, Failed, FailedKind, Frame, FrameCodec, FrameReader, ImageInfo, Message,
    Request, Start,
};
use super::room::{self, Room};
use crate::id::SessionId;

/// Messages that may wait for the control process; then cells wait.
const OUTBOX: usize = 1024;

/// How often the control process is told how much memory sessions hold.
const PULSE: Duration = Duration::from_secs(1);

/// What a worker is started with.
#[derive(Debug, clap::Args)]
pub(crate) struct WorkerOptions {
    /// Folders that sessions may have their homes and checkpoints in.
    #[arg(long, required = true)]
    pub(crate) folder: Vec<PathBuf>,
    /// The folder for what lives as long as a session.
    #[arg(long)]
    pub(crate) scratch: PathBuf,
    /// Images to start sessions from.
    #[arg(long, required = true)]
    pub(crate) image: Vec<String>,
}

/// What rooms share.
pub(super) struct House {
    pub(super) images: HashMap<String, Image>,
    pub(super) outbox: mpsc::Sender<Frame<Message>>,
    /// Where nothing waits for a guest.
    pub(super) desk: tokio::runtime::Handle,
    stores: std::sync::Mutex<HashMap<PathBuf, PageStore>>,
}

impl House {
    /// Returns the store of a folder, which is opened once: sessions of one tenant share pages.
    pub(super) fn store(&self, folder: &PathBuf) -> Result<PageStore, Failed> {
        let mut stores = self.stores.lock().expect("no holder panics");
        if let Some(store) = stores.get(folder) {
            return Ok(store.clone());
        }
        let store =
            PageStore::open(folder).map_err(|error| failed(failure::of_store(&error), error))?;
        stores.insert(folder.clone(), store.clone());
        Ok(store)
    }
}

/// Returns a failure with the text of its reason.
pub(super) fn failed(kind: FailedKind, reason: impl std::fmt::Display) -> Failed {
    Failed {
        kind,
        message: reason.to_string(),
    }
}

/// Holds sessions until the control process goes away.
pub(crate) fn run(options: &WorkerOptions) -> anyhow::Result<()> {
    // SAFETY: the control process put the socket at descriptor 0, and nothing else owns it here.
    let socket = unsafe { OwnedFd::from_raw_fd(0) };
    let socket = std::os::unix::net::UnixStream::from(socket);
    end_on_panic();
    confine::become_first_to_go();
    // No guest runs yet: opening the cache takes locks there, which is forbidden afterwards.
    let images = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(open_images(&options.image))?;
    // Landlock holds for the threads that are started after it.
    confine::landlock(options)?;
    // Guests have threads of their own, so that the desk never waits for one.
    let guests = tokio::runtime::Builder::new_multi_thread()
        .thread_name("guest")
        .enable_all()
        .build()
        .context("threads for guests cannot be started")?;
    confine::seccomp()?;
    let desk = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let served = desk.block_on(serve(socket, images, guests.handle().clone()));
    guests.shutdown_timeout(Duration::from_millis(100));
    served
}

/// Ends the process with the first panic: what is left of it is not to be trusted, and a session
/// whose task is gone would never answer. Its sessions go on elsewhere.
fn end_on_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        std::process::abort();
    }));
}

async fn open_images(names: &[String]) -> anyhow::Result<Vec<Image>> {
    let runtime = Runtime::prepare(Default::default(), Quiet::shared()).await?;
    let mut images = Vec::new();
    for name in names {
        let spec = ImageSpec::builtin(name)?;
        images.push(runtime.image(&spec, Quiet::shared()).await?);
    }
    Ok(images)
}

async fn serve(
    socket: std::os::unix::net::UnixStream,
    images: Vec<Image>,
    guests: tokio::runtime::Handle,
) -> anyhow::Result<()> {
    socket.set_nonblocking(true)?;
    let (reading, writing) = UnixStream::from_std(socket)?.into_split();
    let mut requests = FramedRead::new(reading, FrameReader::<Request>::new());
    let mut writing = FramedWrite::new(writing, FrameCodec);
    let (outbox, mut waiting) = mpsc::channel(OUTBOX);
    tokio::spawn(async move {
        while let Some(message) = waiting.recv().await {
            // Several at once where several wait: one system call instead of many.
            if writing.feed(message).await.is_err() {
                break;
            }
            while let Ok(message) = waiting.try_recv() {
                if writing.feed(message).await.is_err() {
                    return;
                }
            }
            if SinkExt::<Frame<Message>>::flush(&mut writing)
                .await
                .is_err()
            {
                break;
            }
        }
    });
    let listed = images
        .iter()
        .map(|image| ImageInfo {
            name: image.name().into(),
            digest: image.digest().into(),
            memory_bytes: image.memory_bytes(),
        })
        .collect();
    let house = Arc::new(House {
        images: images
            .into_iter()
            .map(|image| (image.name().to_owned(), image))
            .collect(),
        outbox: outbox.clone(),
        desk: tokio::runtime::Handle::current(),
        stores: Default::default(),
    });
    outbox
        .send(Message::Ready { images: listed }.into())
        .await?;
    let mut desk = Desk {
        house,
        guests,
        rooms: HashMap::new(),
    };
    let mut pulse = tokio::time::interval(PULSE);
    pulse.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            request = requests.next() => match request {
                Some(Ok(Frame { header, .. })) => desk.take(header).await,
                // It has ended with something unread.
                Some(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionReset => return Ok(()),
                Some(Err(error)) => return Err(error).context("the control process sent what cannot be read"),
                // It has ended, and so has the work.
                None => return Ok(()),
            },
            _ = pulse.tick() => desk.pulse(),
        }
    }
}

struct Desk {
    house: Arc<House>,
    guests: tokio::runtime::Handle,
    rooms: HashMap<SessionId, Room>,
}

impl Desk {
    /// Hands a request to its session's room; what can be answered at once is.
    async fn take(&mut self, request: Request) {
        let Request {
            id,
            session,
            command,
        } = request;
        let answer = match command {
            Command::Open(opening) => {
                let parent = match &opening.start {
                    Start::Fork(parent) => match self.rooms.get(parent) {
                        Some(room) => Some(room.clone()),
                        None => return self.reply(id, Err(unknown(*parent))).await,
                    },
                    Start::Image | Start::Checkpoint(_) => None,
                };
                self.rooms.retain(|_, room| room.is_open());
                let room = room::open(
                    &self.guests,
                    Arc::clone(&self.house),
                    session,
                    *opening,
                    parent,
                    id,
                );
                self.rooms.insert(session, room);
                return;
            }
            Command::Interrupt => self.room(session).map(|room| {
                room.interrupt();
                Answer::Done
            }),
            Command::Input { line } => match self.room(session) {
                Ok(room) => {
                    room.answer(line);
                    Ok(Answer::Done)
                }
                Err(failure) => Err(failure),
            },
            command @ (Command::Run { .. }
            | Command::Look { .. }
            | Command::Inject { .. }
            | Command::Checkpoint
            | Command::Restore { .. }
            | Command::Hibernate
            | Command::Close) => match self.room(session) {
                Ok(room) => match room.hand_in(id, command) {
                    Ok(()) => return,
                    Err(failure) => Err(failure),
                },
                Err(failure) => Err(failure),
            },
        };
        self.reply(id, answer).await;
    }

    fn room(&self, session: SessionId) -> Result<&Room, Failed> {
        self.rooms
            .get(&session)
            .filter(|room| room.is_open())
            .ok_or_else(|| unknown(session))
    }

    async fn reply(&self, id: u64, result: Result<Answer, Failed>) {
        reply(&self.house.outbox, id, result, Bytes::new()).await;
    }

    fn pulse(&mut self) {
        self.rooms.retain(|_, room| room.is_open());
        let private_bytes = self
            .rooms
            .iter()
            .map(|(id, room)| (*id, room.private_bytes()))
            .collect();
        let running = self.rooms.iter();
        let running = running.filter_map(|(id, room)| Some((*id, room.running()?)));
        // When the control process is slow, it is told the next time.
        let _ = self.house.outbox.try_send(
            Message::Pulse {
                private_bytes,
                running: running.collect(),
                stalls: python_wasm::stalls(),
            }
            .into(),
        );
    }
}

/// Sends the answer of a request.
pub(super) async fn reply(
    outbox: &mpsc::Sender<Frame<Message>>,
    id: u64,
    result: Result<Answer, Failed>,
    body: Bytes,
) {
    // When the control process has gone, nobody waits for it.
    let _ = outbox
        .send(Frame {
            header: Message::Reply { id, result },
            body,
        })
        .await;
}

fn unknown(session: SessionId) -> Failed {
    failed(
        FailedKind::Unknown,
        format!("the worker holds no session {session}"),
    )
}
