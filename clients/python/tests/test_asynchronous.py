"""The client for asyncio, where it does something in its own way."""

from __future__ import annotations

import asyncio

from cellblock import AsyncCellblock, Project


def test_sessions_run_at_the_same_time(url: str) -> None:
    async def main() -> list[str]:
        async with AsyncCellblock(url) as cellblock:
            sessions = [await cellblock.create_session() for _ in range(3)]
            codes = [f"{number} * 10" for number in range(3)]
            results = await asyncio.gather(*(session.run(code) for session, code in zip(sessions, codes, strict=True)))
            await asyncio.gather(*(session.end() for session in sessions))
            return [result.text for result in results]

    assert asyncio.run(main()) == ["0", "10", "20"]


def test_questions_may_be_answered_by_coroutines(url: str) -> None:
    async def answer(prompt: str) -> str:
        await asyncio.sleep(0)
        return prompt.upper()

    async def main() -> str:
        async with AsyncCellblock(url) as cellblock, await cellblock.create_session() as session:
            return (await session.run("print(input('who'))", answer=answer)).text

    assert "WHO" in asyncio.run(main())


def test_a_timeout_interrupts(url: str) -> None:
    async def main() -> tuple[str, str]:
        async with AsyncCellblock(url) as cellblock, await cellblock.create_session() as session:
            late = await session.run("while True: pass", timeout=0.5)
            return late.status, (await session.run("1")).text

    assert asyncio.run(main()) == ("interrupted", "1")


def test_files_and_notebooks(url: str, project: Project) -> None:
    async def main() -> tuple[bytes, str]:
        async with AsyncCellblock(url) as cellblock:
            files = await cellblock.project(project.id)
            await files.upload(b"content", "a.txt")
            notebook = await cellblock.create_notebook("n", project=files, cells=["6 * 7"])
            cells = (await notebook.run())["cells"]
            content = await files.read("a.txt")
            return content, cells[0]["outputs"][0]["data"]["text/plain"]

    assert asyncio.run(main()) == (b"content", "42")
