"""Makes what is not written by hand: `python scripts/make.py OPENAPI [--check]`.

`schema.py` comes from the service's OpenAPI document, `synchronous/` from `asynchronous/`. With `--check` nothing is
written; the command fails if a file is not what it would be made to.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent / "src" / "cellblock"

# What the client takes and gives. What these need comes with them.
ROOTS = [
    "CellView",
    "CheckpointView",
    "Entry",
    "ExecutionView",
    "ExportedFiles",
    "ImageView",
    "NotebookAnswer",
    "NotebookExecution",
    "NotebookState",
    "NotebookSummary",
    "OnceView",
    "Project",
    "SessionView",
    "TableView",
    "Taken",
    "Upload",
    "VariableView",
]

# One word of an asyncio program, and the word that a plain one has in its place.
WORDS = [
    (r"async def", "def"),
    (r"async with", "with"),
    (r"async for", "for"),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"await said if inspect.isawaitable\(said\) else said", "said"),
    (r"import inspect\n", ""),
    (r"await ", ""),
    (r"\bAsync(?=[A-Z])", ""),
    (r"\b__a(enter|exit|iter|next)__", r"__\1__"),
    (r"\ba(close|closing|iter_bytes|read)\b", r"\1"),
    (r"\basynchronous\b", "synchronous"),
    (r"StopAsyncIteration", "StopIteration"),
]
BY_HAND = {"__init__.py", "wire.py"}


def named(schema: Any) -> set[str]:
    """Returns the names of the schemas that one needs."""
    return set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema)))


def opened(schema: Any) -> Any:
    """Returns a schema without descriptions, whose objects may have more than it names: a newer service may send that.

    An object of which nothing is said stands for any value: a table's cells are numbers and texts.
    """
    if isinstance(schema, dict):
        if schema.get("type") in ("object", ["object", "null"]) and not {"properties", "additionalProperties"} & set(
            schema
        ):
            return {}
        kept = {
            key: opened(value) for key, value in schema.items() if key != "description" or not isinstance(value, str)
        }
        if kept.get("additionalProperties") is False:
            del kept["additionalProperties"]
        return kept
    return [opened(value) for value in schema] if isinstance(schema, list) else schema


def schema_text(document: Path) -> str:
    """Returns the types behind the roots as Python."""
    described = json.loads(document.read_text())
    schemas, wanted, waiting = described["components"]["schemas"], set[str](), set(ROOTS)
    while waiting:
        wanted |= waiting
        waiting = set().union(*(named(schemas[name]) for name in waiting)) - wanted
    described["components"] = {"schemas": {name: opened(schemas[name]) for name in sorted(wanted)}}
    described["paths"] = {}
    with tempfile.TemporaryDirectory() as folder:
        reduced, made = Path(folder, "openapi.json"), Path(folder, "schema.py")
        reduced.write_text(json.dumps(described))
        options = "--output-model-type typing.TypedDict --target-python-version 3.10 --use-union-operator"
        options += " --use-standard-collections --enum-field-as-literal all --collapse-root-models --disable-timestamp"
        options += " --openapi-scopes schemas --input-file-type openapi --formatters builtin"
        program = [sys.executable, "-m", "datamodel_code_generator", *options.split()]
        subprocess.run([*program, "--input", str(reduced), "--output", str(made)], check=True)
        body = re.sub(r"\A(#.*\n)*", "", made.read_text()).lstrip()
    return (
        f'"""The shapes of the API, made by scripts/make.py from the OpenAPI document; not edited by hand."""\n\n{body}'
    )


def made_texts(document: Path) -> dict[Path, str]:
    """Returns every file that is made, with its text."""
    texts = {PACKAGE / "schema.py": schema_text(document)}
    for source in sorted((PACKAGE / "asynchronous").glob("*.py")):
        if source.name in BY_HAND:
            continue
        text = source.read_text()
        for word, other in WORDS:
            text = re.sub(word, other, text)
        head = f"# Made by scripts/make.py from asynchronous/{source.name}; not edited by hand.\n"
        texts[PACKAGE / "synchronous" / source.name] = head + text
    for path, text in texts.items():
        for step in (["check", "--fix", "--select", "I", "--quiet"], ["format", "--quiet"]):
            program = [sys.executable, "-m", "ruff", *step, "--stdin-filename", str(path), "-"]
            text = subprocess.run(program, input=text, text=True, check=True, capture_output=True).stdout
        texts[path] = text
    return texts


def main() -> None:
    document, check = Path(sys.argv[1]), "--check" in sys.argv[2:]
    stale = [path for path, text in made_texts(document).items() if not path.exists() or path.read_text() != text]
    if check and stale:
        names = ", ".join(str(path.relative_to(PACKAGE)) for path in stale)
        sys.exit(f"not what they would be made to: {names}. Run `make types` and commit them.")
    for path, text in made_texts(document).items() if stale and not check else ():
        path.write_text(text)


main()
