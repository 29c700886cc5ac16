"""Runs Python in the sandboxed sessions of a Cellblock service."""

from .asynchronous.client import AsyncCellblock
from .asynchronous.execution import AsyncExecution
from .asynchronous.notebook import AsyncNotebook
from .asynchronous.project import AsyncProject
from .asynchronous.session import AsyncSession
from .errors import CellblockError, ExecutionFailed
from .events import Event
from .result import OnceResult, Result, ResultFile, SessionResult
from .retry import Retries
from .synchronous.client import Cellblock
from .synchronous.execution import Execution
from .synchronous.notebook import Notebook
from .synchronous.project import Project
from .synchronous.session import Session

__all__ = [
    "AsyncCellblock",
    "AsyncExecution",
    "AsyncNotebook",
    "AsyncProject",
    "AsyncSession",
    "Cellblock",
    "CellblockError",
    "Event",
    "Execution",
    "ExecutionFailed",
    "Notebook",
    "OnceResult",
    "Project",
    "Result",
    "ResultFile",
    "Retries",
    "Session",
    "SessionResult",
]
