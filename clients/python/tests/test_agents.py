"""The examples for agents' frameworks, called as these call them; a script stands in for a language model."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from langchain_core.messages import ToolCall
from smolagents import CodeAgent, LogLevel, Model, tool
from smolagents.models import ChatMessage, MessageRole
from smolagents.monitoring import AgentLogger
from smolagents.utils import AgentError

from cellblock import Session

EXAMPLES = Path(__file__).parents[3] / "examples" / "agents"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Script(Model):
    """Answers with texts that were written before, and keeps what it was told."""

    def __init__(self, *texts: str) -> None:
        super().__init__(model_id="script")
        self.texts = list(texts)
        self.told = ""

    def generate(self, messages: list[Any], **_: Any) -> ChatMessage:
        self.told = str(messages)
        return ChatMessage(role=MessageRole.ASSISTANT, content=self.texts.pop(0))


def test_langchain_calls_the_tool(session: Session) -> None:
    python = example("langchain_tool").python_tool(session)
    assert list(python.args) == ["code"]

    def call(code: str) -> Any:
        return python.invoke(ToolCall(name="python", args={"code": code}, id="1", type="tool_call"))

    assert call("x = 20").content == "(nothing was shown; success)"
    message = call("x + 1")
    assert (message.content, message.tool_call_id, message.artifact["status"]) == ("21", "1", "success")
    failed = call("1 / 0")
    assert "ZeroDivisionError: division by zero" in failed.content
    assert failed.artifact["status"] == "error"


def test_smolagents_runs_an_agent(session: Session) -> None:
    @tool
    def double(number: int) -> int:
        """Doubles a number.

        Args:
            number: What to double.
        """
        return number * 2

    model = Script(
        "<code>\nx = double(start)\nprint('x is', x)\n</code>",
        "<code>\n1 / 0\n</code>",
        "<code>\nfinal_answer({'x': x, 'more': [1, 2]})\n</code>",
    )
    logger = AgentLogger(level=LogLevel.OFF)
    executor = example("smolagents_executor").CellblockExecutor(session, logger)
    agent = CodeAgent(tools=[double], model=model, executor=executor, max_steps=3, verbosity_level=LogLevel.OFF)
    answer = agent.run("Double it.", additional_args={"start": 21})
    assert answer == {"x": 42, "more": [1, 2]}
    assert "x is 42" in model.told
    assert "ZeroDivisionError" in model.told


def test_the_executor_tells_what_code_shows_and_raises(session: Session) -> None:
    executor = example("smolagents_executor").CellblockExecutor(session, AgentLogger(level=LogLevel.OFF))
    output = executor("print('told')\n6 * 7")
    assert (output.output, output.logs, output.is_final_answer) == ("42", "told\n", False)
    with pytest.raises(AgentError, match="NameError"):
        executor("nothing")
