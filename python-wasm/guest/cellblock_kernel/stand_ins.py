"""Small modules in place of ones that need native code or an operating system.

They hold what popular packages import at the top; using more of them says that it is not there.
"""

import sys
import types
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec


class _Absent:
    """A name that can be imported and subclassed but not used."""

    def __init__(self, *arguments, **keywords):
        raise NotImplementedError(f"{type(self).__module__}.{type(self).__name__} is not available in this sandbox")


def _absent(module, *names):
    for name in names:
        setattr(module, name, type(name, (_Absent,), {"__module__": module.__name__}))


def _tornado(module):
    module.version, module.version_info = "6.5", (6, 5, 0, 0)


def _tornado_ioloop(module):
    class IOLoop(_Absent):
        @staticmethod
        def current(instance=True):
            return None

    class PeriodicCallback(_Absent):
        pass

    module.IOLoop, module.PeriodicCallback = IOLoop, PeriodicCallback


def _tornado_gen(module):
    import asyncio

    module.coroutine = lambda function: function
    module.sleep = asyncio.sleep
    module.with_timeout = asyncio.wait_for
    module.Return = type("Return", (Exception,), {})


def _tornado_web(module):
    _absent(module, "Application", "RequestHandler", "StaticFileHandler", "ErrorHandler", "RedirectHandler")
    module.HTTPError = type("HTTPError", (Exception,), {})
    module.authenticated = lambda function: function


def _tornado_other(module):
    _absent(
        module,
        "HTTPServer",
        "HTTPRequest",
        "HTTPClient",
        "AsyncHTTPClient",
        "HTTPServerRequest",
        "WebSocketHandler",
        "WebSocketClientConnection",
        "Event",
        "Lock",
        "Condition",
        "Queue",
        "TemplateLoader",
        "Loader",
        "Template",
    )
    module.WebSocketClosedError = module.WebSocketError = module.StreamClosedError = type(
        "WebSocketError", (Exception,), {}
    )
    module.websocket_connect = module.bind_sockets = module.define = lambda *arguments, **keywords: _Absent()
    module.options = types.SimpleNamespace()


def _psutil(module):
    import os

    memory = types.SimpleNamespace(total=512 << 20, available=256 << 20, percent=50.0, used=256 << 20, free=256 << 20)

    class Process:
        def __init__(self, pid=None):
            self.pid = pid or os.getpid()

        def memory_info(self):
            return types.SimpleNamespace(rss=0, vms=0)

        def memory_percent(self):
            return 0.0

        def cpu_percent(self, interval=None):
            return 0.0

    module.Process = Process
    module.virtual_memory = lambda: memory
    module.cpu_count = lambda logical=True: 1
    module.cpu_percent = lambda interval=None, percpu=False: [0.0] if percpu else 0.0
    module.NoSuchProcess = module.AccessDenied = type("Error", (Exception,), {})
    module.__version__ = "7.0"


def _pexpect(module):
    module.TIMEOUT = module.EOF = type("EOF", (Exception,), {})
    _absent(module, "spawn")
    module.run = lambda *arguments, **keywords: _Absent()
    module.__version__ = "4.9"


def _termios(module):
    import errno

    module.error = OSError
    for number, name in enumerate(
        (
            "TCSANOW",
            "TCSADRAIN",
            "TCSAFLUSH",
            "ECHO",
            "ICANON",
            "VMIN",
            "VTIME",
            "TIOCGWINSZ",
            "ISIG",
            "IXON",
            "IXOFF",
            "ICRNL",
            "INLCR",
            "IGNCR",
            "IEXTEN",
            "BRKINT",
            "INPCK",
            "ISTRIP",
            "OPOST",
        )
    ):
        setattr(module, name, number)

    def refuse(*arguments):
        raise OSError(errno.ENOTTY, "there is no terminal in this sandbox")

    module.tcgetattr = module.tcsetattr = module.tcflush = module.tcdrain = refuse


def _tty(module):
    module.setraw = module.setcbreak = lambda *arguments: None


def _pwd(module):
    record = types.SimpleNamespace(
        pw_name="user", pw_passwd="x", pw_uid=1000, pw_gid=1000, pw_gecos="", pw_dir="/home/user", pw_shell=""
    )

    module.getpwuid = lambda number: record
    module.getpwnam = lambda name: record
    module.getpwall = lambda: [record]


