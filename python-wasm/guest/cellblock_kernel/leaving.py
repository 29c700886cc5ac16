"""Leaving: `exit()`, `quit()` and `sys.exit()`, in a notebook's cell and in a script."""

import builtins
import linecache
import sys

from IPython.core.autocall import IPyAutocall
from IPython.core.getipython import get_ipython


class EndOfCell(SystemExit):
    """What `exit()` raises in a notebook: the cell ends there, and that is no error."""


class Exiter(IPyAutocall):
    """`exit` and `quit` in a notebook: ask the front end to close, end the cell, and keep the session."""

    rewrite = False

    def __call__(self, *code, keep_kernel=False):
        self._ip.keepkernel_on_exit = keep_kernel
        self._ip.ask_exit()
        raise EndOfCell(*code)


class State:
    script = False  # a script runs, and no notebook
    path = None  # the script's own
    text = ""  # what stands in its file
    read = 0  # up to where its cells have been run
    explains = True  # the front end is none of Jupyter's, which know by themselves what to say of `exit()`

    def place(self, code):
        """Returns the line of the script's file before which a cell's code begins, or None if it does not stand there."""
        if self.path is None:
            return None
        text, lines = f"\n{self.text}\n", "\n" + code.rstrip("\n") + "\n"
        found = text.find(lines, self.read)
        if found < 0:
            return None
        self.read = found + len(lines) - 1
        return text.count("\n", 0, found)


state = State()


def script(argument, path=None, text=None):
    """Gives a script what it finds under `python FILE.py`: its path, its argument zero, and an `exit` that ends it. One
    that came from stdin has a text and no path."""
    from _sitebuiltins import Quitter

    shell = get_ipython()
    state.script = True
    sys.argv[:] = [argument]
    for name in ("exit", "quit"):
        setattr(builtins, name, Quitter(name, "Ctrl-D"))
        shell.user_ns.pop(name, None)
    if path is not None:
        shell.user_ns["__file__"] = path
        try:
            with open(path, encoding="utf-8-sig") as file:
                text = file.read()
        except (OSError, UnicodeError):
            return  # it was not copied: its cells are named by their numbers
    if text is not None:
        state.text, state.path = text, path or "<stdin>"
        linecache.cache[state.path] = (len(text), None, text.splitlines(True), state.path)


def left(shell, error):
    """Shows how a cell was left."""
    if isinstance(error, EndOfCell):
        if not state.explains:
            return
        print("exit() ended the cell; the session and its variables stay, and the next cell runs.", file=sys.stderr)
        return
    shell.showtraceback(exception_only=True)
    if not state.script:
        print("To leave the notebook, close it: sys.exit() ends the cell, not the session.", file=sys.stderr)
