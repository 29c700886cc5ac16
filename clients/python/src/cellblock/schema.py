"""The shapes of the API, made by scripts/make.py from the OpenAPI document; not edited by hand."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from typing_extensions import NotRequired


class CheckpointView(TypedDict):
    bytes: int
    cell_id: NotRequired[str | None]
    created_at: str
    execution_count: int
    execution_id: NotRequired[str | None]
    id: str
    image: str
    label: NotRequired[str | None]
    on_line: bool


class ColumnView(TypedDict):
    dtype: str
    name: str


class ExportedFile(TypedDict):
    bytes: int
    href: str
    name: str


class ExportedFiles(TypedDict):
    files: list[ExportedFile]


class ImageView(TypedDict):
    digest: str
    memory_bytes: int
    name: str


class Missing(TypedDict):
    first: int
    last: int


class OnceFile(TypedDict):
    bytes: int
    content_base64: str
    name: str


class Project(TypedDict):
    created_at: str
    description: str
    id: str
    modified_at: str
    name: str


class TableView(TypedDict):
    columns: list[ColumnView]
    filtered_rows: int
    index: list[Any]
    rows: list[list[Any]]
    total_rows: int


class Taken(TypedDict):
    after_seq: int
    execution_id: str
    status: str


class UsageView(TypedDict):
    file_bytes: int
    files: int
    fuel: int
    memory_bytes: int
    open_files: int
    private_bytes: int
    seconds: float


class VariableView(TypedDict):
    columns: NotRequired[list[ColumnView] | None]
    name: str
    preview: str
    shape: NotRequired[list[int] | None]
    size: NotRequired[int | None]
    type: str


class Entry(TypedDict):
    kind: Literal["file", "folder", "link", "other"]
    media_type: NotRequired[str | None]
    modified: str
    name: str
    path: str
    size: int
    version: NotRequired[str | None]


class Finding(TypedDict):
    line: int
    pattern: Literal["sandbox_walk", "native_code", "process", "network", "hidden_code", "miner"]
    why: str


class NotRun(TypedDict):
    message: str
    reason: Literal["service_ended", "cell_lost", "session_ended", "refused"]


class NotebookExecution(TypedDict):
    cells: list[str]
    execution_id: NotRequired[str | None]
    revision: NotRequired[int | None]
    session_id: str


class NotebookState(TypedDict):
    revision: int
    running_cells: list[str]
    status: Literal["idle", "running", "error"]


class NotebookSummary(TypedDict):
    created_at: str
    last_modified: str
    name: str
    notebook_id: str
    path: str
    project_id: str
    revision: int
    session_id: NotRequired[str | None]
    status: Literal["idle", "running", "error"]


class OnceView(TypedDict):
    cached: bool
    error: NotRequired[Any]
    exports: list[OnceFile]
    findings: list[Finding]
    outputs: list[Any]
    status: str
    text: str
    usage: Any


class SessionView(TypedDict):
    checkpoint_id: NotRequired[str | None]
    created_at: str
    execution_count: int
    id: str
    image: str
    last_activity: str
    last_seq: int
    limits: dict[str, str]
    name: str
    notebook_id: NotRequired[str | None]
    policy: str
    project_id: NotRequired[str | None]
    queue_position: NotRequired[int | None]
    seconds_left: int
    secrets: list[str]
    state: Literal["starting", "idle", "busy", "queued", "hibernated", "dead"]
    usage: UsageView


class Upload(TypedDict):
    created_at: str
    expires_at: str
    id: str
    length: int
    offset: int
    path: NotRequired[str | None]
    project_id: NotRequired[str | None]
    state: Literal["open", "finished", "placed"]


class Cell(TypedDict):
    attachments: NotRequired[Any]
    cell_id: str
    cell_type: Literal["code", "markdown", "raw"]
    change: int
    execution_count: NotRequired[int | None]
    metadata: Any
    not_run: NotRequired[NotRun | None]
    outputs: list[Any]
    revision: int
    source: str
    undone: bool


class CellView(Cell):
    isUpdate: NotRequired[bool | None]
    running: bool
    stale: bool


class ExecutionView(TypedDict):
    cell_id: NotRequired[str | None]
    checkpoint_after: NotRequired[str | None]
    checkpoint_before: NotRequired[str | None]
    code: NotRequired[str | None]
    created_at: NotRequired[str | None]
    error: NotRequired[Any]
    execution_count: NotRequired[int | None]
    execution_id: str
    findings: NotRequired[list[Finding] | None]
    finished_at: NotRequired[str | None]
    first_seq: NotRequired[int | None]
    gap: NotRequired[Missing | None]
    last_seq: NotRequired[int | None]
    outputs: NotRequired[list[Any] | None]
    started_at: NotRequired[str | None]
    status: str
    text: NotRequired[str | None]
    usage: NotRequired[Any]


class NotebookAnswer(NotebookSummary):
    can_redo: bool
    can_undo: bool
    cells: list[CellView]
    metadata: Any
