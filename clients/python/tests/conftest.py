"""The service that the tests speak to, named by CELLBLOCK_URL, and a line to it that can be cut."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
from line import Line

from cellblock import Cellblock, Project, Session


@pytest.fixture
def url() -> str:
    return os.environ["CELLBLOCK_URL"]


@pytest.fixture
def cellblock(url: str) -> Iterator[Cellblock]:
    with Cellblock(url) as client:
        yield client


@pytest.fixture
def session(cellblock: Cellblock) -> Iterator[Session]:
    with cellblock.create_session() as session:
        yield session


@pytest.fixture
def project(cellblock: Cellblock) -> Iterator[Project]:
    """A project of a name that no other one has, without files."""
    project = cellblock.create_project(f"test {uuid.uuid4()}")
    yield project
    for notebook in cellblock.notebooks(project=project):
        cellblock.notebook(notebook["notebook_id"]).delete()
    project.delete()


@pytest.fixture
def line(url: str) -> Iterator[Line]:
    with Line(url) as line:
        yield line
