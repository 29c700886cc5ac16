"""The one way out of the sandbox: frames to and from the host.

A frame is a little-endian u32 (the header's length in bytes), the header (a JSON object in UTF-8), and the body
(the rest). Every answer's header is `{"ok": {...}}` or `{"error": {"type": ..., "message": ...}}`.
"""

import builtins
import json
import math
from struct import Struct

import _host

_LENGTH = Struct("<I")
MAXIMUM_FRAME = 64 << 20  # bytes; the host refuses more
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"))
# json's own encode() builds this object for every call; one for all halves the cost of a small message.
_chunks = json.encoder.c_make_encoder(
    None, _encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, False
)
_scan = json.JSONDecoder().scan_once  # the host sends nothing around its JSON
_DONE = _LENGTH.pack(9) + b'{"ok":{}}'


DROPPED = object()
captures = []  # what takes messages instead of the host, the innermost last


class DoorError(RuntimeError):
    """The host refused a call for a reason that has no Python exception of its own."""


def encode(value):
    """Returns `value` as JSON in UTF-8, always valid: lone surrogates become "?", NaN and infinities null, and what
    JSON does not know becomes its text."""
    try:
        return "".join(_chunks(value, 0)).encode()
    except RecursionError:
        raise
    except (ValueError, TypeError, AttributeError):
        return "".join(_chunks(clean(value), 0)).encode("utf-8", "replace")


def clean(value, depth=0):
    """Returns a copy of `value` that is plain JSON, at most 90 levels deep."""
    if value is None or value is True or value is False:
        return value
    if depth > 90:
        return "..."
    kind = type(value)
    if kind is str:
        return value
    if kind is int:
        # Beyond this a JSON reader in another language would lose digits or refuse.
        return value if -(1 << 63) <= value < (1 << 64) else (float(value) if abs(value) < 1 << 1000 else None)
    if kind is float:
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): clean(v, depth + 1) for k, v in dict.items(value)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [clean(v, depth + 1) for v in value]
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (int, float)):
        return clean(int(value) if isinstance(value, int) else float(value), depth)
    if isinstance(value, (bytes, bytearray, memoryview)):
        import base64

        return base64.b64encode(value).decode()
    for method in ("item", "tolist", "isoformat"):
        call = getattr(value, method, None)
        if call is not None:
            try:
                return clean(call(), depth + 1)
            except Exception:
                continue
    return str(value)


def call(header, body=b""):
    """Returns the host's answer as `(header, body)`. Raises the exception the host names, or `DoorError`."""
    head = encode(header)
    if len(head) + len(body) > MAXIMUM_FRAME:
        raise DoorError(f"a message of {(len(head) + len(body)) >> 20} MiB is more than the host takes at once")
    answer = _host.call(b"".join((_LENGTH.pack(len(head)), head, body)) if body else _LENGTH.pack(len(head)) + head)
    if answer == _DONE:
        return {}, b""
    length = int.from_bytes(answer[:4], "little")
    reply, _ = _scan(answer[4 : 4 + length].decode(), 0)
    if "ok" in reply:
        return reply["ok"], answer[4 + length :]
    raise _error(reply.get("error") or {})


def _error(error):
    name, message = str(error.get("type", "DoorError")), str(error.get("message", "the host refused the call"))
    if name == "StdinNotImplementedError":
        from IPython.core.error import StdinNotImplementedError

        return StdinNotImplementedError(message)
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(message)
        except Exception:
            pass
    return DoorError(message if name == "DoorError" else f"{name}: {message}")


def emit(kind, content, metadata=None, buffers=()):
    """Sends one Jupyter message. Returns `DROPPED` when the cell's output limit is reached, else None.

    A host that cannot take it (too large, no host) costs the message, never the turn: the text of a display stays.
    """
    if captures and captures[-1].take(kind, content):
        return None
    header = {"op": "emit", "type": kind, "content": content}
    if metadata:
        header["metadata"] = metadata
    body = b""
    if buffers:
        parts = [bytes(b) for b in buffers]
        header["buffers"] = [len(p) for p in parts]
        body = b"".join(parts)
    try:
        return DROPPED if call(header, body)[0].get("dropped") else None
    except (DoorError, ValueError, OSError, RuntimeError) as error:
        if kind in ("display_data", "execute_result", "update_display_data"):
            note = {"text/plain": f"<output not shown: {error}>"}
            header = {"op": "emit", "type": kind, "content": {**content, "data": note, "metadata": {}}}
            try:
                call(header)
            except Exception:
                pass
        return None
