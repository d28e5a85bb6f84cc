"""``mlws doctor``: what is wrong, and how to mend it."""

from __future__ import annotations

import typer
from rich.text import Text

from jupyter_mlws.cli.doctor.finding import Finding
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, print_json, spoken

__all__ = ["doctor"]

_SYMBOLS = {"ok": ("✔", "green"), "warning": ("▲", "yellow"), "error": ("✖", "red")}


def doctor(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong with this installation or workspace, and how to mend it. Exits with 1 on an error.

    It looks without touching; only where all is well is the dispatcher started, and runs that wait are taken up.
    """
    # Here, because it brings the database's library: Tab and the other commands do not wait for that.
    from jupyter_mlws.cli.doctor.round import examine

    findings = []
    for finding in examine(workspace):
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        print_json(findings)
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    symbol, style = _SYMBOLS[finding.level]
    message, *more = finding.message.splitlines() or [""]
    console.print(Text(symbol, style=style), Text(spoken(f"{finding.subject}: {message}")))
    for line in [*more, *([finding.hint] if finding.hint else [])]:
        console.print(Text(spoken(f"  {line}")))
