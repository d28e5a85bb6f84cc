"""``mlws gc``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json
from jupyter_mlws.domain.deletion import GarbageReport
from jupyter_mlws.sdk.text import size_text

__all__ = ["gc"]


def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Also what was deleted a short while ago: empty the trash.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Purge what was deleted more than 7 days ago, then free all bytes that nothing uses any more.

    Safe beside running jobs and whatever else goes on in the workspace.
    """
    report = open_workspace(workspace).api.trash.collect(dry_run=dry_run, everything=now)
    if as_json:
        print_json(report)
    else:
        print_report(report)


def print_report(report: GarbageReport) -> None:
    """What went, or would go, as a table; what stays in a sentence each."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Would go" if report.dry_run else "Gone")
    table.add_column("Count", justify="right")
    table.add_column("Bytes", justify="right")
    for name, count, size in (
        ("Runs", report.runs, None),
        ("Experiments", report.experiments, None),
        ("Models", report.models, None),
        ("Snapshots", report.snapshots, None),
        ("Stored files", report.blob_count, report.blob_bytes),
        ("Run folders", report.folder_count, report.folder_bytes),
        ("Metric points", None, report.point_bytes),
        *(() if report.dry_run else (("Database file", None, report.database_bytes),)),
    ):
        table.add_row(name, "" if count is None else f"{count:,}", "" if size is None else size_text(size))
    console.print(table)
    console.print(f"{size_text(report.freed_bytes)} {'would be' if report.dry_run else 'are'} free on the disk.")
    if report.kept_runs:
        runs = "1 run stays" if report.kept_runs == 1 else f"{report.kept_runs:,} runs stay"
        console.print(f"{runs} in the trash until the time has come; --now empties it.")
    if report.young_count:
        files = "1 unused file stays" if report.young_count == 1 else f"{report.young_count:,} unused files stay"
        console.print(f"{files} for now ({size_text(report.young_bytes)}): stored or used a short while ago.")
    for sentence in report.warnings:
        console.print(Text(sentence, style="yellow"))
