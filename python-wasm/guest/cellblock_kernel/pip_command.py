"""`pip` in a notebook: what is installed can be asked; an installation says why it cannot be."""

import sys

from .commands import CommandError, command


@command
def pip(words, given, out):
    """`pip list`, `pip show` and `pip freeze`; an installation says why it cannot be, and what is there already."""
    from importlib import metadata

    words = [w for w in words if w not in ("-q", "--quiet", "-y", "--yes")]
    action = words[0] if words else "help"
    if action in ("list", "freeze"):
        found = sorted(
            {(d.metadata["Name"] or "", d.version) for d in metadata.distributions()}, key=lambda p: p[0].lower()
        )
        if action == "freeze":
            out.write("".join(f"{name}=={version}\n" for name, version in found if name))
            return
        width = max((len(name) for name, _ in found), default=7)
        print(f"{'Package':{width}} Version\n{'-' * width} -------", file=out)
        out.write("".join(f"{name:{width}} {version}\n" for name, version in found if name))
    elif action == "show":
        for name in words[1:]:
            try:
                facts = metadata.metadata(name)
            except metadata.PackageNotFoundError:
                raise CommandError(f"WARNING: Package(s) not found: {name}") from None
            for field in ("Name", "Version", "Summary", "License"):
                print(f"{field}: {facts.get(field) or ''}", file=out)
    elif action in ("install", "uninstall", "download"):
        _install(action, words[1:], out)
    elif action in ("--version", "-V"):
        print(f"packages come with the image (Python {sys.version.split()[0]})", file=out)
    else:
        raise CommandError(f"pip {action} is not available in this sandbox; pip list and pip show are")


def _install(action, words, out):
    import re
    from importlib import metadata

    here, missing = [], []
    for word in words:
        if word.startswith("-"):
            continue
        name = re.split(r"[\[<>=!~;@ ]", word, maxsplit=1)[0]
        try:
            here.append(f"{name} {metadata.version(name)}")
        except (metadata.PackageNotFoundError, ValueError):
            missing.append(name)
    if here and action == "install":
        print(f"Requirement already satisfied: {', '.join(here)} (comes with the image)", file=out)
    if missing or action != "install":
        raise CommandError(
            f"pip {action} is not available in this sandbox: packages come with the image, and there is no network."
            + (
                f" Not in this image: {', '.join(missing)}. An image with more wheels can be built from a TOML file."
                if missing
                else ""
            )
        )
