"""``mlws models list | show | register | download | tag | alias | delete | restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.groups import Lists
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, pairs, print_json
from jupyter_mlws.errors import UsageError
from jupyter_mlws.sdk.model import Model
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.text import size_text, visible

__all__ = ["app"]

app = typer.Typer(cls=Lists, help="Find, register, download and name models.")
ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Name, name:version or name@alias; a name alone is the latest version.",
        autocompletion=completing.models,
    ),
]
VersionArgument = Annotated[str, typer.Argument(metavar="MODEL:VERSION", help="Such as digits:3.")]


@app.command("list")
def list_models(
    name: Annotated[str | None, typer.Argument(help="Versions of this name only.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", "-s", help="Text in name, description, tags or aliases.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help="That have this tag, name or name=value.")
    ] = None,
    run: Annotated[str | None, typer.Option("--run", help="That this run made: its number or id.")] = None,
    latest: Annotated[bool, typer.Option("--latest", help="Only the newest version of each name.")] = False,
    deleted: Annotated[bool, typer.Option("--deleted", help="What is in the trash.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", help="How many.", min=1)] = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List model versions, newest first."""
    wanted = {key: value or None for key, value in pairs("tag", tag).items()}
    found = Model.list(
        open_workspace(workspace),
        name,
        search=search,
        tags=wanted or None,
        run_id=run,
        latest=latest,
        deleted=deleted,
        limit=limit,
    )
    if as_json:
        print_json([model.record for model in found])
        return
    if not found:
        narrowed = name or search or tag or run or deleted
        console.print("No models." if narrowed else "No models yet. Register one: mlws models register NAME PATH")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Model", "Aliases", "Run", "Size", "Registered", "Tags"):
        table.add_column(heading, no_wrap=heading in ("Run", "Size", "Registered"))
    for model in found:
        table.add_row(*map(Text, _row(model)))
    console.print(table)


def _row(model: Model) -> tuple[str, ...]:
    record = model.record
    return (
        record.id,
        " ".join(record.aliases),
        f"#{record.run_number}" if record.run_number and not record.run_deleted else "",
        size_text(record.size_bytes),
        f"{record.created_at:%Y-%m-%d %H:%M}",
        visible(", ".join(f"{key}={value}" if value else key for key, value in record.tags.items())),
    )


