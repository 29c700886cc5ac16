//! A session: one interpreter, its variables, and the way back to before every cell.

mod cell;
mod history;
mod home;
mod host;
mod machine;
mod meter;
mod options;
mod requests;
mod task;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Shared};
use sandbox_policy::Limits;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{Mutex, mpsc};

pub use cell::{Cell, Execution, Outcome};
pub use history::{Hibernated, StillAwake, Twin};
pub use home::FolderError;
pub(crate) use home::Folders;
use host::host;
pub(crate) use host::{Exited, Host, Limiter, wasi};
pub(crate) use machine::{Death, Machine};
#[cfg(test)]
pub(crate) use machine::{instantiate, store};
pub use meter::{Meter, SoFar};
pub use options::{Home, SessionOptions};
pub use requests::{Exported, FigureFormat, Formulas, VariableFormat};
pub use turn::Stop;
pub(crate) use turn::{Budget, Control, InterruptFlags, TurnState, bounded, look, rest};

use crate::checkpoint::{About, Captured, Checkpoint, PageTable, Recorded, StoreError};
use crate::door::{Audience, Frame};
use crate::image::Image;
use crate::memory::{GuestMemory, MemoryError, PageRun};
use crate::runtime::{Linked, RuntimeError};

/// Why a session cannot do what was asked. What goes wrong in guest code is no error of this
/// kind but an [`Outcome`].
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The policy does not allow the image.
    #[error("the policy {policy:?} does not allow the image {image:?}")]
    ImageNotAllowed {
        /// The policy's name.
        policy: String,
        /// The image's name.
        image: String,
    },
    /// A folder cannot be granted.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The interpreter cannot be had with the policy's stack.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// Guest memory cannot be had or changed.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A checkpoint cannot be read or written.
    #[error(transparent)]
    Store(#[from] Arc<StoreError>),
    /// A checkpoint belongs to another image.
    #[error("the checkpoint belongs to the image {checkpoint}, and this session runs {session}")]
    OtherImage {
        /// The image's digest in the checkpoint.
        checkpoint: String,
        /// The digest of the session's image.
        session: String,
    },
    /// The policy gives less memory than the image or checkpoint needs.
    #[error(
        "the state needs {needed} bytes of memory, and the policy {policy:?} gives {granted} (`memory`)"
    )]
    TooLittleMemory {
        /// The policy's name.
        policy: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes granted.
        granted: u64,
    },
    /// A request took too long or ended the interpreter; the session is as it was before.
    #[error("the request {request} was stopped because {why}; the session is as it was before")]
    Stopped {
        /// What was asked.
        request: &'static str,
        /// Why it was stopped.
        why: String,
    },
    /// The guest refused a request, for example a name that does not exist.
    #[error("{kind}: {message}")]
    Refused {
        /// The Python exception's type.
        kind: String,
        /// Its text.
        message: String,
    },
    /// The sandbox itself failed.
    #[error("the sandbox failed: {0}")]
    Engine(wasmtime::Error),
}

/// A checkpoint that is taken, hashed and stored while the session goes on.
type Recording = Shared<BoxFuture<'static, Recorded>>;

/// Whether the guest may be entered.
#[derive(Debug, Clone, Copy)]
enum Standing {
    /// It may: memory is the last checkpoint with the pages written since.
    Whole,
    /// It was entered under this budget, and its answer has not been seen.
    Running(Budget),
    /// The way to another state failed half-way.
    Torn,
}

/// A live interpreter with its variables.
///
/// Nothing is granted by default: no folder of the host, no network, no tool; the writable home
/// is a folder of the session's own. After every cell a checkpoint is taken, and no cell can
/// take the session with it: what cannot be stopped softly is rolled back.
pub struct Session {
    image: Image,
    options: SessionOptions,
    folders: Folders,
    linked: Arc<Linked>,
    machine: Machine,
    control: Arc<Control>,
    input: mpsc::Sender<Option<String>>,
    questions: Arc<Mutex<mpsc::Receiver<Option<String>>>>,
    /// The checkpoint that memory equals, but for the pages written since.
    recorded: Recording,
    standing: Standing,
    /// Nothing has run since the last capture.
    captured: bool,
    /// Pages captured after it, that the store has not been given yet.
    waiting: Option<Captured>,
    fuel_used: u64,
    time_used: Duration,
    execution_count: u64,
    /// Nothing has run since this memory was mapped.
    untouched: bool,
    /// The guest has to reseed what is random before it does anything else.
    fresh: bool,
}

