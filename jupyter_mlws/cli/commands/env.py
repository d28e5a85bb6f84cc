"""``mlws env list | show | register | build | diff | label | prune``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.cli import completing
from jupyter_mlws.cli.groups import Lists
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, pairs, print_json
from jupyter_mlws.domain.environment import CURATED, KERNEL, check_environment_name, split_reference
from jupyter_mlws.errors import NotFound, Unavailable, UsageError
from jupyter_mlws.sdk.environment import Environment
from jupyter_mlws.sdk.text import size_text, visible

if TYPE_CHECKING:
    from jupyter_mlws.containers.shelving import Removed
    from jupyter_mlws.environments.building import Built
    from jupyter_mlws.environments.images import BuiltImage
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(cls=Lists, help="Find, register, build and compare environments.")
NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="ENV",
        help="Name, name:version or name@label; a name alone is the newest version.",
        autocompletion=completing.environments,
    ),
]
_DAY_S = 86_400.0


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_header=bool(headings))
    for heading in headings:
        # What is long gives way to what names it.
        is_long = heading in ("Packages", "Where")
        table.add_column(heading, no_wrap=not is_long, overflow="fold" if heading == "Where" else "ellipsis")
    return table


@app.command("list")
def list_environments(
    name: Annotated[str | None, typer.Argument(help="Versions of this name only.")] = None,
    built: Annotated[bool, typer.Option("--built", help="Those that are built on this machine, with sizes.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List environments: the newest version of each name, and what is shipped."""
    if built:
        _list_built(workspace, as_json=as_json)
        return
    found = Environment.list(open_workspace(workspace), name)
    newest = list({env.name: env for env in reversed(found)}.values()) if name is None else found
    if as_json:
        print_json([env.record for env in newest])
        return
    table = _table("Environment", "Labels", "Python", "Packages")
    for env in sorted(newest, key=lambda env: env.name) if name is None else newest:
        table.add_row(*map(Text, (env.id, " ".join(env.labels), env.python, _summary(env))))
    if name is None:
        table.add_row(KERNEL, "", "", Text("the interpreter that submits", style="dim"))
        for shipped in sorted(set(CURATED) - {env.name for env in newest}):
            table.add_row(shipped, "", "", Text("shipped", style="dim"))
    elif not newest:
        console.print(f"There is no version of {visible(name)}.")
        return
    console.print(table)


def _summary(env: Environment) -> str:
    spec = env.spec
    said = spec.base_image or ("Dockerfile" if spec.dockerfile else "")
    return visible(" ".join(filter(None, (said, *spec.conda, *spec.packages)))) or "-"


def _list_built(workspace: str | None, *, as_json: bool) -> None:
    from jupyter_mlws.environments import building, images

    folders, found = building.built(), images.built()
    if as_json:
        print_json([*map(_of_built, folders), *map(_of_image, found)])
        return
    if not folders and not found:
        console.print("No environment is built on this machine.")
        return
    known = {each.digest: each.versions for each in open_workspace(workspace).api.environments.built().items}
    table = _table("Environment", "Python", "Size", "Used", "Where")
    for each in folders:
        names, used = " ".join(known.get(each.digest, ())) or "-", _ago(each.used_at)
        table.add_row(names, each.python, size_text(each.size_bytes), used, Text(str(each.folder)))
    for image in found:
        table.add_row("", "", size_text(image.size_bytes), _ago(image.used_at), Text(f"image {image.names[0]}"))
    console.print(table)
    console.print(f"{_counted(folders, found)}.")


def _ago(at: float) -> str:
    days = int(max(0.0, time.time() - at) // _DAY_S)
    return "today" if not days else f"{days} days ago" if days > 1 else "yesterday"


def _counted(folders: list[Built], found: list[BuiltImage]) -> str:
    """How many of each there are, and how large."""
    said = [_count(len(folders), "environment", sum(each.size_bytes for each in folders))]
    if found:
        said.append(_count(len(found), "image", sum(each.size_bytes for each in found)))
    return " and ".join(said)


def _count(number: int, word: str, size: int) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}, {size_text(size)}"


def _of_built(each: Built) -> dict[str, object]:
    return {
        "kind": "folder",
        "lock_digest": each.digest,
        "folder": str(each.folder),
        "python": each.python,
        "size_bytes": each.size_bytes,
        "built_at": each.built_at,
        "used_at": each.used_at,
    }


