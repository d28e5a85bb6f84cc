"""Runs: get, list, filter, order, notes."""

from __future__ import annotations

import pytest

from jupyter_mlws.errors import InvalidFilter, NotFound
from jupyter_mlws.sdk.run import Run

from .suite import EXPERIMENT, Ground, body, refused


@body
def a_run_is_found_by_number_and_by_id(g: Ground) -> None:
    by_id, by_number = g.ws.run(g.done.id), Run.get(g.ws, g.done.number)
    assert by_id == by_number == g.done
    assert by_id.number == g.done.number
    assert (by_id.status, by_id.get_status()) == ("Completed", "Completed")
    assert by_id.tags == {"owner": "ada", "stage": "test"}


@body
def the_record_tells_what_was_submitted(g: Ground) -> None:
    record = g.done.record
    assert record.experiment == EXPERIMENT
    assert record.arguments == ("--lr", "0.1")
    assert record.command[1:] == ("prepared.py", "--lr", "0.1")
    assert record.source.document == "prepared.py"
    assert "GREETING" in record.environment_variables
    assert record.duration_s is not None
    assert record.duration_s > 0
    details = g.done.get_details()
    assert details["runId"] == g.done.id
    assert details["runDefinition"]["arguments"] == ["--lr", "0.1"]
    assert details["error"] is None


@body
def runs_are_listed_newest_first(g: Ground) -> None:
    found = g.ws.runs(None, experiment=EXPERIMENT)
    numbers = [run.number for run in found]
    assert numbers == sorted(numbers, reverse=True)
    assert g.done.id in [run.id for run in found]
    assert [run.id for run in g.experiment.get_runs()] == [run.id for run in found]


@body
def a_filter_finds_runs_and_an_order_sorts_them(g: Ground) -> None:
    wanted = "metrics.loss < 0.5 and tags.owner = 'ada' and attributes.status = 'Completed'"
    assert [run.id for run in g.ws.runs(filter=wanted, experiment=EXPERIMENT)] == [g.done.id]
    assert g.ws.runs(filter="metrics.loss > 0.5", experiment=EXPERIMENT) == []
    first, *_ = g.ws.runs(1, order_by="metrics.loss asc", experiment=EXPERIMENT)
    assert first.id == g.done.id


@body
def a_filter_that_cannot_be_understood_points_at_the_word(g: Ground) -> None:
    wanted = "metrics.loss << 0.5"
    with pytest.raises(InvalidFilter) as caught:
        g.ws.runs(filter=wanted, experiment=EXPERIMENT)
    assert wanted[caught.value.details["position"] :].startswith("<")


@body
def a_run_that_is_not_there_is_not_found(g: Ground) -> None:
    for name in ("999999", "#999999", f"{EXPERIMENT}_1_00000000"):
        assert refused(lambda name=name: g.ws.run(name)) == ("NotFound", "not_found")
    with pytest.raises(NotFound, match="999999") as caught:
        g.ws.run(999_999)
    assert caught.value.hint


@body
def a_tag_is_set_and_changed(g: Ground) -> None:
    g.own.tag(f"seen-{g.way}", 1)
    g.own.tag(f"seen-{g.way}", "ä 2")
    again = g.ws.run(g.own.id)
    assert again.tags[f"seen-{g.way}"] == "ä 2"


@body
def the_log_is_read_whole_and_in_pieces(g: Ground) -> None:
    assert "hello from the script ü" in g.done.get_log()
    part = g.ws.api.logs.read(g.done.id, offset=-5, limit=5)
    assert part.ended
    assert part.text.encode() == g.done.get_log().encode()[-5:]