def _grp(module):
    record = types.SimpleNamespace(gr_name="user", gr_passwd="x", gr_gid=1000, gr_mem=[])
    module.getgrgid = lambda number: record
    module.getgrnam = lambda name: record


def _resource(module):
    module.RUSAGE_SELF, module.RUSAGE_CHILDREN, module.RLIMIT_AS, module.RLIMIT_NOFILE = 0, -1, 9, 7
    module.RLIM_INFINITY, module.error = -1, OSError

    class Usage(tuple):
        """A struct_rusage: its sixteen fields by position, and the common ones by name."""

        ru_utime = property(lambda self: self[0])
        ru_stime = property(lambda self: self[1])
        ru_maxrss = property(lambda self: self[2])
        ru_minflt = property(lambda self: self[6])
        ru_majflt = property(lambda self: self[7])

    def getrusage(who):
        import time

        return Usage((time.process_time(), 0.0, *[0] * 14))

    module.getrusage = getrusage
    module.getrlimit = lambda which: (-1, -1)
    module.setrlimit = lambda which, limits: None


def _fcntl(module):
    module.LOCK_SH, module.LOCK_EX, module.LOCK_NB, module.LOCK_UN, module.F_GETFD, module.F_SETFD = 1, 2, 4, 8, 1, 2
    module.flock = module.lockf = module.fcntl = module.ioctl = lambda *arguments: 0


def _ssl(module):
    module.SSLError = module.SSLCertVerificationError = module.CertificateError = type("SSLError", (OSError,), {})
    module.SSLEOFError = module.SSLZeroReturnError = module.SSLWantReadError = module.SSLWantWriteError = (
        module.SSLSyscallError
    ) = module.SSLError
    _absent(module, "SSLSocket", "SSLObject", "MemoryBIO")
    for number, name in enumerate(("CERT_NONE", "CERT_OPTIONAL", "CERT_REQUIRED")):
        setattr(module, name, number)
    for number, name in enumerate(
        (
            "PROTOCOL_TLS",
            "PROTOCOL_SSLv23",
            "PROTOCOL_TLS_CLIENT",
            "PROTOCOL_TLS_SERVER",
            "PROTOCOL_TLSv1",
            "PROTOCOL_TLSv1_1",
            "PROTOCOL_TLSv1_2",
        )
    ):
        setattr(module, name, number)
    for name in (
        "OP_NO_SSLv2",
        "OP_NO_SSLv3",
        "OP_NO_TLSv1",
        "OP_NO_TLSv1_1",
        "OP_NO_COMPRESSION",
        "OP_NO_TICKET",
        "OP_ALL",
        "VERIFY_X509_STRICT",
        "VERIFY_X509_PARTIAL_CHAIN",
        "VERIFY_X509_TRUSTED_FIRST",
    ):
        setattr(module, name, 0)
    module.HAS_SNI = module.HAS_ALPN = module.HAS_NEVER_CHECK_COMMON_NAME = True
    module.OPENSSL_VERSION, module.OPENSSL_VERSION_NUMBER, module.OPENSSL_VERSION_INFO = (
        "OpenSSL 3.0.0 (stand-in)",
        0x30000000,
        (3, 0, 0, 0, 0),
    )
    module.TLSVersion = types.SimpleNamespace(
        MINIMUM_SUPPORTED=-2, MAXIMUM_SUPPORTED=-1, TLSv1=769, TLSv1_1=770, TLSv1_2=771, TLSv1_3=772
    )
    module.Purpose = types.SimpleNamespace(SERVER_AUTH="server", CLIENT_AUTH="client")
    module.VerifyMode = module.VerifyFlags = module.Options = int

    def refuse(*arguments, **keywords):
        raise OSError("there is no network, and so no TLS, in this sandbox")

    class SSLContext:
        """Can be made and set up, for libraries do so when they are imported; it connects to nothing."""

        verify_mode, verify_flags, options, check_hostname, post_handshake_auth = 0, 0, 0, False, False
        minimum_version, maximum_version, keylog_filename, sni_callback = -2, -1, None, None

        def __init__(self, *arguments, **keywords):
            pass

        def _nothing(self, *arguments, **keywords):
            return None

        load_cert_chain = load_default_certs = load_verify_locations = set_ciphers = set_alpn_protocols = _nothing
        set_default_verify_paths = set_npn_protocols = set_ecdh_curve = _nothing
        wrap_socket = wrap_bio = refuse

        def get_ca_certs(self, binary_form=False):
            return []

    module.SSLContext = SSLContext
    module.create_default_context = module._create_unverified_context = module._create_default_https_context = (
        SSLContext
    )
    module._create_stdlib_context = SSLContext
    module.wrap_socket = module.get_server_certificate = module.match_hostname = refuse


