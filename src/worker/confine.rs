//! The walls around a worker: what the kernel lets this process do, whatever a guest made of it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter_all_threads,
};

use super::desk::WorkerOptions;

/// The newest version of Landlock that is made use of; older kernels hold what they can.
const LANDLOCK: ABI = ABI::V6;

/// When memory runs out the kernel shall end a worker and not the control process.
const FIRST_TO_GO: &[u8] = b"500";

/// Makes the kernel prefer this process when memory runs out, and leave no image of guest memory behind.
pub(super) fn become_first_to_go() {
    if let Err(error) = std::fs::write("/proc/self/oom_score_adj", FIRST_TO_GO) {
        tracing::warn!(%error, "the kernel may end another process when memory runs out");
    }
    let none = rustix::process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // A limit may always be lowered.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = rustix::process::Rlimit {
        current: files.maximum,
        maximum: files.maximum,
    };
    // Up to its own maximum too.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, most);
}

/// Leaves this thread, and those it starts, the folders of sessions, the interpreter's own files
/// to read, and no network.
pub(super) fn landlock(options: &WorkerOptions) -> anyhow::Result<()> {
    let all = AccessFs::from_all(LANDLOCK);
    let special = AccessFs::Execute
        | AccessFs::MakeChar
        | AccessFs::MakeBlock
        | AccessFs::MakeSock
        | AccessFs::MakeFifo
        | AccessFs::MakeSym
        | AccessFs::IoctlDev;
    let write = all & !special;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let mut rules: Vec<(&Path, BitFlags<AccessFs>)> = vec![(&options.scratch, write)];
    rules.extend(
        options
            .folder
            .iter()
            .map(|folder| (folder.as_path(), write)),
    );
    let cache = python_wasm::default_cache();
    rules.push((&cache, read));
    // Which pages of a memory were written is read there.
    rules.push((Path::new("/proc/self"), read));
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?;
    for (folder, access) in rules {
        let opened = PathFd::new(folder).with_context(|| {
            format!("the worker's folder {} cannot be opened", folder.display())
        })?;
        ruleset = ruleset.add_rule(PathBeneath::new(opened, access))?;
    }
    match ruleset.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced => {}
        RulesetStatus::PartiallyEnforced => {
            tracing::warn!("this kernel holds only a part of Landlock's walls")
        }
        RulesetStatus::NotEnforced => {
            tracing::warn!("this kernel has no Landlock; `cellblock doctor` says more")
        }
    }
    Ok(())
}

/// Leaves all threads of this process the system calls that interpreters and files need.
/// No sockets can be made, no programs started, no other process seen.
pub(super) fn seccomp() -> anyhow::Result<()> {
    let arch = std::env::consts::ARCH
        .try_into()
        .context("this processor has no system call filter")?;
    // glibc starts threads with `clone3`, whose flags a filter cannot see; without it, it uses `clone`.
    let hidden = SeccompFilter::new(
        BTreeMap::from([(libc::SYS_clone3, vec![])]),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS as u32),
        arch,
    )?;
    let thread = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(libc::CLONE_THREAD as u64),
        libc::CLONE_THREAD as u64,
    )?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.iter().map(|call| (*call, vec![])).collect();
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![thread])?]);
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM as u32),
        SeccompAction::Allow,
        arch,
    )?;
    let hidden: BpfProgram = hidden.try_into()?;
    let filter: BpfProgram = filter.try_into()?;
    // The second filter lets no third be put in: `seccomp` is not among the calls allowed.
    apply_filter_all_threads(&hidden)?;
    apply_filter_all_threads(&filter)?;
    Ok(())
}

/// System calls that a worker may make.
pub(crate) const ALLOWED: &[i64] = &[
    // Files, below the folders that Landlock leaves.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_lseek,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fstatfs,
    libc::SYS_statfs,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_utimensat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_umask,
    libc::SYS_flock,
    libc::SYS_fcntl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_getcwd,
    libc::SYS_memfd_create,
    libc::SYS_fadvise64,
    // Memory, and which of its pages were written.
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_brk,
    libc::SYS_userfaultfd,
    libc::SYS_ioctl,
    libc::SYS_membarrier,
    // Threads and signals of its own; the filter before this one hides `clone3`.
    libc::SYS_clone3,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_set_tid_address,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_tgkill,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_prctl,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_prlimit64,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    // Time, chance, and waiting.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_ppoll,
    libc::SYS_pipe2,
    // The socket that it has; `socket` and `connect` are not here.
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_shutdown,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_getsockname,
    // What the C library of this processor still calls by its old name.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
];
