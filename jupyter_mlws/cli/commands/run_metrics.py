"""``mlws run metrics``."""

from __future__ import annotations

import csv
import difflib
import sys
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.chart import chart, dots_across
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json
from jupyter_mlws.errors import NotFound, UsageError
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.text import number_text, visible

__all__ = ["metrics"]

_WIDTH, _HEIGHT = 100, 12


def metrics(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Number or id of the run.", autocompletion=completing.runs)],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[METRIC]...", help="Draw these; default: a table of all.")
    ] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="All points of all, or of these: name,step,time,value.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a run's metrics: the last value of each, or charts of those that are named."""
    if as_csv and as_json:
        raise UsageError("Both --csv and --json are given.", hint="Give one of them.")
    found = Run.get(open_workspace(workspace), run)
    numbers = [summary.name for summary in found._summaries(system=False)]
    wanted = [_known(found, name, numbers) for name in names or []]
    if as_csv:
        _write_csv(found, wanted or numbers)
    elif as_json:
        print_json({name: _columns(found, name) for name in wanted} if wanted else _summed_up(found))
    elif wanted:
        _draw(found, wanted)
    else:
        _show_all(found)


def _known(run: Run, name: str, known: list[str]) -> str:
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, 1)
    hint = f"Known: {visible(', '.join(known[:20]))}." if known else "It has none that is a number."
    raise NotFound(
        f"Run #{run.number} has no metric {name!r}.", hint=f"{hint}{f' Did you mean {near[0]}?' if near else ''}"
    )


def _columns(run: Run, name: str) -> dict[str, list[float]]:
    columns = {key: column.tolist() for key, column in run.metric(name).columns.items()}
    return {**columns, "step": [int(step) for step in columns["step"]]}


def _write_csv(run: Run, names: list[str]) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("name", "step", "time", "value"))
    for name in names:
        columns = _columns(run, name)
        for step, at, value in zip(columns["step"], columns["time"], columns["value"], strict=True):
            out.writerow((_inert(name), step, at, value))


def _inert(name: str) -> str:
    """A name that a spreadsheet takes for text, and not for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def _summed_up(run: Run) -> dict[str, object]:
    return {"metrics": list(run._summaries(system=False)), "typed": list(run._typed())}


def _draw(run: Run, names: list[str]) -> None:
    width = min(_WIDTH, console.width)
    for name in names:
        series = run.metric(name, points=dots_across(width))
        console.print(Text(visible(name), style="bold"))
        for line in chart(series, width, _HEIGHT):
            console.print(Text(line))


def _show_all(run: Run) -> None:
    numbers, typed = list(run._summaries(system=False)), list(run._typed())
    if not numbers and not typed:
        console.print(f"Run #{run.number} has logged no metrics.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Metric", "Last", "Least", "Most", "Step", "Points"):
        table.add_column(heading, justify="left" if heading == "Metric" else "right", no_wrap=heading != "Metric")
    for metric in numbers:
        values = (number_text(value) for value in (metric.last, metric.minimum, metric.maximum))
        name = Text(visible(metric.name), overflow="fold")
        table.add_row(name, *values, f"{metric.last_step:,}", f"{metric.count:,}")
    for each in typed:
        table.add_row(Text(visible(each.name), overflow="fold"), visible(each.type), "", "", "", f"{each.count:,}")
    console.print(table)
    if numbers:
        console.print(f"Draw one: mlws run metrics {run.number} {numbers[0].name}", markup=False)
