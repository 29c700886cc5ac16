//! Building an image in a guest of its own.

use std::fs;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cap_std::fs::Dir;
use sandbox_policy::{Limits, Policy};
use serde_json::{Map, Value, json};

use super::{Image, ImageError, ImageSpec, PACKAGES, Parts, file};
use crate::cache;
use crate::door::{DoorState, Frame, Output, Rate};
use crate::memory::{GuestMemory, PageRun};
use crate::progress::{Progress, Unit};
use crate::runtime::{Runtime, RuntimeError, SITE, STANDARD, unpack_wheel};
use crate::session::{
    Budget, Control, Host, InterruptFlags, Limiter, Machine, Stop, TurnState, wasi,
};
use crate::wasi::{Clock, Descriptors, Mount, Quota, Tree};

/// What a step of a build may use; it is the operator's own code.
const STEP: Budget = Budget {
    time: Duration::from_secs(15 * 60),
    grace: Duration::from_secs(1),
    fuel: u64::MAX / 4,
    fuel_limit: Stop::FuelPerCell,
    grace_fuel: 0,
};

/// Boots the kernel; everything else goes through the door.
const BOOT: &[u8] =
    b"import sys\nsys.path.append('/usr/local/lib/kernel')\nimport cellblock_kernel.boot";

/// Returns the name of an image's file, and the folder name of its packages if it adds any.
pub(super) fn name(
    runtime: &Runtime,
    spec: &ImageSpec,
) -> Result<(String, Option<String>), ImageError> {
    let recipe = serde_json::to_vec(&steps(spec)?).expect("steps are writable");
    let mut wheels = Vec::new();
    for path in &spec.wheels {
        let wheel = |reason: String| ImageError::Wheel {
            path: path.clone(),
            reason,
        };
        if !path.to_string_lossy().ends_with("-none-any.whl") {
            return Err(wheel("only wheels of pure Python (`-none-any.whl`) can be added; native code cannot run here".into()));
        }
        let bytes = fs::read(path).map_err(|error| wheel(error.to_string()))?;
        wheels.push(cache::digest([&bytes[..]]));
    }
    let packages = (!wheels.is_empty()).then(|| {
        format!(
            "packages-{}",
            cache::digest(wheels.iter().map(String::as_bytes))
        )
    });
    let made_of = [
        runtime.digest().as_bytes(),
        &recipe,
        packages.as_deref().unwrap_or_default().as_bytes(),
    ];
    Ok((
        format!("image-{}-{}", spec.name, cache::digest(made_of)),
        packages,
    ))
}

pub(super) async fn open_or_build(
    runtime: &Runtime,
    spec: &ImageSpec,
    progress: &dyn Progress,
) -> Result<Image, ImageError> {
    let cache = &runtime.parts().cache;
    let fail = |source: io::Error| {
        ImageError::Runtime(RuntimeError::Cache {
            path: cache.folder().into(),
            source,
        })
    };
    let (name, packages) = name(runtime, spec)?;
    let _turn = cache.turn(&name).map_err(fail)?;
    let packages = match packages {
        Some(folder) => Some(unpack_packages(runtime, spec, &folder)?),
        None => None,
    };
    for attempt in 0..2 {
        if let Some(opened) = cache.open_sealed(&name).map_err(fail)? {
            if let Some(contents) = file::read(opened).map_err(fail)? {
                return Ok(Image(Arc::new(Parts {
                    name: spec.name.clone(),
                    digest: name,
                    file: Arc::new(contents.file.map_err(RuntimeError::from)?),
                    flags: Arc::new(contents.flags),
                    open: contents.open,
                    serve: contents.serve,
                    packages,
                    runtime: runtime.clone(),
                })));
            }
        }
        if attempt == 0 {
            build(runtime, spec, &name, packages.as_ref(), progress).await?;
        }
    }
    Err(fail(io::Error::other(
        "the image was altered while it was written",
    )))
}

