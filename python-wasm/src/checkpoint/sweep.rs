//! Removing checkpoints that nobody can come back to, beside processes that write new ones.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::page_store::StoreError;
use super::{CheckpointId, file};

/// Files that are removed at once: each is held open meanwhile.
const BATCH: usize = 200;

/// How the names of files begin that were being written when their process ended.
const UNFINISHED: &str = ".tmp";

/// Sweeps one folder of checkpoints again and again.
///
/// A file goes when nobody *names* it (the caller says which checkpoints are named), nobody that is
/// named *needs* its pages, no process *holds* it, and all of that was so in the sweep before too. One
/// that stays for its pages alone keeps nothing else: its own state is not come back to.
///
/// Why that takes nothing away from sessions that run meanwhile:
///
/// - A process holds (a shared lock on its open file) every checkpoint that it has in memory, and
///   every file that holds a page of one: from before a new file can be found, and from before a
///   page of an old one can be used. What a sweep removes it has locked exclusively, so a new file
///   cannot come to need one that is removed: its writer would hold that one.
/// - A writer that let go before the lock was taken has written its file by then. The files that
///   stay are listed after the locks were taken, and those that the sweep before did not see count
///   as if they were named.
/// - A file that was written and let go, and whose name is on its way to the caller's records, was
///   held or not there in the sweep before, and what it needs was held with it. So both are safe as
///   long as a name does not take longer on its way than the pause between two sweeps.
///
/// No clock is asked: a file's time only tells whether it is still the same file.
#[derive(Debug)]
pub struct Sweeper {
    folder: PathBuf,
    /// What the last sweep found nobody to name, need or hold.
    unwanted: HashMap<OsString, SystemTime>,
    /// What this sweep has found so for the first time; the next may remove it.
    fresh: HashMap<OsString, SystemTime>,
    /// What the last sweep saw.
    seen: HashSet<OsString>,
}

/// Files that a sweep has locked and will remove if they turn out to be unwanted still.
#[derive(Debug)]
#[must_use = "nothing is removed before `Sweeper::finish`"]
pub struct Doomed(HashMap<OsString, File>);

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Files that were removed.
    pub files: u64,
    /// Bytes that they took on the disk.
    pub bytes: u64,
    /// The sweep is not done: there is another batch, to be begun at once.
    pub more: bool,
}

impl Sweeper {
    /// Returns the sweeper of a store's folder.
    pub fn new(folder: impl AsRef<Path>) -> Self {
        Self {
            folder: folder.as_ref().to_owned(),
            unwanted: HashMap::new(),
            fresh: HashMap::new(),
            seen: HashSet::new(),
        }
    }

    /// Locks what the last sweep found unwanted, a batch of it. Read which checkpoints are named after
    /// this, and hand them to [`Self::finish`].
    pub fn begin(&mut self) -> Doomed {
        let mut candidates: Vec<_> = self.unwanted.drain().collect();
        let later = candidates.split_off(candidates.len().min(BATCH));
        self.unwanted.extend(later);
        let locked = candidates.into_iter().filter_map(|(name, time)| {
            let file = locked(&self.folder.join(&name))?;
            let unchanged = file.metadata().and_then(|data| data.modified()).ok() == Some(time);
            unchanged.then_some((name, file))
        });
        Doomed(locked.collect())
    }

    /// Removes what is unwanted still, and notes what is so now for the next sweep.
    ///
    /// # Errors
    /// [`StoreError::Folder`] when the folder cannot be read; then nothing was removed.
    pub fn finish(
        &mut self,
        doomed: Doomed,
        named: &HashSet<CheckpointId>,
    ) -> Result<Swept, StoreError> {
        self.finished(doomed, named)
            .map_err(|source| StoreError::Folder {
                folder: self.folder.clone(),
                source,
            })
    }