/// What a session or an execution has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Fuel, about one unit a WebAssembly instruction.
    pub fuel: u64,
    /// Seconds in which guest code ran or waited.
    pub seconds: f64,
    /// Bytes of the guest's memory.
    pub memory_bytes: u64,
    /// Bytes of files in the writable folders.
    pub file_bytes: u64,
    /// Files and folders in the writable folders.
    pub files: u64,
    /// Open files.
    pub open_files: u64,
}

/// Interrupts a session from anywhere. It never waits.
#[derive(Clone)]
pub struct Interrupter(Arc<Control>);

impl Interrupter {
    /// Says that a cell is about to be run: an interrupt that comes from here on counts for it,
    /// even before it begins.
    pub fn expect_cell(&self) {
        self.0.expect();
    }

    /// Raises `KeyboardInterrupt` in the running cell; when nothing runs, nothing happens.
    pub fn interrupt(&self) {
        self.0.interrupt();
    }
}

/// Answers a session's questions.
#[derive(Clone)]
pub struct InputSender(mpsc::Sender<Option<String>>);

impl InputSender {
    /// Answers one [`crate::Event::InputRequest`]; `None` means that nobody will.
    pub async fn send(&self, line: Option<String>) {
        // The session may have ended meanwhile; then nobody waits for the line.
        let _ = self.0.send(line).await;
    }
}

impl Session {
    /// Starts a session from an image.
    pub async fn spawn(image: &Image, options: SessionOptions) -> Result<Self, SessionError> {
        let memory = GuestMemory::of(image.file(), image.runtime().parts().tracking.clone())?;
        let start = Checkpoint::new(image.start(), PageTable::default());
        let folders = Folders::make(&options.home)?;
        let own = matches!(options.home, Home::Temporary) && options.policy.files.is_empty();
        Self::on(
            image,
            options,
            folders,
            memory,
            history::known(start),
            &image.start(),
            own,
        )
    }

    /// Builds a session on a memory that holds what `about` tells of.
    fn on(
        image: &Image,
        options: SessionOptions,
        folders: Folders,
        memory: GuestMemory,
        recorded: Recording,
        about: &About,
        own: bool,
    ) -> Result<Self, SessionError> {
        let policy = &options.policy;
        if !policy.images.allows(image.name()) {
            return Err(SessionError::ImageNotAllowed {
                policy: policy.name.clone(),
                image: image.name().into(),
            });
        }
        if about.memory_bytes > policy.limits.memory {
            return Err(SessionError::TooLittleMemory {
                policy: policy.name.clone(),
                needed: about.memory_bytes,
                granted: policy.limits.memory,
            });
        }
        let control = Control::new();
        let (input, questions) = mpsc::channel(1);
        let host = host(image, &options, &folders, &control, about, own)?;
        let linked = image.runtime().with_stack(policy.limits.stack)?;
        let machine = Machine::start(&linked, Arc::new(memory), host, Some(image.serve()))
            .map_err(SessionError::Engine)?;
        let session = Self {
            image: image.clone(),
            folders,
            linked,
            machine,
            control,
            input,
            questions: Arc::new(Mutex::new(questions)),
            recorded,
            standing: Standing::Whole,
            captured: false,
            waiting: None,
            fuel_used: about.fuel_used,
            time_used: Duration::ZERO,
            execution_count: about.execution_count,
            untouched: true,
            fresh: true,
            options,
        };
        session.settle();
        Ok(session)
    }

    /// Returns what interrupts this session.
    pub fn interrupter(&self) -> Interrupter {
        Interrupter(Arc::clone(&self.control))
    }

