//! Few files and little room, whatever is written, at a cost that what is written pays; and every
//! state that is kept stays what it was.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fs;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::checkpoint::{About, Captured, Checkpoint, CheckpointId, Sweeper};
use crate::memory::PAGE;

/// What a cell writes.
#[derive(Debug, Clone)]
enum Cell {
    /// The first pages, as every cell does.
    Hot(u32),
    /// Pages behind all others.
    New(u32),
    /// Pages here and there, from a beginning with a step.
    Scattered(u32, u32, u32),
    /// A run of pages, in tenths of what there is.
    Run(u32, u32),
}

fn cells() -> impl Strategy<Value = Cell> {
    prop_oneof![
        4 => (1..60u32).prop_map(Cell::Hot),
        3 => (1..400u32).prop_map(Cell::New),
        3 => (any::<u32>(), 1..900u32, 1..300u32).prop_map(|(from, step, count)| Cell::Scattered(from, step, count)),
        1 => (0..10u32, 1..6u32).prop_map(|(from, count)| Cell::Run(from, count)),
    ]
}

/// A session of which only the sizes are there: all pages are as long as another, and a file has an
/// entry for each page of its state.
#[derive(Default)]
struct Sizes {
    /// The file of each page.
    pages: Vec<usize>,
    files: Vec<Use>,
    written: u64,
    moved: u64,
}

/// Files of which so much is used are of no class.
const LARGE: u64 = SMALL << (2 * (CLASSES - 1));
/// Bytes of a compressed page.
const BYTES: u64 = 2000;
const ENTRY: u64 = 36;

impl Sizes {
    /// Stores the state after a cell, and returns how much it wrote and how much it took over.
    fn store(&mut self, cell: &Cell) -> (u64, u64) {
        let there = self.pages.len() as u32;
        let written: HashSet<u32> = match *cell {
            Cell::Hot(count) => (0..count).collect(),
            Cell::New(count) => (there..there + count).collect(),
            Cell::Scattered(from, step, count) => (0..count)
                .map(|at| (from % 1000 + at * step) % there.max(1))
                .collect(),
            Cell::Run(from, count) => (there * from / 10..there * (from + count) / 10)
                .filter(|page| *page < there)
                .collect(),
        };
        let new = self.files.len();
        for page in &written {
            let page = *page as usize;
            self.pages.resize(self.pages.len().max(page + 1), new);
            self.pages[page] = new;
        }
        let fresh = self.pages.iter().filter(|file| **file == new).count() as u64 * BYTES;
        self.files.push(Use::default());
        self.count();
        let needed: Vec<usize> = self.needed().filter(|file| *file != new).collect();
        let uses: Vec<Use> = needed.iter().map(|file| self.files[*file]).collect();
        let shares = plan(&uses, fresh);
        let mut shares: HashMap<usize, u64> = needed.into_iter().zip(shares).collect();
        let mut moved = 0;
        for file in &mut self.pages {
            if let Some(share) = shares.get_mut(file)
                && *share >= BYTES
            {
                *share -= BYTES;
                *file = new;
                moved += BYTES;
            }
        }
        self.files[new].bytes = fresh + moved + self.pages.len() as u64 * ENTRY;
        self.count();
        self.written += fresh;
        self.moved += moved;
        (fresh, moved)
    }

    fn count(&mut self) {
        self.files.iter_mut().for_each(|file| file.used = 0);
        for file in &self.pages {
            self.files[*file].used += BYTES;
        }
    }

    fn needed(&self) -> impl Iterator<Item = usize> {
        (0..self.files.len()).filter(|file| self.files[*file].used > 0)
    }

    fn used(&self) -> u64 {
        self.pages.len() as u64 * BYTES
    }

