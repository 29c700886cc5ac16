"""What an execution came to."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ExecutionFailed
from .events import Failure, Usage
from .schema import ExecutionView, Finding, Missing, OnceView


@dataclass(frozen=True)
class Result:
    """What code showed and how it ended. A Python exception is a result like any other."""

    status: str
    """`success`, `error` (Python raised), `limit`, `interrupted`, `killed` or `lost`."""
    text: str
    """Everything readable in the outputs, one after the other."""
    outputs: list[dict[str, Any]]
    """The outputs as a notebook has them (nbformat 4.5)."""
    error: Failure | None
    usage: Usage | None
    findings: list[Finding]
    """What looked suspicious in the code."""

    @property
    def ok(self) -> bool:
        return self.status == "success"

    def raise_for_error(self) -> None:
        """Raises `ExecutionFailed` unless the code ended well."""
        if not self.ok:
            raise ExecutionFailed(self)

    def shown(self, media_type: str) -> list[Any]:
        """Returns what was shown in a form, such as `text/html`; images come as bytes."""
        found = [output["data"][media_type] for output in self.outputs if media_type in output.get("data", {})]
        joined = ["".join(value) if isinstance(value, list) else value for value in found]
        if media_type.startswith("image/") and media_type != "image/svg+xml":
            return [base64.b64decode(value) for value in joined]
        return joined


@dataclass(frozen=True)
class SessionResult(Result):
    """What an execution in a session came to."""

    execution_id: str
    execution_count: int | None
    checkpoint_before: str | None
    checkpoint_after: str | None
    gap: Missing | None
    """Events that are no longer kept, so that their outputs are missing."""

    @classmethod
    def of(cls, view: ExecutionView) -> SessionResult:
        return cls(
            status=view["status"],
            text=view.get("text") or "",
            outputs=view.get("outputs") or [],
            error=view.get("error"),
            usage=view.get("usage"),
            findings=view.get("findings") or [],
            execution_id=view["execution_id"],
            execution_count=view.get("execution_count"),
            checkpoint_before=view.get("checkpoint_before"),
            checkpoint_after=view.get("checkpoint_after"),
            gap=view.get("gap"),
        )


@dataclass(frozen=True)
class ResultFile:
    """A file that one-shot code was asked for."""

    name: str
    content: bytes

    def save(self, folder: str | Path) -> Path:
        """Writes it into a folder and returns where it is."""
        path = Path(folder) / plain_name(self.name)
        path.write_bytes(self.content)
        return path


@dataclass(frozen=True)
class OnceResult(Result):
    """What one-shot code came to."""

    exports: list[ResultFile]
    cached: bool

    @classmethod
    def of(cls, view: OnceView) -> OnceResult:
        return cls(
            status=view["status"],
            text=view["text"],
            outputs=view["outputs"],
            error=view.get("error"),
            usage=view["usage"],
            findings=view["findings"],
            exports=[ResultFile(file["name"], base64.b64decode(file["content_base64"])) for file in view["exports"]],
            cached=view["cached"],
        )


def plain_name(name: str) -> str:
    """Returns the last part of a name that came from a sandbox, so that it leads to no other folder."""
    plain = name.replace("\\", "/").rsplit("/", 1)[-1]
    if plain in ("", ".", ".."):
        raise ValueError(f"{name!r} is no name of a file")
    return plain
