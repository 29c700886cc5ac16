# Made by scripts/make.py from asynchronous/session.py; not edited by hand.
"""A session: an interpreter in a sandbox that keeps its variables from one run to the next."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from ..address import segment
from ..errors import SESSION_DEAD, CellblockError
from ..events import Event
from ..result import SessionResult, plain_name
from ..schema import CheckpointView, ExportedFiles, SessionView, TableView, VariableView
from .connection import Connection
from .execution import Execution


class Session:
    """A session of the service. Leaving its `with` block ends it."""

    def __init__(self, connection: Connection, view: SessionView) -> None:
        self.id = view["id"]
        self.view = view
        """What the service told of it last; `refresh` asks again."""
        self._connection = connection
        self._path = f"/sessions/{segment(self.id)}"

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def refresh(self) -> SessionView:
        """Asks what the session does now."""
        self.view = self._connection.get(self._path)
        return self.view

    def end(self) -> None:
        """Ends the session and removes what it kept. One that has ended already stays as it is."""
        try:
            self._connection.send("DELETE", self._path, again=True)
        except CellblockError as refused:
            if refused.code != SESSION_DEAD:
                raise

    def start(
        self, code: str, *, allow_stdin: bool = False, priority: str | None = None, cell_id: str | None = None
    ) -> Execution:
        """Puts code into the session's queue and returns at once."""
        body = {"code": code, "allow_stdin": allow_stdin, "priority": priority, "cell_id": cell_id}
        taken = self._connection.post(f"{self._path}/execute", body, headers={"Prefer": "respond-async"})
        return Execution(self._connection, self.id, taken)

    def stream(self, code: str, *, timeout: float | None = None, priority: str | None = None) -> Iterator[Event]:
        """Runs code and yields its events as they happen. After `timeout` seconds it is interrupted."""
        execution = self.start(code, priority=priority)
        for event in execution.events(timeout=timeout):
            yield event

    def run(
        self,
        code: str,
        *,
        timeout: float | None = None,
        on_event: Callable[[Event], Any] | None = None,
        answer: Callable[[str], Any] | None = None,
        priority: str | None = None,
    ) -> SessionResult:
        """Runs code and returns what came of it; a Python exception is part of that.

        After `timeout` seconds the code is interrupted. `on_event` is told of everything as it happens, and `answer` is
        asked when the code calls `input()`.
        """
        execution = self.start(code, allow_stdin=answer is not None, priority=priority)
        for event in execution.events(timeout=timeout):
            if on_event is not None:
                on_event(event)
            if event["type"] == "input_request" and answer is not None:
                said = answer(event["content"]["prompt"])
                execution.answer(said)
        return execution.result()

    def interrupt(self) -> None:
        """Interrupts the running code. What waits behind it is not run."""
        self._connection.post(f"{self._path}/interrupt")

    def answer(self, text: str | None) -> None:
        """Answers the running code's `input()`; nothing stands for the end of input."""
        self._connection.send("POST", f"{self._path}/input", json={"value": text})

    def restart(self) -> None:
        """Begins anew from the image."""
        self._connection.post(f"{self._path}/restart")

    def checkpoints(self) -> list[CheckpointView]:
        """Returns the states that can be gone back to, the oldest first."""
        return [item for item in self._connection.pages(f"{self._path}/checkpoints", limit=1000)]

    def checkpoint(self, label: str | None = None) -> CheckpointView:
        """Stores the state as it is. One with a label is kept as long as the session."""
        view: CheckpointView = self._connection.post(f"{self._path}/checkpoints", {"label": label})
        return view

    def restore(self, checkpoint_id: str) -> None:
        """Goes back (or forth) to a checkpoint: variables and open files, not the contents of files."""
        self._connection.post(f"{self._path}/checkpoints/{segment(checkpoint_id)}/restore")

    def undo(self, execution_id: str) -> None:
        """Brings back the variables from before an execution."""
        self._connection.post(f"{self._path}/executions/{segment(execution_id)}/undo")

    def fork(self, *, checkpoint_id: str | None = None, name: str | None = None) -> Session:
        """Makes a second session in the state of this one, or in that of a checkpoint."""
        body = {"checkpoint_id": checkpoint_id, "name": name}
        return Session(self._connection, self._connection.post(f"{self._path}/fork", body))

    def variables(self) -> list[VariableView]:
        """Returns the variables, with their types and the beginning of what they hold."""
        answer = self._connection.get(f"{self._path}/variables")
        found: list[VariableView] = answer["variables"]
        return found

    def table(
        self,
        name: str,
        *,
        offset: int = 0,
        limit: int = 100,
        sort: str | None = None,
        filter: list[dict[str, Any]] | None = None,
    ) -> TableView:
        """Returns a page of a DataFrame or Series.

        `sort` names columns, with a minus in front to sort downwards; `filter` is a list of conditions such as
        `{"column": "a", "op": ">", "value": 1}`.
        """
        query = {"offset": offset, "limit": limit, "sort": sort, "filter": filter and json.dumps(filter)}
        page: TableView = self._connection.get(f"{self._path}/tables/{segment(name)}", **query)
        return page

    def export(
        self, variables: list[str], folder: str | Path, *, format: str | None = None, figures: str | None = None
    ) -> list[Path]:
        """Writes variables (csv, xlsx, json, parquet, feather, npy, pickle) and figures (png, svg, pdf) as files."""
        body = {"variables": variables, "format": format, "figures": figures}
        made: ExportedFiles = self._connection.post(f"{self._path}/export", body, patient=True)
        paths = []
        for file in made["files"]:
            path = Path(folder) / plain_name(file["name"])
            with self._connection.download(file["href"]) as answer:
                with path.open("wb") as target:
                    for piece in answer.iter_bytes():
                        target.write(piece)
            paths.append(path)
        return paths
