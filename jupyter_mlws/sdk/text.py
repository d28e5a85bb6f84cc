"""Runs and facts as text and html: tables that need nothing but the standard library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus

__all__ = [
    "SYMBOLS",
    "duration_text",
    "facts_html",
    "metric_text",
    "number_text",
    "run_rows",
    "run_table",
    "run_table_html",
    "size_text",
    "visible",
]

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


def _short(text: str) -> str:
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
    shown = [f"{_short(m.name)} {number_text(m.last)}" for m in run.metrics[:most]]
    more = len(run.metrics) - most
    return " · ".join(shown) + (f" (+{more})" if more > 0 else "")


def _took(run: Run, at: datetime) -> str:
    if run.started_at is None:
        return ""
    # Our clock may not be the one that the run began by.
    return duration_text(max(0.0, ((run.ended_at or at) - run.started_at).total_seconds()))


def run_rows(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """Rows of the run table: number, experiment, status, metrics, parameters, duration."""
    at = now()
    return [
        (
            f"#{run.number}",
            run.experiment,
            f"{SYMBOLS[run.status]} {run.status}",
            metric_text(run),
            " · ".join(f"{_short(key)} {_short(value)}" for key, value in list(run.params.items())[:4]),
            _took(run, at),
        )
        for run in runs
    ]


HEADINGS = ("Run", "Experiment", "Status", "Metrics", "Parameters", "Took")


def run_table(runs: Sequence[Run]) -> str:
    """Runs as a table in plain text."""
    if not runs:
        return "No runs yet."
    rows = [HEADINGS, *run_rows(runs)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


_TABLE = "border-collapse:collapse;font-size:var(--jp-ui-font-size1,13px)"
_CELL = "text-align:left;padding:2px 12px 2px 0"


def _row_html(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f'<{tag} style="{_CELL}">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"


def run_table_html(runs: Sequence[Run]) -> str:
    """Runs as an html table; every text is escaped."""
    if not runs:
        return "<p>No runs yet.</p>"
    body = "".join(_row_html(row, "td") for row in run_rows(runs))
    return f'<table style="{_TABLE}"><thead>{_row_html(HEADINGS, "th")}</thead><tbody>{body}</tbody></table>'


def facts_html(title: str, facts: Mapping[str, str]) -> str:
    """A title and a table of facts; every text is escaped, empty facts are left out."""
    rows = "".join(_row_html((key, visible(value)), "td") for key, value in facts.items() if value)
    return f'<strong>{escape(visible(title))}</strong><table style="{_TABLE}"><tbody>{rows}</tbody></table>'
