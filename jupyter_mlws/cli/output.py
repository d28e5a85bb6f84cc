"""What all commands share: the workspace option, JSON or tables, errors as sentences."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions
from rich.table import Table
from rich.text import Text

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.domain.workspace import is_url
from jupyter_mlws.errors import InvalidInput, NotFound
from jupyter_mlws.sdk.text import HEADINGS, in_notebook, run_rows
from jupyter_mlws.sdk.workspace import Workspace

__all__ = [
    "JsonOption",
    "WorkspaceOption",
    "console",
    "open_workspace",
    "pairs",
    "print_json",
    "print_runs",
    "runs_table",
    "spoken",
    "status_style",
]

# Wide enough for every table: what is piped is cut by whoever reads it.
_PIPED_WIDTH = 10_000


class _Screen(Console):
    """Standard output: as wide as the terminal, or as wide as what is said where there is none."""

    # Whether it is read below a cell, where commands are typed as magics.
    notebook = False

    def print(self, *objects: Any, **how: Any) -> None:
        """Sentences of ours are texts, and are said as fits the reader; what a run or a person wrote is a `Text`."""
        super().print(*(spoken(each) if isinstance(each, str) else each for each in objects), **how)

    @property
    def size(self) -> ConsoleDimensions:
        if self.is_terminal or os.environ.get("COLUMNS", "").isdecimal():
            return super().size
        return ConsoleDimensions(_PIPED_WIDTH, super().size.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self.width, self.height = new_size


console = _Screen(highlight=False, soft_wrap=True)

WorkspaceOption = Annotated[
    str | None,
    typer.Option("--workspace", "-w", help="Folder or URL of the workspace; default: found from this folder."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]

_STYLES = {
    RunStatus.COMPLETED: "green",
    RunStatus.FAILED: "red",
    RunStatus.CANCELED: "yellow",
    RunStatus.RUNNING: "cyan",
}


def spoken(sentence: str) -> str:
    """A sentence of ours with its commands as they are typed where it is read."""
    return in_notebook(sentence) if console.notebook else sentence


def status_style(status: RunStatus) -> str:
    """The colour of a state, beside its symbol."""
    return _STYLES.get(status, "")


def open_workspace(location: str | None, *, make: bool = False) -> Workspace:
    """The workspace that was named, else the one of the working directory.

    Parameters
    ----------
    location : str, optional
        What ``--workspace`` says.
    make : bool
        Whether a folder that is not there is to be one from now on: of what puts something in. Whoever only looks has
        mistyped it.

    Raises
    ------
    NotFound
        Nothing is there.
    """
    if not location:
        return Workspace.from_config()
    if not make:
        _check_there(location)
    return Workspace(location)


def _check_there(location: str) -> None:
    from jupyter_mlws.workspace.finding import find

    found = find(location)
    if not is_url(found) and not os.path.lexists(found):
        raise NotFound(
            f"There is no workspace {location}.", hint="Correct the path; in a project's folder mlws init makes one."
        )


def print_json(value: Any) -> None:
    """`value` as indented JSON on stdout."""
    knows_all = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(to_builtins(value), indent=2, ensure_ascii=not knows_all) + "\n")


def print_runs(runs: list[Run]) -> None:
    """Runs as a table."""
    console.print(runs_table(runs, console.width) if runs else "No runs yet.")


def runs_table(runs: list[Run], width: int) -> Table:
    """A line for each run; where `width` is small, what matters least is left out, then cut."""
    rows = run_rows(runs)
    shown = _fitting(rows, width)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for i in shown:
        table.add_column(HEADINGS[i], no_wrap=HEADINGS[i] in _WHOLE)
    for run, row in zip(runs, rows, strict=True):
        cells = (Text(row[i], no_wrap=True, overflow="ellipsis") for i in shown)
        table.add_row(*(_styled(cell, run, HEADINGS[i]) for cell, i in zip(cells, shown, strict=True)))
    return table


_WHOLE = ("Run", "Status", "Took")
# Least needed first, and the width of a terminal that still has room for it.
_LEFT_OUT = (("Parameters", 90), ("Experiment", 60), ("Metrics", 40))


def _fitting(rows: list[tuple[str, ...]], width: int) -> list[int]:
    """The columns that a table of this width has."""
    shown = list(range(len(HEADINGS)))
    widths = [max(cell_len(line[i]) for line in (HEADINGS, *rows)) + 2 for i in shown]
    for name, enough in _LEFT_OUT:
        column = HEADINGS.index(name)
        if width < enough and sum(widths[i] for i in shown) > width:
            shown.remove(column)
    return shown


def _styled(cell: Text, run: Run, heading: str) -> Text:
    if heading == "Status":
        cell.stylize(status_style(run.status))
    return cell


def pairs(kind: str, words: list[str] | None) -> dict[str, str]:
    """``k=v`` words as a mapping; a bare ``k`` has the value ''."""
    found = {}
    for word in words or []:
        key, _, value = word.partition("=")
        if not key:
            raise InvalidInput(f"{word!r} is no {kind}.", hint="Write it as name=value.")
        found[key] = value
    return found
