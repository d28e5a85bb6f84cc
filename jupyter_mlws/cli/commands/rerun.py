"""``mlws run rerun``."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Annotated

import typer

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.following import follow
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, pairs
from jupyter_mlws.errors import UsageError
from jupyter_mlws.sdk.run import Run

__all__ = ["rerun"]


def rerun(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Number or id of the run.", autocompletion=completing.runs)],
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="Parameter to change, name=value; of a cell its literal.")
    ] = None,
    arg: Annotated[
        list[str] | None,
        typer.Option("--arg", help="Argument of the script, once for each; instead of all it had. --arg=--lr --arg=1"),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help="Name of the new run.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="Tag, as name or name=value.")] = None,
    experiment: Annotated[
        str | None,
        typer.Option("--experiment", "-e", help="Another experiment.", autocompletion=completing.experiments),
    ] = None,
    compute: Annotated[
        str | None, typer.Option("--compute", "-c", help="Another compute target.", autocompletion=completing.computes)
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--env", "-E", help="Another environment.", autocompletion=completing.environments)
    ] = None,
    env_var: Annotated[
        list[str] | None, typer.Option("--env-var", help="Environment variable to change, NAME=VALUE.")
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            "--secret",
            help="What was not stored: a variable's name, or a masked option such as --secret=--token. Its value is "
            "taken from the variable of that name (MLWS_SECRET_TOKEN for --token), else from the vault, or asked for.",
        ),
    ] = None,
    timeout: Annotated[float | None, typer.Option("--timeout", help="Another time limit in seconds.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Show the log, and exit with 1 unless the run completes.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Draw its metrics and the end of its log while it runs; else as --wait.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Submit a run again: the same code, command, inputs and parameters, but for what is given."""
    ws = open_workspace(workspace)
    earlier = Run.get(ws, run)
    given = {word: _own(word) for word in secret or []}
    asked = [word for word, value in given.items() if value is None]
    kept = set(ws.secrets.list()) if asked else set()
    given |= {word: _typed(word) for word in asked if word not in kept}
    again = earlier.rerun(
        arguments=arg or None,
        params=pairs("parameter", param) or None,
        tags=pairs("tag", tag) or None,
        display_name=name,
        experiment=experiment,
        compute_target=compute,
        environment=environment,
        environment_variables=pairs("environment variable", env_var) or None,
        max_run_duration_seconds=timeout,
        secrets=given,
    )
    if not as_json:
        console.print(
            f"Run #{again.number} is submitted, as #{earlier.number} was. Follow it: mlws run logs {again.number} -f"
        )
    follow(again, wait=wait, watch=watch, as_json=as_json)


def _own(word: str) -> str | None:
    """The value of a secret that is a variable: never a word of this command line, which others can see."""
    if "=" in word:
        raise UsageError(
            "A secret's value is given on the command line, where others can see it.",
            hint=f"Set it as a variable, and give its name alone: --secret {word.partition('=')[0]}",
        )
    return os.environ.get(_variable(word))


def _variable(word: str) -> str:
    return word if not word.startswith("-") else "MLWS_SECRET_" + word.strip("-").upper().replace("-", "_")


def _typed(word: str) -> str:
    if not sys.stdin.isatty():
        way = "" if word.startswith("-") else f", or store it: mlws secrets set {word}"
        raise UsageError(f"The secret {word} is not set.", hint=f"Set the variable {_variable(word)} before{way}.")
    return getpass.getpass(f"{word}: ")
