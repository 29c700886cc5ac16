"""Requests: sent again when that is safe and may help, and refused with one exception."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from ..address import Address
from ..errors import CellblockError
from ..retry import Retries
from .wire import sleep


class AsyncConnection:
    """A service, and how to speak to it."""

    def __init__(self, address: Address, timeout: float, retries: Retries) -> None:
        self.address = address
        self.timeout = timeout
        self.retries = retries
        self._http = httpx.AsyncClient(base_url=address.base, headers=address.headers, timeout=timeout)

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        """Returns what is at an address."""
        return (await self.send("GET", path, query=query, again=True)).json()

    async def pages(self, path: str, **query: Any) -> AsyncIterator[Any]:
        """Yields everything of a list, page by page."""
        after: str | None = None
        while True:
            page = await self.get(path, after=after, **query)
            for item in page["items"]:
                yield item
            after = page.get("next")
            if after is None:
                return

    async def post(self, path: str, body: dict[str, Any] | None = None, **options: Any) -> Any:
        """Asks for something to be done, once however often it has to be sent. Fields without a value are left out."""
        given = {name: value for name, value in (body or {}).items() if value is not None}
        headers = {"Idempotency-Key": str(uuid.uuid4()), **options.pop("headers", {})}
        answer = await self.send("POST", path, json=given, headers=headers, again=True, **options)
        return answer.json() if answer.content else None

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        again: bool = False,
        patient: bool = False,
        **content: Any,
    ) -> httpx.Response:
        """Sends a request. `again` says that it may be sent twice, `patient` that the answer may take any time."""
        given = {name: value for name, value in (query or {}).items() if value is not None}
        timeout = httpx.Timeout(self.timeout, read=None) if patient else httpx.Timeout(self.timeout)
        failures = 0
        while True:
            try:
                answer = await self._http.request(method, place(path), params=given, timeout=timeout, **content)
                if answer.is_success:
                    return answer
                error = CellblockError.of(answer.status_code, answer.headers, answer.content)
            except httpx.TransportError as broken:
                error = CellblockError.unreachable(broken)
            failures += 1
            if not (again and error.passing) or failures >= self.retries.attempts:
                raise error
            await sleep(self.retries.pause(failures, error.retry_after))

    @asynccontextmanager
    async def download(self, path: str, **query: Any) -> AsyncIterator[httpx.Response]:
        """Opens an answer that is read bit by bit."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            async with self._http.stream("GET", place(path), params=given) as answer:
                if not answer.is_success:
                    raise CellblockError.of(answer.status_code, answer.headers, await answer.aread())
                yield answer
        except httpx.TransportError as broken:
            raise CellblockError.unreachable(broken) from broken


def place(path: str) -> str:
    """Returns the path of an address that the service gave, or of one below its API."""
    return path if path.startswith("/api/") else f"/api/v1{path}"
