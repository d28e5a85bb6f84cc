"""How this process ends, for a run that it leaves open: well, with an exception, or with an exit code that says no.

At its end an interpreter tells an uncaught exception, but of `SystemExit` nothing is left. So `sys.exit` remembers what
it was last asked for, and the outermost frame of the main thread says whether it was left by an exception at all: a
`SystemExit` that somebody caught ended nothing. In a shell, where people make errors and go on, none of this counts.

A script may as well ``raise SystemExit(main())``. Between the end of its last frame and that of the exception Python
flushes the standard streams, with no frame around it: there the exception is looked for. With ``python -m`` and ``-c``
nothing is flushed, and only `sys.exit` is known.
"""

from __future__ import annotations

import dis
import functools
import gc
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from jupyter_mlws.domain.child import RunEnd

__all__ = ["process_end"]

_RETURNS = {"RETURN_VALUE", "RETURN_CONST"}


@functools.cache
def process_end() -> ProcessEnd:
    """The one who looks on, from the first call until the interpreter ends."""
    return ProcessEnd()


class ProcessEnd:
    """See `process_end`."""

    def __init__(self) -> None:
        self._outermost = None if _is_shell() else _outermost_frame()
        self._asked_for: object = None
        if self._outermost is not None:
            self._listen()

    def _listen(self) -> None:
        leave: Any = sys.exit

        @functools.wraps(leave)
        def listening_exit(*status: Any) -> NoReturn:
            if threading.current_thread() is threading.main_thread():
                self._asked_for = status[0] if status else None
            try:
                leave(*status)
            except SystemExit:
                raise  # before Python 3.12 it becomes an object only when it is caught
            raise AssertionError("an exit came back")

        sys.exit = listening_exit
        main = sys.modules["__main__"]
        if getattr(main, "exit", None) is leave:  # from sys import exit
            vars(main)["exit"] = listening_exit
        self._listen_to_flush(sys.stderr)

    def _listen_to_flush(self, stream: Any) -> None:
        flush: Any = getattr(stream, "flush", None)

        def listening_flush() -> None:
            if sys._getframe().f_back is None and threading.current_thread() is threading.main_thread():
                del stream.flush
                leaving = _exit_in_flight()
                if leaving is not None:
                    self._asked_for = leaving.code
            flush()

        with suppress(AttributeError, TypeError):  # no stream, or one that takes no attributes
            stream.flush = listening_flush

    def outcome(self) -> RunEnd:
        """The end of a run that is still open when the interpreter ends."""
        from jupyter_mlws.sdk import ending

        if self._outermost is None or _is_shell() or not _was_left_by_exception(self._outermost):
            return ending.completed()
        error = getattr(sys, "last_value", None)
        return ending.exited(self._asked_for) if error is None else ending.failed(error)


def _exit_in_flight() -> SystemExit | None:
    """The newest `SystemExit` that there is."""
    for generation in range(3):
        found: list[SystemExit] = [each for each in gc.get_objects(generation) if issubclass(type(each), SystemExit)]
        if found:
            return found[-1]
    return None


def _is_shell() -> bool:
    """Whether a person types here: IPython (a kernel, too), or Python's own prompt."""
    shell = sys.modules.get("IPython")
    return (shell is not None and shell.get_ipython() is not None) or hasattr(sys, "ps1") or bool(sys.flags.interactive)


def _outermost_frame() -> FrameType | None:
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    return frame


def _was_left_by_exception(frame: FrameType) -> bool:
    code, at = frame.f_code.co_code, frame.f_lasti
    return 0 <= at < len(code) and dis.opname[code[at]] not in _RETURNS
