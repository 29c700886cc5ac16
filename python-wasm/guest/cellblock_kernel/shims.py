"""What Python's own modules lack in the sandbox, put right before anything else is imported.

Facts about a user and a machine get plain answers; what cannot be done (processes, threads, the network) fails
with an OSError or RuntimeError that says so.
"""

import errno
import functools
import os
import sys
import threading
import time

from . import files

NO_PROCESSES = "processes are not available in this sandbox"
NO_THREADS = (
    "threads are not available in this sandbox: call the function directly, or use concurrent.futures "
    "or joblib, which run serially here"
)


def _refuse(message, number=errno.ENOTSUP):
    def refuse(*arguments, **keywords):
        raise OSError(number, message)

    return refuse


def _os():
    answers = {
        "getuid": 1000,
        "geteuid": 1000,
        "getgid": 1000,
        "getegid": 1000,
        "getppid": 1,
        "getpgid": 1,
        "getpgrp": 1,
        "getlogin": "user",
        "umask": 0o022,
        "nice": 0,
        "cpu_count": 1,
        "process_cpu_count": 1,
        "getloadavg": (0.0, 0.0, 0.0),
    }
    for name, value in answers.items():
        if name in ("cpu_count", "process_cpu_count") or not hasattr(os, name):
            setattr(os, name, lambda *arguments, _value=value: _value)
    os.register_at_fork = lambda **hooks: None
    if not hasattr(os, "getgroups"):
        os.getgroups = lambda: [1000]
    if not hasattr(os, "sched_getaffinity"):
        os.sched_getaffinity = lambda pid=0: {0}
    for name in (
        "fork",
        "forkpty",
        "system",
        "popen",
        "posix_spawn",
        "posix_spawnp",
        "kill",
        "killpg",
        "wait",
        "waitpid",
        "execv",
        "execve",
        "execl",
        "execle",
        "execlp",
        "execvp",
        "execvpe",
        "spawnl",
        "spawnle",
        "spawnv",
        "spawnve",
        "spawnlp",
        "spawnvp",
        "startfile",
        "setsid",
    ):
        function = _refuse(NO_PROCESSES)
        function.__name__ = function.__qualname__ = name
        setattr(os, name, function)
    plain_chdir = os.chdir

    @functools.wraps(plain_chdir)
    def chdir(path):
        """As elsewhere, the working folder's own path is without links and `..`; here it is kept as it was given."""
        try:
            plain_chdir(path if isinstance(path, int) else os.path.realpath(path))
        except OSError as error:
            error.filename = path
            raise

    os.chdir = chdir
    os.get_terminal_size = lambda *arguments: os.terminal_size((80, 24))
    os.environ.setdefault("USER", "user")
    os.environ.setdefault("LOGNAME", "user")
    os.environ.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin")
    os.environ.setdefault("LANG", "C.UTF-8")
    os.environ.setdefault("TZ", "UTC")
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    os.environ.setdefault("JOBLIB_MULTIPROCESSING", "0")  # joblib and scikit-learn's n_jobs go on serially
    os.environ.setdefault("TQDM_MININTERVAL", "0.2")


def _subprocess():
    import subprocess

    def init(self, args, *positional, **keywords):
        self.returncode, self.pid, self.args = None, None, args
        self.stdin = self.stdout = self.stderr = None
        self._child_created = False
        raise OSError(errno.ENOTSUP, f"{NO_PROCESSES}: {args if isinstance(args, str) else ' '.join(map(str, args))}")

    subprocess.Popen.__init__ = init
    subprocess._can_fork_exec = False


