"""Runs, numbers, sizes and times in words: what every face says the same way."""

from __future__ import annotations

import math

from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus

__all__ = ["SYMBOLS", "duration_text", "metric_text", "number_text", "short", "size_text", "visible"]

# Shape first, so that nobody depends on colour.
SYMBOLS = {
    RunStatus.NOT_STARTED: "◌",
    RunStatus.QUEUED: "◌",
    RunStatus.PROVISIONING: "◔",
    RunStatus.PREPARING: "◔",
    RunStatus.RUNNING: "●",
    RunStatus.FINALIZING: "◕",
    RunStatus.CANCEL_REQUESTED: "◍",
    RunStatus.NOT_RESPONDING: "⚠",
    RunStatus.COMPLETED: "✔",
    RunStatus.FAILED: "✖",
    RunStatus.CANCELED: "⊘",
}

# So many characters of a name or a value stand in a list.
_SHOWN = 60
_CONTROL = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
_HIDDEN = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, *_CONTROL}


def visible(text: str) -> str:
    """`text` with control and bidirectional marks written out, so that a name cannot pretend to be another."""
    return "".join(f"\\u{ord(c):04x}" if ord(c) in _HIDDEN else c for c in text)


def short(text: str) -> str:
    """`text` as a table shows it: what is long is cut, so that one value does not flood the rest."""
    return visible(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")


def number_text(value: float) -> str:
    """A metric's value in at most five significant digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.5g}"


def size_text(size: float) -> str:
    """A size in bytes for people, in powers of 1024."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def duration_text(seconds: float) -> str:
    """A duration as 0.4 s, 12 s, 3:05 or 1:02:03."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, seconds_left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds_left:02}" if hours else f"{minutes}:{seconds_left:02}"


def metric_text(run: Run, most: int = 3) -> str:
    """The first metrics of a run as ``name value``."""
    shown = [f"{short(m.name)} {number_text(m.last)}" for m in run.metrics[:most]]
    more = len(run.metrics) - most
    return " · ".join(shown) + (f" (+{more})" if more > 0 else "")
