"""The examples of README.md: each is run as it stands, one after the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).parent.parent / "README.md"


def test_the_examples_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    examples = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    for example in examples:
        exec(compile(example, str(README), "exec"), names)
    names["session"].end()
    names["notebook"].delete()
    names["project"].delete()
    names["cellblock"].close()
    told = capsys.readouterr().out
    for expected in ["the sum\n3", "ZeroDivisionError: division by zero", "0\n1\n2\n", "city,n", "finished"]:
        assert expected in told
    assert (tmp_path / "cities.parquet").read_bytes().startswith(b"PAR1")
