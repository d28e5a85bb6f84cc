"""Runs and facts as text and html: tables that need nothing but the standard library."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.words import SYMBOLS, duration_text, metric_text, number_text, short, size_text, visible

__all__ = [
    "SYMBOLS",
    "duration_text",
    "facts_html",
    "in_notebook",
    "metric_text",
    "number_text",
    "run_rows",
    "run_table",
    "run_table_html",
    "size_text",
    "visible",
]


def _took(run: Run, at: datetime) -> str:
    if run.started_at is None:
        return ""
    # Our clock may not be the one that the run began by.
    return duration_text(max(0.0, ((run.ended_at or at) - run.started_at).total_seconds()))


def run_rows(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    """Rows of the run table: number, experiment, status with progress, metrics, parameters, duration."""
    at = now()
    return [
        (
            f"#{run.number}",
            run.experiment,
            f"{SYMBOLS[run.status]} {run.status}" + (f" {run.progress}" if run.progress is not None else ""),
            metric_text(run),
            " · ".join(f"{short(key)} {short(value)}" for key, value in list(run.params.items())[:4]),
            _took(run, at),
        )
        for run in runs
    ]


HEADINGS = ("Run", "Experiment", "Status", "Metrics", "Parameters", "Took")


def run_table(runs: Sequence[Run], nothing: str = "No runs yet.") -> str:
    """Runs as a table in plain text; `nothing` is said where there are none."""
    if not runs:
        return nothing
    rows = [HEADINGS, *run_rows(runs)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


_TABLE = "border-collapse:collapse;font-size:var(--jp-ui-font-size1,13px)"
_CELL = "text-align:left;padding:2px 12px 2px 0"


def _row_html(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f'<{tag} style="{_CELL}">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"


def run_table_html(runs: Sequence[Run], nothing: str = "No runs yet.") -> str:
    """Runs as an html table, or `nothing`; every text is escaped."""
    if not runs:
        return f"<p>{escape(nothing)}</p>"
    body = "".join(_row_html(row, "td") for row in run_rows(runs))
    return f'<table style="{_TABLE}"><thead>{_row_html(HEADINGS, "th")}</thead><tbody>{body}</tbody></table>'


def facts_html(title: str, facts: Mapping[str, str]) -> str:
    """A title and a table of facts; every text is escaped, empty facts are left out."""
    rows = "".join(_row_html((key, visible(value)), "td") for key, value in facts.items() if value)
    return f'<strong>{escape(visible(title))}</strong><table style="{_TABLE}"><tbody>{rows}</tbody></table>'


# A command of the command line in a sentence; `secrets set` asks for the value, which only a terminal can.
_COMMAND = re.compile(
    r"(?<![\w%./])mlws (?=(?:--debug|compute|doctor|env|experiments|export|gc|import|init|models|runs?|secrets (?!set)"
    r"|stop|submit|tensorboard|trust)\b)"
)
_STORING = re.compile(r": (?=mlws secrets set )")
_LISTING = re.compile(r"%mlws runs(?! -)")


def in_notebook(sentence: str) -> str:
    """A way out as one types it in a notebook: ``%runs`` for ``mlws runs``, ``%mlws gc`` for ``mlws gc``.

    What is to be typed in a terminal stays as it is.
    """
    if "terminal" in sentence:
        return sentence
    told = _STORING.sub(" in the panel's section Secrets, or in a terminal: ", sentence)
    return _LISTING.sub("%runs", _COMMAND.sub("%mlws ", told))
