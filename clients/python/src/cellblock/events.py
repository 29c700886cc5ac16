"""What a session tells while it works: one union of dictionaries, told apart by `type`."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from typing_extensions import NotRequired, TypedDict

from .schema import Finding

Outcome: TypeAlias = Literal["ok", "error", "interrupted", "limit", "killed", "lost"]


class Usage(TypedDict):
    """What an execution used: counted instructions, seconds, bytes of memory and of files."""

    fuel: int
    seconds: float
    memory_bytes: int
    file_bytes: int
    files: int
    open_files: int


class Failure(TypedDict, total=False):
    """Why an execution did not end well: Python's exception, or a `message` of the service."""

    ename: str
    evalue: str
    traceback: list[str]
    message: str


class StreamContent(TypedDict):
    name: Literal["stdout", "stderr"]
    text: str


class DisplayContent(TypedDict):
    data: dict[str, Any]
    metadata: dict[str, Any]
    transient: NotRequired[dict[str, Any] | None]
    execution_count: NotRequired[int]


class ErrorContent(TypedDict):
    ename: str
    evalue: str
    traceback: list[str]


class InputContent(TypedDict):
    prompt: str
    password: bool


class FinishedContent(TypedDict):
    outcome: Outcome
    error: NotRequired[Failure | None]
    execution_count: int | None
    usage: Usage
    checkpoint_before: str | None
    checkpoint_after: str | None


class _Event(TypedDict):
    seq: int
    time: str
    session_id: NotRequired[str]
    cell_id: NotRequired[str]
    execution_id: NotRequired[str]


class QueuedContent(TypedDict):
    position: int


class Queued(_Event):
    """It waits, at this place in the queue."""

    type: Literal["queued"]
    content: QueuedContent


class StartedContent(TypedDict):
    code: str
    execution_count: NotRequired[int]


class Started(_Event):
    type: Literal["started"]
    content: StartedContent


class Stream(_Event):
    """Text on stdout or stderr."""

    type: Literal["stream"]
    content: StreamContent


class Display(_Event):
    """Something shown, or shown anew, in one or more forms."""

    type: Literal["display_data", "update_display_data", "execute_result"]
    content: DisplayContent


class Error(_Event):
    """A Python exception."""

    type: Literal["error"]
    content: ErrorContent


class ClearContent(TypedDict):
    wait: bool


class ClearOutput(_Event):
    type: Literal["clear_output"]
    content: ClearContent


class InputRequest(_Event):
    """`input()` waits for an answer."""

    type: Literal["input_request"]
    content: InputContent


class Comm(_Event):
    """A message of a widget."""

    type: Literal["comm_open", "comm_msg", "comm_close"]
    content: dict[str, Any]


class Finished(_Event):
    """Its end, which is stored. Nothing of it comes behind."""

    type: Literal["finished"]
    content: FinishedContent


class Status(_Event):
    type: Literal["status"]
    content: dict[str, str]


class CheckpointContent(TypedDict):
    checkpoint_id: str
    pages: int


class Checkpoint(_Event):
    type: Literal["checkpoint"]
    content: CheckpointContent


class RestoredContent(TypedDict):
    checkpoint_id: str | None
    reason: str
    lost: list[str]


class Restored(_Event):
    """The session went back to a checkpoint; the executions in `lost` will not end."""

    type: Literal["restored"]
    content: RestoredContent


class GapContent(TypedDict):
    first: int
    last: int


class Gap(_Event):
    """Events that are no longer kept, by their numbers."""

    type: Literal["gap"]
    content: GapContent


class LogContent(TypedDict):
    level: Literal["info", "warning", "error"]
    message: str
    findings: NotRequired[list[Finding]]


class Log(_Event):
    """A remark of the service."""

    type: Literal["log"]
    content: LogContent


Event: TypeAlias = (
    Queued
    | Started
    | Stream
    | Display
    | Error
    | ClearOutput
    | InputRequest
    | Comm
    | Finished
    | Status
    | Checkpoint
    | Restored
    | Gap
    | Log
)
