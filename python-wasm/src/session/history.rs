//! Checkpoints, the way back, forks and hibernation.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use super::host::host;
use super::task::outcome;
use super::{Folders, Home, Machine, Recording, Session, SessionError, SessionOptions, Standing};
use crate::checkpoint::{About, Captured, Checkpoint, PageTable, Recorded, StoreError};
use crate::image::Image;
use crate::memory::{GuestMemory, PageRun};

/// Bytes of captured pages that may wait for the store; more are handed over at once.
const WAITING_BYTES: usize = 32 << 20;

impl Session {
    /// Returns the state as it is now, once it is stored.
    pub async fn checkpoint(&mut self) -> Result<Checkpoint, SessionError> {
        self.undo_open_turn().await?;
        self.capture()?;
        let Recorded { checkpoint, stored } = self.settled().await;
        // The next call tries again.
        self.captured &= stored.is_ok();
        stored?;
        Ok(checkpoint)
    }

    /// Goes back (or forth) to a checkpoint of the same image. Files stay as they are; what was
    /// open then is opened again. Random generators start anew and the monotonic clock goes on.
    pub async fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), SessionError> {
        self.fits(checkpoint)?;
        let now = self.settled().await.checkpoint;
        self.put(&now, checkpoint)?;
        self.fresh = true;
        Ok(())
    }

    /// Returns a second session in the same state, with copies of its files. A home that is a
    /// folder of the host is shared.
    pub async fn fork(&mut self) -> Result<Self, SessionError> {
        self.fork_into(self.options.home.clone()).await
    }

    /// Returns a second session in the same state. A temporary home gets copies of a temporary
    /// home's files; a folder is taken as it is.
    pub async fn fork_into(&mut self, home: Home) -> Result<Self, SessionError> {
        self.twin(home).await?.start()
    }

    /// Returns a copy of the session that is not alive yet, so that this one can go on before the
    /// copy is.
    pub async fn twin(&mut self, home: Home) -> Result<Twin, SessionError> {
        self.undo_open_turn().await?;
        self.capture()?;
        self.record();
        let tracking = self.image.runtime().parts().tracking.clone();
        let memory = GuestMemory::of(self.image.file(), tracking)?;
        memory.set_len(self.machine.memory().len())?;
        let private = self.machine.memory().private_pages()?;
        // SAFETY: this session is held exclusively and runs nothing; the other memory is new.
        unsafe { memory.copy_from(self.machine.memory(), &private) }?;
        Ok(Twin {
            image: self.image.clone(),
            folders: self.folders.copy(&home)?,
            memory,
            recorded: self.recorded.clone(),
            about: self.about(),
            options: SessionOptions {
                home,
                ..self.options.clone()
            },
            time_used: self.time_used,
        })
    }

    /// Frees the session's memory and keeps its state in the store and its files.
    ///
    /// # Errors
    /// When the state cannot be stored; the session is given back and goes on.
    pub async fn hibernate(mut self) -> Result<Hibernated, StillAwake> {
        let checkpoint = match self.checkpoint().await {
            Ok(checkpoint) => checkpoint,
            Err(source) => {
                return Err(StillAwake {
                    session: Box::new(self),
                    source,
                });
            }
        };
        Ok(Hibernated {
            checkpoint,
            image: self.image,
            options: self.options,
            folders: self.folders,
            time_used: self.time_used,
        })
    }

    /// Starts a session in the state of a checkpoint, which may come from another process.
    /// Its temporary files are not part of it.
    pub async fn wake(
        image: &Image,
        options: SessionOptions,
        checkpoint: &Checkpoint,
    ) -> Result<Self, SessionError> {
        let folders = Folders::make(&options.home)?;
        Self::wake_with(image, options, folders, checkpoint)
    }

    fn wake_with(
        image: &Image,
        options: SessionOptions,
        folders: Folders,
        checkpoint: &Checkpoint,
    ) -> Result<Self, SessionError> {
        if checkpoint.image() != image.digest() {
            return Err(other_image(checkpoint, image));
        }
        let about = &checkpoint.0.about;
        let memory = GuestMemory::of(image.file(), image.runtime().parts().tracking.clone())?;
        memory.set_len(about.memory_bytes as usize)?;
        fill(&memory, &checkpoint.0.table, options.store.key())?;
        memory.watch_anew()?;
        let recorded = known(checkpoint.clone());
        Self::on(image, options, folders, memory, recorded, about, false)
    }

    /// Copies out what was written since the last checkpoint, and lets the store work on it
    /// while the session goes on. While it still works on the one before, the pages wait; they
    /// are recorded with the next ones, for only states that somebody asks for are kept.
    pub(super) fn capture(&mut self) -> Result<(), SessionError> {
        if self.captured {
            return Ok(());
        }
        let memory = self.machine.memory();
        let runs = memory.take_written()?;
        let pages: usize = runs.iter().map(|run| run.count as usize).sum();
        let mut captured = Captured::with_room(self.about(), pages);
        for run in runs {
            captured.indices.extend(run.indices());
            // SAFETY: this session is held exclusively and runs nothing.
            captured
                .bytes
                .extend_from_slice(unsafe { memory.pages(run) });
        }
        let waiting = match self.waiting.take() {
            Some(mut waiting) => {
                waiting.absorb(&captured);
                waiting
            }
            None => captured,
        };
        let bytes = waiting.bytes.len();
        self.waiting = Some(waiting);
        self.captured = true;
        if self.recorded.peek().is_some() || bytes > WAITING_BYTES {
            self.record();
        }
        Ok(())
    }

    /// Hands the captured pages to the store, behind the recording that is under way.
    fn record(&mut self) {
        let Some(captured) = self.waiting.take() else {
            return;
        };
        let before = self.recorded.clone();
        let store = self.options.store.clone();
        let recording = tokio::spawn(async move {
            let before = before.await.checkpoint;
            let work = tokio::task::spawn_blocking(move || store.record(&before, &captured));
            outcome(work).await
        });
        self.recorded = outcome(recording).boxed().shared();
    }

    /// Returns the last captured state, once the store is done with it.
    async fn settled(&mut self) -> Recorded {
        self.record();
        self.recorded.clone().await
    }

    /// Undoes a turn whose end nobody saw: its caller went away, or the way back failed then.
    pub(super) async fn undo_open_turn(&mut self) -> Result<(), SessionError> {
        match self.standing {
            Standing::Whole => Ok(()),
            Standing::Running(budget) => {
                self.charge(budget);
                self.roll_back().await
            }
            Standing::Torn => self.roll_back().await,
        }
    }

    /// Puts the session back to its last checkpoint, after the guest died.
    pub(super) async fn roll_back(&mut self) -> Result<(), SessionError> {
        let checkpoint = self.settled().await.checkpoint;
        self.put(&checkpoint, &checkpoint)
    }

    /// Puts memory, which equals `now` but for the pages written since, to `target`, and starts
    /// a new instance on it: nothing of the old one is used on.
    fn put(&mut self, now: &Checkpoint, target: &Checkpoint) -> Result<(), SessionError> {
        let clock = self.machine.host().wasi.clock.monotonic();
        let about = About {
            clock: target.0.about.clock.max(clock),
            ..target.0.about.clone()
        };
        let host = host(
            &self.image,
            &self.options,
            &self.folders,
            &self.control,
            &about,
            false,
        )?;
        let memory = Arc::clone(self.machine.memory());
        let key = *self.options.store.key();
        let bytes = about.memory_bytes as usize;
        let (mut changed, written) = match self.standing {
            Standing::Whole | Standing::Running(_) => {
                (now.0.table.differing(&target.0.table), memory.written()?)
            }
            // Any page may be of the one state or the other.
            Standing::Torn => {
                let tables = [&now.0.table, &target.0.table].into_iter();
                let pages = tables.flat_map(|table| table.iter().map(|(index, _)| index));
                (pages.collect(), memory.private_pages()?)
            }
        };
        changed.extend(written.into_iter().flat_map(PageRun::indices));
        changed.sort_unstable();
        changed.dedup();
        let pages = changed
            .iter()
            .filter_map(|index| {
                target
                    .0
                    .table
                    .get(*index)
                    .map(|page| Ok((*index, page.contents(&key)?)))
            })
            .collect::<Result<Vec<_>, StoreError>>()
            .map_err(Arc::new)?;
        // Nothing was changed so far. From here on it is, and the old instance is not entered
        // again, whatever happens.
        self.standing = Standing::Torn;
        self.captured = false;
        let end = (memory.len() / crate::memory::PAGE) as u32;
        for index in changed
            .iter()
            .filter(|index| **index < end && target.0.table.get(**index).is_none())
        {
            // SAFETY: the session is held exclusively, and its instance runs nothing any more.
            unsafe {
                memory.revert(PageRun {
                    first: *index,
                    count: 1,
                })
            }?;
        }
        memory.set_len(bytes)?;
        for (index, page) in &pages {
            // SAFETY: as above.
            unsafe { memory.write_page(*index, page) };
        }
        memory.watch_anew()?;
        self.machine = Machine::start(&self.linked, memory, host, Some(self.image.serve()))
            .map_err(SessionError::Engine)?;
        self.recorded = known(target.clone());
        self.execution_count = about.execution_count;
        self.standing = Standing::Whole;
        Ok(())
    }

    fn fits(&self, checkpoint: &Checkpoint) -> Result<(), SessionError> {
        if checkpoint.image() != self.image.digest() {
            return Err(other_image(checkpoint, &self.image));
        }
        let (needed, granted) = (checkpoint.0.about.memory_bytes, self.limits().memory);
        if needed > granted {
            return Err(SessionError::TooLittleMemory {
                policy: self.options.policy.name.clone(),
                needed,
                granted,
            });
        }
        Ok(())
    }

    fn about(&self) -> About {
        let wasi = &self.machine.host().wasi;
        About {
            image: self.image.digest().into(),
            memory_bytes: self.machine.memory().len() as u64,
            open: wasi.descriptors.state(),
            clock: wasi.clock.monotonic(),
            fuel_used: self.fuel_used,
            execution_count: self.execution_count,
        }
    }
}

