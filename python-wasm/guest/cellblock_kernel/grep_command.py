"""`grep`: lines that fit a pattern, in files, folders or what comes through the pipe."""

import fnmatch
import os
import re

from .commands import CommandError, _options, _texts, command


@command
def grep(words, given, out):
    options, rest = _options(words, "ivncrREFGPwhHlLoxqsIaZ", "em")
    if not rest and "e" not in options:
        raise CommandError("grep: a pattern is needed")
    pattern = _pattern(options.get("e") or rest.pop(0), options)
    deep = "r" in options or "R" in options
    paths = list(_files(rest or ["."], options)) if deep and (rest or given is None) else rest
    prefixed = "h" not in options and ("H" in options or deep or len(paths) > 1)
    end = "\0" if "Z" in options else ":"  # of a file's name
    most = int(options.get("m") or -1)
    found = False
    for name, text in _texts(paths, given) if paths or not deep else ():
        hits = []
        for number, line in enumerate(text.splitlines(), 1):
            if len(hits) == most:
                break
            if bool(pattern.search(line)) != ("v" in options):
                hits.append((number, line))
        found = found or bool(hits)
        if "q" in options:
            continue
        if "l" in options or "L" in options:
            if bool(hits) == ("l" in options):
                print(name, end="\0" if "Z" in options else "\n", file=out)
        elif "c" in options:
            print(f"{name}{end}{len(hits)}" if prefixed else len(hits), file=out)
        elif hits and "\0" in text and "a" not in options:
            print(f"grep: {name}: binary file matches", file=out)
        else:
            _show(hits, f"{name}{end}" if prefixed else "", pattern, options, out)
    return 0 if found else 1


def _show(hits, prefix, pattern, options, out):
    for number, line in hits:
        begin = f"{prefix}{f'{number}:' if 'n' in options else ''}"
        parts = [match[0] for match in pattern.finditer(line) if match[0]] if "o" in options else [line]
        for part in parts:
            print(f"{begin}{part}", file=out)


def _pattern(text, options):
    """Returns what is looked for: any of the pattern's lines."""
    lines = [re.escape(line) if "F" in options else f"(?:{line})" for line in text.split("\n")]
    text = "|".join(lines)
    if "w" in options:
        text = rf"\b(?:{text})\b"
    if "x" in options:
        text = rf"^(?:{text})$"
    try:
        return re.compile(text, re.IGNORECASE if "i" in options else 0)
    except re.error as error:
        raise CommandError(f"grep: {error}") from None


def _files(paths, options):
    """Yields the files of folders and below, as `--include` and `--exclude` say."""
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                included = fnmatch.fnmatch(name, options.get("include") or "*")
                if included and not fnmatch.fnmatch(name, options.get("exclude") or ""):
                    yield os.path.join(folder, name)
