"""``mlws run show | logs | cancel | watch | delete | restore``."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.commands.experiments import print_deletion
from jupyter_mlws.cli.following import follow
from jupyter_mlws.cli.groups import ShowsRun
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, print_json
from jupyter_mlws.cli.terminal import Output
from jupyter_mlws.domain.rerun import RERUN_OF
from jupyter_mlws.domain.run import Run as Record
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.text import SYMBOLS, duration_text, number_text, visible

__all__ = ["app"]

# Of the end of a log, in which a few lines are looked for: at first, and how much more where it has too few.
_END_BYTES, _END_GROWTH = 65_536, 8

app = typer.Typer(cls=ShowsRun, no_args_is_help=True, help="Look at one run (mlws run 12), stop it, delete it.")
RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="Number or id of the run.", autocompletion=completing.runs)
]
RunsArgument = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Numbers or ids of runs.", autocompletion=completing.runs)
]


@app.command()
def show(run: RunArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show a run: state, parameters, metrics, files, and whether it can be done again."""
    found = Run.get(open_workspace(workspace), run)
    names, again = found.get_file_names(), found.reproducibility()
    if as_json:
        print_json({"run": found.record, "metrics": found.get_metrics(), "files": names, "reproducibility": again})
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for key, value in [*_facts(found.record), ("Files", "\n".join(names)), ("Repeat", str(again))]:
        if value:
            table.add_row(Text(key, style="bold"), Text(visible_lines(value)))
    console.print(table)


def visible_lines(text: str) -> str:
    """`text` with its line breaks, all other control marks written out."""
    return "\n".join(visible(line) for line in text.split("\n"))


def _points(count: int) -> str:
    return f"{count:,} point{'' if count == 1 else 's'}"


def _facts(record: Record) -> list[tuple[str, str]]:
    error = record.error
    return [
        ("Run", f"#{record.number} {record.experiment}  ({record.id})"),
        (
            "Status",
            f"{SYMBOLS[record.status]} {record.status}" + (f", {record.waiting_for}" if record.waiting_for else ""),
        ),
        ("Cause", f"{error.message}\n{error.traceback}".strip() if error else ""),
        ("Name", record.display_name),
        ("Note", record.description),
        ("Again", f"what {record.properties[RERUN_OF]} was" if RERUN_OF in record.properties else ""),
        ("Compute", f"{record.compute_target}, environment {record.environment}"),
        ("Took", duration_text(record.duration_s) if record.duration_s is not None else ""),
        ("Parameters", "\n".join(f"{key} = {value}" for key, value in record.params.items())),
        ("Tags", "\n".join(f"{key} = {value}" if value else key for key, value in record.tags.items())),
        ("Metrics", "\n".join(f"{m.name} {number_text(m.last)}  ({_points(m.count)})" for m in record.metrics)),
        ("Snapshot", record.snapshot_id or ""),
        ("Git", _git(record)),
        ("Notes", "\n".join((*record.notes, *record.warnings))),
    ]


def _git(record: Record) -> str:
    git = record.git
    if git is None or git.commit is None:
        return ""
    return f"{git.branch or 'detached'} {git.commit[:12]}{' with changes' if git.dirty else ''} {git.remote or ''}"


@app.command()
def logs(
    run: RunArgument,
    go_on: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends.")] = False,
    tail: Annotated[
        int | None, typer.Option("--tail", "-n", min=1, help="Begin with the last so many lines of what is there.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="std.log, agent.log or environment.log.")] = "std.log",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a run's log."""
    found = Run.get(open_workspace(workspace), run)
    if as_json:
        text = found.get_log(name)
        print_json({"run": found.id, "name": name, "text": text if tail is None else _last_lines(text, tail)})
        return
    out, offset, told = Output(), 0, ""
    if tail is not None:
        text, offset = _end_of_log(found, name, tail)
        out.write(text)
    while True:
        part = found.workspace.api.logs.read(found.id, name=name, offset=offset)
        out.write(part.text)
        if part.next_offset > offset:
            offset = part.next_offset
            continue
        sys.stdout.flush()
        if part.ended or not go_on:
            break
        if not offset:
            told = _say_what_it_waits_for(found, told)
        time.sleep(0.2)
    if not offset:
        _say_why_there_is_none(found, name)


def _end_of_log(run: Run, name: str, count: int) -> tuple[str, int]:
    """The last lines of a log, of which no more is read than they may need, and the offset behind them."""
    read, size = run.workspace.api.logs.read, _END_BYTES
    while True:
        part = read(run.id, name=name, offset=-size)
        texts, end, is_whole = [part.text], part.size_bytes, part.size_bytes <= size
        while part.text and part.next_offset < end:
            part = read(run.id, name=name, offset=part.next_offset)
            texts.append(part.text)
        text = "".join(texts)
        if is_whole or text.count("\n") > count:  # the first line may have begun before
            return _last_lines(text, count), part.next_offset
        size *= _END_GROWTH


def _last_lines(text: str, count: int) -> str:
    """The end of a text, as many lines; one that is not ended yet is the last."""
    lines = text.split("\n")
    wanted = count + (not lines[-1])  # nothing is behind the last end of a line
    return "\n".join(lines[-wanted:])


def _say_what_it_waits_for(run: Run, told: str) -> str:
    waiting = run.refresh().waiting_for
    if waiting and waiting != told:
        print(f"Run #{run.number} is {run.status}, {visible(waiting).rstrip('.')}.", file=sys.stderr)
    return waiting


def _say_why_there_is_none(run: Run, name: str) -> None:
    """An empty log has a reason, and another one may hold it."""
    record = run.refresh()
    words = [f"Run #{run.number} is {record.status}, and its {name} is empty."]
    if record.error is not None:
        words.append(visible(record.error.message))
    other = "environment.log"
    if name != other and run.workspace.api.logs.read(run.id, name=other, limit=4).size_bytes:
        words.append(f"How its environment was made: mlws run logs {run.number} --name {other}")
    print("\n".join(words), file=sys.stderr)


@app.command()
def cancel(runs: RunsArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Ask for the end of runs and of their children; all are looked up before the first is canceled."""
    ws = open_workspace(workspace)
    found = [Run.get(ws, run) for run in runs]
    for run in found:
        run.cancel()
        if not as_json:
            console.print(f"Run #{run.number} is {run.status}.")
    if as_json:
        records = [run.record for run in found]
        print_json(records[0] if len(records) == 1 else records)


@app.command()
def watch(run: RunArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Draw a run's metrics and the end of its log until it ends; exits with 1 unless it completes."""
    follow(Run.get(open_workspace(workspace), run), wait=True, watch=True, as_json=as_json)


@app.command()
def delete(run: RunArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Put a run that has ended, and its children, into the trash."""
    api = open_workspace(workspace).api
    gone = api.runs.delete(run)
    print_deletion(gone, f"Run {_numbered(run)}", f"mlws run restore {run.lstrip('#')}", as_json=as_json)


@app.command()
def restore(run: RunArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Take a run, and the children that went with it, out of the trash."""
    found = open_workspace(workspace).restore(run)
    if as_json:
        print_json(found.record)
    else:
        console.print(f"Run #{found.number} is back.")


def _numbered(run: str) -> str:
    return f"#{run}" if run.isdecimal() else run