def _threads():
    plain_start = threading.Thread.start

    def start(self):
        """Refuses, in words that help: there is one thread only."""
        if not self._initialized:
            return plain_start(self)
        if self._started.is_set():
            raise RuntimeError("threads can only be started once")
        raise RuntimeError(NO_THREADS)

    threading.Thread.start = start

    import _thread

    def start_new_thread(*arguments, **keywords):
        raise RuntimeError(NO_THREADS)

    _thread.start_new_thread = _thread.start_new = _thread.start_joinable_thread = start_new_thread
    threading._start_joinable_thread = start_new_thread

    class Timer(threading.Thread):
        """Can be made and cancelled; starting it is refused like any thread."""

        def __init__(self, interval, function, args=None, kwargs=None):
            super().__init__()
            self.interval, self.function = interval, function

        def cancel(self):
            pass

    threading.Timer = Timer


class Lock:
    """A lock that cannot wait: nobody else could ever release it, so waiting without end is told as an error.

    CPython's own would stop the whole interpreter there.
    """

    __slots__ = ("_lock", "__weakref__")

    def __init__(self):
        self._lock = _plain_lock()

    def acquire(self, blocking=True, timeout=-1):
        if self._lock.acquire(False):
            return True
        if not blocking:
            return False
        if timeout is not None and timeout >= 0:
            time.sleep(timeout)
            return self._lock.acquire(False)
        raise RuntimeError(
            "deadlock: there are no other threads in this sandbox that could release this lock or wake this wait"
        )

    def release(self):
        self._lock.release()

    def locked(self):
        return self._lock.locked()

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *exception):
        self._lock.release()

    def _at_fork_reinit(self):
        self._lock = _plain_lock()

    def __repr__(self):
        return f"<{'locked' if self.locked() else 'unlocked'} lock at {id(self):#x}>"


_plain_lock = threading.Lock


def _locks():
    threading.Lock = threading._allocate_lock = Lock

    import queue

    queue.SimpleQueue = queue._PySimpleQueue  # it waits through threading, and so can say that it waits for nothing


def _sleep():
    from . import streams

    plain = time.sleep

    def sleep(seconds, /):
        """Suspends the cell for the given number of seconds; what was printed before is shown first."""
        streams.gather.send()
        plain(seconds)

    time.sleep = sleep


_PROCESS_CLOCK = (2).to_bytes(4, "little")


def _process_time():
    """The time the session ran, without its sleeping and waiting.

    WASI has a clock of it, its number 2, and its C library has no name for that: Python's own `process_time` reads the
    monotonic clock instead. A clock's id is there the address of its number.
    """
    clock = id(_PROCESS_CLOCK) + bytes.__basicsize__ - 1  # where the four bytes stand
    for name in ("process_time", "thread_time"):
        for suffix, plain in (("", time.clock_gettime), ("_ns", time.clock_gettime_ns)):
            function = functools.partial(plain, clock)
            function.__name__ = function.__qualname__ = name + suffix
            function.__doc__ = "The time the session ran, without its sleeping and waiting."
            setattr(time, name + suffix, function)


def _platform():
    import platform

    platform.node = lambda: "cellblock"
    platform.system = lambda: "WASI"


def _inspect():
    """inspect.getmodule of a frame asks the frame first, before it looks through every loaded module."""
    import inspect

    plain = inspect.getmodule

    @functools.wraps(plain)
    def getmodule(object, _filename=None):
        if inspect.isframe(object):
            module = sys.modules.get(object.f_globals.get("__name__"))
            if module is not None and getattr(module, "__dict__", None) is object.f_globals:
                return module
        return plain(object, _filename)

    inspect.getmodule = getmodule


def _signals():
    import signal

    for name in ("alarm", "setitimer", "pause"):
        if not hasattr(signal, name):
            setattr(signal, name, _refuse("timers by signal are not available in this sandbox"))


def install():
    """Applies all of them; called once, first, at boot."""
    _os()
    _threads()
    _locks()
    _subprocess()
    _sleep()
    _process_time()
    files.install()
    _platform()
    _inspect()
    _signals()
    sys.setrecursionlimit(min(max(sys.getrecursionlimit(), 1000), 3000))
