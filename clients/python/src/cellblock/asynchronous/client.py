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
from .connection import AsyncConnection
from .notebook import AsyncNotebook
from .project import AsyncProject
from .session import AsyncSession


class AsyncCellblock:
    """A Cellblock service.

    `url` is what `cellblock serve` prints, with or without its token. Without one it is taken from `CELLBLOCK_URL`, and
    a token from `CELLBLOCK_TOKEN`. `timeout` is for single answers, in seconds, not for the code that is run.
    """

    def __init__(
        self, url: str | None = None, *, token: str | None = None, timeout: float = 30.0, retries: Retries | None = None
    ) -> None:
        self._connection = AsyncConnection(Address.of(url, token), timeout, retries or Retries())

    async def __aenter__(self) -> AsyncCellblock:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections. Sessions go on."""
        await self._connection.close()

    async def images(self) -> list[ImageView]:
        """Returns the images that sessions can begin from."""
        images: list[ImageView] = await self._connection.get("/images")
        return images

    async def create_session(
        self,
        *,
        name: str | None = None,
        image: str | None = None,
        policy: str | None = None,
        project: AsyncProject | str | None = None,
        limits: Mapping[str, str] | None = None,
        secrets: list[str] | None = None,
    ) -> AsyncSession:
        """Makes a session. `limits` are texts such as `{"cell_time": "30 s", "memory": "1 GiB"}`."""
        body = {"name": name, "image": image, "policy": policy, "limits": limits, "secrets": secrets}
        body["project_id"] = identity(project)
        return AsyncSession(self._connection, await self._connection.post("/sessions", body))

    async def session(self, session_id: str) -> AsyncSession:
        """Returns a session that exists."""
        return AsyncSession(self._connection, await self._connection.get(f"/sessions/{segment(session_id)}"))

    async def sessions(self) -> list[AsyncSession]:
        """Returns all sessions."""
        views = self._connection.pages("/sessions", limit=1000)
        return [AsyncSession(self._connection, view) async for view in views]

    async def execute(
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
        return OnceResult.of(await self._connection.post("/execute", body, patient=True))

    async def create_project(self, name: str, *, description: str | None = None) -> AsyncProject:
        """Makes a project."""
        body = {"name": name, "description": description}
        return AsyncProject(self._connection, await self._connection.post("/projects", body))

    async def project(self, project_id: str) -> AsyncProject:
        """Returns a project that exists."""
        return AsyncProject(self._connection, await self._connection.get(f"/projects/{segment(project_id)}"))

    async def projects(self) -> list[AsyncProject]:
        """Returns all projects."""
        views = self._connection.pages("/projects", limit=1000)
        return [AsyncProject(self._connection, view) async for view in views]

    async def create_notebook(
        self, name: str | None = None, *, project: AsyncProject | str | None = None, cells: list[str] | None = None
    ) -> AsyncNotebook:
        """Makes a notebook with these cells of code."""
        sources = None if cells is None else [{"source": source} for source in cells]
        body = {"name": name, "project_id": identity(project), "cells": sources}
        view = await self._connection.post("/notebooks", body)
        return AsyncNotebook(self._connection, view["notebook_id"])

    def notebook(self, notebook_id: str) -> AsyncNotebook:
        """Returns a notebook that exists."""
        return AsyncNotebook(self._connection, notebook_id)

    async def notebooks(self, *, project: AsyncProject | str | None = None) -> list[NotebookSummary]:
        """Returns what notebooks there are, without their cells."""
        pages = self._connection.pages("/notebooks", project_id=identity(project), limit=1000)
        return [view async for view in pages]


def identity(project: AsyncProject | str | None) -> str | None:
    """Returns a project's id."""
    return project.id if isinstance(project, AsyncProject) else project


def file_body(path: str, content: bytes | str) -> dict[str, str]:
    """Returns a file as one-shot code is given it."""
    if isinstance(content, str):
        return {"path": path, "content": content}
    return {"path": path, "content_base64": base64.b64encode(content).decode()}
