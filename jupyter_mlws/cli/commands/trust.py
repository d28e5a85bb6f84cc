"""``mlws trust``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jupyter_mlws.cli.output import JsonOption, console, print_json
from jupyter_mlws.errors import NotFound

__all__ = ["trust"]


def trust(
    path: Annotated[Path, typer.Argument(help="A project folder, or its .mlws/config.json.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Allow a project's configuration to name a workspace outside its own folder."""
    from jupyter_mlws import workspace

    if not path.exists():
        raise NotFound(f"There is no folder {str(path)!r}.", hint="Name a project's folder, or its .mlws/config.json.")
    target = workspace.trust(path.resolve())
    if as_json:
        print_json({"path": str(path.resolve()), "workspace": str(target)})
    else:
        console.print(f"Trusted: {path.resolve()} may use the workspace {target}.")