/// Returns a checkpoint as a recording that is done.
pub(super) fn known(checkpoint: Checkpoint) -> Recording {
    futures::future::ready(Recorded::known(checkpoint))
        .boxed()
        .shared()
}

fn other_image(checkpoint: &Checkpoint, image: &Image) -> SessionError {
    SessionError::OtherImage {
        checkpoint: checkpoint.image().into(),
        session: image.digest().into(),
    }
}

/// Writes all pages of a table into a fresh memory.
fn fill(memory: &GuestMemory, table: &PageTable, key: &[u8; 32]) -> Result<(), SessionError> {
    let mut run = PageRun { first: 0, count: 0 };
    let mut pages: Vec<(u32, &Arc<crate::checkpoint::Page>)> = Vec::new();
    for (index, page) in table.iter() {
        if run.first + run.count == index {
            run.count += 1;
        } else {
            memory.populate(run);
            run = PageRun {
                first: index,
                count: 1,
            };
        }
        pages.push((index, page));
    }
    memory.populate(run);
    let mut room = Vec::new();
    for (index, page) in pages {
        // SAFETY: the memory is new: nothing runs on it, and nothing else is told of it.
        let place = unsafe { memory.page_mut(index) };
        page.read_into(key, place, &mut room).map_err(Arc::new)?;
    }
    Ok(())
}