def _of_image(image: BuiltImage) -> dict[str, object]:
    return {
        "kind": "image",
        "image": image.names[0],
        "image_id": image.id,
        "size_bytes": image.size_bytes,
        "built_at": image.built_at,
        "used_at": image.used_at,
    }


@app.command()
def show(environment: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Show one version: what it asks for, and its labels."""
    env = Environment.get(open_workspace(workspace), environment)
    record = env.record
    if as_json:
        print_json(record)
        return
    spec = env.spec
    facts = [
        ("Environment", env.id),
        ("Labels", " ".join(env.labels)),
        ("Description", visible(env.description)),
        ("Kind", spec.kind.replace("_", "-")),
        ("Python", spec.python),
        ("Image", spec.base_image),
        ("Packages", "\n".join(map(visible, spec.packages))),
        ("Conda", "\n".join(map(visible, spec.conda))),
        ("Variables", "\n".join(visible(f"{key}={value}") for key, value in spec.environment_variables.items())),
        ("Dockerfile", "\n".join(map(visible, spec.dockerfile.splitlines()))),
        ("Registered", f"{record.created_at:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    table = _table()
    for key, value in facts:
        if value:
            table.add_row(Text(key, style="bold"), Text(value))
    console.print(table)


@app.command()
def register(
    name: Annotated[str, typer.Argument(help="Name of the environment; its versions count up.")],
    package: Annotated[list[str] | None, typer.Option("--package", "-p", help="Such as scikit-learn>=1.5.")] = None,
    requirements: Annotated[Path | None, typer.Option("--requirements", "-r", help="A requirements file.")] = None,
    project: Annotated[Path | None, typer.Option("--project", help="pyproject.toml, uv.lock or pylock.toml.")] = None,
    conda: Annotated[Path | None, typer.Option("--conda", help="A conda environment.yml.")] = None,
    image: Annotated[str | None, typer.Option("--image", help="An image, taken as it is.")] = None,
    dockerfile: Annotated[Path | None, typer.Option("--dockerfile", help="A Dockerfile.")] = None,
    interpreter: Annotated[str | None, typer.Option("--interpreter", help="A Python, taken as it is.")] = None,
    python: Annotated[str | None, typer.Option("--python", help="Version of Python, such as 3.11.")] = None,
    env_var: Annotated[list[str] | None, typer.Option("--env-var", help="Set for every run, as NAME=VALUE.")] = None,
    label: Annotated[list[str] | None, typer.Option("--label", help="Let this word name the version.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register an environment; a new version only where it says something new."""
    sources: dict[str, Callable[[], Environment]] = {}
    if package:
        sources["package"] = partial(Environment, name, packages=package)
    if requirements:
        sources["requirements"] = partial(Environment.from_pip_requirements, name, requirements)
    if project:
        sources["project"] = partial(Environment.from_project, name, project)
    if conda:
        sources["conda"] = partial(Environment.from_conda_specification, name, conda)
    if image:
        sources["image"] = partial(Environment.from_docker_image, name, image)
    if dockerfile:
        sources["dockerfile"] = partial(Environment.from_dockerfile, name, dockerfile)
    if interpreter:
        sources["interpreter"] = partial(Environment.from_interpreter, name, interpreter)
    if len(sources) != 1:
        what = "nothing" if not sources else "more than one thing"
        raise UsageError(
            f"The environment would be made of {what}.",
            hint="Give one: --package, --requirements, --conda, --image ...",
        )
    (make,) = sources.values()
    env = _with(make(), python, pairs("environment variable", env_var))
    ws = open_workspace(workspace)
    before = _newest(ws, name)
    kept = env.register(ws)
    Environment.label(ws, kept.name, kept.record.version, label or ())
    if as_json:
        print_json(Environment.get(ws, kept.id).record)
    else:
        done = "says the same already" if kept.id == before else "is registered"
        console.print(f"Environment {kept.id} {done}. Submit with it: mlws submit --env {kept.name} train.py")


def _newest(ws: Workspace, name: str) -> str:
    try:
        return Environment.get(ws, check_environment_name(name)).id
    except NotFound:
        return ""


def _with(env: Environment, python: str | None, variables: dict[str, str]) -> Environment:
    changes: dict[str, Any] = {}
    if python:
        changes["python"] = python
    if variables:
        changes["environment_variables"] = {**env.environment_variables, **variables}
    return Environment.of_spec(env.name, replace(env.spec, **changes), env.description)


@app.command()
def build(environment: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Resolve and build it now on this machine, as the first run in it would."""
    from jupyter_mlws.environments import building

    ws = open_workspace(workspace)
    env = Environment.get(ws, environment)
    made = building.find(Path(env.build(ws, show_output=not as_json)).name)
    if made is None:
        raise Unavailable(f"{env.id} was removed while it was built.", hint="Build it again.")
    if as_json:
        print_json(_of_built(made))
    else:
        console.print(f"Environment {env.id} is in {made.folder}, {size_text(made.size_bytes)}.")


@app.command()
def diff(
    first: NameArgument,
    second: Annotated[str, typer.Argument(metavar="ENV", help="The other one.")],
    locks: Annotated[
        bool, typer.Option("--locks", help="Compare the exact versions that each is resolved to.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what differs between two versions."""
    ws = open_workspace(workspace)
    here, there = Environment.get(ws, first), Environment.get(ws, second)
    differs = here.diff_locks(there, ws) if locks else here.diff(there)
    if as_json:
        print_json(to_builtins(differs))
        return
    if not differs:
        console.print(f"{here.id} and {there.id} say the same.")
        return
    table = _table("", here.id, there.id)
    for name, (mine, other) in differs.items():
        table.add_row(*map(Text, (visible(name), visible(mine or "-"), visible(other or "-"))))
    console.print(table)


@app.command()
def label(
    environment: Annotated[str, typer.Argument(metavar="ENV:VERSION", help="Such as sk:3.")],
    word: Annotated[str, typer.Argument(metavar="LABEL", help="Such as stable.")],
    remove: Annotated[bool, typer.Option("--remove", "-r", help="Take it away.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a label name one version, and no other one any more."""
    name, version = split_reference(environment)
    api = open_workspace(workspace).api.environments
    if remove:
        record = api.remove_label(name, word)
    elif not isinstance(version, int):
        raise UsageError(f"{environment!r} names no version.", hint="Write name:version, such as sk:3.")
    else:
        record = api.set_label(name, word, version)
    if as_json:
        print_json(record)
    else:
        console.print(f"{record.name}@{word} is {f'no longer {record.id}' if remove else record.id}.")


def _prune_registries(unused_for_s: float, dry_run: bool) -> Removed:
    """Remove images from the registries of this user's workspaces; those that run are left alone."""
    from jupyter_mlws.containers import shelving
    from jupyter_mlws.environments import images
    from jupyter_mlws.workspace.registry import all_locations

    folders = [Path(location) / "registry" for location in all_locations().values() if "://" not in location]
    found = [shelving.prune(folder, images.used_at, unused_for_s, dry_run) for folder in folders if folder.is_dir()]
    return shelving.Removed(
        images=sum(each.images for each in found), size_bytes=sum(each.size_bytes for each in found)
    )


@app.command()
def prune(
    unused_for: Annotated[
        float, typer.Option("--unused-for", metavar="DAYS", min=0, help="Keep what was used in the last so many days.")
    ] = 0.0,
    packages: Annotated[
        bool, typer.Option("--packages", help="Also packages that archives have brought, which a network gives again.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove what is built on this machine and no run uses, images too; it is built again when it is wanted."""
    from jupyter_mlws.environments import building, images, pruning, wheels

    removed = pruning.prune(unused_for_s=unused_for * _DAY_S, dry_run=dry_run)
    gone = pruning.prune_images(unused_for_s=unused_for * _DAY_S, dry_run=dry_run)
    kept = pruning.prune_caches(unused_for_s=unused_for * _DAY_S, dry_run=dry_run)
    brought = wheels.prune(unused_for_s=unused_for * _DAY_S, dry_run=dry_run) if packages else 0
    shelved = _prune_registries(unused_for * _DAY_S, dry_run)
    if as_json:
        print_json([*map(_of_built, removed), *map(_of_image, gone)])
        return
    console.print(f"{'Would be removed' if dry_run else 'Removed'}: {_counted(removed, gone)}.")
    if kept:
        console.print(f"Packages that were kept for the next build: {size_text(kept)}.")
    if brought:
        console.print(f"Packages that archives have brought: {size_text(brought)}.")
    if shelved.images:
        size = f", {size_text(shelved.size_bytes)}" if shelved.size_bytes else ""
        console.print(f"Images in registries of workspaces: {shelved.images}{size}.")
    left = len(building.built()) + len(images.built()) - (len(removed) + len(gone) if dry_run else 0)
    if left:
        console.print(f"{left} {'stays' if left == 1 else 'stay'}: in use, or used lately.")
