//! Data folders as a power cut leaves them: what was synced is there, and of the rest whatever chance
//! says, in any order and torn.
//!
//! Data stays by a sync of its file, a name by a sync of its folder. A rename happens in both folders
//! or in none, which is what the usual file systems promise.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::recording::Step;

/// Chance that comes again with the same seed (SplitMix64).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// How much stays of what was not synced.
#[derive(Debug, Clone, Copy)]
pub enum Unsynced {
    /// All of it: the processes ended, the machine went on.
    Stays,
    /// None of it.
    Goes,
    /// Each change by itself, and writes in parts.
    ByChance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    File(usize),
    Folder(usize),
}

const ROOT: usize = 0;

/// A change of names: what they stand for then.
struct Naming {
    names: Vec<(usize, String, Option<Node>)>,
    synced: bool,
}

enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

#[derive(Default)]
struct File {
    length: u64,
    changes: Vec<Change>,
    /// So many of them are synced.
    synced: usize,
}

/// All that was done up to a point.
#[derive(Default)]
pub struct History {
    /// What the running system sees.
    names: HashMap<(usize, String), Node>,
    folders: usize,
    files: Vec<File>,
    namings: Vec<Naming>,
}

impl History {
    pub fn new(steps: &[Step]) -> Self {
        let mut history = Self::default();
        for step in steps {
            history.take(step);
        }
        history
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Folder(path) => {
                if let Some((folder, name)) = self.free(path) {
                    self.folders += 1;
                    let made = Node::Folder(self.folders);
                    self.name(vec![(folder, name, Some(made))]);
                }
            }
            Step::File { path, make, empty } => {
                if let Some(Node::File(file)) = self.find(path) {
                    if *empty {
                        self.change(file, Change::Length(0));
                    }
                } else if *make && let Some((folder, name)) = self.free(path) {
                    self.files.push(File::default());
                    let made = Node::File(self.files.len() - 1);
                    self.name(vec![(folder, name, Some(made))]);
                }
            }
            Step::Write { path, at, bytes } => {
                if let Some(Node::File(file)) = self.find(path) {
                    let at = at.unwrap_or(self.files[file].length);
                    self.change(file, Change::Write(at, bytes.clone()));
                }
            }
            Step::Length(path, length) => {
                if let Some(Node::File(file)) = self.find(path) {
                    self.change(file, Change::Length(*length));
                }
            }
            Step::Rename { from, to, replace } => {
                let (there, taken) = (self.find(from), self.find(to));
                let allowed = match taken {
                    None => true,
                    Some(Node::File(_)) => *replace,
                    Some(Node::Folder(folder)) => *replace && self.is_empty(folder),
                };
                if let (Some(node), Some(from), Some(to), true) =
                    (there, self.place(from), self.place(to), allowed)
                    && from != to
                {
                    self.name(vec![(from.0, from.1, None), (to.0, to.1, Some(node))]);
                }
            }
            Step::Link(from, to) => {
                if let (Some(node), Some((folder, name))) = (self.find(from), self.free(to)) {
                    self.name(vec![(folder, name, Some(node))]);
                }
            }
            Step::RemoveFile(path) => {
                if let (Some(Node::File(_)), Some((folder, name))) =
                    (self.find(path), self.place(path))
                {
                    self.name(vec![(folder, name, None)]);
                }
            }
            Step::RemoveFolder(path) => {
                if let (Some(Node::Folder(inside)), Some((folder, name))) =
                    (self.find(path), self.place(path))
                    && self.is_empty(inside)
                {
                    self.name(vec![(folder, name, None)]);
                }
            }
            Step::Sync(path) => match self.find(path) {
                Some(Node::File(file)) => {
                    let file = &mut self.files[file];
                    file.synced = file.changes.len();
                }
                Some(Node::Folder(folder)) => {
                    for naming in &mut self.namings {
                        naming.synced |= naming.names.iter().any(|(at, ..)| *at == folder);
                    }
                }
                None => {}
            },
            Step::SyncAll => {
                for file in &mut self.files {
                    file.synced = file.changes.len();
                }
                for naming in &mut self.namings {
                    naming.synced = true;
                }
            }
            Step::Unknown(what) => panic!("no image can be made: {what}"),
        }
    }

    fn find(&self, path: &Path) -> Option<Node> {
        let mut node = Node::Folder(ROOT);
        for part in path.iter() {
            let Node::Folder(folder) = node else {
                return None;
            };
            let name = part.to_str().expect("names are texts").to_owned();
            node = *self.names.get(&(folder, name))?;
        }
        Some(node)
    }

    /// Returns the folder of a path, and the name in it.
    fn place(&self, path: &Path) -> Option<(usize, String)> {
        let name = path.file_name()?.to_str().expect("names are texts");
        match self.find(path.parent()?)? {
            Node::Folder(folder) => Some((folder, name.to_owned())),
            Node::File(_) => None,
        }
    }

    /// As `place`, when nothing is there.
    fn free(&self, path: &Path) -> Option<(usize, String)> {
        self.place(path)
            .filter(|place| !self.names.contains_key(place))
    }

    fn is_empty(&self, folder: usize) -> bool {
        self.names.keys().all(|(at, _)| *at != folder)
    }

    fn name(&mut self, names: Vec<(usize, String, Option<Node>)>) {
        for (folder, name, node) in &names {
            let place = (*folder, name.clone());
            match node {
                Some(node) => self.names.insert(place, *node),
                None => self.names.remove(&place),
            };
        }
        let synced = false;
        self.namings.push(Naming { names, synced });
    }

    fn change(&mut self, file: usize, change: Change) {
        let file = &mut self.files[file];
        file.length = match &change {
            Change::Write(at, bytes) => file.length.max(at + bytes.len() as u64),
            Change::Length(length) => *length,
        };
        file.changes.push(change);
    }

    /// Writes what is left of it into an empty folder.
    pub fn write(&self, into: &Path, unsynced: Unsynced, chance: &mut Chance) {
        let mut stays = |synced: bool| {
            synced
                || match unsynced {
                    Unsynced::Stays => true,
                    Unsynced::Goes => false,
                    Unsynced::ByChance => chance.below(2) == 0,
                }
        };
        let mut left: BTreeMap<(usize, String), Node> = BTreeMap::new();
        for naming in self.namings.iter().filter(|naming| stays(naming.synced)) {
            for (folder, name, node) in &naming.names {
                let place = (*folder, name.clone());
                match node {
                    Some(node) => left.insert(place, *node),
                    None => left.remove(&place),
                };
            }
        }
        let mut waiting: Vec<(usize, PathBuf)> = vec![(ROOT, into.to_owned())];
        while let Some((folder, path)) = waiting.pop() {
            for ((_, name), node) in
                left.range((folder, String::new())..(folder + 1, String::new()))
            {
                let path = path.join(name);
                match node {
                    // It belongs to the running system, and is made anew.
                    Node::File(_) if name.ends_with("-shm") => {}
                    Node::File(file) => {
                        let bytes = self.files[*file].content(unsynced, chance);
                        write(&path, &bytes);
                    }
                    Node::Folder(inside) => {
                        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
                        made.expect("it is made");
                        waiting.push((*inside, path));
                    }
                }
            }
        }
    }
}