    fn bytes(&self) -> u64 {
        self.needed().map(|file| self.files[file].bytes).sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn files_stay_few_and_short_whatever_is_written(
        large in 1..40_000u32,
        cells in proptest::collection::vec((cells(), 1..20usize), 1..40),
    ) {
        let mut sizes = Sizes::default();
        sizes.store(&Cell::New(large));
        let mut states = 0;
        for (cell, times) in &cells {
            for _ in 0..*times {
                let (fresh, _) = sizes.store(cell);
                states += 1;
                let few = FILES_OF_A_CLASS * CLASSES + 1 + (sizes.used() / LARGE) as usize;
                prop_assert!(sizes.needed().count() <= few, "{} files", sizes.needed().count());
                let room = 3 * sizes.used() + 2 * SLACK + fresh;
                prop_assert!(sizes.bytes() <= room, "{} of {room}", sizes.bytes());
            }
        }
        let paid = (CLASSES as u64 + 1) * sizes.written + states * 2 * SMALL;
        prop_assert!(sizes.moved <= paid, "{} of {paid}", sizes.moved);
        // What is left to do is done by cells that write next to nothing.
        for _ in 0..sizes.used() / SLACK + 16 {
            sizes.store(&Cell::Hot(1));
        }
        prop_assert!(sizes.bytes() <= 2 * sizes.used() + SLACK + 2 * (BYTES + sizes.pages.len() as u64 * ENTRY));
    }
}

#[test]
fn where_nothing_is_sparse_nothing_is_moved() {
    let dense = |used| Use {
        used,
        bytes: used + used / 4,
    };
    let files: Vec<Use> = [1, 40, 60, 70, 100, 300, 900, 2000, 9000, 90_000]
        .map(|kib: u64| dense(kib << 10))
        .to_vec();
    assert_eq!(plan(&files, 400 << 10), vec![0; files.len()]);
    // A fifth small one is one too many.
    let more = [&files[..], &[dense(2 << 10), dense(3 << 10)]].concat();
    let shares = plan(&more, 400 << 10);
    let moved: u64 = shares.iter().sum();
    assert_eq!(moved, (1 + 40 + 60 + 2 + 3) << 10);
}

#[test]
fn a_large_sparse_file_is_worked_off_bit_by_bit() {
    let files = [
        Use {
            used: 30 << 20,
            bytes: 400 << 20,
        },
        Use {
            used: 20 << 20,
            bytes: 20 << 20,
        },
    ];
    assert_eq!(plan(&files, 1000), [SLACK + 1000, 0]);
    assert_eq!(plan(&files, 100 << 20), [30 << 20, 0]);
}

/// The contents of a state, by the number of each page.
type Contents = BTreeMap<u32, u32>;

fn page(content: u32) -> [u8; PAGE] {
    let mut page = [content as u8; PAGE];
    // Every eighth compresses to next to nothing, and is there more than once.
    if !content.is_multiple_of(8) {
        let mut random = blake3::Hasher::new()
            .update(&content.to_le_bytes())
            .finalize_xof();
        random.fill(&mut page);
    }
    page
}

fn beginning() -> Checkpoint {
    let about = About {
        image: "image".into(),
        memory_bytes: 1 << 30,
        open: Vec::new(),
        clock: Duration::ZERO,
        fuel_used: 0,
        execution_count: 0,
    };
    Checkpoint::new(about, PageTable::default())
}

/// A session whose cells write what they write anywhere.
struct Writer {
    store: PageStore,
    last: Checkpoint,
    contents: Contents,
    seed: u32,
}

impl Writer {
    fn new(folder: &Path, seed: u32) -> Self {
        Self {
            store: PageStore::open(folder).expect("it opens"),
            last: beginning(),
            contents: Contents::new(),
            seed,
        }
    }

    fn random(&mut self) -> u32 {
        self.seed = self
            .seed
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        self.seed >> 8
    }

