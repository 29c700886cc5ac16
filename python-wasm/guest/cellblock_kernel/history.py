"""What was run in this session, as a Jupyter history_reply."""

from . import execute


def history(request, body):
    """Answers one of Jupyter's three kinds of history request."""
    manager = execute.shell.history_manager
    raw, output = bool(request.get("raw", True)), bool(request.get("output", False))
    kind = request.get("hist_access_type")
    if kind == "tail":
        found = manager.get_tail(request.get("n") or 10, raw=raw, output=output, include_latest=True)
    elif kind == "range":
        found = manager.get_range(
            request.get("session") or 0, request.get("start") or 0, request.get("stop"), raw=raw, output=output
        )
    else:
        found = manager.search(
            request.get("pattern") or "*",
            raw=raw,
            output=output,
            n=request.get("n"),
            unique=bool(request.get("unique", False)),
        )
    return {"status": "ok", "history": [list(entry) for entry in found]}
