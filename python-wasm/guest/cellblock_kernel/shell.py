"""IPython's shell without a terminal, a database, threads or processes."""

import fnmatch
import pickle
import sys
import traceback
from collections.abc import MutableMapping

from IPython.core import page, payloadpage
from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Bool, Instance, Type
from traitlets.config import Config

from . import ask, display, door, shell_commands, streams
from .leaving import Exiter


@magics_class
class ScriptMagics(Magics):
    """`%%bash` and its like: the commands that are emulated, one line after the other. `%pip` and its like: what can be
    asked of the packages. And the magics that need what a sandbox has not, which say so."""

    @cell_magic("bash")
    @cell_magic("sh")
    @cell_magic("system")
    @cell_magic("sx")
    @cell_magic("!")
    def bash(self, line, cell):
        self.shell.user_ns["_exit_code"] = shell_commands.run(cell)

    @line_magic("pip")
    @line_magic("uv")
    @line_magic("conda")
    @line_magic("mamba")
    def pip(self, line):
        self.shell.system(f"pip {line}")

    @line_magic("store")
    def store(self, line):
        """IPython's own, which notebooks find loaded; it is loaded when it is first used."""
        from IPython.extensions.storemagic import StoreMagics

        self.shell.register_magics(StoreMagics)
        self.shell.run_line_magic("store", line)

    @line_magic("edit")
    @line_magic("ed")
    def edit(self, line):
        raise UsageError("%edit is not available in this sandbox: there is no editor. %load FILE and %%writefile FILE are")

    @line_magic("pastebin")
    def pastebin(self, line):
        raise UsageError("%pastebin is not available: there is no network in this sandbox. %save FILE writes the cells")

    def _refuse(self, line, cell=None):
        raise UsageError("processes are not available in this sandbox: only Python runs here")

    script = cell_magic("script")(_refuse)
    perl = cell_magic("perl")(_refuse)
    ruby = cell_magic("ruby")(_refuse)
    python2 = cell_magic("python2")(_refuse)
    pypy = cell_magic("pypy")(_refuse)

    @cell_magic("python")
    @cell_magic("python3")
    def python(self, line, cell):
        """Runs the cell in a namespace of its own: there are no other interpreters."""
        exec(compile(cell, "<python cell>", "exec"), {"__name__": "__main__"})


class MemoryHistory(HistoryManager):
    """History in `In` and `Out` only: no database, no saving thread."""

    def store_inputs(self, line_num, source, source_raw=None):
        super().store_inputs(line_num, source, source_raw)
        del self.db_input_cache[:]

    def store_output(self, line_num):
        pass

    def get_tail(self, n=10, raw=True, output=False, include_latest=False):
        """The last lines of this session: there are no others."""
        count = len(self.input_hist_raw) - (0 if include_latest else 1)
        return self.get_range(0, max(1, count - n), count, raw=raw, output=output)

    def search(self, pattern="*", raw=True, search_raw=True, output=False, n=None, unique=False):
        """This session's lines that match a file pattern."""
        lines = self.input_hist_raw if search_raw else self.input_hist_parsed
        found = [(0, number, line) for number, line in enumerate(lines) if number and fnmatch.fnmatch(line, pattern)]
        if unique:
            found = sorted({line: entry for entry in found for line in entry[2:]}.values())
        return iter(found[-n:] if n else found)

    def writeout_cache(self, conn=None):
        pass


class Remembered(MutableMapping):
    """What magics keep for later, as IPython's database in the home folder has it: copies, here in memory, so that
    they are part of the session and no file appears in the user's project."""

    def __init__(self):
        self._pickled = {}

    def __getitem__(self, key):
        return pickle.loads(self._pickled[key])

    def __setitem__(self, key, value):
        self._pickled[key] = pickle.dumps(value)

    def __delitem__(self, key):
        del self._pickled[key]

    def __iter__(self):
        return iter(self._pickled)

    def __len__(self):
        return len(self._pickled)

    def keys(self, pattern=None):
        return list(self._pickled) if pattern is None else fnmatch.filter(self._pickled, pattern)


LINE_CHARACTERS = 65536  # of an error's text, and of an entry of its traceback


