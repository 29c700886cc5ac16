//! The walls around a program of an environment: it reads its own libraries, writes into its own folder,
//! listens on one port, and reaches the service's port and nothing else. It starts no other program.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, NetPort, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, Scope,
};
use rustix::process::{Resource, Rlimit, Signal};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};

use crate::worker::confine::ALLOWED;

/// The version of Landlock that holds all of this: it knows of ports, of signals and of abstract sockets.
const LANDLOCK: ABI = ABI::V6;

/// Files that the program may have open.
const OPEN_FILES: u64 = 1024;

/// The largest file that it may write.
const LARGEST_FILE: u64 = 256 << 20;

/// What every program of this machine reads: libraries, kinds of files, the time zone, and sources of nothing and of chance.
const SYSTEM: [&str; 10] = [
    "/etc/mime.types",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/urandom",
];

/// What a program is confined to.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfinedOptions {
    /// Folders and files to read.
    #[arg(long)]
    read: Vec<PathBuf>,
    /// Programs that may be started in the place of this one.
    #[arg(long)]
    execute: Vec<PathBuf>,
    /// The one folder to write in.
    #[arg(long)]
    write: PathBuf,
    /// The port to listen on.
    #[arg(long)]
    listen: u16,
    /// The port that may be connected to.
    #[arg(long)]
    connect: u16,
    /// Memory for its data, in bytes.
    #[arg(long)]
    memory: u64,
    /// The process with which this one ends.
    #[arg(long)]
    parent: i32,
    /// Go on with the walls that this kernel has.
    #[arg(long)]
    best_effort: bool,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    program: Vec<OsString>,
}

/// Tells what of the walls this kernel does not hold; nothing if it holds all.
pub(crate) fn missing() -> Option<String> {
    ruleset(CompatLevel::HardRequirement)
        .err()
        .map(|error| format!("this kernel does not hold all of Landlock's walls: {error:#}"))
}

/// Confines this process and becomes the program. Comes back only if that fails.
pub(crate) fn run(options: &ConfinedOptions) -> anyhow::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let parent = rustix::process::getppid().map(rustix::process::Pid::as_raw_nonzero);
    if parent.map(std::num::NonZero::get) != Some(options.parent) {
        bail!("the service has ended");
    }
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Fsize, LARGEST_FILE),
        (Resource::Data, options.memory),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        rustix::process::setrlimit(resource, limit)
            .with_context(|| format!("the limit {resource:?} cannot be set"))?;
    }
    landlock(options)?;
    let [program, arguments @ ..] = options.program.as_slice() else {
        bail!("no program is named");
    };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&options.write);
    seccomp()?;
    Err(command.exec()).with_context(|| format!("{} cannot be started", program.display()))
}

fn ruleset(level: CompatLevel) -> anyhow::Result<RulesetCreated> {
    let ruleset = Ruleset::default()
        .set_compatibility(level)
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?;
    Ok(ruleset.create()?)
}

fn landlock(options: &ConfinedOptions) -> anyhow::Result<()> {
    let level = match options.best_effort {
        true => CompatLevel::BestEffort,
        false => CompatLevel::HardRequirement,
    };
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let special = AccessFs::Execute
        | AccessFs::MakeChar
        | AccessFs::MakeBlock
        | AccessFs::MakeSock
        | AccessFs::MakeFifo
        | AccessFs::IoctlDev;
    let write = AccessFs::from_all(LANDLOCK) & !special;
    let mut ruleset = ruleset(level)?
        .add_rule(NetPort::new(options.listen, AccessNet::BindTcp))?
        .add_rule(NetPort::new(options.connect, AccessNet::ConnectTcp))?;
    // The loader of programs lies among the libraries.
    let system = SYSTEM.iter().map(Path::new);
    let system = system.filter(|path| path.exists());
    let rules = system
        .map(|path| (path, read | AccessFs::Execute))
        .chain(options.read.iter().map(|path| (path.as_path(), read)))
        .chain(
            options
                .execute
                .iter()
                .map(|path| (path.as_path(), AccessFs::ReadFile | AccessFs::Execute)),
        )
        .chain([
            (options.write.as_path(), write),
            (
                Path::new("/dev/null"),
                AccessFs::ReadFile | AccessFs::WriteFile,
            ),
        ]);
    for (path, access) in rules {
        let opened =
            PathFd::new(path).with_context(|| format!("{} cannot be opened", path.display()))?;
        let access = match path.is_dir() {
            true => access,
            false => access & AccessFs::from_file(LANDLOCK),
        };
        ruleset = ruleset.add_rule(PathBeneath::new(opened, access))?;
    }
    ruleset.restrict_self()?;
    Ok(())
}

/// Leaves the system calls of a worker and those of a server: sockets of TCP alone, no other process, and no
/// change of what stands beside a file's content.
fn seccomp() -> anyhow::Result<()> {
    let arch = std::env::consts::ARCH
        .try_into()
        .context("this processor has no system call filter")?;
    let hidden = SeccompFilter::new(
        BTreeMap::from([(libc::SYS_clone3, vec![])]),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS as u32),
        arch,
    )?;
    let argument = |number, mask: libc::c_int, value: libc::c_int| {
        let operation = SeccompCmpOp::MaskedEq(mask as u64);
        SeccompCondition::new(number, SeccompCmpArgLen::Dword, operation, value as u64)
    };
    let stream = |domain| -> anyhow::Result<SeccompRule> {
        let conditions = vec![
            argument(0, -1, domain)?,
            argument(
                1,
                !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK),
                libc::SOCK_STREAM,
            )?,
        ];
        Ok(SeccompRule::new(conditions)?)
    };
    let thread = argument(0, libc::CLONE_THREAD, libc::CLONE_THREAD)?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED
        .iter()
        .filter(|call| !BESIDE_CONTENT.contains(call))
        .chain(OF_A_SERVER)
        .map(|call| (*call, vec![]))
        .collect();
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![thread])?]);
    rules.insert(
        libc::SYS_socket,
        vec![stream(libc::AF_INET)?, stream(libc::AF_INET6)?],
    );
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM as u32),
        SeccompAction::Allow,
        arch,
    )?;
    let hidden: BpfProgram = hidden.try_into()?;
    let filter: BpfProgram = filter.try_into()?;
    apply_filter(&hidden)?;
    apply_filter(&filter)?;
    Ok(())
}

/// Calls of a worker that Landlock does not bound by folders.
const BESIDE_CONTENT: &[i64] = &[
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_utimensat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    // Not needed, and large.
    libc::SYS_userfaultfd,
];

/// What a server calls that a worker does not.
const OF_A_SERVER: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_connect,
    libc::SYS_getpeername,
    libc::SYS_socketpair,
    libc::SYS_pselect6,
    libc::SYS_chdir,
    libc::SYS_symlinkat,
    libc::SYS_getppid,
    libc::SYS_getpgid,
    libc::SYS_getsid,
    libc::SYS_getresuid,
    libc::SYS_getresgid,
    libc::SYS_getgroups,
    libc::SYS_getrusage,
    libc::SYS_times,
    libc::SYS_sched_setaffinity,
    libc::SYS_getcpu,
    libc::SYS_wait4,
    libc::SYS_timer_create,
    libc::SYS_fdatasync,
    libc::SYS_pwritev2,
    libc::SYS_preadv2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_accept,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_pipe,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getpgrp,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_create,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_eventfd,
];
