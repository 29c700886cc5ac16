//! What a service does to the files of its data folder, call by call, and its end before any of them.

use std::path::{Component, Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::calls::{self, Answer, Asked, Watched};

/// Something that is about to happen to the data folder; paths are below it.
#[derive(Debug, Clone)]
pub enum Step {
    Folder(PathBuf),
    /// A file is opened, and made if it is not there.
    File {
        path: PathBuf,
        make: bool,
        empty: bool,
    },
    /// Bytes go to a place of a file, or to its end.
    Write {
        path: PathBuf,
        at: Option<u64>,
        bytes: Vec<u8>,
    },
    Length(PathBuf, u64),
    Rename {
        from: PathBuf,
        to: PathBuf,
        replace: bool,
    },
    Link(PathBuf, PathBuf),
    RemoveFile(PathBuf),
    RemoveFolder(PathBuf),
    Sync(PathBuf),
    SyncAll,
    /// A call whose outcome the images do not tell.
    Unknown(String),
}

/// A record under way.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    steps: Vec<Step>,
    end: Option<End>,
}

/// The end of a process before a step.
struct End {
    before: usize,
    process: u32,
}

impl Recording {
    /// Returns how many steps there were.
    pub fn len(&self) -> usize {
        self.0.lock().expect("no holder panics").steps.len()
    }

    /// Returns the steps.
    pub fn steps(&self) -> Vec<Step> {
        self.0.lock().expect("no holder panics").steps.clone()
    }

    /// Ends a process before so many more steps have been made, with the process that wants to make the
    /// next.
    pub fn end_before(&self, more: usize, process: u32) {
        let mut state = self.0.lock().expect("no holder panics");
        let before = state.steps.len() + more;
        state.end = Some(End { before, process });
    }

    /// Starts a program whose steps in a data folder are recorded.
    pub fn watch<T>(&self, command: Command, data: &Path, spawn: impl FnOnce(Command) -> T) -> T {
        let data = data.canonicalize().expect("it is there");
        let recording = self.clone();
        let decide = move |asked: &Asked| {
            if let Some(step) = (Reader { asked, data: &data }).step() {
                recording.note(asked, step);
            }
            Answer::Happens
        };
        calls::watch(command, &watched(), decide, spawn)
    }

    fn note(&self, asked: &Asked, step: Step) {
        let mut state = self.0.lock().expect("no holder panics");
        match &state.end {
            Some(end) if end.before <= state.steps.len() => {
                calls::kill(end.process);
                asked.end();
            }
            _ => state.steps.push(step),
        }
    }
}

/// Opening matters when it makes or empties a file.
const MAKES: i32 = libc::O_CREAT | libc::O_TRUNC;

fn watched() -> Vec<Watched> {
    let mut watched = calls::all(&[
        libc::SYS_write,
        libc::SYS_pwrite64,
        libc::SYS_writev,
        libc::SYS_pwritev,
        libc::SYS_pwritev2,
        libc::SYS_ftruncate,
        libc::SYS_fallocate,
        libc::SYS_fsync,
        libc::SYS_fdatasync,
        libc::SYS_syncfs,
        libc::SYS_openat2,
        libc::SYS_mkdirat,
        libc::SYS_unlinkat,
        libc::SYS_renameat,
        libc::SYS_renameat2,
        libc::SYS_linkat,
        libc::SYS_copy_file_range,
        libc::SYS_sendfile,
        libc::SYS_splice,
    ]);
    let opens = |call, argument| Watched {
        call,
        only: Some((argument, MAKES as u32)),
    };
    watched.push(opens(libc::SYS_openat, 2));
    #[cfg(target_arch = "x86_64")]
    {
        watched.push(opens(libc::SYS_open, 1));
        watched.extend(calls::all(&[
            libc::SYS_creat,
            libc::SYS_mkdir,
            libc::SYS_rmdir,
            libc::SYS_unlink,
            libc::SYS_rename,
            libc::SYS_link,
        ]));
    }
    watched
}

/// Reads what is asked for.
struct Reader<'a> {
    asked: &'a Asked,
    data: &'a Path,
}

const HERE: u64 = libc::AT_FDCWD as u64;

