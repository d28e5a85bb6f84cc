"""What of a run stands in a notebook for places where nothing runs: one line of text, and static html."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.run import Captured, Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.domain.words import SYMBOLS, duration_text, metric_text, number_text, size_text, visible

__all__ = ["WAY_OUT", "StaticCard", "card_html", "card_text"]

WAY_OUT = (
    "The dispatcher did not start. Nothing is lost: mend the cause (mlws doctor names it), then try again with %runs."
)

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
_BOX_OPEN = f'<div class="jp-mlws-card" style="{_BOX}">'
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
_COLOURS = {
    RunStatus.COMPLETED: "var(--jp-success-color1,#388e3c)",
    RunStatus.FAILED: "var(--jp-error-color1,#d32f2f)",
    RunStatus.CANCELED: "var(--jp-ui-font-color2,#616161)",
    RunStatus.NOT_RESPONDING: "var(--jp-warn-color1,#f57c00)",
}
_LIVE = "var(--jp-brand-color1,#1976d2)"


@dataclass(frozen=True, kw_only=True)
class StaticCard:
    """A run as it stands in a notebook.

    Attributes
    ----------
    text : str
        One line.
    html : str
        Static, every foreign text escaped, at most 30 kB, no path of a machine.
    """

    text: str
    html: str


def card_text(run: Run) -> str:
    """The card in one line."""
    parts = [f"{SYMBOLS[run.status]} #{run.number} {run.experiment}", _status_text(run), metric_text(run)]
    return "  ".join(part for part in parts if part)


def _status_text(run: Run) -> str:
    text = run.status.value
    if not run.status.is_terminal:
        # A card stands still; so it says of when it is.
        text += f" at {now().astimezone():%H:%M:%S}"
    if run.child_count:
        text += f", {run.children_ended} of {run.child_count} runs ended"
    if run.waiting_for and not run.status.is_terminal:
        text += f", {visible(run.waiting_for)}"
    if run.started_at is not None:
        text += f" {duration_text(((run.ended_at or now()) - run.started_at).total_seconds())}"
    return text


def card_html(run: Run, outputs: Sequence[Mapping[str, Any]] = (), words: str = "") -> str:
    """The card as html: static, every text escaped, at most 30 kB, no path of this machine.

    Parameters
    ----------
    run : domain record
    outputs : sequence of mapping
        What the cell displayed: its last result as text, and the figures that there is room for.
    words : str
        The last words of a dispatcher that does not start.
    """
    html = _html(run, _MOST_ROWS, _MOST_TEXT, words)
    if len(html.encode()) > _MOST_BYTES:
        html = _html(run, 4, 500, words)
    return _BOX_OPEN + html + _displayed(outputs, _MOST_BYTES - len(html.encode()) - 500) + "</div>"


def _displayed(outputs: Sequence[Mapping[str, Any]], room: int) -> str:
    """Results and figures in their order, as far as there is room; what is left out is counted."""
    shown, left = "", 0
    for output in outputs:
        html = _output_html(output.get("data", {}))
        if len(shown) + len(html.encode()) <= room:
            shown += html
        else:
            left += 1
    said = f"{left} more of what it displayed" if shown else f"{left} displayed"
    return shown + (f'<div style="{_SOFT}">{said}: <code>get_outputs()</code></div>' if left else "")


def _output_html(data: Mapping[str, Any]) -> str:
    picture, text = data.get("image/png"), data.get("text/plain")
    if isinstance(picture, str) and _BASE64.fullmatch(picture):
        source = f"data:image/png;base64,{picture.strip()}"
        return f'<div><img alt="Figure of the run" style="max-width:100%;background:#fff" src="{source}"></div>'
    if isinstance(text, str):
        lines = "\n".join(_safe(line, 300) for line in text[:2000].splitlines())
        return f'<pre style="{_PRE}">{lines}</pre>'
    return ""


def _html(run: Run, rows: int, text: int, words: str) -> str:
    parts = [
        _title(run, text),
        _failure(run, text),
        _stuck(words, text),
        _table("Parameters", run.params, rows, text),
        _table("Metrics", {metric.name: number_text(metric.last) for metric in run.metrics}, rows, text),
        _sent(run, rows, text),
        _notes(run, rows, text),
        _footer(run),
    ]
    return "".join(parts)


def _safe(text: str, most: int) -> str:
    shown = visible(text)
    return escape(shown if len(shown) <= most else f"{shown[: most - 1]}…")


def _title(run: Run, most: int) -> str:
    colour = _COLOURS.get(run.status, _LIVE)
    name = f" · {_safe(run.display_name, min(most, 256))}" if run.display_name else ""
    return (
        f'<div style="display:flex;gap:12px;flex-wrap:wrap"><span><span style="color:{colour}" aria-hidden="true">'
        f"{SYMBOLS[run.status]}</span> <strong>#{run.number} {_safe(run.experiment, 255)}</strong>{name}</span>"
        f"<span>{escape(_status_text(run))}</span>"
        f'<span style="margin-left:auto;{_SOFT}">{_safe(run.compute_target, 100)}</span></div>'
    )


def _failure(run: Run, most: int) -> str:
    if run.error is None:
        return ""
    colour = _COLOURS[RunStatus.FAILED]
    cause = f'<div style="color:{colour}">{_safe(run.error.message, min(most, 3000))}</div>'
    traceback = run.error.traceback[-most:]
    if not traceback:
        return cause
    lines = "\n".join(_safe(line, 500) for line in traceback.splitlines())
    return f'{cause}<details><summary>Traceback</summary><pre style="{_PRE}">{lines}</pre></details>'


def _stuck(words: str, most: int) -> str:
    if not words:
        return ""
    lines = "\n".join(_safe(line, 500) for line in words[:most].splitlines())
    colour = _COLOURS[RunStatus.FAILED]
    return f'<div style="color:{colour}">{escape(WAY_OUT)}</div><pre style="{_PRE}">{lines}</pre>'


def _table(title: str, facts: Mapping[str, str], rows: int, most: int) -> str:
    if not facts:
        return ""
    shown = " · ".join(
        f'<span style="white-space:nowrap">{_safe(key, 100)} <strong>{_safe(value, min(most, 60))}</strong></span>'
        for key, value in list(facts.items())[:rows]
    )
    more = f" (+{len(facts) - rows})" if len(facts) > rows else ""
    return f'<div><span style="{_SOFT}">{title}</span> {shown}{more}</div>'


def _sent(run: Run, rows: int, most: int) -> str:
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


def _notes(run: Run, rows: int, most: int) -> str:
    notes = [*run.notes, *run.warnings]
    return "".join(f'<div style="{_SOFT}">{_safe(note, min(most, 300))}</div>' for note in notes[:rows])


def _footer(run: Run) -> str:
    if run.status.is_terminal:
        return ""
    return (
        f'<div style="{_SOFT}">Live in the panel <em>ML workspace</em>, and anew with <code>%runs {run.number}</code>. '
        f"Stop it with <code>mlws.run({run.number}).cancel()</code>; the kernel's stop button does not.</div>"
    )