    fn finished(&mut self, mut doomed: Doomed, named: &HashSet<CheckpointId>) -> io::Result<Swept> {
        let mut waiting = std::mem::take(&mut self.unwanted);
        self.fresh.clear();
        doomed
            .0
            .retain(|name, _| checkpoint_of(name).is_none_or(|id| !named.contains(&id)));
        let (mut needed_by_named, mut needed_by_new) = (HashSet::new(), HashSet::new());
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let id = checkpoint_of(&name);
            let unfinished = name
                .to_str()
                .is_some_and(|name| name.starts_with(UNFINISHED));
            if doomed.0.contains_key(&name) || (id.is_none() && !unfinished) {
                continue;
            }
            if let Some(id) = &id {
                let needs = match file::needed(&self.folder.join(&name)) {
                    Ok(needs) => needs,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                };
                if named.contains(id) {
                    needed_by_named.extend(needs);
                } else if !self.seen.contains(&name) {
                    needed_by_new.extend(needs);
                }
            }
            found.push((name, id));
        }
        let mut swept = Swept::default();
        for (name, file) in doomed.0 {
            let needed = |id| needed_by_named.contains(&id) || needed_by_new.contains(&id);
            if checkpoint_of(&name).is_some_and(needed) {
                continue;
            }
            let blocks = file.metadata()?.blocks();
            match fs::remove_file(self.folder.join(&name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                removed => removed?,
            }
            swept.files += 1;
            swept.bytes += blocks * 512;
        }
        let mut seen = HashSet::with_capacity(found.len());
        for (name, id) in found {
            seen.insert(name.clone());
            let wanted = |id: &CheckpointId| named.contains(id) || needed_by_named.contains(id);
            if id.as_ref().is_some_and(wanted) {
                continue;
            }
            // Nobody holds it if it can be locked, which ends with this.
            let time = locked(&self.folder.join(&name))
                .and_then(|file| file.metadata().and_then(|data| data.modified()).ok());
            match time {
                Some(time) if waiting.remove(&name) == Some(time) => {
                    self.unwanted.insert(name, time);
                }
                Some(time) => {
                    self.fresh.insert(name, time);
                }
                None => {}
            }
        }
        swept.more = !self.unwanted.is_empty();
        if !swept.more {
            self.unwanted = std::mem::take(&mut self.fresh);
            self.seen = seen;
        }
        Ok(swept)
    }
}

/// Returns a file, locked so that nobody else can hold it; nothing while somebody does.
fn locked(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    match file.try_lock() {
        Ok(()) => Some(file),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
    }
}

