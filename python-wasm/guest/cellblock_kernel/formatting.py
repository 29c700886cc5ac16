"""Formatting a cell with black, and checking it with pyflakes and pycodestyle."""

import ast

from . import execute

LINE = 100
# Not useful in a notebook's cell: blank lines around definitions and at the end, line ends, imports below code.
IGNORED = {"W291", "W292", "W293", "W391", "W503", "W504", "E302", "E303", "E305", "E402", "E704", "E731", "E501"}


def _masked(code):
    """Returns the cell with magics and commands as comments of the same number of lines, and how to undo it."""
    marks = []
    lines = code.split("\n")
    if lines and lines[0].startswith("%%"):
        return None, None
    for index, line in enumerate(lines):
        text = line.strip()
        if text.startswith(("%", "!")) or (text.endswith("?") and not text.startswith("#")):
            mark = f"pass  # cellblock-magic-{index}"
            marks.append((mark, text))
            lines[index] = line[: len(line) - len(line.lstrip())] + mark
    return "\n".join(lines), marks


def format(request, body):
    """Answers with the cell as black writes it. A cell that is not Python comes back as it was, with `changed` false."""
    import black

    code = request.get("code", "")
    masked, marks = _masked(code)
    if masked is None:
        return {"status": "ok", "code": code, "changed": False}
    try:
        done = black.format_str(masked, mode=black.Mode(line_length=88)).rstrip("\n")
    except black.NothingChanged:
        return {"status": "ok", "code": code, "changed": False}
    except Exception as error:
        return {"status": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": []}
    for mark, text in marks:
        done = done.replace(mark, text)
    return {"status": "ok", "code": done, "changed": done != code}


def lint(request, body):
    """Answers with what pyflakes and pycodestyle have to say, lines and columns from 1."""
    code = request.get("code", "")
    masked, _ = _masked(code)
    if masked is None:
        return {"status": "ok", "diagnostics": []}
    found = _flakes(masked)
    if not any(d["source"] == "syntax" for d in found):
        found += _style(masked)
    found.sort(key=lambda d: (d["line"], d["column"]))
    return {"status": "ok", "diagnostics": found}


def _flakes(code):
    from pyflakes import checker, messages

    try:
        tree = compile(code, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
    except (SyntaxError, ValueError) as error:
        line, column = getattr(error, "lineno", 1) or 1, getattr(error, "offset", 1) or 1
        return [
            {
                "line": line,
                "column": column,
                "code": "E999",
                "message": f"{type(error).__name__}: {getattr(error, 'msg', error)}",
                "source": "syntax",
            }
        ]
    known = execute.shell.user_ns
    found = []
    for message in checker.Checker(tree, "<cell>").messages:
        # A name another cell made, and an import another cell may use, are no faults in a notebook.
        if isinstance(message, messages.UndefinedName) and (
            message.message_args[0] in known or message.message_args[0] in ("display", "get_ipython")
        ):
            continue
        if isinstance(message, (messages.UnusedImport, messages.ImportStarUsed)):
            continue
        if isinstance(message, (messages.YieldOutsideFunction,)) and "await" in code:
            continue
        text = message.message % message.message_args
        found.append(
            {
                "line": message.lineno,
                "column": message.col + 1,
                "code": type(message).__name__,
                "message": text,
                "source": "pyflakes",
            }
        )
    return found


def _style(code):
    import pycodestyle

    found = []

    class Report(pycodestyle.BaseReport):
        def error(self, line_number, offset, text, check):
            mark = super().error(line_number, offset, text, check)
            if text[:4] not in IGNORED:
                found.append(
                    {
                        "line": line_number,
                        "column": offset + 1,
                        "code": text[:4],
                        "message": text[5:],
                        "source": "pycodestyle",
                    }
                )
            return mark

    style = pycodestyle.StyleGuide(reporter=Report, max_line_length=LINE, ignore=sorted(IGNORED), quiet=True)
    checker = pycodestyle.Checker("<cell>", lines=code.splitlines(True), options=style.options)
    checker.check_all()
    return found