class ZMQInteractiveShell(InteractiveShell):
    """The shell. Its name is the one by which libraries (rich, tqdm, altair, ...) know a notebook."""

    display_pub_class = Type(display.Publisher)
    displayhook_class = Type(display.Hook)
    exiter = Instance(Exiter)
    autoindent = Bool(False)
    last_error = None  # of the running cell: {"ename", "evalue", "traceback"}
    tracebacks = 0  # shown so far
    formatting = False  # a value is being turned into what is shown of it
    silent = False

    def _exiter_default(self):
        return Exiter(self)

    def init_history(self):
        self.history_manager = MemoryHistory(shell=self, parent=self)

    @property
    def db(self):
        """What `%store`, `%bookmark` and `%cd` remember."""
        if self._db is None:
            self._db = Remembered()
        return self._db

    def init_display_formatter(self):
        self.display_formatter = display.Formatter(parent=self)
        self.configurables.append(self.display_formatter)

    def init_hooks(self):
        super().init_hooks()
        self.set_hook("show_in_pager", page.as_hook(payloadpage.page), 99)

    def init_virtualenv(self):
        pass

    def init_readline(self):
        pass

    def init_io(self):
        pass

    def init_sys_modules(self):
        """Unlike IPython's, keeps the interpreter's own `__main__`: it is the user's module already."""
        self._main_mod_cache = {}

    def init_magics(self):
        super().init_magics()
        self.register_magics(ScriptMagics)

    def enable_gui(self, gui=None):
        """There are no windows here; `inline` and nothing are the same."""

    def enable_matplotlib(self, gui=None):
        """`%matplotlib`: figures are always shown inline; the interactive kinds say so."""
        if gui not in (None, "inline", "agg", "auto"):
            print(f"%matplotlib {gui} is not available in this sandbox: figures are shown inline", file=sys.stderr)
        return super().enable_matplotlib("agg" if gui == "agg" else "inline")

    call_pdb = property(
        lambda self: self._call_pdb and ask.state.allowed,
        InteractiveShell.call_pdb.fset,
        doc="An error begins the debugger (`%pdb on`), where somebody can answer it.",
    )

    def debugger(self, force=False):
        """`%debug`: only where somebody can answer the debugger."""
        if ask.state.allowed:
            return super().debugger(force=force)
        if force:
            raise UsageError("%debug is not available: this run does not take input, and nobody can answer the debugger")

    keepkernel_on_exit = None  # as in ipykernel: what `exit` asks of a front end that started the kernel

    def ask_exit(self):
        self.payload_manager.write_payload({"source": "ask_exit", "keepkernel": self.keepkernel_on_exit})

    def set_next_input(self, text, replace=False):
        self.payload_manager.write_payload({"source": "set_next_input", "text": text, "replace": replace})

    def system(self, command):
        """`!command`."""
        self.user_ns["_exit_code"] = shell_commands.run(self.var_expand(command, depth=1), self.user_ns)

    system_raw = system_piped = system

    def getoutput(self, command, split=True, depth=0):
        """`names = !command`."""
        from IPython.utils.text import LSString, SList

        text = shell_commands.output(self.var_expand(command, depth=depth + 1), self.user_ns)
        return SList(text.splitlines()) if split else LSString(text)

    def showtraceback(self, exc_tuple=None, *arguments, **options):
        """As IPython's; an error that it fails to format (for want of memory, say) is told in Python's own words."""
        error = exc_tuple[1] if exc_tuple else sys.exception()
        if isinstance(error, ModuleNotFoundError) and error.name and not getattr(error, "__notes__", None):
            error.add_note(
                f"`{error.name}` is not in this image, and no file of that name lies beside the notebook. Packages come with "
                "the image and cannot be installed into a session: `!pip list` shows what there is."
            )
        shown = self.tracebacks
        super().showtraceback(exc_tuple, *arguments, **options)
        if self.tracebacks == shown and isinstance(error, BaseException):
            self.show_plainly(error)

    def show_plainly(self, error):
        """Shows an error in Python's own words."""
        try:
            lines = "".join(traceback.format_exception(type(error), error, error.__traceback__)).splitlines()
        except BaseException:
            lines = [type(error).__name__]
        self._showtraceback(type(error), error, lines)

    def _showtraceback(self, etype, evalue, stb):
        """Sends an error to the notebook and keeps it for the reply. One of a `_repr_*_` is no error of the cell: it goes
        to stderr, and what else there is of the value is shown."""
        self.tracebacks += 1
        try:
            value = str(evalue)
        except BaseException:
            value = "<the exception's text could not be made>"
        lines = [line if len(line) <= LINE_CHARACTERS else line[:LINE_CHARACTERS] + " ... (cut)" for line in map(str, stb)]
        if self.formatting:
            sys.stderr.write("\n".join(lines) + "\n")
            return
        self.last_error = {"ename": etype.__name__, "evalue": value[:LINE_CHARACTERS], "traceback": lines}
        if not self.silent:
            streams.gather.send()
            door.emit("error", self.last_error)

    def show_usage_error(self, exc):
        """As IPython's, and the reply says so too; there is no traceback."""
        self.tracebacks += 1
        print(f"UsageError: {exc}", file=sys.stderr)
        self.last_error = {"ename": "UsageError", "evalue": str(exc), "traceback": [f"UsageError: {exc}"]}


def create(module):
    """Returns the one shell, whose variables live in `module`."""
    config = Config()
    config.InteractiveShell.colors = "linux"
    config.InteractiveShell.enable_tip = False
    config.InteractiveShell.cache_size = 500
    config.HistoryManager.enabled = False
    config.HistoryAccessor.enabled = False
    config.Completer.use_jedi = True
    config.Completer.jedi_compute_type_timeout = 1000
    config.InlineBackend.figure_formats = {"png"}
    shell = ZMQInteractiveShell.instance(config=config, user_module=module)
    shell.events.unregister("pre_execute", shell._clear_warning_registry)  # execute.py does it, in fewer steps
    shell.builtin_trap.activate()
    shell.builtin_trap._nested_level = 1  # stays on
    shell.display_trap._nested_level = 1  # execute.py sets the hook itself
    return shell
