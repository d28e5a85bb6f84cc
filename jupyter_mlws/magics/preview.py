"""``--preview``: exactly what would travel, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from jupyter_mlws.sdk.text import size_text, visible

if TYPE_CHECKING:
    from jupyter_mlws.domain.snapshot import SnapshotReport
    from jupyter_mlws.magics.grammar import Options
    from jupyter_mlws.magics.prepare import Prepared

__all__ = ["preview_text"]

_MOST = 40


def preview_text(
    options: Options,
    experiment: str,
    prepared: Prepared | None,
    report: SnapshotReport,
    command: Sequence[str],
    params: Mapping[str, str] | None = None,
) -> str:
    """What a submission would take with it; nothing was stored or started.

    Parameters
    ----------
    options : Options
    experiment : str
    prepared : Prepared or None
        None for a script or a notebook.
    report : SnapshotReport
    command : sequence of str
    params : mapping, optional
        Of a notebook.
    """
    lines = [f"Would run on {options.compute}, in experiment {experiment}: {visible(' '.join(command))}"]
    given = prepared.params if prepared is not None else params or {}
    lines += _section("Parameters", (f"{key} = {value}" for key, value in given.items()))
    if prepared is not None:
        lines += _captured(prepared)
        lines += _section("Comes back", prepared.wish["returns"])
    if options.sweep:
        lines += _section(
            f"Sweep of {len(options.sweep)} runs",
            (", ".join(f"{key} = {value}" for key, value in child.items()) for child in options.sweep),
        )
    if options.compute == "local":
        lines.append("Environment: the kernel's variables, handed over once, their names recorded")
    lines += _section("Environment variables, recorded", (f"{k}={v}" for k, v in options.variables.items()))
    lines += _section("Secrets, handed over and not recorded", options.secrets)
    lines += _snapshot(report)
    notes = [*report.warnings, *(prepared.notes if prepared else ())]
    lines += _section("Notes", notes)
    lines.append("Nothing was submitted.")
    return "\n".join(lines)


def _captured(prepared: Prepared) -> list[str]:
    found = prepared.capture
    title = f"Captured, {size_text(found.size_bytes)}"
    shown = []
    for item in found.captured:
        text = item.text.splitlines()[0] if item.text else ""
        size = size_text(item.size_bytes) if item.how in ("data", "table") else ""
        shown.append("  ".join(part for part in (item.name, item.how, item.type, text, size) if part))
    return _section(title, shown)


def _snapshot(report: SnapshotReport) -> list[str]:
    total = sum(entry.size_bytes for entry in report.files)
    title = f"Files, {len(report.files):,} ({size_text(total)}), {_SCOPES.get(report.scope, report.scope)}"
    lines = _section(title, (f"{entry.path}  {size_text(entry.size_bytes)}" for entry in report.files))
    lines += _section("Linked, not copied", (f"{link.path}  {link.reason}" for link in report.links))
    lines += _section("Stays behind", report.skipped)
    return lines + _section("Cannot be read", report.unreadable)


_SCOPES = {
    "project": "the whole project",
    "folder": "the folder",
    "files": "the notebook and the files that the cell names",
    "none": "no snapshot",
}


def _section(title: str, items: Iterable[str]) -> list[str]:
    listed = [visible(item) for item in items]
    if not listed:
        return []
    more = [f"  and {len(listed) - _MOST:,} more"] if len(listed) > _MOST else []
    return [f"{title}:", *(f"  {item}" for item in listed[:_MOST]), *more]
