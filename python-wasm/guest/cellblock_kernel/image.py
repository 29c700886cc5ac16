"""Requests made while an image is built, and the injection of a notebook's parameters."""

import gc
import sys

from . import execute, streams


def evaluate(request, body):
    """Runs set-up code in the user's namespace: no history, no output, an error is the answer."""
    code = compile(request.get("code", ""), "<image>", "exec")
    shell = execute.shell
    before = sys.stdout, sys.stderr
    try:
        exec(code, shell.user_global_ns, shell.user_ns)
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
            return {"status": "error", "ename": "ValueError", "evalue": f"{name!r} is not a variable's name", "traceback": []}
    names.update(parameters)
    return {"status": "ok"}


def seal(request, body):
    """The last request of an image's build: everything that will not change is moved out of the collector's way."""
    import linecache

    for name in ("completion", "variables", "tables", "export", "formatting", "comms", "tools", "reseed"):
        __import__(f"{__package__}.{name}")
    shell = execute.shell
    shell.history_manager.reset()
    shell.displayhook.flush()
    shell.user_ns.pop("__builtins__", None)
    shell.execution_count = 1
    shell.last_execution_result = None
    linecache.clearcache()
    shell.compile._filename_map.clear()
    sys.path_importer_cache.clear()
    gc.collect()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    return {"status": "ok"}