async fn build(
    runtime: &Runtime,
    spec: &ImageSpec,
    name: &str,
    packages: Option<&Arc<Dir>>,
    progress: &dyn Progress,
) -> Result<(), ImageError> {
    let title = format!("building the image {}", spec.name);
    let failed = |step: &str, reason: String| ImageError::Step {
        image: spec.name.clone(),
        step: step.into(),
        reason,
    };
    let scratch = tempfile::tempdir().map_err(|error| failed("start", error.to_string()))?;
    let mut machine = Builder::start(runtime, scratch.path(), packages, false)
        .map_err(|reason| failed("start", reason))?;
    let steps = steps(spec)?;
    let total = steps.len() as u64 + 2;
    progress.update(&title, 0, Some(total), Unit::Items);
    machine
        .boot()
        .await
        .map_err(|reason| failed("boot", reason))?;
    for (done, (label, code)) in steps.iter().enumerate() {
        progress.update(&title, done as u64 + 1, Some(total), Unit::Items);
        machine
            .ask(json!({"op": "eval", "code": code}))
            .await
            .map_err(|reason| failed(label, reason))?;
    }
    let sealed = machine
        .ask(json!({"op": "seal"}))
        .await
        .map_err(|reason| failed("seal", reason))?;
    let serve = sealed.get("turn_address").and_then(Value::as_u64);
    let serve = serve
        .and_then(|address| u32::try_from(address).ok())
        .ok_or_else(|| {
            failed(
                "seal",
                "the kernel did not say where its function is".into(),
            )
        })?;
    let flags = machine
        .interrupt_flags()
        .await
        .map_err(|reason| failed("interrupt", reason))?;
    let open = machine.machine.host().wasi.descriptors.state();
    let (start, runs) = file::parts(machine.contents(), &flags, open, serve);
    let mut parts: Vec<&[u8]> = vec![&start];
    parts.extend(runs);
    let cache = &runtime.parts().cache;
    cache
        .write_sealed(name, &parts)
        .map_err(|source| RuntimeError::Cache {
            path: cache.path(name),
            source,
        })?;
    progress.finish(&title);
    Ok(())
}

/// Returns what is run for a recipe: a label and code for each step.
fn steps(spec: &ImageSpec) -> Result<Vec<(String, String)>, ImageError> {
    let mut steps = Vec::new();
    if !spec.wheels.is_empty() {
        steps.push((
            "packages".to_owned(),
            format!("import sys; sys.path.append({PACKAGES:?})"),
        ));
    }
    let base = spec
        .extends
        .as_deref()
        .map(ImageSpec::builtin)
        .transpose()?;
    for spec in base.iter().chain([spec]) {
        for import in &spec.imports {
            // A plain module is loaded without becoming a variable of the user's.
            let code = match import.split_once(" as ") {
                Some(_) => format!("import {import}"),
                None => format!("__import__({import:?})"),
            };
            steps.push((format!("import {import}"), code));
        }
        for (label, code) in [("setup", &spec.setup), ("warm", &spec.warm)] {
            if !code.trim().is_empty() {
                steps.push((label.to_owned(), code.clone()));
            }
        }
    }
    Ok(steps)
}

fn unpack_packages(
    runtime: &Runtime,
    spec: &ImageSpec,
    name: &str,
) -> Result<Arc<Dir>, ImageError> {
    let folder = runtime.parts().cache.path(name);
    let fail = |source| RuntimeError::Cache {
        path: folder.clone(),
        source,
    };
    if !folder.exists() {
        let parent = runtime.parts().cache.folder();
        let made = tempfile::tempdir_in(parent).map_err(fail)?;
        for wheel in &spec.wheels {
            unpack_wheel(wheel, made.path())?;
        }
        match fs::rename(made.path(), &folder) {
            Ok(()) => {
                let _ = made.keep();
            }
            // Another process was first and made the same.
            Err(_) if folder.exists() => {}
            Err(source) => return Err(fail(source).into()),
        }
    }
    let opened = Dir::open_ambient_dir(&folder, cap_std::ambient_authority()).map_err(fail)?;
    Ok(Arc::new(opened))
}

