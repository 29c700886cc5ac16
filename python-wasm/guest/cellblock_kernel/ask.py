"""`input()` and `getpass()`: a question to the person at the notebook, through the host."""

import sys

from IPython.core.error import StdinNotImplementedError

from . import door, streams


class _State:
    allowed = False  # the running request's allow_stdin


state = _State()


def ask(prompt="", password=False):
    """Returns the answer, one line without its end. Raises StdinNotImplementedError where nobody can answer."""
    streams.gather.send()
    if not state.allowed:
        raise StdinNotImplementedError(
            "input() was called, but this run does not take input: nobody can answer the question"
        )
    answer, _ = door.call({"op": "input", "prompt": str(prompt), "password": password})
    return answer["value"]


def _input(prompt="", /):
    return ask(str(prompt))


def _getpass(prompt="Password: ", stream=None, *, echo_char=None):
    return ask(str(prompt), password=True)


def _breakpoint(*arguments, **keywords):
    """`breakpoint()`: the debugger, where somebody can answer it."""
    if not state.allowed:
        raise StdinNotImplementedError(
            "breakpoint() was called, but this run does not take input: nobody can answer the debugger"
        )
    frame = sys._getframe(1)
    from IPython.core.debugger import Pdb

    Pdb().set_trace(frame)


def install():
    """Puts these functions in place of Python's own."""
    import builtins
    import getpass

    sys.breakpointhook = _breakpoint

    _input.__name__ = _input.__qualname__ = "input"
    builtins.input = _input
    getpass.getpass = _getpass
    getpass.getuser = lambda: "user"
