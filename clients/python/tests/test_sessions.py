"""Sessions: running, streaming, questions, interrupts, going back, looking at variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellblock import Cellblock, CellblockError, Event, ExecutionFailed, Session


def test_a_run_gives_text_outputs_and_usage(session: Session) -> None:
    result = session.run("print('hello')\n6 * 7")
    assert result.ok
    assert result.text == "hello\n42"
    assert [output["output_type"] for output in result.outputs] == ["stream", "execute_result"]
    assert result.shown("text/plain") == ["42"]
    assert result.usage is not None and result.usage["fuel"] > 0


def test_a_python_exception_is_a_result(session: Session) -> None:
    result = session.run("int('x')")
    assert (result.status, result.error and result.error.get("ename")) == ("error", "ValueError")
    with pytest.raises(ExecutionFailed, match="ValueError: invalid literal") as raised:
        result.raise_for_error()
    assert raised.value.result is result


def test_a_limit_is_a_result(cellblock: Cellblock) -> None:
    with cellblock.create_session(limits={"cell_time": "1 s"}) as session:
        result = session.run("while True: pass")
    assert result.status == "limit"
    with pytest.raises(ExecutionFailed, match="cell_time"):
        result.raise_for_error()


def test_events_come_while_the_code_runs(session: Session) -> None:
    execution = session.start("print('first')\ninput()\nprint('second')", allow_stdin=True)
    seen: list[Event] = []
    for event in execution.events():
        seen.append(event)
        if event["type"] == "input_request":
            assert [event["content"]["text"] for event in seen if event["type"] == "stream"] == ["first\n"]
            execution.answer("go on")
    assert seen[-1]["type"] == "finished" and seen[-1]["content"]["outcome"] == "ok"
    assert execution.result().text.startswith("first")


def test_waiting_executions_are_told_their_place(session: Session) -> None:
    first = session.start("input()", allow_stdin=True)
    second = session.start("'second'")
    events = first.events()
    assert any(event["type"] == "input_request" for event in events)
    first.answer("")
    types = [event["type"] for event in second.events()]
    assert types[0] == "queued" and types[-1] == "finished"
    assert second.result().text == "'second'"


def test_questions_are_answered(session: Session) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return f"answer {len(asked)}"

    result = session.run("[input('one? '), input('two? ')]", answer=answer)
    assert asked == ["one? ", "two? "]
    assert "['answer 1', 'answer 2']" in result.text


def test_without_answers_input_raises(session: Session) -> None:
    result = session.run("input()")
    assert result.error is not None and result.error["ename"] == "StdinNotImplementedError"


def test_a_timeout_interrupts_and_the_session_lives_on(session: Session) -> None:
    session.run("x = 5")
    assert session.run("while True: pass", timeout=0.5).status == "interrupted"
    assert session.run("x").text == "5"


def test_an_execution_that_nobody_follows_can_be_interrupted(session: Session) -> None:
    execution = session.start("while True: pass")
    next(event for event in execution.events() if event["type"] == "started")
    session.interrupt()
    assert execution.result().status == "interrupted"


def test_going_back_and_forks(session: Session) -> None:
    session.run("x = 1")
    labelled = session.checkpoint("one")
    changed = session.run("x = 2")
    session.undo(changed.execution_id)
    assert session.run("x").text == "1"
    session.run("x = 3")
    session.restore(labelled["id"])
    assert session.run("x").text == "1"
    assert labelled["id"] in [checkpoint["id"] for checkpoint in session.checkpoints()]
    with session.fork(checkpoint_id=changed.checkpoint_after) as fork:
        assert fork.id != session.id
        assert fork.run("x").text == "2"


def test_variables_tables_and_exports(session: Session, tmp_path: Path) -> None:
    session.run("import pandas as pd; t = pd.DataFrame({'a': [3, 1, 2], 'b': list('xyz')})")
    table = next(variable for variable in session.variables() if variable["name"] == "t")
    assert (table["type"], table.get("shape")) == ("DataFrame", [3, 2])
    page = session.table("t", sort="-a", filter=[{"column": "a", "op": ">", "value": 1}], limit=1)
    assert (page["rows"], page["filtered_rows"], page["total_rows"]) == ([[3, "x"]], 2, 3)
    [path] = session.export(["t"], tmp_path, format="csv")
    assert path == tmp_path / "t.csv"
    assert path.read_text().splitlines()[-1].endswith("2,z")
    session.run("figure = t.plot().figure")
    [picture] = session.export([], tmp_path, figures="png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_sessions_are_found_listed_and_ended(cellblock: Cellblock) -> None:
    with cellblock.create_session(name="found again") as session:
        session.run("x = 1")
        again = cellblock.session(session.id)
        assert again.view["name"] == "found again"
        assert again.run("x").text == "1"
        assert session.id in [other.id for other in cellblock.sessions()]
        again.end()
    with pytest.raises(CellblockError) as refused:
        again.refresh()
    assert refused.value.name == "SessionDead"


def test_restart_begins_anew(session: Session) -> None:
    session.run("x = 1")
    session.restart()
    result = session.run("x")
    assert result.error is not None and result.error["ename"] == "NameError"


def test_the_end_of_a_session_ends_its_streams(cellblock: Cellblock) -> None:
    session = cellblock.create_session()
    execution = session.start("while True: pass")
    assert any(event["type"] == "started" for event in execution.events())
    session.end()
    with pytest.raises(CellblockError):
        list(execution.events())
