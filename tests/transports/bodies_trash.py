"""Delete, restore, archive: what a job may not do, and everybody else sees the same of."""

from __future__ import annotations

import pytest

from jupyter_mlws.errors import NotFound
from jupyter_mlws.sdk.experiment import Experiment

from .suite import EXPERIMENT, Ground, body, refused


@body(job="forbidden")
def a_run_is_deleted_hidden_and_restored(g: Ground) -> None:
    run = g.own
    gone = run.delete()
    assert (gone.kind, gone.name, gone.run_count) == ("run", run.id, 1)
    assert gone.size_bytes >= 0
    assert (gone.until - gone.deleted_at).days == 7
    assert run.delete() == gone
    assert run.id not in [other.id for other in g.ws.runs(None)]
    assert refused(lambda: g.ws.run(run.number)) == ("NotFound", "not_found")
    assert [item.name for item in g.ws.trash() if item.kind == "run"] == [run.id]
    assert f"#{run.number} {EXPERIMENT}" in repr(g.ws.trash())
    back = g.ws.restore(run.number)
    assert (back.id, back.record) == (run.id, g.ws.run(run.number).record)
    run.restore()
    assert run.id in [other.id for other in g.ws.runs(None)]


@body(job="forbidden")
def a_run_that_lives_or_is_not_there_is_not_deleted(g: Ground) -> None:
    with pytest.raises(NotFound):
        g.ws.api.runs.delete("99999")
    assert refused(lambda: g.ws.api.runs.restore("99999")) == ("NotFound", "not_found")
    assert refused(lambda: g.ws.api.runs.delete("../etc")) == ("InvalidName", "invalid_name")


@body(job="forbidden")
def an_experiment_is_tagged_archived_deleted_and_restored(g: Ground) -> None:
    name = f"trash-{g.way}"
    experiment = Experiment(g.ws, name)
    experiment.set_tags({"a": 1, "b": None})
    experiment.remove_tags(["b"])
    experiment.description = "ä"
    assert (experiment.tags, experiment.description) == ({"a": "1"}, "ä")
    assert [each.name for each in Experiment.list(g.ws, tags={"a": "1"}) if each.name == name] == [name]
    experiment.archive()
    assert experiment.archived_at is not None
    assert name not in g.ws.experiments
    assert name in [each.name for each in Experiment.list(g.ws, include_archived=True)]
    experiment.reactivate()
    assert [each.name for each in Experiment.list(g.ws, name)] == [name]
    gone = experiment.delete()
    assert (gone.kind, gone.name, gone.run_count) == ("experiment", name, 0)
    assert refused(lambda: experiment.refresh()) == ("NotFound", "not_found")
    assert refused(lambda: experiment.tag("c")) == ("NotFound", "not_found")
    g.ws.api.experiments.create(name)
    assert refused(lambda: Experiment.restore(g.ws, name)) == ("AlreadyExists", "already_exists")
    assert Experiment.restore(g.ws, name, f"{name}-again").tags == {"a": "1"}
    Experiment.delete(g.ws, name)
    Experiment.delete(g.ws, f"{name}-again")
    assert refused(lambda: Experiment.delete(g.ws, "a b")) == ("InvalidName", "invalid_name")
    assert refused(lambda: Experiment.restore(g.ws, "nobody")) == ("NotFound", "not_found")


@body(job="forbidden")
def garbage_is_collected(g: Ground) -> None:
    report = g.ws.collect_garbage(dry_run=True)
    assert (report.dry_run, report.runs) == (True, 0)
    assert g.ws.collect_garbage().runs == 0
