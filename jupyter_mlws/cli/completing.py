"""What Tab offers: names that the workspace knows. Nothing is made or started for it, and no failure is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.domain.workspace import is_url
from jupyter_mlws.errors import MlwsError

if TYPE_CHECKING:
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["computes", "environments", "experiments", "models", "runs", "secrets", "statuses"]

# Of runs, the newest; and of everything else so many that a person still reads them.
_MOST = 50
_Found = Iterator[tuple[str, str]]


def _offered(find: Callable[[typer.Context], _Found]) -> Callable[[typer.Context, str], list[tuple[str, str]]]:
    """What `find` yields, so far as it begins with what was typed."""

    @wraps(find)
    def offer(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        found = []
        try:
            for name, text in find(ctx):
                if name.startswith(incomplete.removeprefix("#")):
                    found.append((name, text))
                if len(found) == _MOST:
                    break
        except (MlwsError, OSError):
            pass  # the command itself says what is wrong
        return found

    # typer looks at the signature for what to pass; that of `find` is another one.
    del offer.__wrapped__
    return offer


def _workspace(ctx: typer.Context) -> Workspace:
    """The workspace that the line names so far; `FileNotFoundError` instead of making one."""
    from jupyter_mlws import workspace as room
    from jupyter_mlws.cli.output import open_workspace

    location = ctx.params.get("workspace")
    place = room.find(location, document=os.getcwd())
    if not is_url(place) and not (Path(place) / "workspace.json").is_file():
        raise FileNotFoundError(place)
    return open_workspace(location)


@_offered
def runs(ctx: typer.Context) -> _Found:
    """The newest runs by number."""
    for run in _workspace(ctx).runs(_MOST, include_children=True):
        record = run._record
        yield str(record.number), f"{record.display_name or record.experiment} {record.status}"


@_offered
def experiments(ctx: typer.Context) -> _Found:
    """Names of experiments."""
    for name, experiment in _workspace(ctx).experiments.items():
        yield name, f"{experiment.record.run_count:,} runs"


@_offered
def computes(ctx: typer.Context) -> _Found:
    """Names of compute targets."""
    from jupyter_mlws.targets import registry

    for name in registry.known():
        yield name, ""


@_offered
def environments(ctx: typer.Context) -> _Found:
    """Names of environments: those registered, those shipped, and the kernel's."""
    from jupyter_mlws.domain.environment import CURATED, KERNEL

    yield KERNEL, "the interpreter that submits"
    names = dict.fromkeys(CURATED, "shipped")
    with suppress(MlwsError, OSError):
        names |= {env.name: "" for env in _workspace(ctx).api.environments.list().items}
    yield from sorted(names.items())


@_offered
def models(ctx: typer.Context) -> _Found:
    """Names of models."""
    for model in _workspace(ctx).models(latest=True, limit=_MOST):
        yield model.name, f"version {model.version}"


@_offered
def secrets(ctx: typer.Context) -> _Found:
    """Names of secrets."""
    for name in _workspace(ctx).secrets.list():
        yield name, ""


@_offered
def statuses(ctx: typer.Context) -> _Found:
    """States of runs."""
    for status in RunStatus:
        yield str(status), ""
