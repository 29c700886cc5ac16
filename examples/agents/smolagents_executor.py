"""An executor with which smolagents' CodeAgent runs a model's code in a sandbox: `CodeAgent(..., executor=...)`."""

from typing import Any

from smolagents.local_python_executor import CodeOutput
from smolagents.monitoring import AgentLogger
from smolagents.remote_executors import RemotePythonExecutor
from smolagents.utils import AgentError

from cellblock import Session


class CellblockExecutor(RemotePythonExecutor):
    """Runs an agent's code in a session; its variables and tools stay from one step to the next."""

    def __init__(self, session: Session, logger: AgentLogger, timeout: float = 60.0) -> None:
        super().__init__([], logger)
        self._session = session
        self._timeout = timeout

    def run_code_raise_errors(self, code: str) -> CodeOutput:
        result = self._session.run(code, timeout=self._timeout)
        if result.error and result.error.get("ename") == self.FINAL_ANSWER_EXCEPTION:
            answer = self._deserialize_final_answer(result.error["evalue"], self.allow_pickle)
            return CodeOutput(output=answer, logs=printed(result.outputs), is_final_answer=True)
        if not result.ok:
            raise AgentError(result.text or f"the code ended as {result.status}", self.logger)
        values = [output for output in result.outputs if output["output_type"] == "execute_result"]
        shown = "".join(values[-1]["data"].get("text/plain", [])) if values else None
        return CodeOutput(output=shown, logs=printed(result.outputs), is_final_answer=False)

    def install_packages(self, additional_imports: list[str]) -> list[str]:
        # There is no network in a sandbox, and what a tool imports beyond its packages is told when it is called.
        return additional_imports


def printed(outputs: list[dict[str, Any]]) -> str:
    """Returns what was printed."""
    return "".join("".join(output["text"]) for output in outputs if output["output_type"] == "stream")
