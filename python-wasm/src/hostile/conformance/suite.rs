//! The suite's own programs, run on the engine, the linker and the kind of memory that sessions have.
//!
//! `wasi-testsuite.zip.zst` holds what its makers compiled for WASI preview 1 (branch `prod/testsuite-all`
//! at 3db7f5d1), unchanged, with their license.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jupyter_protocol::Stdio;
use serde::Deserialize;
use wasmtime::Module;

use super::super::{FILE_BYTES, Folders, TOTAL_BYTES, fixture, host, linker};
use crate::event::Event;
use crate::memory::{DirtyTracking, GuestMemory, ImageFile};
use crate::session::{Exited, Host};
use crate::wasi::{Quota, Tree};

static SUITE: &[u8] = include_bytes!("wasi-testsuite.zip.zst");

const LINKS: &str = "name: \"PERM\"";
const ALLOCATION: &str = "unknown import: `wasi_snapshot_preview1::fd_allocate`";
const RENUMBERING: &str = "unknown import: `wasi_snapshot_preview1::fd_renumber`";
const RIGHTS: &str = "unknown import: `wasi_snapshot_preview1::fd_fdstat_set_rights`";

/// What guests cannot do here by design, and how each program that does it ends.
const REFUSED: [(&str, &str); 20] = [
    // Guests make no links.
    ("dangling_symlink", LINKS),
    ("nofollow_errors", LINKS),
    ("path_exists", LINKS),
    (
        "path_symlink_trailing_slashes",
        "expected errno NOENT; got PERM",
    ),
    ("readlink", LINKS),
    ("symlink_create", LINKS),
    ("symlink_filestat", LINKS),
    ("symlink_loop", LINKS),
    // These calls are not linked.
    ("dir_fd_op_failures", ALLOCATION),
    ("fd_advise", ALLOCATION),
    ("file_allocate", ALLOCATION),
    ("overwrite_preopen", RENUMBERING),
    ("renumber", RENUMBERING),
    ("stdio", RENUMBERING),
    ("fd_fdstat_set_rights", RIGHTS),
    ("path_link", RIGHTS),
    ("truncation_rights", RIGHTS),
    // The root is always open, as 3, and is not closed.
    ("close_preopen", "closing a preopened file descriptor"),
    ("sock_shutdown-invalid_fd", "errno == EBADF"),
    // The root is the guest's own: no path leads above it.
    (
        "interesting_paths",
        "expected errno PERM or NOTCAPABLE; got NOENT",
    ),
];

/// How a program is called, and how it should end.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Manifest {
    args: Vec<String>,
    env: BTreeMap<String, String>,
    dirs: Vec<String>,
    exit_code: u32,
    stdout: Option<String>,
}

impl Manifest {
    fn beside(program: &Path) -> Self {
        match fs::read(program.with_extension("json")) {
            Ok(text) => serde_json::from_slice(&text).unwrap(),
            Err(_) => Self::default(),
        }
    }

    /// Returns the system that the program sees: the one folder it asks for is the root.
    fn host(&self, folders: &Folders) -> Host {
        let mut host = host(folders);
        let mut arguments = self.args.clone();
        if !self.dirs.is_empty() {
            host.wasi.tree = Tree::new(vec![folders.mount(&[], "home", true)]);
            arguments = arguments.iter().map(|_| "/".to_owned()).collect();
        }
        arguments.insert(0, "program.wasm".to_owned());
        host.wasi.arguments = arguments;
        let variables = self.env.iter();
        host.wasi.environment = variables
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        host.wasi.quota = Quota::new(TOTAL_BYTES, 2000, FILE_BYTES);
        host.limiter.memory_bytes = 64 << 20;
        host
    }
}

/// Runs a program to its end; fails with what it wrote, and the trap if it ended in one.
async fn run(program: &Path, data: &Path) -> Result<(), String> {
    let manifest = Manifest::beside(program);
    let folders = Folders::make();
    for name in &manifest.dirs {
        copy(&data.join(name), &folders.0.path().join("home").join(name));
    }
    let told = |error: wasmtime::Error| format!("{error:#}");
    let engine = &fixture().engine;
    let module = Module::new(engine, fs::read(program).unwrap()).map_err(told)?;
    let instance = linker(engine).instantiate_pre(&module).map_err(told)?;
    let memory = module.get_export("memory").unwrap();
    let bytes = (memory.unwrap_memory().minimum() << 16) as usize;
    let image = Arc::new(ImageFile::sealed(bytes, []).unwrap());
    let memory = Arc::new(GuestMemory::of(image, DirtyTracking::detect().unwrap()).unwrap());
    let mut store = crate::session::store(engine, manifest.host(&folders)).unwrap();
    // Unlike the interpreter, these programs fill their memory as they are instantiated; that is not to
    // be interrupted by a tick.
    store.set_epoch_deadline(1 << 40);
    let instance = crate::session::instantiate(&mut store, &instance, &memory).map_err(told)?;
    store.set_epoch_deadline(1);
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
    let ended = start.unwrap().call_async(&mut store, ()).await;
    let (mut output, mut complaints) = (String::new(), String::new());
    for (event, _) in store.data_mut().output.take_raw() {
        let Event::Stream(stream) = event else {
            panic!("raw text is a stream: {event:?}");
        };
        match stream.name {
            Stdio::Stdout => output.push_str(&stream.text),
            Stdio::Stderr => complaints.push_str(&stream.text),
        }
    }
    let code = match ended {
        Ok(()) => 0,
        Err(trap) => match trap.downcast_ref::<Exited>() {
            Some(exited) => exited.code,
            None => return Err(format!("{complaints}{trap:#}")),
        },
    };
    if code != manifest.exit_code || manifest.stdout.is_some_and(|wanted| wanted != output) {
        return Err(format!("exit code {code}, {output:?}, {complaints}"));
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// Unpacks the suite and returns its programs, each with the folder its data is in.
fn unpacked(folder: &Path) -> BTreeSet<(PathBuf, PathBuf)> {
    let mut bytes = Vec::new();
    let mut packed = zstd::stream::read::Decoder::new(SUITE).unwrap();
    packed.read_to_end(&mut bytes).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    archive.extract(folder).unwrap();
    let languages = ["assemblyscript", "c", "rust"].map(|name| folder.join(name));
    let programs = languages.into_iter().flat_map(|data| {
        let entries = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap());
        let paths = entries.map(|entry| entry.path());
        let programs = paths.filter(|path| path.extension().is_some_and(|ending| ending == "wasm"));
        programs
            .map(|path| (path, data.clone()))
            .collect::<Vec<_>>()
    });
    programs.collect()
}

#[tokio::test]
async fn the_suite_passes_but_for_what_is_refused_by_design() {
    let folder = tempfile::tempdir().unwrap();
    let programs = unpacked(folder.path());
    assert_eq!(programs.len(), 72);
    let (mut refused, mut wrong) = (Vec::new(), Vec::new());
    for (program, data) in &programs {
        let name = program.file_stem().unwrap().to_string_lossy();
        let expected = REFUSED.iter().find(|(refused, _)| *refused == name);
        match (run(program, data).await, expected) {
            (Ok(()), None) => {}
            (Err(told), Some((name, why))) if told.contains(why) => refused.push(*name),
            (ended, expected) => wrong.push(format!("{name}: {ended:?}, expected {expected:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(refused.len(), REFUSED.len());
}