/// Lets guests compile the library's source files, two at a time.
pub(crate) async fn compile_library(
    runtime: &Runtime,
    name: &str,
    progress: &dyn Progress,
) -> Result<(), String> {
    const TITLE: &str = "compiling the packages to bytecode";
    let folder = runtime.parts().cache.path(name);
    let mut packages = Vec::new();
    for part in [SITE, STANDARD] {
        for entry in fs::read_dir(folder.join(part)).map_err(|error| error.to_string())? {
            let entry = entry.map_err(|error| error.to_string())?;
            let file_name = entry.file_name().to_string_lossy().into_owned();
            if !file_name.ends_with("-info")
                && (entry.path().is_dir() || file_name.ends_with(".py"))
            {
                packages.push(format!("/usr/local/lib/{part}/{file_name}"));
            }
        }
    }
    let total = packages.len() as u64;
    let queue = Mutex::new((packages, 0u64));
    let work = || async {
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut machine = Builder::start(runtime, scratch.path(), None, true)?;
        machine.initialize().await?;
        machine
            .run("import compileall, py_compile, sys; sys.setrecursionlimit(5000)")
            .await?;
        loop {
            let next = queue.lock().map_err(|error| error.to_string())?.0.pop();
            let Some(package) = next else {
                return Ok::<(), String>(());
            };
            let call = if package.ends_with(".py") {
                "compile_file"
            } else {
                "compile_dir"
            };
            machine
                .run(&format!(
                    "_ = compileall.{call}({package:?}, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
                ))
                .await?;
            let done = {
                let mut queue = queue.lock().map_err(|error| error.to_string())?;
                queue.1 += 1;
                queue.1
            };
            progress.update(TITLE, done, Some(total), Unit::Items);
        }
    };
    let (first, second) = tokio::join!(work(), work());
    first.and(second)?;
    progress.finish(TITLE);
    Ok(())
}

/// A guest that builds: trusted input, no user, generous limits.
struct Builder {
    machine: Machine,
}

impl Builder {
    fn start(
        runtime: &Runtime,
        scratch: &std::path::Path,
        packages: Option<&Arc<Dir>>,
        library_writable: bool,
    ) -> Result<Self, String> {
        let limits = Policy::profile("trusted")
            .map_err(|error| error.to_string())?
            .limits;
        let parts = runtime.parts();
        let memory = GuestMemory::of(Arc::clone(&parts.code.unbooted), parts.tracking.clone())
            .map_err(|error| error.to_string())?;
        let host = host(runtime, scratch, packages, library_writable, &limits)
            .map_err(|error| error.to_string())?;
        let machine =
            Machine::start(runtime, memory, host, None).map_err(|error| format!("{error:#}"))?;
        Ok(Self { machine })
    }

    async fn initialize(&mut self) -> Result<(), String> {
        self.machine.host_mut().turn.begin(STEP);
        self.machine.boot().await.map_err(|death| death.to_string())
    }

    async fn boot(&mut self) -> Result<(), String> {
        self.initialize().await?;
        self.run_source(BOOT).await
    }

    async fn run(&mut self, source: &str) -> Result<(), String> {
        self.run_source(source.as_bytes()).await
    }

    async fn run_source(&mut self, source: &[u8]) -> Result<(), String> {
        self.machine.host_mut().turn.begin(STEP);
        let status = self
            .machine
            .run(source)
            .await
            .map_err(|death| death.to_string());
        let said = self.said();
        match status {
            Ok(0) => Ok(()),
            Ok(status) => Err(format!("status {status}: {said}")),
            Err(reason) => Err(format!("{reason}: {said}")),
        }
    }

    /// Returns what was written to the raw descriptors.
    fn said(&mut self) -> String {
        let events = self.machine.host_mut().output.take_raw();
        events
            .into_iter()
            .filter_map(|(event, _)| match event {
                crate::event::Event::Stream(stream) => Some(stream.text),
                _ => None,
            })
            .collect()
    }

