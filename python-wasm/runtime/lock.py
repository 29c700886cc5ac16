#!/usr/bin/env python3
"""Pins the guest's pure-Python wheels: wheels.in and fills.in -> wheels.lock.

Run it to move the pins. It fetches each wheel with pip into a temporary folder (or the folder given with --wheels,
where wheels already fetched are used again), checks that it holds no native code and needs nothing that is
missing, and writes name, version, file name and SHA-256 of each in TOML. `--check` only says whether
wheels.lock still has every line of the two lists.
"""

from __future__ import annotations

import argparse
import email
import hashlib
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = "3.15"  # the runtime's Python
FILL_PYTHON = "3.13"  # any CPython a wheel of the same version exists for: no native file of it is used
FILL_PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in (17, 24, 27, 28)] + ["manylinux2014_x86_64"]
NATIVE = re.compile(r"\.(so|pyd|dylib|dll)(\.|$)")
# Needs that the guest can do without, or has in another form (see guest/cellblock_kernel/stand_ins.py).
NOT_NEEDED = {
    "tornado",
    "psutil",
    "pexpect",
    "ptyprocess",
    "rpds-py",
    "greenlet",
    "rapidfuzz",
    "setuptools",
    "pywin32",
    "statannotations",
    "multiprocess",
    "gitpython",
    "pyobjc",
    "msgpack",
}


@dataclass
class Line:
    """One line of wheels.in or fills.in."""

    name: str
    version: str | None
    exclude: list[str] = field(default_factory=list)
    include: list[str] = field(default_factory=list)

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version}" if self.version else self.name


def plain(name: str) -> str:
    """The name as indexes compare it: lower case, runs of -_. as one dash."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_list(path: Path) -> list[Line]:
    lines = []
    for text in path.read_text().splitlines():
        words = text.split("#", 1)[0].split()
        if not words:
            continue
        name, _, version = words[0].partition("==")
        line = Line(name, version or None)
        for word in words[1:]:
            if word.startswith("exclude="):
                line.exclude.append(word.removeprefix("exclude="))
            else:
                line.include.append(word)
        lines.append(line)
    return lines


def fetch(line: Line, folder: Path, fill: bool) -> Path:
    """The wheel of one line, fetched into a folder of its own."""
    into = folder / ("fill" if fill else "pure") / re.sub(r"[^\w.-]", "_", line.requirement)
    into.mkdir(parents=True, exist_ok=True)
    found = sorted(into.glob("*.whl"))
    if not found:
        tags = (
            ["--python-version", FILL_PYTHON]
            if fill
            else ["--python-version", PYTHON, "--implementation", "py", "--abi", "none"]
        )
        for platform in FILL_PLATFORMS if fill else ["any"]:
            tags += ["--platform", platform]
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            str(into),
            *tags,
            line.requirement,
        ]
        subprocess.run(command, check=True)
        found = sorted(into.glob("*.whl"))
    if len(found) != 1:
        raise SystemExit(f"{line.requirement}: expected one wheel, found {[p.name for p in found]}")
    return found[0]


def needs(wheel: Path, exclude: list[str]) -> set[str]:
    """What a wheel needs without extras, after a check that nothing native is in it."""
    with zipfile.ZipFile(wheel) as archive:
        native = [n for n in archive.namelist() if NATIVE.search(n)]
        if native:
            raise SystemExit(f"{wheel.name} holds native code: {native[:3]}")
        metadata = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        message = email.message_from_bytes(archive.read(metadata))
    wanted = set()
    for text in message.get_all("Requires-Dist") or []:
        requirement, _, marker = text.partition(";")
        if re.search(
            r"extra|win32|Windows|darwin|python_version\s*<|python_full_version\s*<|PyPy|platform_machine|emscripten",
            marker,
        ):
            continue
        wanted.add(plain(re.match(r"[\w.-]+", requirement.strip())[0]))
    return wanted


def runtime_packages() -> set[str]:
    """The names of what the runtime has of its own, from runtime.lock."""
    lock = tomllib.loads((HERE / "runtime.lock").read_text())
    return {plain(name) for name in lock["runtime"]["packages"]}


def entry(kind: str, line: Line, wheel: Path) -> str:
    version = line.version or wheel.name.split("-")[1]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    rows = [
        f"[[{kind}]]",
        f'name = "{plain(line.name)}"',
        f'version = "{version}"',
        f'filename = "{wheel.name}"',
        f'sha256 = "{digest}"',
    ]
    for key in ("include", "exclude"):
        globs = getattr(line, key)
        if globs:
            rows.append(f"{key} = [{', '.join(f'{chr(34)}{g}{chr(34)}' for g in globs)}]")
    return "\n".join(rows) + "\n"


def check() -> int:
    lock = tomllib.loads((HERE / "wheels.lock").read_text())
    missing = 0
    for kind, source in (("wheel", "wheels.in"), ("fill", "fills.in")):
        locked = {e["name"]: e for e in lock[kind]}
        for line in read_list(HERE / source):
            found = locked.pop(plain(line.name), None)
            if not found or (line.version and found["version"] != line.version):
                print(f"{source}: {line.requirement} is not in wheels.lock; run lock.py")
                missing += 1
        for name in locked:
            print(f"wheels.lock: {name} is not in {source}; run lock.py")
            missing += 1
    return 1 if missing else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare wheels.lock with the lists")
    parser.add_argument("--wheels", type=Path, help="keep fetched wheels here and use those that are there")
    arguments = parser.parse_args()
    if arguments.check:
        return check()
    own = runtime_packages()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.wheels or Path(temporary)
        out = ["# Written by lock.py from wheels.in and fills.in: do not edit.\n"]
        lines = read_list(HERE / "wheels.in")
        listed = {plain(line.name) for line in lines}
        if both := listed & own:
            raise SystemExit(f"the runtime has these of its own: {sorted(both)}")
        lacking: dict[str, list[str]] = {}
        for line in sorted(lines, key=lambda line: plain(line.name)):
            wheel = fetch(line, folder, fill=False)
            for need in needs(wheel, line.exclude) - listed - own - NOT_NEEDED:
                lacking.setdefault(need, []).append(line.name)
            out.append(entry("wheel", line, wheel))
        for need, users in sorted(lacking.items()):
            print(f"warning: {need} is needed by {', '.join(users)} and not listed")
        for line in read_list(HERE / "fills.in"):
            out.append(entry("fill", line, fetch(line, folder, fill=True)))
        (HERE / "wheels.lock").write_text("\n".join(out))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
