"""``mlws submit``."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from jupyter_mlws.cli import completing
from jupyter_mlws.cli.following import follow
from jupyter_mlws.cli.output import JsonOption, WorkspaceOption, console, open_workspace, pairs, print_json
from jupyter_mlws.domain.names import experiment_name_of
from jupyter_mlws.domain.nearest import meant
from jupyter_mlws.errors import InvalidInput, UsageError
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.notebook import NotebookRunConfig
from jupyter_mlws.sdk.run_config import load_any
from jupyter_mlws.sdk.script import ScriptRunConfig

__all__ = ["CONTEXT", "submit"]

# What follows the script belongs to the script, untouched.
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}

_MOST_FILES = 1000


def submit(
    ctx: typer.Context,
    script: Annotated[
        Path | None,
        typer.Argument(help="Python script, or notebook; what follows a script are its arguments, untouched."),
    ] = None,
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments of the script.")] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", help="Value for a parameter of the notebook, NAME=VALUE."),
    ] = None,
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
    """Snapshot a script's or notebook's folder and run it as a tracked job."""
    if script is None and config is None and compute is not None:
        config, compute = compute, None  # as the classic command line has it: submit -c NAME
    _refuse_option(ctx, script)
    wish: ScriptRunConfig | NotebookRunConfig
    if config is not None:
        wish = _saved(config, script, source_directory)
        _check_words(arguments, param, is_notebook=isinstance(wish, NotebookRunConfig))
        if isinstance(wish, NotebookRunConfig):
            given_here = wish.typed(pairs("parameter", param))
            wish = replace(wish, parameters={**(wish.parameters or {}), **given_here})
    else:
        is_notebook = script is not None and script.suffix == ".ipynb"
        _check_words(arguments, param, is_notebook=is_notebook)
        wish = _of_file(script, source_directory, pairs("parameter", param) if is_notebook else None)
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
    ws = open_workspace(workspace, make=True)
    where = Experiment(ws, experiment or experiment_name_of(os.path.basename(folder), "experiment"))
    run = where.submit(wish, tags=pairs("tag", tag), display_name=name, description=note)
    if not as_json:
        console.print(
            f"Run #{run.number} of {run.record.experiment} is submitted. Follow it: mlws run logs {run.number} -f"
        )
    follow(run, wait=wait, watch=watch, as_json=as_json)


def _saved(config: str, script: Path | None, folder: Path | None) -> ScriptRunConfig | NotebookRunConfig:
    """A configuration by its name in the folder, or by the path of its file."""
    if script is not None:
        raise UsageError(
            f"Both the configuration {config!r} and the script {str(script)!r} are given.", hint="Give one of them."
        )
    if os.sep in config or config.endswith(".json"):
        return load_any(config)
    return load_any(folder or Path(), config)


def _refuse_option(ctx: typer.Context, script: Path | None) -> None:
    """What begins with a dash is an option that there is not, unless a script is named so."""
    word = str(script or "")
    if not word.startswith("-") or (script is not None and script.is_file()):
        return
    known = [name for option in ctx.command.params for name in option.opts if name.startswith("-")]
    near = meant(word.partition("=")[0], known)
    raise UsageError(
        f"There is no option {word}.", hint=near or "A script's own follow its name: see mlws submit --help"
    )


def _check_words(arguments: list[str] | None, param: list[str] | None, *, is_notebook: bool) -> None:
    """Refuse arguments of a notebook, and parameters of a script."""
    if is_notebook and arguments:
        raise UsageError(
            f"A notebook has no arguments such as {arguments[0][:80]!r}.",
            hint="Give values for its parameters before its name: -p lr=0.1",
        )
    if param and not is_notebook:
        raise UsageError("Only a notebook has parameters.", hint="Give a script its arguments behind its name.")


def _of_file(
    script: Path | None, source_directory: Path | None, params: dict[str, str] | None
) -> ScriptRunConfig | NotebookRunConfig:
    """A script, or with `params` a notebook."""
    if script is None:
        raise UsageError(
            "There is nothing to run.", hint="Name a script, or a saved configuration: mlws submit --config train"
        )
    if not script.is_file():
        kind = "script" if params is None else "notebook"
        raise InvalidInput(f"There is no {kind} {str(script)!r}.", hint=_meant_file(script))
    folder = (source_directory or script.parent).resolve()
    if not script.resolve().is_relative_to(folder):
        raise InvalidInput(f"{script} is not inside {folder}.", hint="Name a folder that holds it: --source-directory.")
    name = str(script.resolve().relative_to(folder))
    if params is None:
        return ScriptRunConfig(folder, name)
    wish = NotebookRunConfig(folder, name)
    return replace(wish, parameters=wish.typed(params))


def _meant_file(script: Path) -> str:
    """The nearest of the files beside it that can be run."""
    try:
        with os.scandir(script.parent) as entries:
            names = [entry.name for entry in itertools.islice(entries, _MOST_FILES)]
    except OSError:
        return f"There is no folder {str(script.parent)!r}."
    return meant(script.name, [name for name in names if name.endswith((".py", ".ipynb"))])


def _keep(wish: ScriptRunConfig | NotebookRunConfig, name: str, *, as_json: bool) -> None:
    file = wish.save(name)
    if as_json:
        print_json({"path": file})
    else:
        console.print(f"Saved in {file}. Submit it: mlws submit --config {name}")
