"""The commands that a notebook's `!command` can run, each a small function over the session's files."""

import fnmatch
import os
import re
import shutil
import sys
import time

KNOWN: dict = {}


class CommandError(Exception):
    """A command's message for stderr; its exit status is 1."""


def command(function):
    KNOWN[function.__name__.rstrip("_").replace("_", "-")] = function
    return function


def _options(words, known, valued=""):
    """Splits words into a dict of one-letter options and the rest; `-n 5`, `-n5` and `-5` all give n."""
    options, rest, position = {}, [], 0
    while position < len(words):
        word = words[position]
        if word.startswith("--"):
            options[word[2:].split("=")[0]] = word.partition("=")[2] or True
        elif word.startswith("-") and len(word) > 1:
            if word[1:].isdigit():
                options["n"] = word[1:]
            elif word[1] in valued:
                value = word[2:]
                if not value:
                    position += 1
                    value = words[position] if position < len(words) else ""
                options[word[1]] = value
            else:
                for letter in word[1:]:
                    if letter not in known:
                        raise CommandError(f"option -{letter} is not available in this sandbox")
                    options[letter] = True
        else:
            rest.append(word)
        position += 1
    return options, rest


def _texts(paths, given):
    """Yields (name, text) of each file, or of what came through the pipe."""
    if not paths or paths == ["-"]:
        if given is None:
            raise CommandError("a file name is needed")
        yield "-", given
    for path in paths:
        if path != "-":
            if os.path.isdir(path):
                raise CommandError(f"{path}: is a directory")
            with open(path, encoding="utf-8", errors="replace", newline="") as file:
                yield path, file.read()


def _size(number, human):
    if not human:
        return str(number)
    for unit in ("", "K", "M", "G", "T"):
        if number < 1024 or unit == "T":
            return f"{number:.0f}{unit}" if unit == "" or number >= 10 else f"{number:.1f}{unit}"
        number /= 1024


@command
def ls(words, given, out):
    options, paths = _options(words, "lahA1tSrRdFGop")
    several = len(paths) > 1 or "R" in options
    folders = [(p, sorted(os.listdir(p))) for p in paths or ["."] if os.path.isdir(p) and "d" not in options]
    files = [p for p in paths if not (os.path.isdir(p) and "d" not in options)]
    for path in files:
        os.stat(path)
    _list(files, "", options, out)
    if "R" in options:
        folders = [(root, sorted([*inner, *names])) for p, _ in folders for root, inner, names in os.walk(p)]
    for path, names in folders:
        if several:
            print(f"{path}:", file=out)
        shown = names if "a" in options or "A" in options else [n for n in names if not n.startswith(".")]
        if "l" in options:
            print(f"total {len(shown)}", file=out)
        _list(shown, path, options, out)
        if several:
            print(file=out)


def _list(names, folder, options, out):
    paths = {name: os.path.join(folder, name) for name in names}
    if "t" in options:
        names = sorted(names, key=lambda n: -os.stat(paths[n]).st_mtime)
    if "S" in options:
        names = sorted(names, key=lambda n: -os.stat(paths[n]).st_size)
    if "r" in options:
        names = names[::-1]
    if "l" not in options:
        for name in names:
            print(name + ("/" if "F" in options and os.path.isdir(paths[name]) else ""), file=out)
        return
    rows = []
    for name in names:
        facts = os.stat(paths[name])
        kind = "drwxr-xr-x" if os.path.isdir(paths[name]) else "-rw-r--r--"
        when = time.strftime("%b %e %H:%M", time.gmtime(facts.st_mtime))
        rows.append((kind, _size(facts.st_size, "h" in options), when, name))
    width = max((len(row[1]) for row in rows), default=0)
    for kind, size, when, name in rows:
        print(f"{kind} 1 user user {size:>{width}} {when} {name}", file=out)


@command
def pwd(words, given, out):
    print(os.getcwd(), file=out)


@command
def cd(words, given, out):
    """As in a shell of its own, the change would be gone with the command: `%cd` is the lasting one."""


