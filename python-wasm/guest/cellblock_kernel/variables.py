"""The variables of the notebook, told in a few bounded words each, whatever their classes try."""

import sys
import types

from . import execute
from .limits import LimitExceeded
from .turn import guarded

PREVIEW = 200  # characters
MAXIMUM = 2000  # variables told
COLUMNS = 200  # columns of a table told
LINES = 50_000  # lines of Python that one object's own text may take
_HIDDEN = {"In", "Out", "exit", "quit", "get_ipython", "open"}
_SCALARS = (int, float, complex, bool, str, bytes, bytearray, type(None))
_CONTAINERS = (list, tuple, dict, set, frozenset)


@guarded
def variables(request, body):
    """Answers with name, type, shape, size in bytes, preview, and for tables the columns with their types.

    With `plain` no object is asked for its own text, nor after one that took more than the request may: what a class
    does there costs that variable's preview, and no other's.
    """
    shell, plain = execute.shell, bool(request.get("plain"))
    hidden = shell.user_ns_hidden
    found = []
    for name, value in list(shell.user_ns.items()):
        if type(name) is not str or name.startswith("_") or name in _HIDDEN:
            continue
        if name in hidden and hidden[name] is value:
            continue
        kind = type(value)
        if kind is types.ModuleType or issubclass(kind, types.ModuleType):
            continue
        try:
            found.append(describe(name, value, plain))
        except LimitExceeded:
            found.append(_plain(name, kind, "<not shown: it takes too long>"))
            plain = True
        except KeyboardInterrupt:
            raise
        except _TooLong:
            found.append(_plain(name, kind, "<not shown: it takes too long>"))
        except BaseException as error:
            found.append(_plain(name, kind, f"<not shown: {type(error).__name__}>"))
        if len(found) >= MAXIMUM:
            break
    return {"variables": found}


def _plain(name, kind, preview):
    return {"name": name, "type": type_name(kind), "shape": None, "size": None, "preview": preview}


def type_name(kind):
    """The class's name, taken past whatever a metaclass says."""
    return str(type.__dict__["__name__"].__get__(kind))[:100]


def describe(name, value, plain=False):
    """Returns one variable's facts. Only classes known to be harmless are asked anything that could be long."""
    kind = type(value)
    answer = {"name": name, "type": type_name(kind), "shape": None, "size": None, "preview": ""}
    module = kind.__module__ if isinstance(kind.__module__, str) else ""
    root = module.partition(".")[0]
    if kind in _SCALARS:
        answer["size"] = sys.getsizeof(value)
        answer["preview"] = _scalar(value)
        if kind in (str, bytes, bytearray):
            answer["shape"] = [len(value)]
    elif kind in _CONTAINERS:
        answer["shape"] = [len(value)]
        answer["size"] = sys.getsizeof(value)
        answer["preview"] = container(value)
    elif root == "pandas":
        _pandas(value, answer)
    elif root == "numpy":
        _numpy(value, answer)
    elif isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)):
        answer["preview"] = _callable(value)
        answer["size"] = 0
    else:
        answer["size"] = object.__sizeof__(value)
        shape = getattr(value, "shape", None) if root in ("scipy", "xarray", "PIL", "torch", "networkx") else None
        if isinstance(shape, tuple):
            answer["shape"] = [int(n) for n in shape[:8] if isinstance(n, int)]
        own = not plain and kind.__repr__ is not object.__repr__
        answer["preview"] = cut(_text(value)) if own else f"<{type_name(kind)} object>"
    return answer


class _TooLong(BaseException):
    """An object's own text takes too many lines of Python. Not an `Exception`, which the object might catch."""


def _text(value):
    """Returns the object's own text. Lines are counted, so that one that never ends is known within a moment; what
    hides from the count is found by the request's limits."""
    left = LINES

    def count(frame, event, argument):
        nonlocal left
        left -= 1
        if left < 0:
            raise _TooLong
        return count

    outer = sys.gettrace()
    sys.settrace(count)
    try:
        return repr(value)
    finally:
        sys.settrace(outer)


