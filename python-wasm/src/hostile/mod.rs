//! Guest code that has full control of its linear memory, held against every import it has.
//!
//! Python hides pointers, so these tests do without it: a module written as text forwards its
//! exports to the imports, and runs on the engine, the linker, the store and the kind of memory
//! that sessions run on.

mod clocks;
mod conformance;
mod door;
mod files;
mod fuzz;
mod growth;
mod paths;
mod pointers;

use std::fmt::Write as _;
use std::fs;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cap_std::fs::Dir;
use wasmtime::{
    Engine, ExternType, Instance, InstancePre, Linker, Memory, Module, Store, Val, ValType,
};

use crate::columnar::TableDoor;
use crate::door::{Audience, DoorState, Output, Rate};
use crate::memory::{DirtyTracking, GuestMemory, ImageFile};
use crate::session::{Budget, Control, Host, InterruptFlags, Limiter, Stop, TurnState};
use crate::tool::Tools;
use crate::wasi::{Clock, Descriptors, Errno, Mount, Quota, Tree, Wasi, World};

/// Bytes of memory that the guest has, and those it may grow to.
const MEMORY: u32 = 1 << 20;
const MEMORY_LIMIT: usize = 2 << 20;

/// Bytes of the largest file it may have, and of all.
const FILE_BYTES: u64 = 1 << 20;
const TOTAL_BYTES: u64 = 2 << 20;

/// What an open file may do, as WASI numbers it: reading and writing.
const RIGHTS: u64 = 1 << 1 | 1 << 6;

/// The file `/home/user/file`, which holds `hello`, and the folder `/home/user/folder`, both open.
const FILE: u64 = 4;
const FOLDER: u64 = 5;

/// The compiled module and the names of its imports.
struct Fixture {
    engine: Arc<Engine>,
    instance: InstancePre<Host>,
    imports: Vec<Import>,
}

/// An import: its name and how many bits each of its parameters has.
struct Import {
    name: String,
    parameters: Vec<ValType>,
}

fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let engine = crate::engine::metered(crate::engine::WASM_STACK_BYTES).unwrap();
        let linker = linker(&engine);
        let (fields, imports) = forwarding(&engine, &linker);
        let module = Module::new(&engine, encode(&fields)).unwrap();
        Fixture {
            instance: linker.instantiate_pre(&module).unwrap(),
            engine,
            imports,
        }
    })
}

/// All that a guest is linked to.
fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    crate::wasi::add_to_linker(&mut linker).unwrap();
    crate::door::add_to_linker(&mut linker).unwrap();
    linker
}

