"""`!command` in a notebook: the commands notebooks use on files, done in Python. There are no processes."""

import glob
import io
import os
import shlex
import sys

from . import pip_command  # noqa: F401  (registers pip)
from .commands import KNOWN, CommandError


def run(text, names=None):
    """Runs `text` with its output on sys.stdout and returns the exit status."""
    return _run(text, sys.stdout, sys.stderr)


def output(text, names=None):
    """Runs `text` and returns what it wrote, as `files = !ls` wants it."""
    out = io.StringIO()
    _run(text, out, sys.stderr)
    return out.getvalue()


def _run(text, out, err):
    status = 0
    for chain in _split(text, (";", "\n")):
        for link in _split(chain, ("&&",)):
            status = _pipeline(link, out, err)
            if status:
                break
    return status


def _split(text, separators):
    """Splits at separators that stand outside quotes."""
    parts, current, quote, index = [], "", "", 0
    while index < len(text):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            found = next((s for s in separators if text.startswith(s, index)), None)
            if found:
                parts.append(current)
                current, index = "", index + len(found)
                continue
        current += character
        index += 1
    return [p.strip() for p in [*parts, current] if p.strip()]


def _pipeline(text, out, err):
    stages = _split(text, ("|",))
    data = ""
    for position, stage in enumerate(stages):
        last = position == len(stages) - 1
        into = out if last else io.StringIO()
        status = _one(stage, data if position else None, into, err)
        if status:
            return status
        if not last:
            data = into.getvalue()
    return 0


def _one(text, given, out, err):
    try:
        words = shlex.split(text, comments=True)
        words, out, close = _redirect(words, out)
        if not words:
            return 0
        while words and "=" in words[0] and words[0].split("=")[0].isidentifier():
            words.pop(0)
        name, arguments = os.path.basename(words[0]), _expand(words[1:])
        if name.startswith("python") and arguments[:2] == ["-m", "pip"]:
            name, arguments = "pip", arguments[2:]
        if name in ("pip3", "uv", "conda", "mamba"):
            name = "pip"
        function = KNOWN.get(name)
        if function is None:
            raise CommandError(
                f"!{name} is not available: there are no processes in this sandbox. Available are: {', '.join(sorted(KNOWN))}"
            )
        try:
            function(arguments, given, out)
        finally:
            if close:
                out.close()
        return 0
    except CommandError as error:
        message = str(error)
    except ValueError as error:
        message = f"{text}: {error}"
    except OSError as error:
        message = f"{text.split()[0]}: {error.filename or ''}: {error.strerror or error}"
    print(message, file=err)
    return 1


def _redirect(words, out):
    kept, target, mode = [], None, "w"
    position = 0
    while position < len(words):
        word = words[position]
        if word in (">", ">>"):
            if position + 1 == len(words):
                raise CommandError("syntax error: a file name must follow >")
            target, mode = words[position + 1], "a" if word == ">>" else "w"
            position += 2
        elif word.startswith(("2>", "1>", "&>")):
            position += 1 if len(word) > 2 else 2
        else:
            kept.append(word)
            position += 1
    return (kept, open(target, mode), True) if target else (kept, out, False)


def _expand(words):
    """`~`, `$NAME` and file patterns; a pattern that fits nothing stays as it is."""
    done = []
    for word in words:
        word = os.path.expandvars(os.path.expanduser(word))
        found = sorted(glob.glob(word)) if any(c in word for c in "*?[") else []
        done += found or [word]
    return done
