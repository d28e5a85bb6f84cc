"""What of a run stands in a notebook for places where nothing runs: one line of text, and static html."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.masking import MASK, looks_secret
from jupyter_mlws.domain.run import Captured, Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.domain.words import SYMBOLS, duration_text, metric_text, number_text, size_text, visible

__all__ = ["WAY_OUT", "StaticCard", "card_html", "card_text"]

WAY_OUT = (
    "The dispatcher did not start. Nothing is lost: mend the cause (mlws doctor names it), then try again with %runs."
)

_MOST_ROWS = 12
_MOST_TEXT = 4000
# Together they are at most 30 kB, with what `jupyter_mlws.magics.card` adds.
_MOST_BYTES = 26_500
_MOST_LINE = 1000
# Rows of a table and characters of a text: the first of these with which the whole is small enough.
_LEVELS = ((_MOST_ROWS, _MOST_TEXT), (4, 500), (2, 100))
# A path from the root on, in whatever system; in an address, a date or a fraction none begins.
_PLACE = re.compile(
    r"""(?<![\w.~/:\\])(?:/(?:[^\s/'"<>|:,;()]+/)+|[A-Za-z]:[\\/](?:[^\s/\\'"<>|:,;()]+[\\/])*|\\\\(?:[^\s/\\'"<>|:,;()]+\\)+)"""
)
_PASSWORD = re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+@")

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
# In the words of src/card/words.ts.
_SCOPES = {"project": "the project", "folder": "the folder", "files": "the notebook and the files that it names"}
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
        Static, every foreign text escaped, no folder of a machine; with the text at most 30 kB.
    """

    text: str
    html: str


def card_text(run: Run, words: str = "") -> str:
    """The card in one line of at most a thousand bytes, and below it the last words of a dispatcher."""
    name = f"{SYMBOLS[run.status]} #{run.number} {_shown(run.experiment, 255)}"
    parts = [name, _status_text(run, 300), _shown(metric_text(run), 300)]
    line = "  ".join(part for part in parts if part).encode()[:_MOST_LINE].decode(errors="ignore")
    return "\n".join([line, *_last_lines(words, 2 * _MOST_LINE)])


def _status_text(run: Run, most: int) -> str:
    text = run.status.value
    if not run.status.is_terminal:
        # A card stands still; so it says of when it is.
        text += f" at {now().astimezone():%H:%M:%S}"
    if run.child_count:
        text += f", {run.children_ended} of {run.child_count} runs ended"
    if run.waiting_for and not run.status.is_terminal:
        text += f", {_shown(run.waiting_for, most)}"
    if run.started_at is not None:
        text += f" {duration_text(((run.ended_at or now()) - run.started_at).total_seconds())}"
    return text


def card_html(run: Run, outputs: Sequence[Mapping[str, Any]] = (), words: str = "") -> str:
    """The card as html: static, every text escaped, small, no folder of this machine.

    What the cell displayed and the source that travelled with it stand as they are: they are the notebook's own.

    Parameters
    ----------
    run : domain record
    outputs : sequence of mapping
        What the cell displayed: its last result as text, and the figures that there is room for.
    words : str
        The last words of a dispatcher that does not start.
    """
    tried = (_html(run, rows, text, words) for rows, text in _LEVELS)
    html = next(html for html in tried if len(html.encode()) <= _MOST_BYTES)
    return _BOX_OPEN + html + _displayed(outputs, _MOST_BYTES - len(html.encode()) - 500) + "</div>"


def _displayed(outputs: Sequence[Mapping[str, Any]], room: int) -> str:
    """Results and figures in their order, as far as there is room; what is left out is counted."""
    shown, left = "", 0
    for output in outputs:
        html = _output_html(output.get("data", {}))
        if len(shown.encode()) + len(html.encode()) <= room:
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
        lines = "\n".join(_as_it_is(line, 300) for line in text[:2000].splitlines())
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


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _shown(text: str, most: int) -> str:
    """Foreign text without folders of a machine and passwords, its hidden characters written out."""
    # What is cut off need not be searched: no text is shorter for what is taken out of its first characters.
    bounded = _cut(text, 8 * most)
    return _cut(visible(_PASSWORD.sub(f"{MASK}@", _PLACE.sub("…/", bounded))), most)