/// Returns the fields of a module that has a function for every import, which calls it with the
/// same arguments. An import that is new is there by itself.
fn forwarding(engine: &Engine, linker: &Linker<Host>) -> (String, Vec<Import>) {
    let mut store = crate::session::store(engine, host(&Folders::make())).unwrap();
    let (mut heads, mut bodies, mut imports) = (String::new(), String::new(), Vec::new());
    let found: Vec<_> = linker
        .iter(&mut store)
        .map(|(module, name, what)| (module.to_owned(), name.to_owned(), what))
        .collect();
    for (module, name, what) in found {
        let ExternType::Func(kind) = what.ty(&store) else {
            panic!("{name} is no function");
        };
        let parameters: Vec<ValType> = kind.params().collect();
        let results: Vec<String> = kind.results().map(|kind| kind.to_string()).collect();
        let texts: Vec<String> = parameters.iter().map(ValType::to_string).collect();
        let signature = format!("(param {}) (result {})", texts.join(" "), results.join(" "));
        writeln!(
            heads,
            "(import \"{module}\" \"{name}\" (func ${name} {signature}))"
        )
        .unwrap();
        write!(bodies, "(func (export \"{name}\") {signature} ").unwrap();
        for index in 0..parameters.len() {
            write!(bodies, "local.get {index} ").unwrap();
        }
        writeln!(bodies, "call ${name})").unwrap();
        imports.push(Import { name, parameters });
    }
    let rest = format!(
        r#"
        (memory (export "memory") {pages})
        (global $at (export "at") (mut i32) (i32.const {at}))
        (func (export "host_alloc") (param i32) (result i32)
            (if (i32.eq (global.get $at) (i32.const {TRAPS})) (then unreachable))
            (loop $forever
                (br_if $forever (i32.eq (global.get $at) (i32.const {LOOPS}))))
            global.get $at)
        (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
        "#,
        pages = MEMORY >> 16,
        at = MEMORY / 2,
    );
    (format!("{heads}{rest}{bodies}"), imports)
}

/// Values of the global `at` with which `host_alloc` returns no address.
const TRAPS: i32 = -2;
const LOOPS: i32 = -3;

/// Returns the binary form of a module's fields.
fn encode(fields: &str) -> Vec<u8> {
    let text = format!("(module {fields})");
    let buffer = wast::parser::ParseBuffer::new(&text).unwrap();
    let mut module = wast::parser::parse::<wast::Wat<'_>>(&buffer)
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    module.encode().unwrap()
}

/// What is on the host: the guest's home, something to read, and something beside them.
struct Folders(tempfile::TempDir);

impl Folders {
    fn make() -> Self {
        let folders = tempfile::tempdir().unwrap();
        for name in ["home", "home/folder", "library", "beside"] {
            fs::create_dir(folders.path().join(name)).unwrap();
        }
        for name in ["home/file", "library/module", "beside/secret"] {
            fs::write(folders.path().join(name), "hello").unwrap();
        }
        Self(folders)
    }

    fn mount(&self, at: &[&str], folder: &str, writable: bool) -> Mount {
        let folder = self.0.path().join(folder);
        Mount {
            at: at.iter().map(|name| (*name).to_owned()).collect(),
            folder: Arc::new(Dir::open_ambient_dir(folder, cap_std::ambient_authority()).unwrap()),
            writable,
        }
    }
}

fn host(folders: &Folders) -> Host {
    let tree = Tree::new(vec![
        folders.mount(&["home", "user"], "home", true),
        folders.mount(&["usr", "lib"], "library", false),
    ]);
    Host {
        memory: None,
        wasi: Wasi {
            tree,
            descriptors: Descriptors::new(16),
            clock: Clock::going_on_from(Duration::from_secs(1)),
            world: World::Real,
            arguments: vec!["python".into(), String::new()],
            environment: vec!["A=1".into()],
            quota: Quota::new(TOTAL_BYTES, 100, FILE_BYTES),
        },
        door: DoorState {
            request: None,
            reply: None,
            audience: Audience::default(),
            tools: Arc::new(Tools::none()),
            rate: Rate::per_second(1_000_000),
            building: false,
            tables: TableDoor::default(),
        },
        output: Output::new(1000, 1000),
        turn: TurnState::new(
            Control::new(),
            Arc::new(InterruptFlags(Vec::new())),
            budget(Duration::from_secs(60)),
        ),
        limiter: Limiter {
            memory_bytes: MEMORY_LIMIT,
        },
    }
}

fn budget(time: Duration) -> Budget {
    Budget {
        time,
        grace: Duration::from_millis(50),
        fuel: u64::MAX / 2,
        fuel_limit: Stop::FuelPerCell,
        grace_fuel: 1000,
    }
}

/// A guest, driven call by call.
struct Hostile {
    store: Store<Host>,
    instance: Instance,
    memory: Memory,
    folders: Folders,
}

impl Hostile {
    /// Starts a guest with [`FILE`] and [`FOLDER`] open.
    async fn start() -> Self {
        let folders = Folders::make();
        let fixture = fixture();
        let mut store = crate::session::store(&fixture.engine, host(&folders)).unwrap();
        let image = ImageFile::sealed(MEMORY as usize, []).unwrap();
        let memory = GuestMemory::of(Arc::new(image), DirtyTracking::detect().unwrap()).unwrap();
        let memory = Arc::new(memory);
        let instance = crate::session::instantiate(&mut store, &fixture.instance, &memory).unwrap();
        let memory = store.data().memory.unwrap();
        let mut guest = Self {
            store,
            instance,
            memory,
            folders,
        };
        guest.open("home/user/file").await.unwrap();
        assert_eq!(guest.read_u32(0), FILE as u32);
        guest.open("home/user/folder").await.unwrap();
        assert_eq!(guest.read_u32(0), FOLDER as u32);
        guest.fill(0);
        guest
    }

    /// Calls an import and returns its answer, or the trap it ended in.
    async fn call(&mut self, name: &str, arguments: &[u64]) -> wasmtime::Result<u32> {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let kinds = function.ty(&self.store);
        assert_eq!(kinds.params().len(), arguments.len(), "{name}");
        let arguments: Vec<Val> = kinds
            .params()
            .zip(arguments)
            .map(|(kind, argument)| match kind {
                ValType::I64 => Val::I64(*argument as i64),
                _ => Val::I32(*argument as u32 as i32),
            })
            .collect();
        let mut results = vec![Val::I32(0); kinds.results().len()];
        function
            .call_async(&mut self.store, &arguments, &mut results)
            .await?;
        Ok(results.first().map_or(0, Val::unwrap_i32) as u32)
    }

    /// Calls an import that answers with an error number.
    async fn errno(&mut self, name: &str, arguments: &[u64]) -> Result<(), Errno> {
        let answer = self.call(name, arguments).await;
        match answer.unwrap_or_else(|trap| panic!("{name} {arguments:?}: {trap:#}")) {
            0 => Ok(()),
            number => Err(Errno(number as u16)),
        }
    }

    /// Opens a path below the root to read and write; the descriptor is at address 0.
    async fn open(&mut self, path: &str) -> Result<(), Errno> {
        const DIRECTORY: u64 = 2;
        let rights = if path.ends_with("folder") { 0 } else { RIGHTS };
        let flags = if rights == 0 { DIRECTORY } else { 0 };
        self.write(256, path.as_bytes());
        let len = path.len() as u64;
        self.errno("path_open", &[3, 0, 256, len, flags, rights, 0, 0, 0])
            .await
    }

    fn write(&mut self, at: u32, bytes: &[u8]) {
        self.memory
            .write(&mut self.store, at as usize, bytes)
            .unwrap();
    }

    fn write_u32s(&mut self, at: u32, numbers: &[u32]) {
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        self.write(at, &bytes);
    }

    fn read(&self, at: u32, len: usize) -> Vec<u8> {
        self.memory.data(&self.store)[at as usize..][..len].to_vec()
    }

    fn read_u32(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.read(at, 4).try_into().unwrap())
    }

    fn read_u64(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.read(at, 8).try_into().unwrap())
    }

    fn fill(&mut self, byte: u8) {
        self.memory.data_mut(&mut self.store).fill(byte);
    }

    /// Sets what `host_alloc` returns.
    fn allocate_at(&mut self, at: i32) {
        let global = self.instance.get_global(&mut self.store, "at").unwrap();
        global.set(&mut self.store, Val::I32(at)).unwrap();
    }

    /// Gives the guest this much time from now.
    fn give(&mut self, time: Duration) {
        self.store.data_mut().turn.begin(budget(time));
    }
}