def cut(text, length=PREVIEW):
    if not isinstance(text, str):
        return ""
    text = str.__str__(text)[: length * 4]
    text = " ".join(text.split()) if len(text) < length * 4 else text
    return text if len(text) <= length else text[: length - 1] + "…"


def _scalar(value):
    kind = type(value)
    if kind is int and value.bit_length() > 4000:
        return f"<integer of {value.bit_length()} bits>"
    if kind in (str, bytes, bytearray):
        return repr(value[:PREVIEW]) + ("…" if len(value) > PREVIEW else "")
    return repr(value)


def container(value, depth=0):
    """A container's first items; never its whole repr."""
    shown, length = [], 0
    brackets = {list: "[]", tuple: "()", set: "{}", frozenset: "{}", dict: "{}"}[type(value)]
    for index, item in enumerate(value):
        if index >= 20 or length > PREVIEW:
            shown.append("…")
            break
        text = f"{_item(item, depth)}: {_item(value[item], depth)}" if type(value) is dict else _item(item, depth)
        length += len(text)
        shown.append(text)
    comma = "," if type(value) is tuple and len(value) == 1 else ""
    return cut(brackets[0] + ", ".join(shown) + comma + brackets[1])


def _item(item, depth):
    kind = type(item)
    if kind in _SCALARS:
        return _scalar(item)[:60]
    if kind in _CONTAINERS:
        return container(item, depth + 1) if depth < 2 else "…"
    return f"<{type_name(kind)}>"


def _callable(value):
    import inspect

    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", "?")
    if isinstance(value, type):
        return cut(f"class {name}")
    try:
        return cut(f"{name}{inspect.signature(value)}")
    except Exception:
        return cut(f"{name}(...)")


def _pandas(value, answer):
    import pandas

    if isinstance(value, pandas.DataFrame):
        rows, columns = value.shape
        answer["shape"] = [rows, columns]
        answer["size"] = int(value.memory_usage(index=True, deep=False).sum())
        answer["columns"] = [
            {"name": cut(str(c), 80), "dtype": str(t)} for c, t in list(value.dtypes.items())[:COLUMNS]
        ]
        answer["preview"] = cut(", ".join(c["name"] for c in answer["columns"][:20]))
    elif isinstance(value, pandas.Series):
        answer["shape"] = [len(value)]
        answer["size"] = int(value.memory_usage(index=True, deep=False))
        answer["preview"] = cut(f"{value.dtype} {[_short(v) for v in value.iloc[:8].tolist()]}")
    elif isinstance(value, pandas.Index):
        answer["shape"] = [len(value)]
        answer["size"] = int(value.memory_usage(deep=False))
        answer["preview"] = cut(f"{value.dtype} {[_short(v) for v in value[:8].tolist()]}")
    elif isinstance(value, (pandas.Timestamp, pandas.Timedelta, pandas.Period, pandas.Interval)):
        answer["size"] = sys.getsizeof(value)
        answer["preview"] = cut(repr(value))
    else:
        answer["size"] = object.__sizeof__(value)
        answer["preview"] = f"<{answer['type']} object>"


def _short(value):
    return value if type(value) in (int, float, bool, type(None)) else cut(str(value), 30)


def _numpy(value, answer):
    import numpy

    if isinstance(value, numpy.ndarray):
        answer["shape"] = [int(n) for n in value.shape]
        answer["size"] = int(value.nbytes)
        first = (
            value.reshape(-1)[:8]
            if value.flags.c_contiguous
            else value[tuple(slice(0, 2) for _ in value.shape)].reshape(-1)[:8]
        )
        answer["preview"] = cut(f"{value.dtype} {[_short(v) for v in first.tolist()]}{'…' if value.size > 8 else ''}")
    elif isinstance(value, numpy.generic):
        answer["size"] = int(value.nbytes)
        answer["preview"] = cut(repr(value))
    else:
        answer["size"] = object.__sizeof__(value)
        answer["preview"] = cut(repr(value)) if isinstance(value, numpy.dtype) else f"<{answer['type']} object>"
