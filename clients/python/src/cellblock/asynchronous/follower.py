"""Events by their numbers: a channel that breaks is opened again behind the last event that came."""

from __future__ import annotations

import json
from typing import cast

from ..events import Event
from .connection import AsyncConnection
from .wire import Broken, Channel, sleep


class AsyncFollower:
    """A reader of a session's events who misses none."""

    def __init__(self, connection: AsyncConnection, path: str, after: int) -> None:
        self._connection = connection
        self._path = path
        self._after = after
        self._channel: Channel | None = None
        self._failures = 0

    async def next(self, deadline: float | None = None) -> Event:
        """Returns the next event. Raises TimeoutError when none comes before the deadline, in monotonic seconds."""
        while True:
            try:
                if self._channel is None:
                    self._channel = await self._open()
                event = cast(Event, json.loads(await self._channel.receive(deadline)))
            except Broken as broken:
                await self.close()
                self._failures += 1
                if broken.final or self._failures >= self._connection.retries.attempts:
                    raise broken.error from broken
                await sleep(self._connection.retries.pause(self._failures, broken.error.retry_after))
                continue
            self._failures = 0
            self._after = event["seq"]
            return event

    async def _open(self) -> Channel:
        address = self._connection.address
        return await Channel.open(
            address.socket(f"{self._path}?after_seq={self._after}"), address.headers, self._connection.timeout
        )

    async def close(self) -> None:
        if self._channel is not None:
            channel, self._channel = self._channel, None
            await channel.close()
