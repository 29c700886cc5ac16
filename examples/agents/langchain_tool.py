"""A LangChain tool that runs a model's code in a sandbox, with variables that stay from one call to the next."""

from typing import Any

from langchain_core.tools import StructuredTool
from pydantic import BaseModel, Field

from cellblock import Cellblock, Session


class Code(BaseModel):
    """What the model gives."""

    code: str = Field(description="Python to run. The value of its last line is shown.")


def python_tool(session: Session, timeout: float = 60.0) -> StructuredTool:
    """Returns a tool that runs code in a session and tells what it showed, exceptions and all."""

    def run(code: str) -> tuple[str, dict[str, Any]]:
        result = session.run(code, timeout=timeout)
        told = result.text or f"(nothing was shown; {result.status})"
        return told, {"status": result.status, "outputs": result.outputs}

    return StructuredTool.from_function(
        run,
        name="python",
        description="Runs Python in a sandbox with numpy and pandas. Variables stay. There is no network.",
        args_schema=Code,
        response_format="content_and_artifact",
    )


if __name__ == "__main__":
    with Cellblock() as cellblock, cellblock.create_session(policy="untrusted") as session:
        tool = python_tool(session)
        print(tool.invoke({"code": "sum(range(10))"}))