def _greenlet(module):
    _absent(module, "greenlet")
    module.getcurrent = lambda: None


def _multiprocess(module):
    import multiprocessing

    for name in dir(multiprocessing):
        if not name.startswith("__"):
            setattr(module, name, getattr(multiprocessing, name))


def _distutils_version(module):
    from packaging.version import Version

    class LooseVersion(Version):
        """Versions as packaging compares them, by the old name."""

        def __init__(self, text=""):
            super().__init__(str(text))
            self.vstring, self.version = str(text), list(self.release)

        def _other(self, other):
            return other if isinstance(other, Version) else LooseVersion(other)

        def __lt__(self, other):
            return Version.__lt__(self, self._other(other))

        def __le__(self, other):
            return Version.__le__(self, self._other(other))

        def __gt__(self, other):
            return Version.__gt__(self, self._other(other))

        def __ge__(self, other):
            return Version.__ge__(self, self._other(other))

        def __eq__(self, other):
            return Version.__eq__(self, self._other(other))

        __hash__ = Version.__hash__

    module.LooseVersion = module.StrictVersion = LooseVersion


def _distutils_util(module):
    def strtobool(text):
        """Returns 1 or 0 for the usual words."""
        word = text.lower()
        if word in ("y", "yes", "t", "true", "on", "1"):
            return 1
        if word in ("n", "no", "f", "false", "off", "0"):
            return 0
        raise ValueError(f"invalid truth value {text!r}")

    module.strtobool = strtobool


def _nothing(module):
    pass


def _nest_asyncio(module):
    module.apply = lambda loop=None: None  # the sandbox's loop nests already


# fmt: off
MAKERS = {
    "tornado": _tornado, "tornado.ioloop": _tornado_ioloop, "tornado.gen": _tornado_gen, "tornado.web": _tornado_web,
    "tornado.websocket": _tornado_other, "tornado.httpserver": _tornado_other, "tornado.httpclient": _tornado_other,
    "tornado.netutil": _tornado_other, "tornado.locks": _tornado_other, "tornado.queues": _tornado_other,
    "tornado.iostream": _tornado_other, "tornado.httputil": _tornado_other, "tornado.template": _tornado_other,
    "tornado.concurrent": _tornado_other, "tornado.escape": _tornado_other, "tornado.options": _tornado_other,
    "tornado.platform": _tornado_other, "tornado.platform.asyncio": _tornado_other, "tornado.process": _tornado_other,
    "psutil": _psutil, "pexpect": _pexpect, "ptyprocess": _pexpect, "termios": _termios, "tty": _tty, "pwd": _pwd,
    "grp": _grp, "resource": _resource, "fcntl": _fcntl, "ssl": _ssl, "greenlet": _greenlet,
    "nest_asyncio": _nest_asyncio, "multiprocess": _multiprocess, "distutils": _nothing,
    "distutils.version": _distutils_version, "distutils.util": _distutils_util,
}
# fmt: on
PACKAGES = {"tornado", "tornado.platform", "distutils"}


class _Finder(MetaPathFinder, Loader):
    """Answers for the modules of `MAKERS`. It stands first for those that must replace a file."""

    def find_spec(self, name, path=None, target=None):
        if name in MAKERS:
            return ModuleSpec(name, self, is_package=name in PACKAGES)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__doc__ = "A stand-in: this module needs what the sandbox has not."
        MAKERS[module.__name__](module)


def install():
    """Adds the stand-ins before the path finder: the ones named here are wanted even where a file is."""
    for name in ("ssl", "fcntl", "resource", "pwd", "grp", "termios", "tty"):
        try:
            __import__(name)
        except ImportError:
            sys.modules.pop(name, None)
        else:
            MAKERS.pop(name)
    sys.meta_path.insert(0, _Finder())
