//! System calls of a started program, and of those that it starts, handed to the test before they
//! happen: a seccomp filter asks, and the test decides.

use std::ffi::{CStr, c_int};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

/// A system call that is handed over.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    pub call: i64,
    /// Only when one of these bits is set in this argument.
    pub only: Option<(u8, u32)>,
}

/// Hands over every call of these numbers.
pub fn all(calls: &[i64]) -> Vec<Watched> {
    let watched = |call: &i64| Watched {
        call: *call,
        only: None,
    };
    calls.iter().map(watched).collect()
}

/// What a program asks for.
pub struct Asked {
    /// The thread that asks.
    pub thread: u32,
    pub call: i64,
    pub arguments: [u64; 6],
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Happens,
    /// It fails with this number.
    Fails(c_int),
}

impl Asked {
    /// Returns where a descriptor leads to; nothing for one that is no file.
    pub fn file(&self, descriptor: u64) -> Option<PathBuf> {
        let thread = self.thread;
        let path = match descriptor as i32 {
            libc::AT_FDCWD => std::fs::read_link(format!("/proc/{thread}/cwd")),
            descriptor => std::fs::read_link(format!("/proc/{thread}/fd/{descriptor}")),
        };
        path.ok().filter(|path| path.is_absolute())
    }

    /// Returns bytes of the program's memory; zeros when it has ended, and nothing comes of the call.
    pub fn memory(&self, at: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let memory = std::fs::File::open(format!("/proc/{}/mem", self.thread));
        if memory
            .and_then(|memory| memory.read_exact_at(&mut bytes, at))
            .is_err()
        {
            bytes.fill(0);
        }
        bytes
    }

    /// Returns a number of the program's memory.
    pub fn number(&self, at: u64) -> u64 {
        let bytes = self.memory(at, 8);
        u64::from_ne_bytes(bytes.try_into().expect("eight bytes"))
    }

    /// Returns a text of the program's memory that ends with a zero.
    pub fn text(&self, at: u64) -> String {
        let (mut bytes, mut at) = (Vec::new(), at);
        loop {
            // What lies behind the end of a page may not be there.
            let chunk = self.memory(at, 4096 - (at % 4096) as usize);
            at += chunk.len() as u64;
            bytes.extend(chunk);
            if let Ok(text) = CStr::from_bytes_until_nul(&bytes) {
                return text.to_string_lossy().into_owned();
            }
        }
    }

    /// Ends the process that asks.
    pub fn end(&self) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.thread));
        let process = status
            .unwrap_or_default()
            .lines()
            .find_map(|line| line.strip_prefix("Tgid:")?.trim().parse::<u32>().ok());
        if let Some(process) = process {
            kill(process);
        }
    }
}

/// Ends a process that this test started; it may have ended already.
pub fn kill(process: u32) {
    // SAFETY: it is a call without memory.
    unsafe { libc::kill(process as libc::pid_t, libc::SIGKILL) };
}

/// Has the calls of a program, and of those that it starts, decided by `decide`. `spawn` starts it.
pub fn watch<T>(
    mut command: Command,
    watched: &[Watched],
    decide: impl FnMut(&Asked) -> Answer + Send + 'static,
    spawn: impl FnOnce(Command) -> T,
) -> T {
    let (ours, theirs) = UnixDatagram::pair().expect("a pair of sockets");
    let (socket, mut filter) = (theirs.as_raw_fd(), filter(watched));
    // SAFETY: between fork and exec only system calls are made, and no memory is taken.
    unsafe { command.pre_exec(move || install(socket, &mut filter)) };
    // It waits for the program's first call until somebody listens.
    std::thread::spawn(move || {
        if let Ok(listener) = receive(&ours) {
            answer(&listener, decide);
        }
    });
    let spawned = spawn(command);
    drop(theirs);
    spawned
}

fn answer(listener: &OwnedFd, mut decide: impl FnMut(&Asked) -> Answer) {
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
        let decided = decide(&Asked {
            thread: asked.pid,
            call: i64::from(asked.data.nr),
            arguments: asked.data.args,
        });
        let mut answer = libc::seccomp_notif_resp {
            id: asked.id,
            val: 0,
            error: 0,
            flags: 0,
        };
        match decided {
            Answer::Happens => answer.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
            Answer::Fails(number) => answer.error = -number,
        }
        // SAFETY: the kernel reads one answer of this size. Who asked may have ended.
        unsafe { libc::ioctl(listener.as_raw_fd(), SEND, &raw mut answer) };
    }
}

/// `SECCOMP_IOCTL_NOTIF_RECV` and `SECCOMP_IOCTL_NOTIF_SEND`.
const RECEIVE: libc::Ioctl = 0xc050_2100_u32 as libc::Ioctl;
const SEND: libc::Ioctl = 0xc018_2101_u32 as libc::Ioctl;

/// Returns the filter that hands the calls over and allows all others.
fn filter(watched: &[Watched]) -> Vec<libc::sock_filter> {
    let step = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    let load = |offset: u32| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset, 0, 0);
    let equal = |k: u32, jf: u8| step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, k, 0, jf);
    let has = |k: u32| step(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, k, 0, 1);
    let ret = |k: u32| step(libc::BPF_RET | libc::BPF_K, k, 0, 0);
    // The number of the call is the first field; the arguments begin behind sixteen bytes.
    let mut program = vec![load(0)];
    for Watched { call, only } in watched {
        match only {
            None => program.extend([equal(*call as u32, 1), ret(libc::SECCOMP_RET_USER_NOTIF)]),
            Some((argument, bits)) => program.extend([
                equal(*call as u32, 4),
                load(16 + 8 * u32::from(*argument)),
                has(*bits),
                ret(libc::SECCOMP_RET_USER_NOTIF),
                ret(libc::SECCOMP_RET_ALLOW),
            ]),
        }
    }
    program.push(ret(libc::SECCOMP_RET_ALLOW));
    program
}

/// Installs the filter in this process and sends its listener away.
fn install(socket: RawFd, filter: &mut [libc::sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
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
