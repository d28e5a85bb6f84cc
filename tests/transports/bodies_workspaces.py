"""The workspace as a top-level resource, and what of it a job may not touch."""

from __future__ import annotations

from jupyter_mlws.sdk.experiment import Experiment

from .suite import EXPERIMENT, Ground, body


@body
def the_workspace_tells_what_it_holds(g: Ground) -> None:
    info = g.ws.info()
    assert info.name == "lab"
    assert info.run_count >= 4
    assert g.ws.id == info.id


@body
def the_experiment_of_a_run_has_its_name_and_workspace(g: Ground) -> None:
    assert g.experiment.name == EXPERIMENT
    assert g.experiment.workspace is g.done.workspace
    assert g.ws.api.experiments.get(EXPERIMENT).run_count >= 3


@body(job="forbidden")
def experiments_are_listed(g: Ground) -> None:
    assert {EXPERIMENT, "other"} <= {experiment.name for experiment in Experiment.list(g.ws)}


@body(job="forbidden")
def a_run_of_another_experiment_is_read(g: Ground) -> None:
    assert g.ws.run(g.foreign).experiment.name == "other"


@body(job="forbidden")
def a_run_of_another_experiment_is_written_on(g: Ground) -> None:
    g.ws.run(g.foreign).tag("seen", g.way)


@body(job="forbidden")
def an_ended_run_is_canceled_and_stays_as_it_is(g: Ground) -> None:
    run = g.ws.run(g.done.id)
    run.cancel()
    assert run.status == "Completed"


@body(job="forbidden")
def compute_targets_are_listed(g: Ground) -> None:
    assert "local" in [target.name for target in g.ws.api.compute.list().items]