#[test]
fn a_guest_has_these_imports_and_no_other() {
    let mut names: Vec<&str> = fixture()
        .imports
        .iter()
        .map(|import| &*import.name)
        .collect();
    names.sort_unstable();
    let known = "args_get args_sizes_get call clock_res_get clock_time_get environ_get \
        environ_sizes_get fd_advise fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags \
        fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_dir_name \
        fd_prestat_get fd_pwrite fd_read fd_readdir fd_seek fd_sync fd_tell fd_write \
        path_create_directory path_filestat_get path_filestat_set_times path_link path_open \
        path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff \
        proc_exit random_get sched_yield sock_accept sock_recv sock_send sock_shutdown";
    assert_eq!(names, known.split_whitespace().collect::<Vec<_>>());
    // What WASI has besides is not linked, so no module that wants it starts: renumbering of
    // descriptors (GHSA-fm79-3f68-h2fc, GHSA-3p27-qvp9-27qf), allocation of files, signals.
    let engine = &fixture().engine;
    for (name, signature) in [
        ("fd_renumber", "(param i32 i32) (result i32)"),
        ("fd_allocate", "(param i32 i64 i64) (result i32)"),
        ("fd_fdstat_set_rights", "(param i32 i64 i64) (result i32)"),
        ("proc_raise", "(param i32) (result i32)"),
        ("thread-spawn", "(param i32) (result i32)"),
    ] {
        let import = format!("(import \"wasi_snapshot_preview1\" \"{name}\" (func {signature}))");
        let module = Module::new(engine, encode(&import)).unwrap();
        let error = linker(engine).instantiate_pre(&module).err().unwrap();
        assert!(error.is::<wasmtime::UnknownImportError>(), "{error:#}");
    }
}
