"""An execution that was taken: its events as they happen, and what it came to."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from ..address import segment
from ..events import Event
from ..result import SessionResult
from ..schema import ExecutionView, Taken
from .connection import AsyncConnection
from .follower import AsyncFollower


class AsyncExecution:
    """Code that runs or waits in a session, whether or not anybody listens."""

    def __init__(self, connection: AsyncConnection, session: str, taken: Taken) -> None:
        self.id = taken["execution_id"]
        self._connection = connection
        self._session = f"/sessions/{segment(session)}"
        self._after = taken["after_seq"]

    async def events(self, *, timeout: float | None = None) -> AsyncIterator[Event]:
        """Yields its events until it has ended, each once. After `timeout` seconds it is interrupted.

        Leaving the loop leaves the code running. Another call goes on where the last one was left.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        follower = AsyncFollower(self._connection, f"{self._session}/channel", self._after)
        try:
            while True:
                try:
                    event = await follower.next(deadline)
                except TimeoutError:
                    deadline = None
                    await self.interrupt()
                    continue
                self._after = event["seq"]
                if event["type"] == "gap" or event.get("execution_id") == self.id:
                    yield event
                if await self._ended(event):
                    return
        finally:
            await follower.close()

    async def _ended(self, event: Event) -> bool:
        if event["type"] == "finished":
            return event.get("execution_id") == self.id
        if event["type"] == "restored":
            return self.id in event["content"]["lost"]
        # Its end may be among what is no longer kept.
        return event["type"] == "gap" and (await self._view())["status"] not in ("queued", "running")

    async def result(self, *, timeout: float | None = None) -> SessionResult:
        """Waits for the end and returns what came of it. After `timeout` seconds it is interrupted."""
        view = await self._view()
        if view["status"] in ("queued", "running"):
            async for _ in self.events(timeout=timeout):
                pass
            view = await self._view()
        return SessionResult.of(view)

    async def interrupt(self) -> None:
        """Interrupts what the session runs. What waits behind it is not run."""
        await self._connection.post(f"{self._session}/interrupt")

    async def answer(self, text: str | None) -> None:
        """Answers `input()`; nothing stands for the end of input."""
        await self._connection.send("POST", f"{self._session}/input", json={"value": text})

    async def _view(self) -> ExecutionView:
        view: ExecutionView = await self._connection.get(f"{self._session}/executions/{self.id}")
        return view
