//! Disks that fail when a test says so: system calls of a started program are answered by the test
//! (a seccomp filter hands them over), with an error, with the program's end, or by letting them be.

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// System calls that can be made to fail.
const WATCHED: [i64; 4] = [
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_pwrite64,
    libc::SYS_write,
];

/// Calls by which a file gets to the disk for certain.
pub const SYNCS: &[i64] = &[libc::SYS_fsync, libc::SYS_fdatasync];

/// Calls that write.
pub const WRITES: &[i64] = &[libc::SYS_pwrite64, libc::SYS_write];

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It fails with this number.
    Fails(c_int),
    /// The program ends before it.
    Ends,
}

/// Which calls fail.
#[derive(Debug, Clone)]
pub struct Rule {
    pub calls: &'static [i64],
    /// A part of the path of the file that it is about.
    pub path: &'static str,
    /// So many of them are let be first.
    pub after: usize,
    /// And so many fail.
    pub times: usize,
    pub fate: Fate,
}

/// The rules that hold now, and what they did.
#[derive(Clone, Default)]
pub struct Failing(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rule: Option<Rule>,
    seen: usize,
    failed: usize,
}

impl Failing {
    /// Lets calls fail from now on.
    pub fn begin(&self, rule: Rule) {
        let mut state = self.0.lock().expect("no holder panics");
        *state = State {
            rule: Some(rule),
            ..State::default()
        };
    }

    /// Ends that, and returns how many calls were seen that the rule is about, and how many failed.
    pub fn end(&self) -> (usize, usize) {
        let mut state = self.0.lock().expect("no holder panics");
        state.rule = None;
        (state.seen, state.failed)
    }

    fn fate(&self, call: i64, path: impl FnOnce() -> String) -> Option<Fate> {
        let mut state = self.0.lock().expect("no holder panics");
        let rule = state.rule.clone()?;
        if !rule.calls.contains(&call) || !path().contains(rule.path) {
            return None;
        }
        state.seen += 1;
        if state.seen <= rule.after || state.failed >= rule.times {
            return None;
        }
        state.failed += 1;
        Some(rule.fate)
    }

    /// Has the calls of a program, and of those that it starts, decided here. `spawn` starts it.
    pub fn watch<T>(&self, mut command: Command, spawn: impl FnOnce(Command) -> T) -> T {
        let (ours, theirs) = UnixDatagram::pair().expect("a pair of sockets");
        let socket = theirs.as_raw_fd();
        // SAFETY: between fork and exec only system calls are made, and no memory is taken.
        unsafe { command.pre_exec(move || install(socket)) };
        let rules = self.clone();
        // It waits for the program's first call until somebody listens.
        std::thread::spawn(move || {
            if let Ok(listener) = receive(&ours) {
                rules.decide(&listener);
            }
        });
        let spawned = spawn(command);
        drop(theirs);
        spawned
    }

    fn decide(&self, listener: &OwnedFd) {
        loop {
            let mut ready = libc::pollfd {
                fd: listener.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: it is one structure that lives longer than the call.
            let polled = unsafe { libc::poll(&raw mut ready, 1, -1) };
            if polled < 0 && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
                continue;
            }
            if polled < 0 || ready.revents & libc::POLLIN == 0 {
                // Nobody is left to ask.
                return;
            }
            // SAFETY: zeros are a valid request, and what the kernel wants to see.
            let mut asked: libc::seccomp_notif = unsafe { std::mem::zeroed() };
            // SAFETY: the kernel writes one request of this size.
            if unsafe { libc::ioctl(listener.as_raw_fd(), RECEIVE, &raw mut asked) } != 0 {
                // Who asked has ended meanwhile.
                continue;
            }
            let path = || {
                let link = format!("/proc/{}/fd/{}", asked.pid, asked.data.args[0]);
                std::fs::read_link(link)
                    .map(|path| path.to_string_lossy().into_owned())
                    .unwrap_or_default()
            };
            let mut answer = libc::seccomp_notif_resp {
                id: asked.id,
                val: 0,
                error: 0,
                flags: 0,
            };
            match self.fate(i64::from(asked.data.nr), path) {
                None => answer.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
                Some(Fate::Fails(number)) => answer.error = -number,
                Some(Fate::Ends) => end(asked.pid),
            }
            // SAFETY: the kernel reads one answer of this size. Who asked may have ended.
            unsafe { libc::ioctl(listener.as_raw_fd(), SEND, &raw mut answer) };
        }
    }
}

