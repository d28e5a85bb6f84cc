"""``mlws submit``."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.following import follow
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, pairs, print_json
from jupyter_mlws.domain.names import experiment_name_of
from jupyter_mlws.errors import InvalidInput, UsageError
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.script import ScriptRunConfig

__all__ = ["CONTEXT", "submit"]

# What follows the script belongs to the script, untouched.
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}


def submit(
    script: Annotated[
        Path | None, typer.Argument(help="Python script; what follows are its arguments, untouched.")
    ] = None,
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments of the script.")] = None,
    config: Annotated[
        str | None,
        typer.Option("--config", "-C", help="A saved run configuration, instead of a script: a name, or its file."),
    ] = None,
    save: Annotated[
        str | None, typer.Option("--save", help="Save what is given here under this name, and submit nothing.")
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option("--experiment", "-e", help="Default: the folder's name.", autocompletion=completing.experiments),
    ] = None,
    compute: Annotated[
        str | None,
        typer.Option(
            "--compute",
            "-c",
            help="Compute target; default: local. Without a script: as --config.",
            autocompletion=completing.computes,
        ),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option("--env", "-E", help="Environment; default: kernel.", autocompletion=completing.environments),
    ] = None,
    name: Annotated[str, typer.Option("--name", "-n", help="What lists call the run.")] = "",
    note: Annotated[str, typer.Option("--note", help="What people should know of it.")] = "",
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="Tag, as name or name=value.")] = None,
    env_var: Annotated[list[str] | None, typer.Option("--env-var", help="Environment variable, NAME=VALUE.")] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            "--secret", help="Variable of this shell, else secret of the vault; handed over without recording it."
        ),
    ] = None,
    timeout: Annotated[float | None, typer.Option("--timeout", help="Time limit in seconds.")] = None,
    cpus: Annotated[int | None, typer.Option("--cpus", help="Processors that the job needs.")] = None,
    gpus: Annotated[int | None, typer.Option("--gpus", help="GPUs that the job needs.")] = None,
    memory: Annotated[str | None, typer.Option("--memory", help="Memory that the job needs, such as 4g.")] = None,
    source_directory: Annotated[
        Path | None, typer.Option("--source-directory", "-d", help="Folder to snapshot; default: the script's.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Show the log, and exit with 1 unless the run completes.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Draw its metrics and the end of its log while it runs; else as --wait.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Snapshot a script's folder and run the script as a tracked job."""
    if script is None and config is None and compute is not None:
        config, compute = compute, None  # as the classic command line has it: submit -c NAME
    wish = _saved(config, script, source_directory) if config is not None else _of_script(script, source_directory)
    given: dict[str, Any] = {
        "arguments": arguments or None,
        "compute_target": compute,
        "environment": environment,
        "environment_variables": {**wish.environment_variables, **pairs("environment variable", env_var)},
        "secrets": list(dict.fromkeys([*wish.secrets, *(secret or [])])),
        "max_run_duration_seconds": timeout,
        "cpus": cpus,
        "gpus": gpus,
        "memory": memory,
    }
    wish = replace(wish, **{name: value for name, value in given.items() if value is not None})
    if save is not None:
        if tag or experiment or name or note or wait or watch:
            raise UsageError(
                "A configuration keeps no experiment, name, note or tags.", hint="Give them when you submit it."
            )
        _keep(wish, save, as_json=as_json)
        return
    folder = os.path.realpath(wish.source_directory)
    ws = open_workspace(workspace)
    where = Experiment(ws, experiment or experiment_name_of(os.path.basename(folder), "experiment"))
    run = where.submit(wish, tags=pairs("tag", tag), display_name=name, description=note)
    if not as_json:
        console.print(
            f"Run #{run.number} of {run.record.experiment} is submitted. Follow it: mlws run logs {run.number} -f"
        )
    follow(run, wait=wait, watch=watch, as_json=as_json)


def _saved(config: str, script: Path | None, folder: Path | None) -> ScriptRunConfig:
    """A configuration by its name in the folder, or by the path of its file."""
    if script is not None:
        raise UsageError(
            f"Both the configuration {config!r} and the script {str(script)!r} are given.", hint="Give one of them."
        )
    if os.sep in config or config.endswith(".json"):
        return ScriptRunConfig.load(config)
    return ScriptRunConfig.load(folder or Path(), config)


def _of_script(script: Path | None, source_directory: Path | None) -> ScriptRunConfig:
    if script is None:
        raise UsageError(
            "There is nothing to run.", hint="Name a script, or a saved configuration: mlws submit --config train"
        )
    if not script.is_file():
        raise InvalidInput(f"There is no script {str(script)!r}.")
    folder = (source_directory or script.parent).resolve()
    if not script.resolve().is_relative_to(folder):
        raise InvalidInput(f"{script} is not inside {folder}.", hint="Name a folder that holds it: --source-directory.")
    return ScriptRunConfig(folder, str(script.resolve().relative_to(folder)))


def _keep(wish: ScriptRunConfig, name: str, *, as_json: bool) -> None:
    file = wish.save(name)
    if as_json:
        print_json({"path": file})
    else:
        console.print(f"Saved in {file}. Submit it: mlws submit --config {name}")
