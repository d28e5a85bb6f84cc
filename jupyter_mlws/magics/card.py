"""The run card: what a run shows of itself in a notebook, as text, as static html, and as an id for renderers."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.run import Captured
from jupyter_mlws.domain.run import Run as RunRecord
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.sdk.text import SYMBOLS, duration_text, metric_text, number_text, size_text, visible

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run

__all__ = ["MIME_TYPE", "bundle", "card_html", "card_text"]

MIME_TYPE = "application/vnd.mlws.run.v1+json"
_MOST_ROWS = 12
_MOST_TEXT = 4000
_MOST_BYTES = 30_000

_SOFT = "color:var(--jp-ui-font-color2,#616161)"
_BORDER = "var(--jp-border-color2,#bdbdbd)"
_BOX = (
    f"border:1px solid {_BORDER};border-radius:4px;padding:8px 12px;max-width:720px;"
    "font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:var(--jp-ui-font-size1,13px);"
    "color:var(--jp-ui-font-color1,inherit);line-height:1.6"
)
_PRE = (
    "margin:4px 0 0;padding:6px 8px;overflow:auto;max-height:260px;white-space:pre-wrap;"
    "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,12px);"
    "background:var(--jp-layout-color2,rgba(127,127,127,.12));color:inherit"
)
_COLOURS = {
    RunStatus.COMPLETED: "var(--jp-success-color1,#388e3c)",
    RunStatus.FAILED: "var(--jp-error-color1,#d32f2f)",
    RunStatus.CANCELED: "var(--jp-ui-font-color2,#616161)",
    RunStatus.NOT_RESPONDING: "var(--jp-warn-color1,#f57c00)",
}
_LIVE = "var(--jp-brand-color1,#1976d2)"


def bundle(run: Run, include: object = None, exclude: object = None) -> dict[str, Any]:
    """The mime bundle of a run."""
    record = run.record
    return {
        "text/plain": card_text(record),
        "text/html": card_html(record),
        MIME_TYPE: {"workspace": run.workspace.id, "run": record.id, "number": record.number},
    }


def card_text(run: RunRecord) -> str:
    """The card in one line."""
    parts = [f"{SYMBOLS[run.status]} #{run.number} {run.experiment}", _status_text(run), metric_text(run)]
    return "  ".join(part for part in parts if part)


def _status_text(run: RunRecord) -> str:
    text = run.status.value
    if run.child_count:
        text += f", {run.children_ended} of {run.child_count} runs ended"
    if run.waiting_for and not run.status.is_terminal:
        text += f", {visible(run.waiting_for)}"
    if run.started_at is not None:
        text += f" {duration_text(((run.ended_at or now()) - run.started_at).total_seconds())}"
    return text


def card_html(run: RunRecord) -> str:
    """The card as html: static, every text escaped, at most 30 kB, no path of this machine."""
    html = _html(run, _MOST_ROWS, _MOST_TEXT)
    return html if len(html.encode()) <= _MOST_BYTES else _html(run, 4, 500)


def _html(run: RunRecord, rows: int, text: int) -> str:
    parts = [
        _title(run, text),
        _failure(run, text),
        _table("Parameters", run.params, rows, text),
        _table("Metrics", {metric.name: number_text(metric.last) for metric in run.metrics}, rows, text),
        _sent(run, rows, text),
        _notes(run, rows, text),
        _footer(run),
    ]
    return f'<div class="jp-mlws-card" style="{_BOX}">{"".join(parts)}</div>'


def _safe(text: str, most: int) -> str:
    shown = visible(text)
    return escape(shown if len(shown) <= most else f"{shown[: most - 1]}…")


def _title(run: RunRecord, most: int) -> str:
    colour = _COLOURS.get(run.status, _LIVE)
    name = f" · {_safe(run.display_name, min(most, 256))}" if run.display_name else ""
    return (
        f'<div style="display:flex;gap:12px;flex-wrap:wrap"><span><span style="color:{colour}" aria-hidden="true">'
        f"{SYMBOLS[run.status]}</span> <strong>#{run.number} {_safe(run.experiment, 255)}</strong>{name}</span>"
        f"<span>{escape(_status_text(run))}</span>"
        f'<span style="margin-left:auto;{_SOFT}">{_safe(run.compute_target, 100)}</span></div>'
    )


def _failure(run: RunRecord, most: int) -> str:
    if run.error is None:
        return ""
    colour = _COLOURS[RunStatus.FAILED]
    cause = f'<div style="color:{colour}">{_safe(run.error.message, min(most, 3000))}</div>'
    traceback = run.error.traceback[-most:]
    if not traceback:
        return cause
    lines = "\n".join(_safe(line, 500) for line in traceback.splitlines())
    return f'{cause}<details><summary>Traceback</summary><pre style="{_PRE}">{lines}</pre></details>'


def _table(title: str, facts: Mapping[str, str], rows: int, most: int) -> str:
    if not facts:
        return ""
    shown = " · ".join(
        f'<span style="white-space:nowrap">{_safe(key, 100)} <strong>{_safe(value, min(most, 60))}</strong></span>'
        for key, value in list(facts.items())[:rows]
    )
    more = f" (+{len(facts) - rows})" if len(facts) > rows else ""
    return f'<div><span style="{_SOFT}">{title}</span> {shown}{more}</div>'


def _sent(run: RunRecord, rows: int, most: int) -> str:
    files = {"project": "project", "folder": "folder", "files": "notebook and named files"}.get(run.snapshot_scope, "")
    groups = [files, *_groups(run.captured, rows)]
    groups += [f"{len(run.links)} linked"] if run.links else []
    said = [group for group in groups if group]
    if not said:
        return ""
    code = "\n\n".join(item.text.rstrip() for item in run.captured if item.how == "source" and item.text)
    line = f'<span style="{_SOFT}">Sent</span> {_safe(" · ".join(said), most)}'
    if not code:
        return f"<div>{line}</div>"
    lines = "\n".join(_safe(text, 300) for text in code[:most].splitlines())
    return f'<details><summary>{line}</summary><pre style="{_PRE}">{lines}</pre></details>'


def _groups(captured: tuple[Captured, ...], rows: int) -> list[str]:
    data = [item for item in captured if item.how in ("data", "table")]
    code = [f"{item.name}()" if item.type == "function" else item.name for item in captured if item.how == "source"]
    groups = (
        [f"{_listed([item.name for item in data], rows)} {size_text(sum(i.size_bytes for i in data))}"] if data else []
    )
    groups += [_listed(code, rows)] if code else []
    return groups + (["random state"] if any(item.how == "random" for item in captured) else [])


def _listed(names: list[str], rows: int) -> str:
    more = f" and {len(names) - rows} more" if len(names) > rows else ""
    return ", ".join(names[:rows]) + more


def _notes(run: RunRecord, rows: int, most: int) -> str:
    notes = [*run.notes, *run.warnings]
    return "".join(f'<div style="{_SOFT}">{_safe(note, min(most, 300))}</div>' for note in notes[:rows])


def _footer(run: RunRecord) -> str:
    if run.status.is_terminal:
        return ""
    code = f"mlws.run({run.number}).cancel()"
    return f'<div style="{_SOFT}">Stop it with <code>{code}</code>; the kernel\'s stop button does not.</div>'
