"""`python FILE`, `python -c CODE` and `python -m MODULE`: programs that run in this interpreter, with names, arguments, a
folder and an environment of their own. There are no processes."""

import contextlib
import io
import os
import runpy
import sys
import traceback
import types

from IPython.core.error import StdinNotImplementedError

from . import streams
from .commands import KNOWN, CommandError, command

_PLAIN = set("uBbOEIsSqv")  # options that change nothing here
_VALUED = {"-W", "-X"}


@command
def python(words, given, out):
    words = _without_options(list(words))
    if words[:1] in (["--version"], ["-V"]):
        print(f"Python {sys.version.split()[0]}", file=out)
        return 0
    arguments, first, program = _program(words, given)
    with _apart(arguments, first, given, out) as names:
        return _status(lambda: program(names))


KNOWN["python3"] = python


def _without_options(words):
    """Returns the words behind the options that change nothing; `-uc CODE` is `-c CODE`."""
    while words and words[0].startswith("-") and words[0] not in ("-", "-V"):
        if words[0] in _VALUED:
            del words[:2]
            continue
        letters = words[0][1:].lstrip("".join(_PLAIN))
        if letters:
            return [f"-{letters}", *words[1:]]
        del words[0]
    return words


def _program(words, given):
    """Returns a program's arguments, the folder in which it looks for modules first, and what runs it with its names."""
    match words:
        case ["-c", code, *rest]:
            return ["-c", *rest], "", lambda names: exec(compile(code, "<string>", "exec"), names)
        case ["-c"] | ["-m"]:
            raise CommandError(f"python: {words[0]} needs a word behind it")
        case ["-m", module, *rest]:
            return [module, *rest], os.getcwd(), lambda names: runpy.run_module(module, run_name="__main__", alter_sys=True)
        case [path, *rest] if path != "-":
            path = _file(path)
            folder = path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))
            return [path, *rest], folder, lambda names: runpy.run_path(path, run_name="__main__")
    if given is None:
        raise CommandError(
            "python: there is no terminal to talk to a program. `python FILE`, `python -c CODE` and `python -m MODULE` run one"
        )
    return ["-", *words[1:]], "", lambda names: exec(compile(given, "<stdin>", "exec"), names)


def _file(path):
    if path.startswith("-"):
        raise CommandError(f"python: the option {path} is not available in this sandbox")
    if not os.path.exists(path):
        raise CommandError(f"python: can't open file '{os.path.abspath(path)}': [Errno 2] No such file or directory")
    return path


class _Input(streams.Input):
    """What a program reads: to its end, where the session's own is one line of somebody's."""

    def readline(self, size=-1):
        try:
            return super().readline()
        except StdinNotImplementedError:
            return ""

    def read(self, size=-1):
        return "".join(iter(self.readline, "")) if size is None or size < 0 else super().read(size)


@contextlib.contextmanager
def _apart(arguments, first, given, out):
    """Gives a program what a process would have of its own, and afterwards takes it away."""
    main = types.ModuleType("__main__")
    main.__builtins__ = __builtins__
    before = sys.argv, sys.path[:], sys.stdin, sys.modules["__main__"], os.getcwd(), dict(os.environ), set(sys.modules)
    sys.argv, sys.path[:0], sys.modules["__main__"] = arguments, [first], main
    sys.stdin = _Input() if given is None or arguments[0] == "-" else io.StringIO(given)
    try:
        with contextlib.redirect_stdout(out):
            yield vars(main)
    finally:
        sys.argv, sys.path[:], sys.stdin, sys.modules["__main__"], folder, environment, modules = before
        os.chdir(folder)
        if environment != dict(os.environ):
            os.environ.clear()
            os.environ.update(environment)
        # The program's own modules: the next program reads them again, changed or not.
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file and file.startswith(os.path.join(first or folder, "")):
                del sys.modules[name]


def _status(program):
    """Runs a program and returns how it ended. An interrupt ends more than the program."""
    try:
        program()
    except SystemExit as leaving:
        if isinstance(leaving.code, int):
            return leaving.code & 0xFF
        if leaving.code is not None:
            print(leaving.code, file=sys.stderr)
        return 0 if leaving.code is None else 1
    except Exception as error:
        own = error.__traceback__
        while own is not None and own.tb_frame.f_code.co_filename in _OURS:
            own = own.tb_next
        traceback.print_exception(type(error), error, own)
        return 1
    return 0


_OURS = {__file__, _status.__code__.co_filename, runpy.__file__, runpy.run_path.__code__.co_filename}
