"""What asyncio does in its own way: waiting, and the socket of a channel. `synchronous/wire.py` is its twin."""

from __future__ import annotations

import asyncio
import time
from asyncio import sleep as sleep

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from ..errors import CellblockError

# Codes of a closed socket after which coming back would change nothing.
FINAL = {1000, 1003, 1008}


class Broken(Exception):
    """A channel that could not be opened, or broke. `final` says that another one would not do better."""

    def __init__(self, error: CellblockError, *, final: bool) -> None:
        self.error = error
        self.final = final


class Channel:
    """An open WebSocket of which texts are read."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    @classmethod
    async def open(cls, address: str, headers: dict[str, str], timeout: float) -> Channel:
        try:
            return cls(await connect(address, additional_headers=headers, max_size=None, open_timeout=timeout))
        except InvalidStatus as refused:
            answer = refused.response
            error = CellblockError.of(answer.status_code, answer.headers, bytes(answer.body or b""))
            raise Broken(error, final=not error.passing) from refused
        except (OSError, InvalidHandshake, EOFError, asyncio.TimeoutError) as error:
            raise Broken(CellblockError.unreachable(error), final=False) from error

    async def receive(self, deadline: float | None) -> str | bytes:
        """Returns the next text. Raises TimeoutError when there is none before the deadline, in monotonic seconds."""
        try:
            rest = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            return await asyncio.wait_for(self._socket.recv(), rest)
        except asyncio.TimeoutError as late:
            raise TimeoutError from late
        except ConnectionClosed as closed:
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "the connection broke")
            problem = {"name": "ChannelClosed", "message": f"The channel was closed: {reason or code}."}
            raise Broken(CellblockError(0, problem), final=code in FINAL) from closed

    async def close(self) -> None:
        await self._socket.close()
