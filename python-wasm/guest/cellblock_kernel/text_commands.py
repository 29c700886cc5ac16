"""Commands of `!command` that change text, set variables or only tell something: sed, cut, tr, tee, export and the like."""

import os
import re

from .commands import KNOWN, CommandError, _options, _texts, command


@command
def false(words, given, out):
    return 1


@command
def export(words, given, out):
    """Sets variables of the session's environment; they stay, as after `%env`."""
    for word in words:
        name, sign, value = word.partition("=")
        if not name.isidentifier():
            raise CommandError(f"export: {name}: not a name")
        if sign:
            os.environ[name] = value
    if not words:
        KNOWN["env"]([], given, out)


@command
def unset(words, given, out):
    for name in words:
        os.environ.pop(name, None)


_SUBSTITUTION = re.compile(r"s(?P<mark>[^\w\s])(?P<what>(?:\\.|(?!(?P=mark)).)*)(?P=mark)(?P<by>(?:\\.|(?!(?P=mark)).)*)(?P=mark)(?P<flags>[gi]*)")
_LINES = re.compile(r"(?P<first>\d+)(?:,(?P<last>\d+|\$))?(?P<action>[pdq])")


@command
def sed(words, given, out):
    """`s/what/by/gi`, and `Np`, `N,Md`, `Nq` for lines by number; `-n`, `-i` and `-E`."""
    options, rest = _options(words, "niEr", "e")
    script = options.get("e") or (rest.pop(0) if rest else "")
    change, lines = _SUBSTITUTION.fullmatch(script), _LINES.fullmatch(script)
    if not (change or lines):
        raise CommandError(f"sed: only s/what/by/ and lines by number (2p, 1,3d) are available in this sandbox, not {script}")
    for name, text in _texts(rest, given):
        changed = _substituted(text, change, options) if change else _chosen(text, lines, options)
        if "i" in options and name != "-":
            with open(name, "w", encoding="utf-8", newline="") as file:
                file.write(changed)
        else:
            out.write(changed)


def _substituted(text, change, options):
    what = change["what"].replace("\\" + change["mark"], change["mark"])
    if not {"E", "r"} & options.keys():
        what = re.sub(r"\\?[(){}+?|]", lambda found: found[0][1:] if len(found[0]) > 1 else "\\" + found[0], what)
    by = re.sub(r"(?<!\\)&", r"\\g<0>", change["by"].replace("\\" + change["mark"], change["mark"])).replace("\\&", "&")
    try:
        pattern = re.compile(what, re.IGNORECASE if "i" in change["flags"] else 0)
        count = 0 if "g" in change["flags"] else 1
        return "".join(pattern.sub(by, line, count=count) for line in text.splitlines(True))
    except (re.error, IndexError) as error:
        raise CommandError(f"sed: {change[0]}: {error}") from None


def _chosen(text, lines, options):
    first = int(lines["first"])
    last = {None: first, "$": float("inf")}.get(lines["last"]) or int(lines["last"])
    kept = []
    for number, line in enumerate(text.splitlines(True), 1):
        inside = first <= number <= last
        shown = "n" not in options and not (lines["action"] == "d" and inside)
        kept += [line] * (shown + (lines["action"] == "p" and inside))
        if lines["action"] == "q" and number == first:
            break
    return "".join(kept)


@command
def cut(words, given, out):
    options, paths = _options(words, "", "dfc")
    chosen = [part.partition("-") for part in str(options.get("f") or options.get("c") or "").split(",")]
    if not any(number.isdigit() for first, _, last in chosen for number in (first, last)):
        raise CommandError("cut: the fields are needed, as in cut -d, -f1,3")
    for _, text in _texts(paths, given):
        for line in text.splitlines():
            parts = list(line) if "c" in options else line.split(options.get("d", "\t"))
            kept = [
                part
                for number, part in enumerate(parts, 1)
                if any(int(a or 1) <= number <= int(b or (len(parts) if dash else a)) for a, dash, b in chosen)
            ]
            print(("" if "c" in options else options.get("d", "\t")).join(kept), file=out)


@command
def tr(words, given, out):
    options, sets = _options(words, "ds")
    if not sets or given is None or "s" in options:
        raise CommandError("tr: only tr SET SET and tr -d SET behind a pipe are available in this sandbox")
    sets = [re.sub(r"(\w)-(\w)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), s) for s in sets]
    sets = [s.replace("\\n", "\n").replace("\\t", "\t") for s in sets]
    to = "" if "d" in options else (sets[1] if len(sets) > 1 else "")
    out.write(given.translate({ord(c): to[min(i, len(to) - 1)] if to else None for i, c in enumerate(sets[0])}))


@command
def tee(words, given, out):
    options, paths = _options(words, "a")
    for path in paths:
        with open(path, "a" if "a" in options else "w", encoding="utf-8") as file:
            file.write(given or "")
    out.write(given or "")


@command
def seq(words, given, out):
    numbers = [int(word) for word in words]
    first, step, last = {1: (1, 1, *numbers), 2: (numbers[0], 1, numbers[-1])}.get(len(numbers), numbers) if numbers else (1, 1, 0)
    for number in range(first, last + (1 if step > 0 else -1), step):
        print(number, file=out)


@command
def basename(words, given, out):
    for word in words[:1]:
        print(os.path.basename(word.rstrip("/")).removesuffix(words[1] if len(words) > 1 else ""), file=out)


@command
def dirname(words, given, out):
    for word in words:
        print(os.path.dirname(word) or ".", file=out)
