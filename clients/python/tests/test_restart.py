"""A service that ends in the middle of things and comes back: those who wait are told what is lost."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellblock import Cellblock, Event, Retries

# Seconds until a service that was started says where it is.
LONGEST_START = 120


class Service:
    """A service of its own, at an address that stays."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        told = self._folder / "told"
        program = [os.environ["CELLBLOCK_COMMAND"], "serve", "--address", f"127.0.0.1:{self._port}"]
        with told.open("w") as output, (self._folder / "log").open("a") as log:
            arguments = [*program, "--data", str(self._folder / "data")]
            # The service takes variables that begin like its own for its settings.
            environment = {name: value for name, value in os.environ.items() if not name.startswith("CELLBLOCK_")}
            self._process = subprocess.Popen(arguments, stdout=output, stderr=log, env=environment)
        latest = time.monotonic() + LONGEST_START
        while "token=" not in (text := told.read_text()):
            assert self._process.poll() is None and time.monotonic() < latest, (self._folder / "log").read_text()
            time.sleep(0.1)
        self.url = text.strip().splitlines()[-1]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.kill()


def test_what_a_restart_lost_is_told(service: Service) -> None:
    with Cellblock(service.url, retries=Retries(attempts=30, longest_pause=1.0)) as cellblock:
        session = cellblock.create_session()
        session.run("x = 1")
        execution = session.start("x = 2\nwhile True: pass")
        events: list[Event] = []
        for event in execution.events():
            events.append(event)
            if event["type"] == "started":
                service.kill()
                service.start()
        numbers = [event["seq"] for event in events]
        assert numbers == sorted(set(numbers))
        assert execution.result().status == "lost"
        assert session.run("x").text == "1"