/// Kills the process of a thread.
fn end(thread: u32) {
    let status = std::fs::read_to_string(format!("/proc/{thread}/status")).unwrap_or_default();
    let process = status
        .lines()
        .find_map(|line| line.strip_prefix("Tgid:"))
        .and_then(|process| process.trim().parse::<libc::pid_t>().ok());
    if let Some(process) = process {
        // SAFETY: it is a process that this test started, and waits for its answer here.
        unsafe { libc::kill(process, libc::SIGKILL) };
    }
}

/// `SECCOMP_IOCTL_NOTIF_RECV` and `SECCOMP_IOCTL_NOTIF_SEND`.
const RECEIVE: libc::Ioctl = 0xc050_2100_u32 as libc::Ioctl;
const SEND: libc::Ioctl = 0xc018_2101_u32 as libc::Ioctl;

/// Installs the filter in this process and sends its listener away.
fn install(socket: RawFd) -> io::Result<()> {
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let answer = libc::BPF_RET | libc::BPF_K;
    let step = |code: u32, k: u32, jt: u8| libc::sock_filter {
        code: code as u16,
        jt,
        jf: 0,
        k,
    };
    let watched = |index: usize| {
        let to_the_end = WATCHED.len() - index;
        step(equal, WATCHED[index] as u32, to_the_end as u8)
    };
    let mut program = [
        // The number of the call is the first field.
        step(load, 0, 0),
        watched(0),
        watched(1),
        watched(2),
        watched(3),
        step(answer, libc::SECCOMP_RET_ALLOW, 0),
        step(answer, libc::SECCOMP_RET_USER_NOTIF, 0),
    ];
    let program = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: plain numbers.
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the program lives until the call has copied it.
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const program,
        )
    };
    if listener < 0 {
        return Err(io::Error::last_os_error());
    }
    send(socket, listener as RawFd)
}

/// Room for one descriptor beside a message.
#[repr(C, align(8))]
struct Control([u8; 24]);

fn message(part: &mut libc::iovec, control: &mut Control) -> libc::msghdr {
    // SAFETY: zeros are a valid header.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = part;
    header.msg_iovlen = 1;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = control.0.len() as _;
    header
}

fn send(socket: RawFd, descriptor: RawFd) -> io::Result<()> {
    let (mut byte, mut control) = ([0u8], Control([0; 24]));
    let mut part = libc::iovec {
        iov_base: byte.as_mut_ptr().cast(),
        iov_len: 1,
    };
    let header = message(&mut part, &mut control);
    // SAFETY: there is room for one header and one descriptor, which is what is written.
    let sent = unsafe {
        let first = libc::CMSG_FIRSTHDR(&raw const header);
        (*first).cmsg_level = libc::SOL_SOCKET;
        (*first).cmsg_type = libc::SCM_RIGHTS;
        (*first).cmsg_len = libc::CMSG_LEN(4) as _;
        std::ptr::write_unaligned(libc::CMSG_DATA(first).cast(), descriptor);
        libc::sendmsg(socket, &raw const header, 0)
    };
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn receive(socket: &UnixDatagram) -> io::Result<OwnedFd> {
    let (mut byte, mut control) = ([0u8], Control([0; 24]));
    let mut part = libc::iovec {
        iov_base: byte.as_mut_ptr().cast(),
        iov_len: 1,
    };
    let mut header = message(&mut part, &mut control);
    // SAFETY: the kernel fills what the header names.
    let received =
        unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, libc::MSG_CMSG_CLOEXEC) };
    if received < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel wrote a header if it says so, and a new descriptor behind it.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(&raw const header);
        if first.is_null() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let descriptor: RawFd = std::ptr::read_unaligned(libc::CMSG_DATA(first).cast());
        Ok(OwnedFd::from_raw_fd(descriptor))
    }
}
