"""The table of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from jupyter_mlws import __version__
from jupyter_mlws.cli.commands import (
    compute,
    doctor,
    env,
    experiments,
    export,
    gc,
    import_,
    init,
    models,
    rerun,
    run,
    run_files,
    run_metrics,
    runs,
    secrets,
    stop,
    submit,
    tensorboard,
    trust,
)
from jupyter_mlws.cli.errors import ErrorSentences

__all__ = ["app"]

app = typer.Typer(
    name="mlws",
    cls=ErrorSentences,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A machine-learning workspace: submit scripts as tracked runs, look at them, stop them.",
)
app.command("init")(init.init)
app.command("submit", context_settings=submit.CONTEXT)(submit.submit)
app.command("runs")(runs.runs)
app.command("export")(export.export)
app.command("import")(import_.import_)
app.command("tensorboard")(tensorboard.tensorboard)
run.app.command("metrics")(run_metrics.metrics)
run.app.command("files")(run_files.files)
run.app.command("rerun")(rerun.rerun)
app.add_typer(run.app, name="run")
app.add_typer(experiments.app, name="experiments")
app.command("gc")(gc.gc)
app.add_typer(compute.app, name="compute")
app.add_typer(models.app, name="models")
app.add_typer(env.app, name="env")
app.add_typer(secrets.app, name="secrets")
app.command("trust")(trust.trust)
app.command("doctor")(doctor.doctor)
app.command("stop")(stop.stop)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the whole traceback of a failure, too: mlws --debug runs ...")
    ] = False,
) -> None:
    """Options before the command."""
