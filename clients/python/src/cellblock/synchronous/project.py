# Made by scripts/make.py from asynchronous/project.py; not edited by hand.
"""A project: a folder of files, shared with the sessions that name it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeAlias

from ..address import file_path, segment
from ..errors import CellblockError
from ..schema import Entry, Upload
from ..schema import Project as ProjectView
from .connection import Connection
from .wire import sleep

# How much of an upload is sent, and acknowledged, at once.
PIECE = 4 * 1024 * 1024

# What is told of progress: bytes that are there, and bytes in all if that is known.
Progress: TypeAlias = Callable[[int, "int | None"], object]


class Project:
    """A project of the service."""

    def __init__(self, connection: Connection, view: ProjectView) -> None:
        self.id = view["id"]
        self.view = view
        self._connection = connection
        self._path = f"/projects/{segment(self.id)}"

    def delete(self) -> None:
        """Deletes the project with all its files."""
        self._connection.send("DELETE", self._path)

    def files(self, folder: str = "", *, recursive: bool = False) -> list[Entry]:
        """Returns what lies in a folder."""
        pages = self._connection.pages(self._place(folder), list=True, recursive=recursive, limit=1000)
        return [entry for entry in pages]

    def upload(self, source: bytes | str | Path, path: str, *, progress: Progress | None = None) -> None:
        """Sends a file, or bytes, to a path in the project. A broken line is taken up where it broke."""
        with io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as file:
            length = file.seek(0, io.SEEK_END)
            if length == 0:
                self._connection.send("PUT", self._place(path), content=b"", again=True)
                return
            body = {"length": length, "project_id": self.id, "path": path}
            upload: Upload = self._connection.post("/uploads", body)
            self._send(file, f"/uploads/{upload['id']}", length, progress)

    def _send(self, file: BinaryIO, place: str, length: int, progress: Progress | None) -> None:
        retries, offset, failures = self._connection.retries, 0, 0
        while offset < length:
            file.seek(offset)
            headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            try:
                self._connection.send("PATCH", place, content=file.read(PIECE), headers=headers)
                offset, failures = min(offset + PIECE, length), 0
            except CellblockError as error:
                failures += 1
                if not error.passing or failures >= retries.attempts:
                    raise
                sleep(retries.pause(failures, error.retry_after))
                offset = (self._connection.get(place))["offset"]
            if progress is not None:
                progress(offset, length)

    def read(self, path: str) -> bytes:
        """Returns what a file holds."""
        return (self._connection.send("GET", self._place(path), again=True)).content

    def download(
        self, path: str, target: str | Path, *, archive: bool = False, progress: Progress | None = None
    ) -> Path:
        """Writes a file, or with `archive` a folder as a zip archive, to a path of this machine, bit by bit."""
        with self._connection.download(self._place(path), zip=archive or None) as answer:
            length = answer.headers.get("content-length", "")
            done = 0
            with Path(target).open("wb") as file:
                for piece in answer.iter_bytes():
                    done += file.write(piece)
                    if progress is not None:
                        progress(done, int(length) if length.isdigit() else None)
        return Path(target)

    def remove(self, path: str, *, recursive: bool = False) -> None:
        """Deletes a file or a folder; with `recursive` all that is in it, too."""
        self._connection.send("DELETE", self._place(path), query={"recursive": recursive or None})

    def _place(self, path: str) -> str:
        inside = file_path(path)
        return f"{self._path}/files/{inside}" if inside else f"{self._path}/files"
