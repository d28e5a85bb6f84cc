"""How a run ended, in facts for the dispatcher and one sentence for people."""

from __future__ import annotations

from jupyter_mlws.agent import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ended", "not_started"]

_CRASHES = {
    "SIGSEGV": "it touched memory that is not its own",
    "SIGBUS": "it touched memory that is not there",
    "SIGABRT": "it aborted itself",
    "SIGFPE": "an impossible calculation",
    "SIGILL": "an instruction that this processor does not know",
}


def ended(
    status: int | None,
    reason: str | None,
    *,
    time_limit_s: float | None,
    out_of_memory: bool,
    remaining: list[int],
    lost_bytes: int,
    duration_s: float,
) -> dict[str, Any]:
    """The facts of the event ``ended``."""
    name = system.signal_name(-status) if status is not None and status < 0 else None
    out_of_memory = out_of_memory and name == "SIGKILL" and reason is None
    sentences = [_sentence(status, name, reason, time_limit_s, out_of_memory)]
    if remaining:
        sentences.append(f"Processes that cannot be killed remain: {', '.join(map(str, remaining))}.")
    if lost_bytes:
        sentences.append(f"{lost_bytes:,} bytes of output were lost because the disk was full.")
    return {
        "exit_code": status,
        "signal": name,
        "reason": reason,
        "message": " ".join(sentence for sentence in sentences if sentence),
        "out_of_memory": out_of_memory,
        "remaining": remaining,
        "lost_output_bytes": lost_bytes,
        "duration_s": round(duration_s, 3),
    }


def _sentence(
    status: int | None, name: str | None, reason: str | None, time_limit_s: float | None, out_of_memory: bool
) -> str:
    if reason == "canceled":
        return "The run was canceled."
    if reason == "time_limit":
        return f"The run was ended at its time limit of {time_limit_s:g} s."
    if reason == "stopped":
        return "The agent was told to stop, as happens when a machine or a job of a cluster is shut down."
    if name is not None:
        return _signal_sentence(name, out_of_memory)
    return f"The script ended with exit code {status}." if status else ""


def _signal_sentence(name: str, out_of_memory: bool) -> str:
    if out_of_memory:
        return (
            "The script was killed (SIGKILL) because the memory was full; use less of it at a time, or a larger target."
        )
    if name == "SIGKILL":
        return "The script was killed (SIGKILL) from outside; a full memory is a frequent cause."
    if name in _CRASHES:
        return f"The script crashed ({name}): {_CRASHES[name]}."
    return f"The script was ended by {name}."


def not_started(message: str) -> dict[str, Any]:
    """The facts of the event ``ended`` for a script that never ran."""
    return {
        "exit_code": None,
        "signal": None,
        "reason": "not_started",
        "message": message,
        "out_of_memory": False,
        "remaining": [],
        "lost_output_bytes": 0,
        "duration_s": 0.0,
    }
