"""Why a run failed, as one sentence for people and facts for programs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from jupyter_mlws.dispatcher import tree
from jupyter_mlws.domain.child import RunEnd
from jupyter_mlws.domain.names import MAX_ERROR_MESSAGE
from jupyter_mlws.domain.run import RunError
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = [
    "agent_lost",
    "as_told",
    "how_it_ended",
    "not_followed",
    "not_prepared",
    "possible_exit_code",
    "what_remains",
    "what_was_lost",
]

_MAX_ERROR_FILE = 1 << 20
_MAX_TRACEBACK = 20_000
_LOG_TAIL = 65_536
_TRACEBACK = b"Traceback (most recent call last):"
# What is no Python at all ends without the first line of a traceback. A line is matched in one way only: else blanks
# that a script has printed would take hours.
_NO_PYTHON = re.compile(
    r"^ +File \"[^\n]+\", line \d+\n(?: [^\n]*\n){0,3}(?:SyntaxError|IndentationError|TabError): [^\n]+\Z",
    re.MULTILINE,
)
_MOST_EXIT_CODE = 1 << 32
_NAME = re.compile(r"[A-Za-z_]\w{0,99}")
_LAST_LINE = re.compile(r"^[\w.]*\w(?:: .*)?$")


def how_it_ended(
    folder: RunFolder, facts: dict[str, Any], *, canceling: bool = False
) -> tuple[RunStatus, RunError | None]:
    """The final status, and the error if it failed, from the agent's event ``ended``.

    `canceling` says that its end was wished for: then an agent may have been told to stop by a signal, too.
    """
    exit_code, signal, reason = facts.get("exit_code"), facts.get("signal"), facts.get("reason")
    if reason == "canceled" or (canceling and reason == "stopped"):
        return RunStatus.CANCELED, None
    if reason is None and exit_code == 0:
        return RunStatus.COMPLETED, None
    told = _told_by_cell(folder) if reason is None else {}
    traceback = _text(told.get("traceback")) or (_traceback_in_log(folder) if reason is None and exit_code else "")
    message = _text(told.get("message")) or _sentence(_text(facts.get("message")), signal, traceback)
    return RunStatus.FAILED, RunError(
        code=_code(reason, signal, _text(told.get("code")) or _exception_of(traceback)),
        message=_cut(message or "The script failed."),
        exit_code=possible_exit_code(exit_code),
        signal=signal if isinstance(signal, str) else None,
        traceback=traceback[-_MAX_TRACEBACK:],
    )


def possible_exit_code(told: object) -> int | None:
    """An exit code as somebody told it; a forged one of any size would be more than the record of a run can hold."""
    return told if isinstance(told, int) and abs(told) < _MOST_EXIT_CODE else None


def as_told(found: tuple[RunStatus, RunError | None], told: RunEnd | None) -> tuple[RunStatus, RunError | None]:
    """The end as the script has told it beforehand, where it said that it has failed; a cancel stays one."""
    status, seen = found
    if told is None or told.error is None or status is RunStatus.CANCELED:
        return found
    # What the agent saw besides is kept: with which code the script went on to end, and its own traceback.
    seen = seen or RunError(code=told.error.code, message="", exit_code=0)
    return RunStatus.FAILED, replace(
        told.error, exit_code=seen.exit_code, signal=seen.signal, traceback=told.error.traceback or seen.traceback
    )


def _code(reason: Any, signal: Any, exception: str) -> str:
    """What kind of failure: the exception's name where there is one."""
    if isinstance(reason, str):
        return reason
    if signal:
        return "killed"
    return exception if _NAME.fullmatch(exception) else "script_failed"


def _exception_of(traceback: str) -> str:
    last = traceback.rstrip().rsplit("\n", 1)[-1]
    return last.partition(":")[0].rpartition(".")[2] if _LAST_LINE.match(last) else ""


def _sentence(message: str, signal: Any, traceback: str) -> str:
    """The agent's sentence, with the script's own last word where there is one."""
    if signal or not traceback:
        return message
    last = traceback.rstrip().rsplit("\n", 1)[-1]
    return f"{message.rstrip('.')}: {last}" if _LAST_LINE.match(last) else message


def _told_by_cell(folder: RunFolder) -> dict[str, Any]:
    """What the runner of a cell wrote about its failure."""
    data = tree.read_small(folder.results, "error.json", _MAX_ERROR_FILE)
    try:
        told = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _traceback_in_log(folder: RunFolder) -> str:
    """The traceback that a Python script ended with, from the end of its log."""
    tail = tree.read_small(folder.logs, names.STD_LOG.rpartition("/")[2], _LOG_TAIL, tail=True) or b""
    at = tail.rfind(_TRACEBACK)
    if at < 0:
        found = _NO_PYTHON.search(tail.decode("utf-8", "replace").rstrip())
        return found[0] if found else ""
    lines = tail[at:].decode("utf-8", "replace").splitlines()
    end = next((i for i, line in enumerate(lines[1:], 1) if line and not line.startswith((" ", "\t"))), len(lines))
    # Only a traceback that the log ends with belongs to the end: another one was caught and printed.
    rest = [line for line in lines[end + 1 :] if line.strip()]
    return "" if len(rest) > 20 else "\n".join(lines).rstrip()


def what_was_lost(facts: dict[str, Any]) -> list[str]:
    """What a person should know of a run's output beyond how it ended, from the agent's event ``ended``."""
    lost = facts.get("lost_output_bytes")
    if not isinstance(lost, int) or lost <= 0:
        return []
    return [f"{lost:,} bytes of output are missing in std.log because the disk was full."]


def what_remains(facts: dict[str, Any]) -> list[str]:
    """What still lives of a run that has ended: nobody can wait for a process in uninterruptible sleep."""
    remaining = facts.get("remaining")
    pids = [str(pid) for pid in remaining if isinstance(pid, int)] if isinstance(remaining, list) else []
    if not pids:
        return []
    return [
        f"Processes remain that cannot be killed: pid {_cut(', '.join(pids))}. They end when what they wait for does."
    ]


def agent_lost(message: str, killed: list[int]) -> RunError:
    """The error of a run whose agent died before it could say how the script ended."""
    swept = f" {len(killed)} process{'es' if len(killed) > 1 else ''} of the run had to be ended." if killed else ""
    return RunError(code="agent_lost", message=_cut(message + swept))


def not_prepared(error: Exception) -> RunError:
    """The error of a run that could not be started."""
    if isinstance(error, MlwsError):
        return RunError(code=error.code, message=_cut(f"The run could not be started: {error}"))
    what = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return RunError(
        code="not_started", message=f"The run could not be started ({what}); the dispatcher's log has more."
    )


def not_followed(error: Exception) -> RunError:
    """The error of a run that the dispatcher failed to see through to its end."""
    if isinstance(error, MlwsError):
        return RunError(code=error.code, message=_cut(f"The run could not be followed to its end: {error}"))
    return RunError(
        code="internal_error",
        message="The dispatcher failed while it followed the run; its log tells why. What the run left and was not"
        " taken in stays in its folder.",
    )


def _text(value: Any) -> str:
    return (
        value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
        if isinstance(value, str)
        else ""
    )


def _cut(message: str) -> str:
    return message if len(message) <= MAX_ERROR_MESSAGE else message[: MAX_ERROR_MESSAGE - 1] + "…"