/// Returns the checkpoint that a file of this name holds.
fn checkpoint_of(name: &OsString) -> Option<CheckpointId> {
    name.to_str()?.strip_suffix(file::ENDING)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::checkpoint::{About, Captured, Checkpoint, PageStore, PageTable};
    use crate::memory::PAGE;

    fn about() -> About {
        About {
            image: "image".into(),
            memory_bytes: 1 << 20,
            open: Vec::new(),
            clock: Duration::ZERO,
            fuel_used: 0,
            execution_count: 0,
        }
    }

    /// Writes the state that is `before` with some pages changed.
    fn written(store: &PageStore, before: &Checkpoint, pages: &[(u32, u8)]) -> Checkpoint {
        let mut captured = Captured::with_room(about(), pages.len());
        for (index, byte) in pages {
            captured.indices.push(*index);
            captured.bytes.extend_from_slice(&[*byte; PAGE]);
        }
        let recorded = store.record(before, &captured);
        recorded.stored.expect("it is written");
        recorded.checkpoint
    }

    fn beginning() -> Checkpoint {
        Checkpoint::new(about(), PageTable::default())
    }

    /// Does a whole sweep.
    fn sweep(sweeper: &mut Sweeper, named: impl Fn() -> HashSet<CheckpointId>) -> u64 {
        let mut files = 0;
        loop {
            let doomed = sweeper.begin();
            let swept = sweeper.finish(doomed, &named()).expect("it sweeps");
            files += swept.files;
            if !swept.more {
                return files;
            }
        }
    }

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder).expect("it is there").count() - 1
    }

    fn contents(store: &PageStore, checkpoint: &Checkpoint) -> Vec<(u32, u8)> {
        let pages = checkpoint.0.table.iter();
        pages
            .map(|(index, page)| (index, page.contents(store.key()).expect("it reads")[0]))
            .collect()
    }

    #[test]
    fn what_is_named_needed_or_held_stays_and_the_rest_goes_with_the_second_sweep() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = PageStore::open(folder.path()).expect("it opens");
        let first = written(&store, &beginning(), &[(1, 1), (2, 2)]);
        let second = written(&store, &first, &[(2, 3)]);
        let held = written(&store, &beginning(), &[(9, 9)]);
        let gone = written(&store, &second, &[(5, 5)]);
        fs::write(folder.path().join(".tmpleft"), "half").expect("it is written");
        let named = HashSet::from([second.id().clone()]);
        let (second, _) = (second.id().clone(), drop((first, second, gone)));
        let mut sweeper = Sweeper::new(folder.path());
        assert_eq!(sweep(&mut sweeper, || named.clone()), 0);
        assert_eq!(files(folder.path()), 5);
        assert_eq!(sweep(&mut sweeper, || named.clone()), 2);
        assert_eq!(files(folder.path()), 3);
        let other = PageStore::open(folder.path()).expect("it opens");
        let read = other.load(&second).expect("it is there");
        assert_eq!(contents(&other, &read), [(1, 1), (2, 3)]);
        drop((read, held));
        // Nobody names it any more, and nobody holds it.
        sweep(&mut sweeper, HashSet::new);
        sweep(&mut sweeper, HashSet::new);
        assert_eq!(files(folder.path()), 0);
    }

    #[test]
    fn a_file_that_stays_for_its_pages_keeps_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = PageStore::open(folder.path()).expect("it opens");
        let first = written(&store, &beginning(), &[(1, 1), (2, 2), (3, 3)]);
        let second = written(&store, &first, &[(1, 4)]);
        let third = written(&store, &second, &[(2, 5)]);
        let last = written(&store, &third, &[(1, 6)]);
        // Of the third a page is needed, and of the second one only by the third.
        let gone = second.id().clone();
        let named = HashSet::from([last.id().clone()]);
        drop((first, second, third));
        let mut sweeper = Sweeper::new(folder.path());
        assert_eq!(sweep(&mut sweeper, || named.clone()), 0);
        assert_eq!(sweep(&mut sweeper, || named.clone()), 1);
        let other = PageStore::open(folder.path()).expect("it opens");
        assert!(matches!(other.load(&gone), Err(StoreError::Read { .. })));
        let read = other.load(last.id()).expect("it is there");
        assert_eq!(contents(&other, &read), [(1, 6), (2, 5), (3, 3)]);
    }

    #[test]
    fn what_a_new_state_needs_stays_while_its_name_is_on_its_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = PageStore::open(folder.path()).expect("it opens");
        let old = written(&store, &beginning(), &[(1, 1), (2, 2)]);
        let (old, _) = (old.id().clone(), drop(old));
        let mut sweeper = Sweeper::new(folder.path());
        sweep(&mut sweeper, HashSet::new);
        // Somebody comes back to it before it goes, goes on from there, and lets go.
        let loaded = store.load(&old).expect("it is there");
        let new = written(&store, &loaded, &[(1, 3)]);
        let (new, _) = (new.id().clone(), drop((loaded, new)));
        assert_eq!(sweep(&mut sweeper, HashSet::new), 0);
        sweep(&mut sweeper, || HashSet::from([new.clone()]));
        let read = store.load(&new).expect("it is there");
        assert_eq!(contents(&store, &read), [(1, 3), (2, 2)]);
    }

    #[test]
    fn a_name_on_its_way_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = PageStore::open(folder.path()).expect("it opens");
        let written = written(&store, &beginning(), &[(1, 1)]);
        let mut sweeper = Sweeper::new(folder.path());
        // Held for long, then let go before its name is written down.
        sweep(&mut sweeper, HashSet::new);
        sweep(&mut sweeper, HashSet::new);
        let id = written.id().clone();
        drop(written);
        sweep(&mut sweeper, HashSet::new);
        let named = HashSet::from([id.clone()]);
        sweep(&mut sweeper, || named.clone());
        store.load(&id).expect("it is there");
    }

    #[test]
    fn more_than_a_batch_goes_in_one_sweep() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = PageStore::open(folder.path()).expect("it opens");
        let mut last = beginning();
        for number in 0..BATCH as u32 + 50 {
            last = written(&store, &last, &[(number % 200, (number % 251) as u8)]);
        }
        drop(last);
        let mut sweeper = Sweeper::new(folder.path());
        assert_eq!(sweep(&mut sweeper, HashSet::new), 0);
        assert_eq!(sweep(&mut sweeper, HashSet::new), BATCH as u64 + 50);
    }

    #[test]
    fn sessions_that_write_and_forget_beside_a_sweep_lose_nothing() {
        const WRITERS: u8 = 4;
        const ROUNDS: u8 = 40;
        let folder = tempfile::tempdir().expect("a folder");
        // Two processes: what one knows of pages the other does not.
        let stores: Vec<_> = (0..2)
            .map(|_| PageStore::open(folder.path()).expect("it opens"))
            .collect();
        let names: Mutex<HashMap<CheckpointId, Vec<(u32, u8)>>> = Mutex::default();
        let named = || {
            names
                .lock()
                .expect("no holder panics")
                .keys()
                .cloned()
                .collect()
        };
        let done = AtomicBool::new(false);
        let mut sweeper = Sweeper::new(folder.path());
        std::thread::scope(|scope| {
            let sweeping = scope.spawn(|| {
                let mut removed = 0;
                while !done.load(Ordering::Acquire) {
                    removed += sweep(&mut sweeper, named);
                }
                removed
            });
            let ending = Ending(&done);
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (store, names) = (&stores[usize::from(writer) % 2], &names);
                    scope.spawn(move || {
                        let mut last = beginning();
                        for round in 0..ROUNDS {
                            // Few contents: writers share pages, and so need each other's files.
                            let pages = [(u32::from(round % 7), round % 5), (200, round % 3)];
                            let next = written(store, &last, &pages);
                            let mut names = names.lock().expect("no holder panics");
                            names.insert(next.id().clone(), contents(store, &next));
                            // It is forgotten, as older ones are, and its pages live on in the next.
                            names.remove(last.id());
                            drop(names);
                            last = if round % 10 == 9 {
                                // It sleeps, and is woken from its file.
                                let id = last_of(last, next);
                                store.load(&id).expect("what is named is there")
                            } else {
                                next
                            };
                        }
                        last.id().clone()
                    })
                })
                .collect();
            let last: Vec<_> = writers
                .into_iter()
                .map(|writer| writer.join().expect("it lost nothing"))
                .collect();
            drop(ending);
            assert!(sweeping.join().expect("it sweeps") > 0);
            let names = names.lock().expect("no holder panics");
            let fresh = PageStore::open(folder.path()).expect("it opens");
            for id in last {
                let read = fresh.load(&id).expect("it is there");
                assert_eq!(contents(&fresh, &read), names[&id]);
            }
        });
    }

    /// Ends the sweeps however the writers end.
    struct Ending<'a>(&'a AtomicBool);

    impl Drop for Ending<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }

    /// Lets go of both states and returns the newer one's name.
    fn last_of(older: Checkpoint, newer: Checkpoint) -> CheckpointId {
        let id = newer.id().clone();
        drop((older, newer));
        id
    }
}
