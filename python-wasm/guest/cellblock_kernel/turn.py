"""One turn: fetch the host's request, answer it. The table of operations is this file's `OPERATIONS`."""

import builtins
import sys

from . import door, execute, limits, reseed, reserve, streams, tools
from .limits import state as limit_state

_modules = {}


def _later(module, function):
    """An operation whose module is loaded when it is first asked for (at the latest when the image is sealed)."""

    def call(request, body):
        found = _modules.get(module)
        if found is None:
            found = _modules[module] = __import__(f"{__package__}.{module}", fromlist=["_"])
        return getattr(found, function)(request, body)

    return call


def _room(request, body):
    """Tries whether a next cell has memory to begin with; a `MemoryError` says no."""
    try:
        [bytearray(4096) for _ in range(64)]
    except MemoryError:
        reserve.give()
        [bytearray(4096) for _ in range(64)]
    return {"status": "ok"}


OPERATIONS = {
    "execute": execute.execute,
    "complete": _later("completion", "complete"),
    "inspect": _later("completion", "inspect"),
    "is_complete": _later("completion", "is_complete"),
    "variables": _later("variables", "variables"),
    "table": _later("tables", "table"),
    "export": _later("export", "export"),
    "format": _later("formatting", "format"),
    "lint": _later("formatting", "lint"),
    "inject": _later("image", "inject"),
    "eval": _later("image", "evaluate"),
    "seal": _later("image", "seal"),
    "comm": _later("comms", "message"),
    "comm_info": _later("comms", "info"),
    "history": _later("history", "history"),
    "room": _room,
}


def turn():
    """Serves one request. Nothing that happens in here may leave the turn without its reply."""
    limit_state.pending = False
    request, body = door.call({"op": "next"})
    try:
        if request.get("fresh"):
            _freshen(request)
        answer = OPERATIONS[request["op"]](request, body)
        content, payload = answer if type(answer) is tuple else (answer, b"")
    except BaseException as error:
        content, payload = _failure(request, error), b""
    finally:
        limit_state.armed = False
        _mend()
    try:
        streams.gather.send()
        door.call({"op": "reply", "content": content}, payload)
    except BaseException as error:
        # The answer itself could not be sent (too large, not JSON): say so in its place.
        door.call({"op": "reply", "content": _failure(request, error)})


_modules_dict, _main = sys.modules, sys.modules["__main__"]
_kept = {}


def keep():
    """Remembers the modules that are loaded; called when the image is sealed."""
    _kept.update(_modules_dict)


def _mend():
    """Puts back what a cell has emptied (`sys.modules.clear()`), so that there is a next cell."""
    if sys.modules is not _modules_dict:
        sys.modules = _modules_dict
    if _modules_dict.get("__main__") is not _main or "sys" not in _modules_dict:
        for name, module in _kept.items():
            _modules_dict.setdefault(name, module)
        _modules_dict["__main__"] = _main
    builtins.__cellblock_turn__ = turn


def _failure(request, error):
    if request.get("op") not in OPERATIONS:
        return {
            "status": "error",
            "ename": "ValueError",
            "evalue": f"no operation {request.get('op')!r}",
            "traceback": [],
        }
    try:
        value = str(error)
    except BaseException:
        value = ""
    trace = []
    try:
        import traceback

        trace = traceback.format_exception(type(error), error, error.__traceback__, limit=-20)
    except BaseException:
        pass
    return {"status": "error", "ename": type(error).__name__, "evalue": value[:65536], "traceback": trace}


def _freshen(request):
    """The first request of a session after a spawn, a fork or a restore."""
    reseed.reseed()
    limits.install()
    granted = request.get("tools")
    if granted is not None:
        tools.install(granted)


def guarded(call):
    """Returns `call` made interruptible: for operations that touch the user's objects."""

    def run(request, body):
        try:
            limits.arm()
            return call(request, body)
        finally:
            limit_state.armed = False

    run.__name__, run.__doc__ = call.__name__, call.__doc__
    return run


def install():
    """Makes `__cellblock_turn__()`, the only thing the host ever runs, a builtin."""
    builtins.__cellblock_turn__ = turn