    /// Writes so many pages among the first `among`, and stores the state.
    fn cell(&mut self, pages: u32, among: u32) {
        let about = self.last.0.about.clone();
        let mut captured = Captured::with_room(about, pages as usize);
        for at in 0..pages {
            let index = if at < pages / 2 {
                at
            } else {
                self.random() % among
            };
            let content = self.random();
            self.contents.insert(index, content);
            captured.indices.push(index);
            captured.bytes.extend_from_slice(&page(content));
        }
        let recorded = self.store.record(&self.last, &captured);
        recorded.stored.expect("it is written");
        self.last = recorded.checkpoint;
    }
}

#[track_caller]
fn assert_kept(folder: &Path, id: &CheckpointId, contents: &Contents) {
    let store = PageStore::open(folder).expect("it opens");
    let read = store.load(id).expect("it is there");
    let pages = read.0.table.iter();
    assert_eq!(pages.count(), contents.len());
    for (index, content) in contents {
        let found = read.0.table.get(*index).expect("a page");
        let found = found.contents(store.key()).expect("it reads");
        assert!(found == page(*content), "page {index} of {id}");
    }
}

fn sweep(sweeper: &mut Sweeper, named: &HashSet<CheckpointId>) {
    for _ in 0..2 {
        while {
            let doomed = sweeper.begin();
            sweeper.finish(doomed, named).expect("it sweeps").more
        } {}
    }
}

/// Returns how many files of checkpoints there are, and how long they are together.
fn on_disk(folder: &Path) -> (usize, u64) {
    let files = fs::read_dir(folder).expect("it is there");
    let lengths: Vec<u64> = files
        .map(|file| file.expect("a file"))
        .filter(|file| file.file_name() != "store.key")
        .map(|file| file.metadata().expect("it is there").len())
        .collect();
    (lengths.len(), lengths.iter().sum())
}

#[test]
fn many_scattered_cells_leave_few_files_and_every_kept_state_as_it_was() {
    const KEPT: usize = 3;
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::new(folder.path(), 7);
    let mut sweeper = Sweeper::new(folder.path());
    writer.cell(1200, 1200);
    let mut kept: VecDeque<(CheckpointId, Contents)> = VecDeque::new();
    let mut labelled = None;
    for state in 0..300 {
        writer.cell(20, 1200);
        kept.push_back((writer.last.id().clone(), writer.contents.clone()));
        if state == 40 {
            labelled = kept.back().cloned();
        }
        if kept.len() > KEPT {
            kept.pop_front();
        }
        if state % 20 == 19 {
            let named = kept.iter().chain(&labelled).map(|(id, _)| id.clone());
            sweep(&mut sweeper, &named.collect());
            let (files, bytes) = on_disk(folder.path());
            // The labelled state has its own, and the others share theirs but for what is new.
            let states = 1 + u64::from(labelled.is_some());
            let few = (FILES_OF_A_CLASS * CLASSES + 1) as u64 * states + KEPT as u64;
            assert!(files as u64 <= few, "{files} after {state}");
            let used = writer.contents.len() as u64 * PAGE as u64;
            assert!(
                bytes <= states * (2 * used + 2 * SLACK),
                "{bytes} of {used} after {state}"
            );
        }
    }
    let labelled = labelled.expect("it was kept");
    for (id, contents) in kept.iter().chain([&labelled]) {
        assert_kept(folder.path(), id, contents);
    }

    // A fork of the old state goes its own way, beside the session that it was made of.
    let mut fork = Writer::new(folder.path(), 11);
    fork.last = fork.store.load(&labelled.0).expect("it is there");
    fork.contents = labelled.1.clone();
    for _ in 0..40 {
        fork.cell(20, 1200);
        writer.cell(20, 1200);
    }
    let ends = [&writer, &fork].map(|one| (one.last.id().clone(), one.contents.clone()));
    drop((writer, fork));
    sweep(
        &mut sweeper,
        &ends.iter().map(|(id, _)| id.clone()).collect(),
    );
    for (id, contents) in &ends {
        assert_kept(folder.path(), id, contents);
    }
    let (files, _) = on_disk(folder.path());
    assert!(files <= 2 * (FILES_OF_A_CLASS * CLASSES + 1), "{files}");
}

#[test]
fn a_state_that_was_cut_off_while_it_took_pages_over_takes_none_from_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::new(folder.path(), 3);
    writer.cell(600, 600);
    let needs = |one: &Writer| {
        let mut files = FileNumbers::default();
        let pages = one.last.0.table.iter();
        for (_, page) in pages {
            if let Place::File { file, .. } = page.place() {
                files.of(&file);
            }
        }
        files.files().len()
    };
    let (before, contents, cut) = loop {
        let (before, contents) = (writer.last.id().clone(), writer.contents.clone());
        let files = needs(&writer);
        writer.cell(10, 600);
        if needs(&writer) < files {
            break (before, contents, writer.last.id().clone());
        }
    };
    drop(writer);
    let path = folder.path().join(format!("{cut}.checkpoint"));
    let whole = fs::read(&path).expect("it is there");
    let named = HashSet::from([before.clone()]);
    for length in [whole.len() - 1, whole.len() / 2, 100, 0] {
        fs::write(&path, &whole[..length]).expect("it is cut");
        assert_kept(folder.path(), &before, &contents);
    }
    sweep(&mut Sweeper::new(folder.path()), &named);
    assert!(!path.exists(), "nobody names it");
    assert_kept(folder.path(), &before, &contents);
}
