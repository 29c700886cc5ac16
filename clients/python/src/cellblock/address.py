"""Where a service is, and the token to be shown there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit


@dataclass(frozen=True)
class Address:
    """A service's address without its token, such as `https://cellblock.example`."""

    base: str
    token: str

    @classmethod
    def of(cls, url: str | None, token: str | None) -> Address:
        """Reads an address as `cellblock serve` prints it; from `CELLBLOCK_URL` and `CELLBLOCK_TOKEN` without one."""
        url = url or os.environ.get("CELLBLOCK_URL") or "http://127.0.0.1:8888"
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"{url.split('?')[0]!r} is no address of a service; it begins with http:// or https://")
        named = parse_qs(parts.query).get("token", [""])[0]
        token = token or named or os.environ.get("CELLBLOCK_TOKEN") or ""
        return cls(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", token)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def socket(self, path: str) -> str:
        """Returns the address of a WebSocket."""
        return f"ws{self.base.removeprefix('http')}/api/v1{path}"


def segment(text: str) -> str:
    """Returns a text as one part of a path."""
    return quote(text, safe="")


def file_path(path: str) -> str:
    """Returns a file's path as part of an address."""
    return quote(path.strip("/"), safe="/")
