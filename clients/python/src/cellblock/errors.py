"""What can go wrong: one exception for every refusal, and one for code that failed, if the caller wants that raised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .result import Result

# Answers that say that the same request may do better a little later, and the code of one whose twin still runs.
PASSING = {408, 429, 502, 503, 504}
TWIN_RUNS = 50209

# The code of a refusal to whoever asks something of a session that has ended.
SESSION_DEAD = 20209


class CellblockError(Exception):
    """A refusal of the service (RFC 9457), or no answer at all, which has the status 0."""

    def __init__(
        self,
        status: int,
        problem: Mapping[str, Any],
        *,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.code: int = problem.get("code", 0)
        self.name: str = problem.get("name", "")
        self.message: str = problem.get("message") or problem.get("title") or f"HTTP {status}"
        self.solution: str = problem.get("solution", "")
        self.details: Mapping[str, Any] = problem.get("details") or {}
        self.errors: list[dict[str, str]] = problem.get("errors") or []
        self.retryable: bool = problem.get("retryable", status in PASSING)
        self.request_id: str | None = problem.get("request_id") or request_id
        self.retry_after = retry_after
        super().__init__(" ".join(filter(None, [self.message, self.solution])))

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: bytes) -> CellblockError:
        """Returns the refusal behind an answer, also when something between here and the service gave it."""
        try:
            problem = json.loads(body)
        except ValueError:
            problem = None
        seconds = headers.get("retry-after", "")
        return cls(
            status,
            problem if isinstance(problem, dict) else {},
            request_id=headers.get("x-request-id"),
            retry_after=float(seconds) if seconds.isdigit() else None,
        )

    @classmethod
    def unreachable(cls, error: Exception) -> CellblockError:
        """Returns what is told when the service gave no answer."""
        said = str(error) or type(error).__name__
        return cls(0, {"name": "Unreachable", "message": f"The service does not answer: {said}.", "retryable": True})

    @property
    def passing(self) -> bool:
        """Whether sending the same request again may help, if that is safe."""
        return self.status == 0 or self.status in PASSING or self.code == TWIN_RUNS


class ExecutionFailed(Exception):
    """Code did not end well. Only `Result.raise_for_error` raises it."""

    def __init__(self, result: Result) -> None:
        self.result = result
        error = result.error or {}
        told = [error.get("ename", ""), error.get("evalue", "") or error.get("message", "")]
        super().__init__(": ".join(filter(None, told)) or f"the execution ended as {result.status}")
