"""What a command does with a run that it has just submitted: show it, wait for it, exit as it ended."""

from __future__ import annotations

import sys

import typer

from jupyter_mlws.cli.errors import INTERRUPTED
from jupyter_mlws.cli.interrupts import interrupts
from jupyter_mlws.cli.output import console, print_json, spoken
from jupyter_mlws.cli.watching import can_watch, watch_run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.sdk import stuck
from jupyter_mlws.sdk.run import Run

__all__ = ["follow", "wait_for"]


def follow(run: Run, *, wait: bool, as_json: bool, watch: bool = False) -> None:
    """Say why a run does not begin; with `wait` show its log, and exit with 1 unless it completes.

    With `watch` it is drawn, where there is a terminal for that; elsewhere `watch` is `wait`.
    """
    stuck.watch(run)
    wait = wait or watch
    if wait:
        wait_for(run, show_output=not as_json, draw=watch and not as_json)
    if as_json:
        print_json(run.record)
    if wait and run.record.status is not RunStatus.COMPLETED:
        if not as_json:
            cause = run.record.error.message if run.record.error else ""
            console.print(f"Run #{run.number} {run.record.status}. {cause}")
        raise typer.Exit(1)


def wait_for(run: Run, *, show_output: bool, draw: bool = False) -> None:
    """Wait for the end of a run; an interrupt stops the waiting, and not the run."""
    try:
        if draw and can_watch():
            watch_run(run)
        else:
            with interrupts() as pause:
                run._wait(show_output, pause)
    except KeyboardInterrupt:
        print(spoken(f"\nRun #{run.number} goes on. Cancel it: mlws run cancel {run.number}"), file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
