"""Values that are bound to this process and cannot travel: what they are called, and the way out."""

from __future__ import annotations

import io
import threading
import types
from typing import Any

from jupyter_mlws.magics.describe import library

__all__ = ["REFUSED", "Unsendable", "refuse_handle"]

_DATABASES = (
    "sqlite3",
    "psycopg",
    "psycopg2",
    "duckdb",
    "_duckdb",
    "pymysql",
    "sqlalchemy",
    "redis",
    "asyncpg",
    "pyodbc",
    "mysql",
)


class Unsendable(Exception):
    """A value that cannot travel: `what` it is, and the way out."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what, self.hint = what, hint


def refuse_handle(value: Any) -> None:
    """Raise `Unsendable` for what is bound to this process."""
    kind = type(value)
    root = library(value)
    if isinstance(value, io.IOBase) and not isinstance(value, (io.BytesIO, io.StringIO)):
        raise Unsendable("an open file", "open it in the cell")
    if root == "jupyter_mlws" and kind.__name__ in ("Run", "Workspace"):
        raise Unsendable(f"a {kind.__name__}", 'take what you need from it in a cell above, such as run["model"]')
    if root in _DATABASES and not isinstance(value, BaseException) and hasattr(value, "close"):
        raise Unsendable("an open database connection", "connect in the cell")
    if root in ("socket", "_socket", "select", "selectors", "ssl") and hasattr(value, "close"):
        raise Unsendable("an open socket", "connect in the cell")
    if isinstance(value, threading.Thread) or kind.__name__ == "Popen":
        raise Unsendable(f"a running {'thread' if kind.__name__ != 'Popen' else 'process'}", "start it in the cell")
    if root in ("_thread", "threading") and kind.__name__ in (
        "lock",
        "RLock",
        "_RLock",
        "Condition",
        "Event",
        "Semaphore",
    ):
        raise Unsendable("a lock of threads", "make it in the cell")


_GENERATOR = "make it in the cell, or turn it into a list first"
_LOCK = ("a lock of threads", "make it in the cell")
# By exact type: what it is, and the way out.
REFUSED: dict[type, tuple[str, str]] = {
    types.GeneratorType: ("a generator", _GENERATOR),
    types.AsyncGeneratorType: ("an asynchronous generator", _GENERATOR),
    types.CoroutineType: ("a coroutine", "await it first, or call it in the cell"),
    types.FrameType: ("a frame of the running kernel", "leave it out"),
    types.TracebackType: ("a traceback", "keep its text instead"),
    type(threading.Lock()): _LOCK,
    type(threading.RLock()): _LOCK,
}
