"""Completion, inspection, and whether a cell is complete: IPython's, with jedi's types."""

from IPython.core.completer import provisionalcompleter, rectify_completions
from IPython.utils.tokenutil import token_at_cursor

from . import execute
from .turn import guarded

MAXIMUM_MATCHES = 500


def _cursor(request):
    code = request.get("code", "")
    position = request.get("cursor_pos")
    return code, len(code) if position is None else max(0, min(int(position), len(code)))


@guarded
def complete(request, body):
    """Answers with a Jupyter complete_reply; matches with their types stand in the metadata, as ipykernel's do."""
    code, position = _cursor(request)
    try:
        with provisionalcompleter():
            raw = execute.shell.Completer.completions(code, position)
            found = list(rectify_completions(code, _first(raw)))
    except Exception:
        found = []
    if not found:
        return {"status": "ok", "matches": [], "cursor_start": position, "cursor_end": position, "metadata": {}}
    start, end = found[0].start, found[0].end
    types = [
        {"start": c.start, "end": c.end, "text": c.text, "type": c.type or "<unknown>", "signature": c.signature or ""}
        for c in found
    ]
    return {
        "status": "ok",
        "matches": [c.text for c in found],
        "cursor_start": start,
        "cursor_end": end,
        "metadata": {"_jupyter_types_experimental": types},
    }


def _first(completions):
    seen = set()
    for completion in completions:
        if completion.text in seen:
            continue
        seen.add(completion.text)
        yield completion
        if len(seen) >= MAXIMUM_MATCHES:
            return


@guarded
def inspect(request, body):
    """Answers with a Jupyter inspect_reply for the name at the cursor."""
    name = _name_at(*_cursor(request))
    empty = {"status": "ok", "found": False, "data": {}, "metadata": {}}
    if not name:
        return empty
    try:
        bundle = execute.shell.object_inspect_mime(name, detail_level=int(request.get("detail_level") or 0))
    except Exception:
        return empty
    if not execute.shell.enable_html_pager:
        bundle.pop("text/html", None)
    return {"status": "ok", "found": True, "data": bundle, "metadata": {}}


def _name_at(code, position):
    try:
        return token_at_cursor(code, position)
    except IndentationError:
        # Code that is being written: the line of the cursor is looked at alone.
        start = code.rfind("\n", 0, position) + 1
        return token_at_cursor(code[start:].partition("\n")[0], position - start)


def is_complete(request, body):
    """Answers with a Jupyter is_complete_reply."""
    status, indent = execute.shell.check_complete(request.get("code", ""))
    answer = {"status": status}
    if status == "incomplete":
        answer["indent"] = indent or ""
    return answer