impl Reader<'_> {
    /// Returns the step that a call is; nothing when it is about something else.
    fn step(&self) -> Option<Step> {
        let [first, second, third, fourth, fifth, _] = self.asked.arguments;
        match self.asked.call {
            libc::SYS_write => self.write(None, || self.asked.memory(second, third as usize)),
            libc::SYS_pwrite64 => {
                self.write(Some(fourth), || self.asked.memory(second, third as usize))
            }
            libc::SYS_writev => self.write(None, || self.parts(second, third)),
            libc::SYS_pwritev | libc::SYS_pwritev2 => {
                self.write(Some(fourth), || self.parts(second, third))
            }
            libc::SYS_ftruncate => Some(Step::Length(self.open(first)?, second)),
            libc::SYS_fsync | libc::SYS_fdatasync => Some(Step::Sync(self.open(first)?)),
            libc::SYS_syncfs => self.open(first).map(|_| Step::SyncAll),
            libc::SYS_openat => self.made(self.named(first, second)?, third),
            libc::SYS_openat2 => self.made(self.named(first, second)?, self.asked.number(third)),
            libc::SYS_mkdirat => Some(Step::Folder(self.named(first, second)?)),
            libc::SYS_unlinkat => {
                let path = self.named(first, second)?;
                Some(if third as i32 & libc::AT_REMOVEDIR == 0 {
                    Step::RemoveFile(path)
                } else {
                    Step::RemoveFolder(path)
                })
            }
            libc::SYS_renameat => self.moved((first, second), (third, fourth), 0),
            libc::SYS_renameat2 => self.moved((first, second), (third, fourth), fifth),
            libc::SYS_linkat => Some(Step::Link(
                self.named(first, second)?,
                self.named(third, fourth)?,
            )),
            libc::SYS_copy_file_range | libc::SYS_splice => self.unknown(third),
            libc::SYS_sendfile | libc::SYS_fallocate => self.unknown(first),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => self.made(self.named(HERE, first)?, second),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_creat => self.made(self.named(HERE, first)?, MAKES as u64),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_mkdir => Some(Step::Folder(self.named(HERE, first)?)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_rmdir => Some(Step::RemoveFolder(self.named(HERE, first)?)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_unlink => Some(Step::RemoveFile(self.named(HERE, first)?)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_rename => self.moved((HERE, first), (HERE, second), 0),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_link => Some(Step::Link(
                self.named(HERE, first)?,
                self.named(HERE, second)?,
            )),
            other => panic!("call {other} was not to be handed over"),
        }
    }

    /// Returns the path of an open file below the data folder.
    fn open(&self, descriptor: u64) -> Option<PathBuf> {
        self.below(&self.asked.file(descriptor)?)
    }

    /// Returns a path below the data folder that is given by its name in an open folder.
    fn named(&self, folder: u64, name: u64) -> Option<PathBuf> {
        let name = self.asked.text(name);
        if name.starts_with('/') {
            return self.below(Path::new(&name));
        }
        self.below(&self.asked.file(folder)?.join(name))
    }

    fn below(&self, path: &Path) -> Option<PathBuf> {
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => drop(plain.pop()),
                Component::CurDir => {}
                other => plain.push(other),
            }
        }
        plain.strip_prefix(self.data).ok().map(Path::to_owned)
    }

    fn made(&self, path: PathBuf, flags: u64) -> Option<Step> {
        let has = |flag: i32| flags & flag as u64 == flag as u64;
        if flags & MAKES as u64 == 0 || has(libc::O_TMPFILE) {
            return None;
        }
        Some(Step::File {
            path,
            make: has(libc::O_CREAT),
            // With `O_EXCL` what is there stays as it is.
            empty: has(libc::O_TRUNC) && !has(libc::O_EXCL),
        })
    }

    fn moved(&self, from: (u64, u64), to: (u64, u64), flags: u64) -> Option<Step> {
        let (from, to) = (self.named(from.0, from.1)?, self.named(to.0, to.1)?);
        if flags & u64::from(libc::RENAME_EXCHANGE) != 0 {
            return Some(Step::Unknown(format!("{from:?} and {to:?} are exchanged")));
        }
        Some(Step::Rename {
            from,
            to,
            replace: flags & u64::from(libc::RENAME_NOREPLACE) == 0,
        })
    }

    fn write(&self, at: Option<u64>, bytes: impl FnOnce() -> Vec<u8>) -> Option<Step> {
        let descriptor = self.asked.arguments[0];
        let path = self.open(descriptor)?;
        let at = at.or_else(|| self.position(descriptor));
        let bytes = bytes();
        Some(Step::Write { path, at, bytes })
    }

    /// Returns where the next write to a descriptor goes; nothing for one that appends.
    fn position(&self, descriptor: u64) -> Option<u64> {
        let path = format!("/proc/{}/fdinfo/{descriptor}", self.asked.thread);
        let about = std::fs::read_to_string(path).unwrap_or_default();
        let field = |name| about.lines().find_map(|line| line.strip_prefix(name));
        let flags = i32::from_str_radix(field("flags:")?.trim(), 8).ok()?;
        if flags & libc::O_APPEND != 0 {
            return None;
        }
        field("pos:")?.trim().parse().ok()
    }

    /// Returns the bytes of a list of parts.
    fn parts(&self, at: u64, count: u64) -> Vec<u8> {
        let part = |index| {
            let at = at + 16 * index;
            let (start, length) = (self.asked.number(at), self.asked.number(at + 8));
            self.asked.memory(start, length as usize)
        };
        (0..count).flat_map(part).collect()
    }

    fn unknown(&self, descriptor: u64) -> Option<Step> {
        let (path, call) = (self.open(descriptor)?, self.asked.call);
        Some(Step::Unknown(format!("call {call} on {path:?}")))
    }
}