@command
def cat(words, given, out):
    options, paths = _options(words, "n")
    for _, text in _texts(paths, given):
        if "n" in options:
            text = "".join(f"{number:6}\t{line}" for number, line in enumerate(text.splitlines(True), 1))
        out.write(text)


def _count(options, default=10):
    value = str(options.get("n", options.get("lines", default)))
    try:
        return int(value)
    except ValueError:
        raise CommandError(f"invalid number of lines: {value}") from None


@command
def head(words, given, out):
    options, paths = _options(words, "qv", "nc")
    for name, text in _texts(paths, given):
        if len(paths) > 1:
            print(f"==> {name} <==", file=out)
        if "c" in options:
            out.write(text[: int(options["c"])])
            continue
        number = _count(options)
        out.write("".join(text.splitlines(True)[: number or None] if number else []))


@command
def tail(words, given, out):
    options, paths = _options(words, "qv", "nc")
    for name, text in _texts(paths, given):
        if len(paths) > 1:
            print(f"==> {name} <==", file=out)
        lines = text.splitlines(True)
        value = str(options.get("n", 10))
        out.write("".join(lines[int(value[1:]) - 1 :] if value.startswith("+") else lines[-abs(_count(options)) :]))


@command
def wc(words, given, out):
    options, paths = _options(words, "lwcm")
    totals = [0, 0, 0]
    chosen = [i for i, letters in enumerate(("l", "w", "cm")) if any(x in options for x in letters)] or [0, 1, 2]
    for name, text in _texts(paths, given):
        counts = [text.count("\n"), len(text.split()), len(text.encode()) if "m" not in options else len(text)]
        totals = [a + b for a, b in zip(totals, counts)]
        label = "" if name == "-" else f" {name}"
        print(" ".join(str(counts[i]) for i in chosen) + label, file=out)
    if len(paths) > 1:
        print(" ".join(str(totals[i]) for i in chosen) + " total", file=out)


@command
def echo(words, given, out):
    end = "\n"
    while words and words[0] in ("-n", "-e"):
        end = "" if words.pop(0) == "-n" else end
    print(" ".join(words), end=end, file=out)


@command
def mkdir(words, given, out):
    options, paths = _options(words, "pv")
    for path in paths:
        os.makedirs(path, exist_ok=True) if "p" in options else os.mkdir(path)


@command
def touch(words, given, out):
    _, paths = _options(words, "acm")
    if not paths:
        raise CommandError("touch: a file name is needed")
    for path in paths:
        with open(path, "a"):
            pass
        os.utime(path)


@command
def cp(words, given, out):
    options, paths = _options(words, "rRafvpn")
    if len(paths) < 2:
        raise CommandError("cp: a source and a target are needed")
    *sources, target = paths
    for source in sources:
        if os.path.isdir(source):
            if not {"r", "R", "a"} & options.keys():
                raise CommandError(f"cp: -r not given; omitting directory {source!r}")
            inside = os.path.join(target, os.path.basename(source.rstrip("/"))) if os.path.isdir(target) else target
            shutil.copytree(source, inside, dirs_exist_ok=True, copy_function=shutil.copyfile)
        else:
            inside = os.path.join(target, os.path.basename(source)) if os.path.isdir(target) else target
            shutil.copyfile(source, inside)


@command
def mv(words, given, out):
    _, paths = _options(words, "fvn")
    if len(paths) < 2:
        raise CommandError("mv: a source and a target are needed")
    *sources, target = paths
    for source in sources:
        inside = os.path.join(target, os.path.basename(source.rstrip("/"))) if os.path.isdir(target) else target
        os.replace(source, inside)


@command
def rm(words, given, out):
    options, paths = _options(words, "rRfvd")
    for path in paths:
        # As GNU's: what stands in these places is hardly ever meant.
        if {"r", "R"} & options.keys() and (os.path.basename(path.rstrip("/")) in (".", "..") or not path.strip("/")):
            raise CommandError(f"rm: refusing to remove {path!r}: name what is to go, or use rm -r *")
        if os.path.isdir(path) and not os.path.islink(path):
            if not {"r", "R"} & options.keys():
                raise CommandError(f"rm: {path}: is a directory")
            shutil.rmtree(path)
        elif os.path.lexists(path) or "f" not in options:
            os.remove(path)


