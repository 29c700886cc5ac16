//! The pinned interpreter, fetched, checked, unpacked and compiled once.

mod code;
mod fetch;
mod inventory;
mod kernel;
mod library;
mod linked;
mod lock;
mod names;
mod prune;
mod tree_seal;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_std::fs::Dir;

pub(crate) use code::{CALL_FUNCTION, SET_INTERRUPT, nonzero};
pub(crate) use library::{SITE, STANDARD, unpack_wheel};
pub(crate) use linked::Linked;

use crate::cache::{self, Cache, Held};
use crate::engine::WASM_STACK_BYTES;
use crate::memory::{DirtyTracking, ImageFile};
use crate::progress::Progress;
use code::Code;
use fetch::Wanted;
pub use inventory::OwnImage;
use linked::Engines;
use lock::Lock;
use names::Names;
pub use prune::{Pruned, Stale};

/// Why a runtime cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The cache folder cannot be used.
    #[error("the cache {} cannot be used: {source}", path.display())]
    Cache {
        /// The path in question.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// There is no Python with pip to fetch packages with.
    #[error(
        "no Python with pip was found; install one (on Debian and Ubuntu: `apt-get install python3-pip`)"
    )]
    NoPip,
    /// pip failed.
    #[error("pip could not fetch a pinned package: {output}")]
    Pip {
        /// What pip said.
        output: String,
    },
    /// A package is not the pinned one.
    #[error("the package {filename} does not have the pinned SHA-256 {expected}; it was not used")]
    Hash {
        /// The package's file name.
        filename: String,
        /// The hash it should have.
        expected: String,
    },
    /// A package cannot be unpacked.
    #[error("the archive {} cannot be unpacked: {source}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        source: zip::result::ZipError,
    },
    /// Packages unpack to more than is reasonable.
    #[error("the packages unpack to more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A lock file does not make sense.
    #[error("the lock files are not usable: {reason}")]
    Lock {
        /// What is wrong.
        reason: String,
    },
    /// A file of the cache was altered while it was in use.
    #[error("{} was altered while it was in use; start again, and it is made anew", path.display())]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// The interpreter's module is not as expected.
    #[error(transparent)]
    Patch(#[from] crate::patch::PatchError),
    /// The engine refused.
    #[error("the engine refused: {0}")]
    Engine(wasmtime::Error),
    /// Guest memory cannot be had.
    #[error(transparent)]
    Memory(#[from] crate::memory::MemoryError),
    /// The kernel lacks what file access needs.
    #[error(
        "this kernel has no openat2, without which guests' files cannot be confined; Linux 5.6 or newer is needed"
    )]
    NoOpenat2,
    /// The guest could not compile its own packages.
    #[error("the interpreter could not compile its packages: {reason}")]
    Bytecode {
        /// What it said.
        reason: String,
    },
}

/// Where a runtime is kept.
#[derive(Debug, Clone)]
pub struct RuntimeOptions {
    /// The cache folder; only this user can read it.
    pub cache: PathBuf,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        Self {
            cache: cache::default_folder(),
        }
    }
}

/// The interpreter, ready to run sessions of any image. Cheap to clone.
#[derive(Clone)]
pub struct Runtime(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) cache: Cache,
    engines: Engines,
    /// What memory holds before the interpreter boots.
    pub(crate) unbooted: Arc<ImageFile>,
    pub(crate) library: Arc<Dir>,
    pub(crate) kernel: Arc<Dir>,
    pub(crate) tracking: DirtyTracking,
    /// Digest of code, library and kernel: what every image is made of.
    pub(crate) digest: String,
    /// Its artefacts, which nobody removes while it lives.
    _held: Vec<Held>,
}

impl Runtime {
    /// Prepares the pinned interpreter: fetches, checks, unpacks and compiles what the cache does
    /// not have yet. The first time takes some minutes, later ones a fraction of a second.
    /// Several processes may do it at once; one works and the others wait.
    pub async fn prepare(
        options: RuntimeOptions,
        progress: Arc<dyn Progress>,
    ) -> Result<Self, RuntimeError> {
        let stage = {
            let progress = Arc::clone(&progress);
            tokio::task::spawn_blocking(move || Self::stage(&options, &*progress))
                .await
                .map_err(|error| RuntimeError::Lock {
                    reason: error.to_string(),
                })??
        };
        let Staged {
            runtime,
            turn,
            unpacked,
        } = stage;
        let runtime = match unpacked {
            None => runtime,
            Some(folder) => runtime.finish_library(folder, &*progress).await?,
        };
        drop(turn);
        Ok(runtime)
    }