    /// Returns what tells how much this session has used, also while it runs.
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.control))
    }

    /// Returns what answers this session's questions.
    pub fn input(&self) -> InputSender {
        InputSender(self.input.clone())
    }

    /// Returns the image it was started from.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Returns the folder on the host that the guest sees as `/home/user`.
    pub fn home(&self) -> &std::path::Path {
        self.folders.home()
    }

    /// Returns how many cells were executed.
    pub fn execution_count(&self) -> u64 {
        self.execution_count
    }

    /// Returns what the session has used since it was started.
    pub fn usage(&self) -> Usage {
        self.usage_of(self.fuel_used, self.time_used)
    }

    /// Returns the bytes of memory that this session does not share with others of its image.
    pub fn private_bytes(&self) -> u64 {
        let runs = self.machine.memory().private_pages().unwrap_or_default();
        let pages: u64 = runs.iter().map(|run| u64::from(run.count)).sum();
        pages * crate::memory::PAGE as u64
    }

    fn usage_of(&self, fuel: u64, time: Duration) -> Usage {
        let host = self.machine.host();
        let (file_bytes, files) = host.wasi.quota.used();
        Usage {
            fuel,
            seconds: time.as_secs_f64(),
            memory_bytes: self.machine.memory().len() as u64,
            file_bytes,
            files,
            open_files: host.wasi.descriptors.len() as u64,
        }
    }

    fn limits(&self) -> &Limits {
        &self.options.policy.limits
    }

    /// Returns what a cell may use now, when so much is left of a day's fuel.
    fn cell_budget(&self, fuel_of_day: Option<u64>) -> Budget {
        let limits = self.limits();
        let left = limits.fuel_per_session.saturating_sub(self.fuel_used);
        let mut budget = Budget {
            time: limits.cell_time,
            grace: limits.grace_time,
            fuel: limits.fuel_per_cell,
            fuel_limit: Stop::FuelPerCell,
            // The grace is a time; this only keeps the fuel from ending it early.
            grace_fuel: GRACE_FUEL,
        };
        budget.narrow(left, Stop::FuelPerSession);
        if let Some(left) = fuel_of_day {
            budget.narrow(left, Stop::FuelPerDay);
        }
        budget
    }

    /// Returns the pages this session does not share with its image.
    pub(crate) fn private_pages(&self) -> Result<Vec<PageRun>, SessionError> {
        Ok(self.machine.memory().private_pages()?)
    }

    /// Makes a request of the guest's kernel under `budget`; after a failure the session is
    /// rolled back and the reason returned.
    async fn ask(
        &mut self,
        mut request: Frame,
        budget: Budget,
        audience: Audience,
    ) -> Result<Result<Frame, Death>, SessionError> {
        self.undo_open_turn().await?;
        let host = self.machine.host_mut();
        host.output.renew();
        host.door.tables = crate::columnar::TableDoor::default();
        host.door.audience = audience;
        if std::mem::take(&mut self.untouched) {
            let memory = self.machine.memory();
            let pages = self.image.first_pages();
            pages.iter().for_each(|run| memory.populate(*run));
            memory.expect_written(pages);
        }
        if self.fresh {
            request.header.insert("fresh".into(), json!(true));
            request
                .header
                .insert("tools".into(), self.options.tools.described());
        }
        self.standing = Standing::Running(budget);
        self.captured = false;
        let answer = self.machine.ask(request, budget).await;
        self.charge(budget);
        self.time_used += self.machine.host().turn.elapsed();
        self.settle();
        let answer = match answer {
            Ok(_) if !self.machine.has_room().await => Err(Death::MemoryFull),
            // The kernel had not even memory to say so.
            Err(Death::NoAnswer) if self.machine.is_grown() => Err(Death::MemoryFull),
            answer => answer,
        };
        match answer {
            Ok(frame) => {
                self.standing = Standing::Whole;
                self.fresh = false;
                Ok(Ok(frame))
            }
            Err(death) => {
                self.roll_back().await?;
                Ok(Err(death))
            }
        }
    }

    /// Counts the fuel of a turn as the session's, once.
    fn charge(&mut self, budget: Budget) {
        self.fuel_used += self.machine.take_fuel_used().min(budget.fuel);
    }

    /// Shows on the meter what was used up to now, while no turn runs.
    fn settle(&self) {
        self.control.gauge.settle(SoFar {
            fuel: self.fuel_used,
            time: self.time_used,
            memory_bytes: self.machine.memory().len() as u64,
        });
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Session")
            .field("image", &self.image)
            .field("execution_count", &self.execution_count)
            .field("standing", &self.standing)
            .finish_non_exhaustive()
    }
}

/// Fuel on top of a cell's own, so that a cell that was told to stop can.
const GRACE_FUEL: u64 = 20_000_000_000;
