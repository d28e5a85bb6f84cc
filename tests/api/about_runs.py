"""Runs: looking, changing, canceling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jupyter_mlws.domain.run import RunSource, RunUpdate
from jupyter_mlws.domain.run_line import line_of
from jupyter_mlws.errors import (
    InvalidInput,
    TooLarge,
)

from .place import Place, S, code_of


class RunsSuite:
    """Looking, changing, canceling."""

    @pytest.mark.parametrize("name", ["2", "#2", "digits_0_0", "9" * 30])
    def test_a_run_that_is_not_there_is_not_found(self, place: Place, name: str) -> None:
        api = place.api
        calls: list[Callable[..., Any]] = [
            api.runs.get,
            api.runs.cancel,
            api.logs.read,
            api.files.list,
            api.metrics.list,
        ]
        for call in calls:
            assert code_of(call, name) == "not_found"
        assert code_of(api.runs.update, name, RunUpdate()) == "not_found"
        assert code_of(api.metrics.read, name, "loss") == "not_found"
        assert code_of(api.files.download, name, "a") == "not_found"
        assert code_of(api.runs.list, parent=name) == "not_found"
        assert code_of(api.models.list, run=name) == "not_found"

    @pytest.mark.parametrize("name", ["..", "a/b", "a b", "#", "%2e%2e", "é", "a" * 400])
    def test_what_is_no_name_of_a_run_is_refused(self, place: Place, name: str) -> None:
        assert code_of(place.api.runs.get, name) in {"invalid_name", "invalid_input", "not_found"}

    def test_lists_are_filtered_and_paged(self, place: Place) -> None:
        for experiment in ("a", "b", "a"):
            place.submit(experiment, source=RunSource(document=f"{experiment}.ipynb", document_id="d"))
        api = place.api
        page = api.runs.list(limit=2)
        rest = api.runs.list(limit=2, cursor=page.next_cursor)
        assert [run.number for run in (*page.items, *rest.items)] == [3, 2, 1]
        assert rest.next_cursor is None
        assert [run.number for run in api.runs.list(experiment="a").items] == [3, 1]
        assert api.runs.list(experiment="nobody").items == ()
        assert [run.number for run in api.runs.list(document="b.ipynb").items] == [2]
        assert [run.number for run in api.runs.list(document="d", search="#1").items] == [1]
        place.move(page.items[0], S.RUNNING)
        assert [run.number for run in api.runs.list(status="Running").items] == [3]
        assert [run.number for run in api.runs.list(status="Running,Queued").items] == [3, 2, 1]

    def test_lines_are_what_a_list_finds_and_carry_what_it_shows(self, place: Place) -> None:
        code = "secret = 1\n" * 50
        for lr in ("0.1", "0.2", "0.1"):
            source = RunSource(document="a.ipynb", document_id="d", cell_source=code)
            place.submit(params={"lr": lr}, source=source, properties={"mine": "x", "mlws.logged_from": "box"})
        api = place.api
        page = api.runs.lines(limit=2)
        rest = api.runs.lines(limit=2, cursor=page.next_cursor)
        assert (page.total, rest.total) == (3, None)
        assert (*page.items, *rest.items) == tuple(map(line_of, api.runs.list().items))
        assert page.items[0].source.document == "a.ipynb"
        assert page.items[0].properties == {"mlws.logged_from": "box"}
        assert code not in repr(page)
        assert api.runs.lines(filter="params.lr = 0.1", document="d", limit=1).total == 2
        assert api.runs.lines(search="#2", limit=1).total == 1
        assert code_of(api.runs.lines, filter="lr = 1") == "invalid_filter"
        assert code_of(api.runs.lines, limit=0) == "invalid_input"
        assert place.api.workspace.info().user == page.items[0].user

    def test_lines_are_found_by_what_lies_below_them_and_say_so(self, place: Place) -> None:
        plain = place.submit(params={"lr": "0.1"})
        sweep = place.submit(kind="sweep", sweep=({"lr": "0.1"}, {"lr": "0.2"}, {"lr": "0.3"}))
        lines = place.api.runs.lines
        found = lines(filter="params.lr < 0.15")
        assert [run.id for run in found.items] == [sweep.id, plain.id]
        assert found.for_those_below == (sweep.id,)
        assert lines(search="lr=0.2").for_those_below == (sweep.id,)
        assert lines(filter="kind = 'sweep'").for_those_below == lines().for_those_below == ()
        below = lines(filter="params.lr > 0.15", parent=sweep.id)
        assert [run.params["lr"] for run in below.items] == ["0.3", "0.2"]
        assert below.for_those_below == ()
        assert lines(filter="params.lr < 0.15", include_children=True).total == 2
        # In a list of whole runs a condition holds for those that it names.
        assert [run.id for run in place.api.runs.list(filter="params.lr < 0.15").items] == [plain.id]

    def test_lines_of_some_runs_are_asked_for_by_their_ids(self, place: Place) -> None:
        first, second, third = (place.submit(params={"lr": lr}) for lr in ("0.1", "0.2", "0.3"))
        lines = place.api.runs.lines
        assert [run.id for run in lines(ids=f"{first.id},{third.id},gone").items] == [third.id, first.id]
        found = lines(ids=f"{first.id},{second.id}", filter="params.lr > 0.15", limit=1)
        assert [run.id for run in found.items] == [second.id]
        assert lines(ids=f"{first.id},{second.id}", limit=1).total == 2
        assert code_of(lines, ids="../a") == "invalid_name"
        assert code_of(lines, ids="a," * 1000) == "invalid_input"

    def test_O07_limits_are_cut_and_nonsense_is_refused(self, place: Place) -> None:
        place.submit()
        assert len(place.api.runs.list(limit=10**9).items) == 1
        for call in (place.api.runs.list, place.api.experiments.list, place.api.models.list):
            assert code_of(call, limit=0) == "invalid_input"
            assert code_of(call, limit=-1) == "invalid_input"
            assert code_of(call, cursor="made up") == "invalid_input"
        assert code_of(place.api.runs.list, status="asleep") == "invalid_input"
        assert code_of(place.api.runs.list, experiment="a b") == "invalid_name"
        assert code_of(place.api.workspace.changes, -1) == "invalid_input"

    def test_tags_name_and_description_can_be_changed(self, place: Place) -> None:
        run = place.submit(tags={"keep": "1", "drop": "2"})
        after = place.api.runs.update(
            "1", RunUpdate(tags={"drop": None, "new": ""}, display_name="Best", description="yes")
        )
        assert (after.tags, after.display_name, after.description) == ({"keep": "1", "new": ""}, "Best", "yes")
        assert place.api.runs.get(run.id) == after
        with pytest.raises(InvalidInput):
            place.api.runs.update("1", RunUpdate(tags={"a": "b\ud800"}))
        with pytest.raises(TooLarge):
            place.api.runs.update("1", RunUpdate(display_name="x" * 300))

    def test_F34_cancel_is_asked_once_or_often_with_the_same_result(self, place: Place) -> None:
        waiting, living, ended = place.submit(), place.submit(), place.submit()
        place.move(living, S.PREPARING, S.RUNNING)
        place.move(ended, S.RUNNING, S.COMPLETED)
        for _ in range(2):
            assert place.api.runs.cancel(waiting.id).status is S.CANCELED
            assert place.api.runs.cancel(living.id).status is S.CANCEL_REQUESTED
            assert place.api.runs.cancel(ended.id).status is S.COMPLETED

    def test_cancel_reaches_the_children(self, place: Place) -> None:
        sweep = place.submit(kind="sweep", sweep=({"a": "1"}, {"a": "2"}))
        assert place.api.runs.cancel("1").status is S.CANCELED
        assert {run.status for run in place.api.runs.list(parent=sweep.id).items} == {S.CANCELED}