@command
def rmdir(words, given, out):
    for path in words:
        os.rmdir(path)


@command
def find(words, given, out):
    roots = []
    while words and not words[0].startswith("-"):
        roots.append(words.pop(0))
    wanted = {}
    while words:
        option = words.pop(0)
        if option in ("-name", "-iname", "-type", "-maxdepth") and words:
            wanted[option] = words.pop(0)
        elif option != "-print":
            raise CommandError(f"find: {option} is not available in this sandbox")
    kind, depth = wanted.get("-type"), int(wanted.get("-maxdepth", 1000))
    pattern = re.compile(
        fnmatch.translate(wanted.get("-name", wanted.get("-iname", "*"))), re.IGNORECASE if "-iname" in wanted else 0
    )
    for root in roots or ["."]:
        os.stat(root)
        for folder, folders, files in os.walk(root):
            level = 0 if folder == root else os.path.relpath(folder, root).count("/") + 1
            candidates = [folder] if folder == root and kind != "f" else []
            if level < depth:
                candidates += [] if kind == "f" else [os.path.join(folder, name) for name in folders]
                candidates += [] if kind == "d" else [os.path.join(folder, name) for name in files]
            else:
                folders.clear()
            for path in sorted(candidates):
                if pattern.match(os.path.basename(path)):
                    print(path, file=out)


@command
def sort(words, given, out):
    options, paths = _options(words, "rnu")
    lines = [line for _, text in _texts(paths, given) for line in text.splitlines()]
    lines = sorted(
        set(lines) if "u" in options else lines, key=_number if "n" in options else None, reverse="r" in options
    )
    out.write("".join(f"{line}\n" for line in lines))


def _number(line):
    try:
        return float(line.split()[0])
    except (ValueError, IndexError):
        return 0.0


@command
def uniq(words, given, out):
    import itertools

    options, paths = _options(words, "c")
    lines = [line for _, text in _texts(paths, given) for line in text.splitlines()]
    for line, group in itertools.groupby(lines):
        print(f"{len(list(group)):7} {line}" if "c" in options else line, file=out)


@command
def du(words, given, out):
    options, paths = _options(words, "shad", "d")
    for path in paths or ["."]:
        total = os.path.getsize(path) if os.path.isfile(path) else 0
        for folder, _, files in os.walk(path):
            total += sum(os.path.getsize(os.path.join(folder, name)) for name in files)
        print(f"{_size(total, True) if 'h' in options else -(-total // 1024)}\t{path}", file=out)


@command
def date(words, given, out):
    wanted = next((word[1:] for word in words if word.startswith("+")), "%a %b %e %H:%M:%S UTC %Y")
    print(time.strftime(wanted, time.gmtime()), file=out)


@command
def whoami(words, given, out):
    print("user", file=out)


@command
def hostname(words, given, out):
    print("cellblock", file=out)


@command
def uname(words, given, out):
    print("WASI cellblock wasm32" if words else "WASI", file=out)


@command
def nproc(words, given, out):
    print(1, file=out)


@command
def sleep(words, given, out):
    time.sleep(float(words[0]) if words else 0)


@command
def true(words, given, out):
    pass


@command
def which(words, given, out):
    for name in words:
        if name in ("python", "python3"):
            print(sys.executable, file=out)
        elif name in KNOWN:
            print(f"{name}: emulated in this sandbox", file=out)
    return 0 if all(name in KNOWN for name in words) else 1


@command
def env(words, given, out):
    for name, value in sorted(os.environ.items()):
        print(f"{name}={value}", file=out)


@command
def unzip(words, given, out):
    import zipfile

    options, rest = _options(words, "oqnl", "d")
    if not rest:
        raise CommandError("unzip: an archive is needed")
    with zipfile.ZipFile(rest[0]) as archive:
        if "l" in options:
            for item in archive.infolist():
                print(f"{item.file_size:9}  {item.filename}", file=out)
            return
        archive.extractall(options.get("d", "."), rest[1:] or None)
        if "q" not in options:
            for name in rest[1:] or archive.namelist():
                print(f"  inflating: {name}", file=out)
