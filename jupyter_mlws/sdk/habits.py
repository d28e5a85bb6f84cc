"""What the names that other trackers have are called here, for whoever types them out of habit."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlws.domain.nearest import meant

__all__ = ["way_out"]

_BEGIN = 'Begin a run: with mlws.track("digits", lr=0.1) as run: ...'
_PARAMETERS = 'Parameters are given when a run begins: mlws.track("digits", lr=0.1); %%submit takes those of the cell.'
_OF_A_RUN = "It is a method of the run: Run.get_context().{name}(...)."
_END = "A run ends with its block; one of start_logging() with run.complete() or run.fail(...)."
_MANY = "Several numbers at once: mlws.log({'loss': 0.3, 'acc': 0.9}, step=3)."
_FILE = 'Write it into outputs/ of a job, or give it to the run: run.upload_file("roc.png", "roc.png").'

_HERE = {
    "init": _BEGIN,
    "start_run": _BEGIN,
    "set_experiment": 'Name it where a run begins: mlws.track("digits"), %%submit digits, or Experiment(ws, "digits").',
    "set_tracking_uri": "Name the place: Workspace(...), or the variable MLWS_WORKSPACE.",
    "finish": _END,
    "end_run": _END,
    "log_metric": "A number: mlws.log(loss=0.3, step=3).",
    "log_metrics": _MANY,
    "log_param": _PARAMETERS,
    "log_params": _PARAMETERS,
    "config": _PARAMETERS,
    "log_artifact": _FILE,
    "log_artifacts": _FILE,
    "save": _FILE,
    "set_tag": 'Tag the run: Run.get_context().tag("owner", "ada").',
    "set_tags": 'Tag the run: Run.get_context().set_tags({"owner": "ada"}).',
    "active_run": "The run that is active: Run.get_context().",
    "get_context": "The run that is active: Run.get_context().",
    "get_run": "A run by its number: mlws.run(12).",
    "search_runs": 'A table of runs: Workspace.from_config().runs_dataframe(filter="metrics.acc > 0.9").',
    "autolog": "Nothing is patched here: log what matters with mlws.log(loss=0.3).",
    "submit": "Put %%submit on top of a cell, or call Experiment(ws, name).submit(ScriptRunConfig(folder, script)).",
}


def way_out(name: str, known: Iterable[str], methods: Iterable[str]) -> str:
    """What to type instead of a name that the package does not have; '' where nobody knows.

    Parameters
    ----------
    name : str
    known : iterable of str
        Names that the package has.
    methods : iterable of str
        Names that a run has.
    """
    if name in _HERE:
        return _HERE[name]
    return _OF_A_RUN.format(name=name) if name in set(methods) else meant(name, known)