@app.command()
def show(model: ModelArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show one version: files, tags, where it comes from."""
    found = Model(open_workspace(workspace), model)
    if as_json:
        print_json(found.record)
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for key, value in _facts(found):
        if value:
            table.add_row(Text(key, style="bold"), Text(value))
    console.print(table)


def _facts(model: Model) -> list[tuple[str, str]]:
    record = model.record
    made = f"#{record.run_number}  ({record.run_id})" if record.run_number else record.run_id or ""
    return [
        ("Model", record.id),
        ("Aliases", " ".join(record.aliases)),
        ("Description", _lines(record.description)),
        ("Framework", visible(f"{record.framework} {record.framework_version}".strip())),
        ("Run", f"{made}, which was deleted" if record.run_deleted else made),
        ("Snapshot", record.snapshot_id or ""),
        ("Registered", f"{record.created_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("Tags", _lines("\n".join(f"{key} = {value}" if value else key for key, value in record.tags.items()))),
        ("Properties", _lines("\n".join(f"{key} = {value}" for key, value in record.properties.items()))),
        ("Files", _lines("\n".join(f"{file.path}  {size_text(file.size_bytes)}" for file in record.files))),
    ]


def _lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))


@app.command()
def register(
    name: Annotated[str, typer.Argument(help="Name of the model; its versions count up.")],
    path: Annotated[str, typer.Argument(help="File or folder here; with --run one of the run's outputs.")],
    run: Annotated[str | None, typer.Option("--run", help="Of this run's outputs: its number or id.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="Tag, as name or name=value.")] = None,
    prop: Annotated[list[str] | None, typer.Option("--property", help="Property, as name=value.")] = None,
    description: Annotated[str, typer.Option("--description", help="What people should know of it.")] = "",
    framework: Annotated[str, typer.Option("--framework", help="Such as PyTorch.")] = "",
    framework_version: Annotated[str, typer.Option("--framework-version", help="Such as 2.4.")] = "",
    alias: Annotated[list[str] | None, typer.Option("--alias", help="Let this alias name the new version.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a file or folder as a new version of a model."""
    ws = open_workspace(workspace)
    tags, properties = pairs("tag", tag), pairs("property", prop)
    if run is not None:
        model = Run.get(ws, run).register_model(
            name,
            path,
            tags=tags,
            properties=properties,
            description=description,
            model_framework=framework,
            model_framework_version=framework_version,
        )
    else:
        model = Model.register(ws, Path(path), name, tags, properties, description, framework, framework_version)
    for word in alias or []:
        model.set_alias(word)
    if as_json:
        print_json(model.record)
    else:
        files = f"{len(model.files)} file{'s' if len(model.files) > 1 else ''}"
        console.print(f"Model {model.id} is registered: {files}, {size_text(model.size_bytes)}.")


@app.command()
def download(
    model: ModelArgument,
    folder: Annotated[Path, typer.Argument(help="Where to; made if it is missing.")] = Path(),
    replace: Annotated[bool, typer.Option("--replace", help="Replace files of the same names.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Save a model's files, digests checked: all of them, or none."""
    found = Model(open_workspace(workspace), model)
    path = found.download(folder, exist_ok=replace)
    if as_json:
        print_json({"model": found.id, "path": path})
    else:
        console.print(f"Model {found.id} is in {path}")


@app.command()
def tag(
    model: ModelArgument,
    words: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Tags to set.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", "-r", help="Tag to remove.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set or remove tags of one version."""
    if not words and not remove:
        raise UsageError("There is no tag to set or to remove.", hint="Write stage=test, or --remove stage.")
    found = Model(open_workspace(workspace), model)
    found.change_tags({**dict.fromkeys(remove or []), **pairs("tag", words)})
    if as_json:
        print_json(found.record)
    else:
        told = ", ".join(f"{key}={value}" if value else key for key, value in found.tags.items())
        console.print(f"Model {found.id} has {f'the tags {visible(told)}' if told else 'no tags'}.")


@app.command()
def alias(
    model: ModelArgument,
    word: Annotated[str, typer.Argument(metavar="ALIAS", help="Such as production.")],
    remove: Annotated[bool, typer.Option("--remove", "-r", help="Take it away from this version.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an alias name one version, and no other one any more."""
    found = Model(open_workspace(workspace), model)
    if remove:
        found.remove_alias(word)
    else:
        found.set_alias(word)
    if as_json:
        print_json(found.record)
    else:
        console.print(f"{found.name}@{word} is {f'no longer {found.id}' if remove else found.id}.")


@app.command()
def delete(model: VersionArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Put one version into the trash. Its number is never given again."""
    name, version = _named(model)
    found = Model(open_workspace(workspace), name, version)
    gone = found.delete()
    if as_json:
        print_json(gone)
        return
    console.print(
        f"Model {found.id} is in the trash until {gone.until:%Y-%m-%d}, {size_text(gone.size_bytes)} to be freed. "
        f"Bring it back: mlws models restore {found.id}"
    )
    if found.aliases:
        console.print(f"It still has the aliases {', '.join(found.aliases)}, which name nothing now.", style="yellow")


@app.command()
def restore(model: VersionArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Take one version out of the trash."""
    name, version = _named(model)
    record = open_workspace(workspace).api.models.restore(name, version)
    if as_json:
        print_json(record)
    else:
        console.print(f"Model {record.id} is back.")


def _named(model: str) -> tuple[str, int]:
    name, _, version = model.partition(":")
    if not version.isdecimal() or not version.isascii():
        raise UsageError(f"{model!r} names no version.", hint="Write name:version, such as digits:3.")
    return name, int(version)
