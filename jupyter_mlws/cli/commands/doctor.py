"""``mlws doctor``: what is wrong, and how to mend it."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import typer
from rich.text import Text

from jupyter_mlws import __version__
from jupyter_mlws import workspace as room
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.sdk.text import size_text
from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Finding", "doctor"]

_LOW_DISK_BYTES = 1 << 30
_SYMBOLS = {"ok": ("✔", "green"), "warning": ("▲", "yellow"), "error": ("✖", "red")}


@dataclass(frozen=True)
class Finding:
    """One answer: `level` is 'ok', 'warning' or 'error'; `hint` is the way out."""

    level: str
    subject: str
    message: str
    hint: str = ""


def doctor(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Say what is wrong with this installation or workspace, and how to mend it. Exits with 1 on an error."""
    findings = list(_examine(workspace))
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            symbol, style = _SYMBOLS[finding.level]
            console.print(
                Text(symbol, style=style), Text(f"{finding.subject}: {finding.message} {finding.hint}".strip())
            )
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)


def _examine(location: str | None) -> Iterator[Finding]:
    yield Finding(
        "ok", "Package", f"jupyter-mlws {__version__} on Python {platform.python_version()}, {platform.system()}."
    )
    yield from _jupyter()
    try:
        ws = open_workspace(location)
    except MlwsError as error:
        yield Finding("error", "Workspace", error.message, error.hint)
        return
    for check in _WORKSPACE_CHECKS:
        try:
            yield from check(ws)
        except MlwsError as error:
            yield Finding("error", "Workspace", error.message, error.hint)
            return


def _jupyter() -> Iterator[Finding]:
    try:
        yield Finding("ok", "JupyterLab", f"version {version('jupyterlab')}.")
    except PackageNotFoundError:
        yield Finding(
            "warning",
            "JupyterLab",
            "is not installed in this environment.",
            "The panel needs it: pip install jupyterlab",
        )


def _opened(ws: Workspace) -> Iterator[Finding]:
    info = ws.info()
    yield Finding(
        "ok", "Workspace", f"{info.name} in {info.location}: {info.run_count} runs, {size_text(info.size_bytes)}."
    )


def _disk(ws: Workspace) -> Iterator[Finding]:
    if not Path(ws.location).is_dir():
        return
    free = shutil.disk_usage(ws.location).free
    if free < _LOW_DISK_BYTES:
        yield Finding(
            "error", "Disk", f"only {size_text(free)} are free.", "Free some space, or move the workspace folder."
        )
    else:
        yield Finding("ok", "Disk", f"{size_text(free)} are free.")
    if not os.access(ws.location, os.W_OK):
        yield Finding("error", "Folder", "cannot be written.", f"Change its owner or mode: {ws.location}")


def _database(ws: Workspace) -> Iterator[Finding]:
    yield Finding("ok", "Database", f"SQLite {sqlite3.sqlite_version}, schema {ws.info().schema_version}.")


def _dispatcher(ws: Workspace) -> Iterator[Finding]:
    before = ws.info().dispatcher
    if before.alive:
        yield Finding("ok", "Dispatcher", f"process {before.pid} answers.")
        return
    after = ws.api.workspace.wake()
    # Looking must not change what is there: whoever has stopped it may be about to move the folder.
    if not after.active_count and Path(ws.location).is_dir():
        room.stop_dispatcher(ws.location)
    yield Finding("ok", "Dispatcher", "rests; it was started for a moment, and answered.")


def _container(ws: Workspace) -> Iterator[Finding]:
    if Path("/.dockerenv").exists() or "KUBERNETES_SERVICE_HOST" in os.environ:
        yield Finding("warning", "Container", "runs here end with this container.", "Keep the workspace on a volume.")


def _compute(ws: Workspace) -> Iterator[Finding]:
    for target in ws.api.compute.list().items:
        gpus = f", {target.gpus} GPUs" if target.gpus else ""
        yield Finding("ok", "Compute", f"{target.name}: {target.slots} slots{gpus}. {target.note}".strip())


_WORKSPACE_CHECKS: tuple[Callable[[Workspace], Iterator[Finding]], ...] = (
    _opened,
    _disk,
    _database,
    _dispatcher,
    _container,
    _compute,
)
