//! The words that the scan looks for.

use super::Pattern;

/// Attributes that lead out of an object.
pub(super) const WALKS: [&str; 12] = [
    "__subclasses__",
    "__globals__",
    "__builtins__",
    "__mro__",
    "__bases__",
    "__base__",
    "__code__",
    "__closure__",
    "f_globals",
    "f_builtins",
    "f_back",
    "gi_frame",
];

/// Modules by what their use means.
pub(super) const MODULES: [(&str, Pattern); 27] = [
    ("ctypes", Pattern::NativeCode),
    ("_ctypes", Pattern::NativeCode),
    ("cffi", Pattern::NativeCode),
    ("_cffi_backend", Pattern::NativeCode),
    ("mmap", Pattern::NativeCode),
    ("subprocess", Pattern::Process),
    ("_posixsubprocess", Pattern::Process),
    ("multiprocessing", Pattern::Process),
    ("pty", Pattern::Process),
    ("pexpect", Pattern::Process),
    ("socket", Pattern::Network),
    ("_socket", Pattern::Network),
    ("socketserver", Pattern::Network),
    ("ssl", Pattern::Network),
    ("requests", Pattern::Network),
    ("urllib.request", Pattern::Network),
    ("urllib3", Pattern::Network),
    ("http.client", Pattern::Network),
    ("http.server", Pattern::Network),
    ("httpx", Pattern::Network),
    ("aiohttp", Pattern::Network),
    ("ftplib", Pattern::Network),
    ("smtplib", Pattern::Network),
    ("telnetlib", Pattern::Network),
    ("paramiko", Pattern::Network),
    ("websocket", Pattern::Network),
    ("websockets", Pattern::Network),
];

/// Functions of `os` that start processes, or names that begin as these do.
pub(super) const STARTS: [&str; 8] = [
    "system",
    "popen",
    "fork",
    "forkpty",
    "exec",
    "spawn",
    "posix_spawn",
    "startfile",
];

/// Functions that run a text, and functions that unpack one.
pub(super) const RUNS: [&str; 3] = ["exec", "eval", "compile"];
pub(super) const UNPACKS: [&str; 11] = [
    "b64decode",
    "b32decode",
    "b16decode",
    "b85decode",
    "a85decode",
    "urlsafe_b64decode",
    "decompress",
    "fromhex",
    "unhexlify",
    "a2b_base64",
    "loads",
];

/// What programs that compute coins are called, and how they speak.
pub(super) const MINERS: [&str; 11] = [
    "stratum+tcp",
    "stratum+ssl",
    "xmrig",
    "cryptonight",
    "randomx",
    "minerd",
    "coinhive",
    "nicehash",
    "minexmr",
    "ethminer",
    "cpuminer",
];
