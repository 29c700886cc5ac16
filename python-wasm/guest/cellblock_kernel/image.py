"""Requests made while an image is built, and the injection of a notebook's parameters."""

import ast
import builtins
import gc
import sys

from . import execute, files, permanent, reseed, streams


def evaluate(request, body):
    """Runs set-up code: no history, no output, an error is the answer.

    Its names stay in the user's namespace, unless it does nothing but `import a.b` (an image's preload list).
    """
    source = request.get("code", "")
    tree = ast.parse(source)
    imports_only = all(type(node) is ast.Import and not any(a.asname for a in node.names) for node in tree.body)
    names = {"__name__": "__image__"} if imports_only else execute.shell.user_ns
    before = sys.stdout, sys.stderr
    try:
        exec(compile(source, "<image>", "exec"), names)
    except BaseException as error:
        import traceback

        text = traceback.format_exc()
        return {"status": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": [text]}
    finally:
        sys.stdout, sys.stderr = before
        streams.gather.discard()
    return {"status": "ok"}


def inject(request, body):
    """Sets variables, as papermill's parameters do."""
    names = execute.shell.user_ns
    parameters = request.get("parameters") or {}
    for name in parameters:
        if not name.isidentifier():
            return {
                "status": "error",
                "ename": "ValueError",
                "evalue": f"{name!r} is not a variable's name",
                "traceback": [],
            }
    names.update(parameters)
    return {"status": "ok"}


def seal(request, body):
    """The last request of an image's build: everything that will not change is moved out of the collector's way."""
    import linecache

    from . import turn, warm

    for name in ("completion", "variables", "tables", "export", "formatting", "comms"):
        __import__(f"{__package__}.{name}")
    shell = execute.shell
    _forget(shell)
    files.state.building = False
    turn.keep()
    sys.path_importer_cache.clear()
    gc.collect()
    gc.collect()
    open_files = _open_files()
    permanent.settle(shell.user_ns)
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    # Looking at everything has put out of Python's caches what a session's first cell needs.
    reseed.reseed()
    warm.turns(40)
    _forget(shell)
    linecache.clearcache()
    gc.freeze()
    # The builtin's address: a host that has exported PyObject_CallNoArgs may call it without going through source text.
    return {"status": "ok", "turn_address": id(builtins.__cellblock_turn__), "open_files": open_files}


def _forget(shell):
    """Takes back the history and the names that the build has left."""
    shell.history_manager.reset()
    shell.displayhook.flush()
    for name in ("cellblock_kernel", "sys", "_i", "_ii", "_iii", "_w", "_w2"):
        shell.user_ns.pop(name, None)
    for name in [n for n in shell.user_ns if n.startswith("_i") and n[2:].isdigit()]:
        del shell.user_ns[name]
    shell.execution_count = 1
    shell.last_execution_result = None
    shell.compile._filename_map.clear()


def _open_files():
    """The paths of files still open: an image should have none, for every session would have to open them again."""
    import io

    found = [o for o in gc.get_objects() if type(o) is io.FileIO and not o.closed and o.fileno() > 2]
    return [str(o.name) for o in found]
