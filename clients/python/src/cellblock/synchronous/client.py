# Made by scripts/make.py from asynchronous/client.py; not edited by hand.
"""The client: where everything begins."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from ..address import Address, segment
from ..result import OnceResult
from ..retry import Retries
from ..schema import ImageView, NotebookSummary
from .connection import Connection
from .notebook import Notebook
from .project import Project
from .session import Session


class Cellblock:
    """A Cellblock service.

    `url` is what `cellblock serve` prints, with or without its token. Without one it is taken from `CELLBLOCK_URL`, and
    a token from `CELLBLOCK_TOKEN`. `timeout` is for single answers, in seconds, not for the code that is run.
    """

    def __init__(
        self, url: str | None = None, *, token: str | None = None, timeout: float = 30.0, retries: Retries | None = None
    ) -> None:
        self._connection = Connection(Address.of(url, token), timeout, retries or Retries())

    def __enter__(self) -> Cellblock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. Sessions go on."""
        self._connection.close()

    def images(self) -> list[ImageView]:
        """Returns the images that sessions can begin from."""
        images: list[ImageView] = self._connection.get("/images")
        return images

    def create_session(
        self,
        *,
        name: str | None = None,
        image: str | None = None,
        policy: str | None = None,
        project: Project | str | None = None,
        limits: Mapping[str, str] | None = None,
        secrets: list[str] | None = None,
    ) -> Session:
        """Makes a session. `limits` are texts such as `{"cell_time": "30 s", "memory": "1 GiB"}`."""
        body = {"name": name, "image": image, "policy": policy, "limits": limits, "secrets": secrets}
        body["project_id"] = identity(project)
        return Session(self._connection, self._connection.post("/sessions", body))

    def session(self, session_id: str) -> Session:
        """Returns a session that exists."""
        return Session(self._connection, self._connection.get(f"/sessions/{segment(session_id)}"))

    def sessions(self) -> list[Session]:
        """Returns all sessions."""
        views = self._connection.pages("/sessions", limit=1000)
        return [Session(self._connection, view) for view in views]

    def execute(
        self,
        code: str,
        *,
        image: str | None = None,
        policy: str | None = None,
        limits: Mapping[str, str] | None = None,
        files: Mapping[str, bytes | str] | None = None,
        datasets: Mapping[str, Any] | None = None,
        exports: Mapping[str, str] | None = None,
        cache: str | None = None,
        priority: str | None = None,
    ) -> OnceResult:
        """Runs code once, in a session of its own.

        `files` are laid into its folder, `datasets` become variables (rows or columns), and `exports` names variables
        that are wanted as files, with their formats. `cache` is `use`, `refresh` or `bypass`.
        """
        body: dict[str, Any] = {"code": code, "image": image, "policy": policy, "limits": limits, "datasets": datasets}
        body |= {"cache": cache, "priority": priority}
        body["files"] = [file_body(path, content) for path, content in (files or {}).items()] or None
        body["exports"] = [{"variable": name, "format": kind} for name, kind in (exports or {}).items()] or None
        return OnceResult.of(self._connection.post("/execute", body, patient=True))

    def create_project(self, name: str, *, description: str | None = None) -> Project:
        """Makes a project."""
        body = {"name": name, "description": description}
        return Project(self._connection, self._connection.post("/projects", body))

    def project(self, project_id: str) -> Project:
        """Returns a project that exists."""
        return Project(self._connection, self._connection.get(f"/projects/{segment(project_id)}"))

    def projects(self) -> list[Project]:
        """Returns all projects."""
        views = self._connection.pages("/projects", limit=1000)
        return [Project(self._connection, view) for view in views]

    def create_notebook(
        self, name: str | None = None, *, project: Project | str | None = None, cells: list[str] | None = None
    ) -> Notebook:
        """Makes a notebook with these cells of code."""
        sources = None if cells is None else [{"source": source} for source in cells]
        body = {"name": name, "project_id": identity(project), "cells": sources}
        view = self._connection.post("/notebooks", body)
        return Notebook(self._connection, view["notebook_id"])

    def notebook(self, notebook_id: str) -> Notebook:
        """Returns a notebook that exists."""
        return Notebook(self._connection, notebook_id)

    def notebooks(self, *, project: Project | str | None = None) -> list[NotebookSummary]:
        """Returns what notebooks there are, without their cells."""
        pages = self._connection.pages("/notebooks", project_id=identity(project), limit=1000)
        return [view for view in pages]


def identity(project: Project | str | None) -> str | None:
    """Returns a project's id."""
    return project.id if isinstance(project, Project) else project


def file_body(path: str, content: bytes | str) -> dict[str, str]:
    """Returns a file as one-shot code is given it."""
    if isinstance(content, str):
        return {"path": path, "content": content}
    return {"path": path, "content_base64": base64.b64encode(content).decode()}
