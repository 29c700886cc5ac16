# Made by scripts/make.py from asynchronous/notebook.py; not edited by hand.
"""A notebook: cells that several people and programs edit and run, kept as a file of a project."""

from __future__ import annotations

from typing import Any

from ..address import segment
from ..schema import CellView, NotebookAnswer, NotebookExecution, NotebookState
from .connection import Connection
from .wire import sleep

# Seconds between two looks at a notebook that runs: the first, and the longest.
FIRST_LOOK = 0.05
LONGEST_LOOK = 1.0


class Notebook:
    """A notebook of the service."""

    def __init__(self, connection: Connection, notebook_id: str) -> None:
        self.id = notebook_id
        self._connection = connection
        self._path = f"/notebooks/{segment(notebook_id)}"

    def read(self) -> NotebookAnswer:
        """Returns the notebook with its cells."""
        view: NotebookAnswer = self._connection.get(self._path)
        return view

    def add_cell(self, source: str, *, cell_type: str = "code", index: int | None = None) -> CellView:
        """Adds a cell, at the end if nothing else is said."""
        body = {"source": source, "cell_type": cell_type, "index": index}
        cell: CellView = self._connection.post(f"{self._path}/cells", body)
        return cell

    def edit_cell(self, cell_id: str, source: str, *, revision: int) -> CellView:
        """Changes a cell that still has this revision. Else it is refused, with the cell in `details["current"]`."""
        body = {"source": source, "revision": revision}
        answer = self._connection.send("PATCH", f"{self._path}/cells/{segment(cell_id)}", json=body)
        cell: CellView = answer.json()
        return cell

    def delete_cell(self, cell_id: str, *, revision: int) -> None:
        """Removes a cell that still has this revision."""
        self._connection.send("DELETE", f"{self._path}/cells/{segment(cell_id)}", query={"revision": revision})

    def run(self, cell_id: str | None = None, *, which: str | None = None) -> NotebookAnswer:
        """Runs a cell, or `all`, those `above` or `below` a cell, or the `stale` ones, and waits until they have ended.

        Returns the notebook as it is then.
        """
        body: dict[str, Any] = {"cell_id": cell_id, "which": which if cell_id or which else "all"}
        started: NotebookExecution = self._connection.post(f"{self._path}/execute", body)
        pause = FIRST_LOOK
        while set(started["cells"]) & set((self.state())["running_cells"]):
            sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK)
        return self.read()

    def state(self) -> NotebookState:
        """Tells what the notebook is doing."""
        state: NotebookState = self._connection.get(f"{self._path}/status")
        return state

    def export(self, format: str = "ipynb") -> bytes:
        """Returns the notebook as a file: ipynb, py, md, html or pdf."""
        answer = self._connection.send("GET", f"{self._path}/export", query={"format": format}, again=True)
        return answer.content

    def delete(self) -> None:
        """Removes the notebook and its file, and ends its session."""
        self._connection.send("DELETE", self._path)
