"""Lines that break, and refusals: nothing is missed, and nothing is done twice."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from line import Line

from cellblock import AsyncCellblock, Cellblock, CellblockError, Event, Project, Retries

# Code that waits after each number until somebody answers.
COUNTING = "for number in range(4): print(number); input()"


def numbers_printed(events: list[Event]) -> str:
    return "".join(event["content"]["text"] for event in events if event["type"] == "stream").replace("\n", "")


def test_a_stream_goes_on_behind_the_last_event(line: Line, cellblock: Cellblock) -> None:
    with Cellblock(line.url) as far, far.create_session() as session:
        direct = cellblock.session(session.id)
        events: list[Event] = []
        for event in session.start(COUNTING, allow_stdin=True).events():
            events.append(event)
            if event["type"] == "input_request":
                line.cut()
                direct.answer("")
        numbers = [event["seq"] for event in events]
        assert numbers_printed(events) == "0123"
        assert numbers == sorted(set(numbers))
        assert events[-1]["type"] == "finished"
        assert line.connections > 4


def test_an_asynchronous_stream_goes_on_behind_the_last_event(line: Line, cellblock: Cellblock) -> None:
    async def main() -> list[Event]:
        async with AsyncCellblock(line.url) as far, await far.create_session() as session:
            direct = cellblock.session(session.id)
            events: list[Event] = []
            async for event in (await session.start(COUNTING, allow_stdin=True)).events():
                events.append(event)
                if event["type"] == "input_request":
                    line.cut()
                    direct.answer("")
            return events

    events = asyncio.run(main())
    assert numbers_printed(events) == "0123"
    assert events[-1]["type"] == "finished"
    assert line.connections > 4


def test_code_whose_acknowledgement_is_lost_runs_once(line: Line) -> None:
    with Cellblock(line.url) as cellblock, cellblock.create_session() as session:
        session.run("runs = 0")
        line.lose = b"202 Accepted"
        assert session.run("runs += 1").ok
        assert line.lose is None
        assert session.run("runs").text == "1"


def test_a_session_whose_acknowledgement_is_lost_is_made_once(line: Line) -> None:
    with Cellblock(line.url) as cellblock:
        line.lose = b"201 Created"
        name = f"test {uuid.uuid4()}"
        with cellblock.create_session(name=name):
            assert line.lose is None
            assert [session.view["name"] for session in cellblock.sessions()].count(name) == 1


def test_an_upload_goes_on_where_it_broke(line: Line, project: Project) -> None:
    content = bytes(range(256)) * 40_000
    with Cellblock(line.url) as cellblock:
        line.lose = b"upload-offset: 8388608"
        told: list[int] = []
        cellblock.project(project.id).upload(content, "all.bin", progress=lambda done, total: told.append(done))
        assert line.lose is None
        assert told == sorted(told) and told[-1] == len(content)
        assert project.read("all.bin") == content


def test_without_retries_a_lost_answer_is_an_error(line: Line) -> None:
    with Cellblock(line.url, retries=Retries(attempts=1)) as cellblock:
        line.lose = b"200 OK"
        with pytest.raises(CellblockError) as refused:
            cellblock.sessions()
        assert (refused.value.status, refused.value.name, refused.value.retryable) == (0, "Unreachable", True)


def test_a_refusal_says_all_that_the_service_says(cellblock: Cellblock) -> None:
    with pytest.raises(CellblockError) as refused:
        cellblock.create_session(image="nothing")
    error = refused.value
    assert (error.status, error.code, error.name, error.retryable) == (422, 20201, "UnknownImage", False)
    assert error.message and error.solution and error.request_id
    assert "data" in error.details["allowed"]


def test_a_wrong_token_is_refused_at_once(url: str) -> None:
    with Cellblock(url.split("?")[0], token="wrong") as cellblock, pytest.raises(CellblockError) as refused:
        cellblock.sessions()
    assert refused.value.status == 401


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no address of a service"):
        Cellblock("localhost:8888")
