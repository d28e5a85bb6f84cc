"""``mlws submit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, pairs, print_json
from jupyter_mlws.domain.names import experiment_name_of
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.sdk import stuck
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.script import ScriptRunConfig

__all__ = ["CONTEXT", "submit"]

# What follows the script belongs to the script, untouched.
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}


def submit(
    script: Annotated[Path, typer.Argument(help="Python script; what follows are its arguments, untouched.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments of the script.")] = None,
    experiment: Annotated[str | None, typer.Option("--experiment", "-e", help="Default: the folder's name.")] = None,
    compute: Annotated[str, typer.Option("--compute", "-c", help="Compute target.")] = "local",
    environment: Annotated[str, typer.Option("--env", "-E", help="Environment.")] = "kernel",
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="Tag, as name or name=value.")] = None,
    env_var: Annotated[list[str] | None, typer.Option("--env-var", help="Environment variable, NAME=VALUE.")] = None,
    timeout: Annotated[float | None, typer.Option("--timeout", help="Time limit in seconds.")] = None,
    source_directory: Annotated[
        Path | None, typer.Option("--source-directory", "-d", help="Folder to snapshot; default: the script's.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Show the log, and exit with 1 unless the run completes.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Snapshot a script's folder and run the script as a tracked job."""
    if not script.is_file():
        raise InvalidInput(f"There is no script {str(script)!r}.")
    folder = (source_directory or script.parent).resolve()
    if not script.resolve().is_relative_to(folder):
        raise InvalidInput(f"{script} is not inside {folder}.", hint="Name a folder that holds it: --source-directory.")
    config = ScriptRunConfig(
        source_directory=folder,
        script=str(script.resolve().relative_to(folder)),
        arguments=arguments or [],
        compute_target=compute,
        environment=environment,
        environment_variables=pairs("environment variable", env_var),
        max_run_duration_seconds=timeout,
    )
    ws = open_workspace(workspace)
    run = Experiment(ws, experiment or experiment_name_of(folder.name, "experiment")).submit(
        config, tags=pairs("tag", tag)
    )
    if not as_json:
        console.print(
            f"Run #{run.number} of {run.record.experiment} is submitted. Follow it: mlws run logs {run.number} -f"
        )
    stuck.watch(run)
    if wait:
        run.wait_for_completion(show_output=not as_json, raise_on_error=False)
    if as_json:
        print_json(run.record)
    if wait and run.record.status is not RunStatus.COMPLETED:
        if not as_json:
            cause = run.record.error.message if run.record.error else ""
            console.print(f"Run #{run.number} {run.status}. {cause}")
        raise typer.Exit(1)
