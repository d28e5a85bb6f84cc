"""``mlws experiments list | archive | reactivate | tag | delete | restore``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.groups import Lists
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, pairs, print_json
from jupyter_mlws.domain.deletion import Deletion
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.text import size_text, visible

__all__ = ["app", "print_deletion"]

app = typer.Typer(cls=Lists, help="List, archive, tag, delete and restore experiments.")
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the experiment.", autocompletion=completing.experiments)
]


@app.command("list")
def list_(
    archived: Annotated[bool, typer.Option("--archived", help="Also those that are archived.")] = False,
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="Only with this tag: k or k=v.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the experiments, newest first."""
    wanted = {key: value or None for key, value in pairs("tag", tag).items()}
    found = Experiment.list(open_workspace(workspace), include_archived=archived, tags=wanted)
    records = [experiment.record for experiment in found]
    if as_json:
        print_json(records)
        return
    if not records:
        console.print("No experiments yet." if not tag else "No experiment has these tags.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Experiment", "Runs", "Made", "Tags", "Description"):
        table.add_column(heading, justify="right" if heading == "Runs" else "left")
    for record in records:
        tags = ", ".join(f"{key}={value}" if value else key for key, value in record.tags.items())
        name = f"{record.name} (archived)" if record.archived_at else record.name
        cells = (name, f"{record.run_count:,}", f"{record.created_at:%Y-%m-%d}", tags, record.description)
        table.add_row(*(Text(visible(cell)) for cell in cells))
    console.print(table)


@app.command()
def archive(name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Leave an experiment out of lists; it takes no new runs, and keeps those that it has."""
    found = _existing(workspace, name)
    found.archive()
    _say(found, f"The experiment {name} is archived.", as_json)


@app.command()
def reactivate(name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Take an experiment out of the archive."""
    found = _existing(workspace, name)
    found.reactivate()
    _say(found, f"The experiment {name} is active.", as_json)


@app.command()
def tag(
    name: NameArgument,
    tags: Annotated[list[str] | None, typer.Argument(metavar="[K=V]...", help="Tags to set.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", "-r", help="A tag to remove.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set or remove tags of an experiment."""
    found = _existing(workspace, name)
    if tags:
        found.set_tags(pairs("tag", tags))
    if remove:
        found.remove_tags(remove)
    now = ", ".join(f"{key}={value}" if value else key for key, value in found.record.tags.items())
    _say(found, f"The experiment {name} has the tags {now}." if now else f"The experiment {name} has no tags.", as_json)


@app.command()
def delete(name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Put an experiment and all its runs into the trash."""
    gone = Experiment.delete(open_workspace(workspace), name)
    print_deletion(gone, f"The experiment {name}", f"mlws experiments restore {name}", as_json=as_json)


@app.command()
def restore(
    name: NameArgument,
    new_name: Annotated[str | None, typer.Option("--as", help="Another name, where its own is taken by now.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take an experiment and the runs that went with it out of the trash."""
    found = Experiment.restore(open_workspace(workspace), name, new_name)
    _say(found, f"The experiment {found.name} is back, with {found.record.run_count:,} runs.", as_json)


def _existing(workspace: str | None, name: str) -> Experiment:
    """An experiment that is there: a name that was mistyped is not to make one."""
    found = Experiment(open_workspace(workspace), name)
    found.refresh()
    return found


def _say(found: Experiment, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(found.record)
    else:
        console.print(Text(visible(sentence)))


def print_deletion(gone: Deletion, what: str, way_back: str, *, as_json: bool) -> None:
    """What was put into the trash, what that will free, and how it comes back."""
    if as_json:
        print_json(gone)
        return
    runs = f" with {gone.run_count:,} runs" if gone.run_count > 1 else ""
    console.print(
        f"{what}{runs} is in the trash until {gone.until:%Y-%m-%d %H:%M} UTC; {size_text(gone.size_bytes)} will be "
        f"free when it is purged.\nBring it back: {way_back}"
    )