impl File {
    fn content(&self, unsynced: Unsynced, chance: &mut Chance) -> Vec<u8> {
        let mut content = Vec::new();
        let put = |content: &mut Vec<u8>, at: usize, bytes: &[u8]| {
            content.resize(content.len().max(at + bytes.len()), 0);
            content[at..at + bytes.len()].copy_from_slice(bytes);
        };
        for (number, change) in self.changes.iter().enumerate() {
            let stays = number < self.synced || matches!(unsynced, Unsynced::Stays);
            if !stays && (matches!(unsynced, Unsynced::Goes) || chance.below(3) == 0) {
                continue;
            }
            match change {
                Change::Length(length) => content.resize(*length as usize, 0),
                Change::Write(at, bytes) if stays || chance.below(2) == 0 => {
                    put(&mut content, *at as usize, bytes);
                }
                // Torn: of the blocks that it covers some are written.
                Change::Write(at, bytes) => {
                    let block = [512, 4096][chance.below(2) as usize];
                    let (mut from, end) = (*at as usize, *at as usize + bytes.len());
                    while from < end {
                        let to = end.min((from / block + 1) * block);
                        if chance.below(2) == 0 {
                            let start = *at as usize;
                            put(&mut content, from, &bytes[from - start..to - start]);
                        }
                        from = to;
                    }
                }
            }
        }
        content
    }
}

fn write(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(bytes));
    written.expect("it is written");
}