    async fn ask(&mut self, request: Value) -> Result<Map<String, Value>, String> {
        let reply = self
            .machine
            .ask(Frame::of(request), STEP)
            .await
            .map_err(|death| death.to_string())?;
        let text = |name: &str| {
            reply
                .header
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        if text("status") == "error" {
            let traceback: Vec<&str> = reply
                .header
                .get("traceback")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            return Err(format!(
                "{}: {}\n{}",
                text("ename"),
                text("evalue"),
                traceback.join("\n")
            ));
        }
        Ok(reply.header)
    }

    /// Lets CPython note an interrupt and records what changed.
    async fn interrupt_flags(&mut self) -> Result<InterruptFlags, String> {
        let before = self.contents().to_vec();
        self.machine
            .note_interrupt()
            .await
            .map_err(|death| death.to_string())?;
        let flags = InterruptFlags::between(&before, self.contents());
        flags.clear_in(self.contents_mut());
        if !(2..=4).contains(&flags.0.len()) {
            return Err(format!(
                "noting an interrupt changed {} bytes, where three were expected",
                flags.0.len()
            ));
        }
        Ok(flags)
    }

    fn contents(&self) -> &[u8] {
        let memory = self.machine.memory();
        let run = PageRun {
            first: 0,
            count: (memory.len() / crate::memory::PAGE) as u32,
        };
        // SAFETY: the guest runs only in methods that take `&mut self`.
        unsafe { memory.pages(run) }
    }

    fn contents_mut(&mut self) -> &mut [u8] {
        let memory = self.machine.memory();
        // SAFETY: as above, and no other slice is held: this takes `&mut self`.
        unsafe { std::slice::from_raw_parts_mut(memory.as_ptr(), memory.len()) }
    }
}

fn host(
    runtime: &Runtime,
    scratch: &std::path::Path,
    packages: Option<&Arc<Dir>>,
    library_writable: bool,
    limits: &Limits,
) -> io::Result<Host> {
    let parts = runtime.parts();
    let own = |name: &str| {
        let folder = scratch.join(name);
        fs::create_dir(&folder)?;
        Dir::open_ambient_dir(&folder, cap_std::ambient_authority()).map(Arc::new)
    };
    let at = |path: &str| {
        path.split('/')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut mounts = vec![
        Mount {
            at: at("/usr/local/lib"),
            folder: Arc::clone(&parts.library),
            writable: library_writable,
        },
        Mount {
            at: at("/usr/local/lib/kernel"),
            folder: Arc::clone(&parts.kernel),
            writable: false,
        },
        Mount {
            at: at("/home/user"),
            folder: own("home")?,
            writable: true,
        },
        Mount {
            at: at("/tmp"),
            folder: own("tmp")?,
            writable: true,
        },
    ];
    if let Some(packages) = packages {
        mounts.push(Mount {
            at: at(PACKAGES),
            folder: Arc::clone(packages),
            writable: false,
        });
    }
    let quota = Quota::new(8 << 30, 1 << 20, 1 << 30);
    let control = Control::new();
    Ok(Host {
        memory: None,
        wasi: wasi(
            Tree::new(mounts),
            quota,
            Descriptors::new(limits.open_files),
            Clock::going_on_from(Duration::ZERO),
            &[],
        ),
        door: DoorState {
            request: None,
            reply: None,
            events: None,
            input: None,
            tools: Arc::default(),
            rate: Rate::per_second(1_000_000),
            tables: crate::columnar::TableDoor::default(),
        },
        output: Output::new(1 << 20, 1 << 20),
        turn: TurnState::new(control, Arc::new(InterruptFlags(Vec::new())), STEP),
        limiter: Limiter {
            memory_bytes: crate::memory::MAXIMUM_BYTES,
            refused: false,
        },
    })
}