def _last_lines(text: str, most: int) -> list[str]:
    """The end of a foreign text in lines; none begins within a name that was cut."""
    lines = [_shown(line, 500) for line in text.splitlines()[-most // 2 :]]
    while lines and sum(len(line.encode()) + 1 for line in lines) > most:
        del lines[0]
    return lines


def _safe(text: str, most: int) -> str:
    return escape(_shown(text, most))


def _as_it_is(text: str, most: int) -> str:
    return escape(_cut(visible(text), most))


def _title(run: Run, most: int) -> str:
    colour = _COLOURS.get(run.status, _LIVE)
    name = f" · {_safe(run.display_name, min(most, 256))}" if run.display_name else ""
    experiment = _safe(run.experiment, min(most, 255))
    return (
        f'<div style="display:flex;gap:12px;flex-wrap:wrap"><span><span style="color:{colour}" aria-hidden="true">'
        f"{SYMBOLS[run.status]}</span> <strong>#{run.number} {experiment}</strong>{name}</span>"
        f"<span>{escape(_status_text(run, min(most, 300)))}</span>"
        f'<span style="margin-left:auto;{_SOFT}">{_safe(run.compute_target, 100)}</span></div>'
    )


def _failure(run: Run, most: int) -> str:
    if run.error is None:
        return ""
    colour = _COLOURS[RunStatus.FAILED]
    cause = f'<div style="color:{colour}">{_safe(run.error.message, min(most, 3000))}</div>'
    lines = escape("\n".join(_last_lines(run.error.traceback, most)))
    if not lines:
        return cause
    return f'{cause}<details><summary>Traceback</summary><pre style="{_PRE}">{lines}</pre></details>'


def _stuck(words: str, most: int) -> str:
    if not words:
        return ""
    lines = escape("\n".join(_last_lines(words, most)))
    colour = _COLOURS[RunStatus.FAILED]
    return f'<div style="color:{colour}">{escape(WAY_OUT)}</div><pre style="{_PRE}">{lines}</pre>'


def _table(title: str, facts: Mapping[str, str], rows: int, most: int) -> str:
    if not facts:
        return ""
    shown = " · ".join(
        f'<span style="white-space:nowrap">{_safe(key, 100)} '
        f"<strong>{_safe(MASK if looks_secret(key) else value, min(most, 60))}</strong></span>"
        for key, value in list(facts.items())[:rows]
    )
    more = f" (+{len(facts) - rows})" if len(facts) > rows else ""
    return f'<div><span style="{_SOFT}">{title}</span> {shown}{more}</div>'


def _sent(run: Run, rows: int, most: int) -> str:
    if run.kind == "interactive":
        return ""  # its cell ran where it stands
    files = _SCOPES.get(run.snapshot_scope, "")
    groups = [files, *_groups(run.captured, rows)]
    groups += [f"{_listed([link.path for link in run.links], 3)} linked, not copied"] if run.links else []
    said = [group for group in groups if group]
    if not said:
        return ""
    code = "\n\n".join(item.text.rstrip() for item in run.captured if item.how == "source" and item.text)
    line = f'<span style="{_SOFT}">Sent along:</span> {_safe(" · ".join(said), most)}'
    if not code:
        return f"<div>{line}</div>"
    lines = "\n".join(_as_it_is(text, 300) for text in code[:most].splitlines())
    return f'<details><summary>{line}</summary><pre style="{_PRE}">{lines}</pre></details>'


def _groups(captured: tuple[Captured, ...], rows: int) -> list[str]:
    data = [item for item in captured if item.how in ("data", "table")]
    code = [f"{item.name}()" if item.type == "function" else item.name for item in captured if item.how == "source"]
    groups = (
        [f"{_listed([item.name for item in data], rows)} {size_text(sum(i.size_bytes for i in data))}"] if data else []
    )
    groups += [_listed(code, rows)] if code else []
    return groups + (["the state of the random numbers"] if any(item.how == "random" for item in captured) else [])


def _listed(names: list[str], rows: int) -> str:
    more = f" and {len(names) - rows} more" if len(names) > rows else ""
    return ", ".join(names[:rows]) + more


def _notes(run: Run, rows: int, most: int) -> str:
    notes = [*run.notes, *run.warnings]
    return "".join(f'<div style="{_SOFT}">{_safe(note, min(most, 300))}</div>' for note in notes[:rows])


def _footer(run: Run) -> str:
    if run.status.is_terminal:
        return ""
    if run.kind == "interactive":
        stop = "It runs in the kernel or process that logs it: what stops that ends the run."
    else:
        stop = f"Stop it with <code>mlws.run({run.number}).cancel()</code>; the kernel's stop button does not."
    return (
        f'<div style="{_SOFT}">Live in the panel <em>ML workspace</em>, and anew with <code>%runs {run.number}</code>. '
        f"{stop}</div>"
    )