    /// Everything that needs no running guest.
    fn stage(options: &RuntimeOptions, progress: &dyn Progress) -> Result<Staged, RuntimeError> {
        confined_files()?;
        let fail = |source| RuntimeError::Cache {
            path: options.cache.clone(),
            source,
        };
        let cache = Cache::open(&options.cache).map_err(fail)?;
        let turn = cache.turn("prepare").map_err(fail)?;
        let lock = Lock::pinned();
        let wheels = cache.path("wheels");
        let engine = crate::engine::metered(WASM_STACK_BYTES).map_err(RuntimeError::Engine)?;

        let names = Names::of(&engine, &lock);
        let library = cache.path(&names.library);
        let sealed = tree_seal::is_intact(&cache, &names.library).map_err(fail)?;
        let code = Code::open(&cache, &engine, &names.code)?;
        if !sealed || code.is_none() {
            fetch::fetch(&wheels, &wanted(&lock), progress)?;
        }
        let code = match code {
            Some(code) => code,
            None => Code::compile(
                &cache,
                &engine,
                &names.code,
                &library::module(&lock, &wheels)?,
                progress,
            )?,
        };
        let unpacked = if sealed {
            None
        } else {
            tree_seal::discard(&cache, &names.library).map_err(fail)?;
            library::unpack(&lock, &wheels, &library, progress)?;
            Some(names.library.clone())
        };
        let kernel = cache.path(&names.kernel);
        kernel::write(&kernel)?;
        // The compiled code is opened again for every size of stack, and the guest reads the folders.
        let used = [
            &names.library,
            &names.kernel,
            &format!("{}.cwasm", names.code),
        ];
        let held = used
            .into_iter()
            .map(|name| cache.hold(name))
            .collect::<io::Result<_>>()
            .map_err(fail)?;
        let digest = names.digest();
        let full = code.linked(engine)?;
        let parts = Parts {
            library: Arc::new(open(&library)?),
            kernel: Arc::new(open(&kernel)?),
            tracking: DirtyTracking::detect()?,
            cache,
            engines: Engines::new(names.code, full),
            unbooted: code.unbooted,
            digest,
            _held: held,
        };
        Ok(Staged {
            runtime: Self(Arc::new(parts)),
            turn,
            unpacked,
        })
    }

    /// Lets the guest compile its packages, and seals the folder.
    async fn finish_library(
        self,
        name: String,
        progress: &dyn Progress,
    ) -> Result<Self, RuntimeError> {
        crate::image::compile_library(&self, &name, progress)
            .await
            .map_err(|reason| RuntimeError::Bytecode { reason })?;
        let fail = |source| RuntimeError::Cache {
            path: self.0.cache.path(&name),
            source,
        };
        tree_seal::seal(&self.0.cache, &name).map_err(fail)?;
        Ok(self)
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    /// Returns the interpreter with a stack of so many bytes, in whole MiB.
    pub(crate) fn with_stack(&self, bytes: u64) -> Result<Arc<Linked>, RuntimeError> {
        self.0.engines.with_stack(&self.0.cache, bytes)
    }

    /// Returns the digest of everything the runtime is made of.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// Tells whether this kernel says exactly which pages a cell wrote; without it a checkpoint
    /// takes longer for sessions with much data.
    pub fn tracks_writes_exactly(&self) -> bool {
        self.0.tracking.is_exact()
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Runtime")
            .field("digest", &self.0.digest)
            .finish_non_exhaustive()
    }
}

struct Staged {
    runtime: Runtime,
    turn: cache::Turn,
    /// The library that was unpacked anew and is not compiled yet.
    unpacked: Option<String>,
}

fn wanted(lock: &Lock) -> Vec<Wanted<'_>> {
    let runtime = &lock.runtime;
    let mut wanted = vec![Wanted {
        name: &runtime.name,
        version: &runtime.version,
        filename: &runtime.filename,
        sha256: &runtime.sha256,
    }];
    wanted.extend(lock.fills.iter().map(|fill| Wanted {
        name: &fill.name,
        version: &fill.version,
        filename: &fill.filename,
        sha256: &fill.sha256,
    }));
    wanted.extend(lock.wheels.iter().map(|wheel| Wanted {
        name: &wheel.name,
        version: &wheel.version,
        filename: &wheel.filename,
        sha256: &wheel.sha256,
    }));
    wanted
}

fn open(folder: &Path) -> Result<Dir, RuntimeError> {
    Dir::open_ambient_dir(folder, cap_std::ambient_authority()).map_err(|source| {
        RuntimeError::Cache {
            path: folder.into(),
            source,
        }
    })
}

/// Refuses to start where paths could only be confined by looking at them.
fn confined_files() -> Result<(), RuntimeError> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    rustix::fs::openat2(CWD, ".", flags, Mode::empty(), ResolveFlags::BENEATH)
        .map(|_| ())
        .map_err(|_| RuntimeError::NoOpenat2)
}