/// A session that could not be put to sleep.
#[derive(Debug, thiserror::Error)]
#[error("the session stays awake, for its state cannot be stored: {source}")]
pub struct StillAwake {
    /// The session, which goes on.
    pub session: Box<Session>,
    /// Why not.
    pub source: SessionError,
}

/// A copy of a session, with its memory and files, that nothing runs in yet.
pub struct Twin {
    image: Image,
    options: SessionOptions,
    folders: Folders,
    memory: GuestMemory,
    recorded: Recording,
    about: About,
    time_used: Duration,
}

impl std::fmt::Debug for Twin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Twin")
            .field("image", &self.image)
            .finish_non_exhaustive()
    }
}

impl Twin {
    /// Starts it.
    pub fn start(self) -> Result<Session, SessionError> {
        let Self {
            image,
            options,
            folders,
            memory,
            recorded,
            about,
            time_used,
        } = self;
        let mut session = Session::on(&image, options, folders, memory, recorded, &about, false)?;
        session.time_used = time_used;
        session.settle();
        Ok(session)
    }
}

/// A session without memory: a checkpoint in its store, and its files.
pub struct Hibernated {
    checkpoint: Checkpoint,
    image: Image,
    options: SessionOptions,
    folders: Folders,
    time_used: Duration,
}

impl std::fmt::Debug for Hibernated {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Hibernated")
            .field("checkpoint", self.checkpoint.id())
            .field("image", &self.image)
            .finish_non_exhaustive()
    }
}

impl Hibernated {
    /// Returns the state it will wake in.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Wakes it.
    pub async fn wake(self) -> Result<Session, SessionError> {
        let mut session =
            Session::wake_with(&self.image, self.options, self.folders, &self.checkpoint)?;
        session.time_used = self.time_used;
        session.settle();
        Ok(session)
    }
}
