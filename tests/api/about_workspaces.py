"""The workspace itself: its size, changes, experiments and targets."""

from __future__ import annotations

import time

import pytest

from jupyter_mlws.errors import (
    DispatcherUnavailable,
)

from .place import Place, S, code_of


class WorkspaceSuite:
    """The workspace, its experiments, its compute."""

    def test_what_the_workspace_holds(self, place: Place) -> None:
        place.submit()
        info = place.api.workspace.info()
        assert (info.run_count, info.active_count, info.model_count) == (1, 1, 0)
        assert info.schema_version
        assert info.last_change == place.api.workspace.changes(0).cursor

    def test_waking_answers_with_the_living_dispatcher_or_says_why_not(self, place: Place) -> None:
        assert place.api.workspace.wake().dispatcher.alive
        place.waking.failure = DispatcherUnavailable("It did not come up.", hint="Look into its log.")
        with pytest.raises(DispatcherUnavailable, match="did not come up") as caught:
            place.api.workspace.wake()
        assert caught.value.hint == "Look into its log."

    def test_the_size_of_the_workspace_is_known_soon(self, place: Place) -> None:
        (place.folder / "large").write_bytes(b"x" * 1_000_000)
        deadline = time.monotonic() + 20
        while place.api.workspace.info().size_bytes < 1_000_000:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def test_changes_follow_a_cursor(self, place: Place) -> None:
        run = place.submit()
        page = place.api.workspace.changes(0)
        assert {(item.kind, item.subject) for item in page.changes} == {("run", run.id), ("experiment", "digits")}
        assert place.api.workspace.changes(page.cursor).changes == ()
        place.log(run, "loss", [1.0])
        place.leave(run, "a", b"x")
        after = place.api.workspace.changes(page.cursor)
        assert {(item.kind, item.subject) for item in after.changes} == {("metric", run.id), ("file", run.id)}
        assert len(place.api.workspace.changes(0, limit=1).changes) == 1

    def test_experiments_are_made_once(self, place: Place) -> None:
        made = place.api.experiments.create("new")
        assert place.api.experiments.create("new") == made
        assert place.api.experiments.get("new") == made
        place.submit("newer")
        assert [item.name for item in place.api.experiments.list().items] == ["newer", "new"]
        assert code_of(place.api.experiments.get, "none") == "not_found"

    @pytest.mark.parametrize("name", ["a b", "é", "-a", "a/b", "..", "a\n", "1" * 1000])
    def test_O04_a_name_outside_the_grammar_is_refused(self, place: Place, name: str) -> None:
        for call in (place.api.experiments.create, place.api.experiments.get):
            assert code_of(call, name) in {"invalid_name", "too_large", "invalid_input", "not_found"}
        assert place.api.experiments.list().items == ()

    def test_targets_are_listed_with_what_runs_there(self, place: Place) -> None:
        running = place.submit()
        place.submit()
        place.move(running, S.PREPARING, S.RUNNING)
        local = next(item for item in place.api.compute.list().items if item.name == "local")
        assert (local.running, local.queued) == (1, 1)
        assert local.slots >= 1

    def test_a_target_tells_who_is_on_it_and_who_waits_behind_whom(self, place: Place) -> None:
        compute = place.api.compute
        assert compute.queue("local").running == compute.queue("local").waiting == ()
        first, second, third, fourth = (place.submit() for _ in range(4))
        place.move(first, S.PREPARING, S.RUNNING)
        queue = compute.queue("local", limit=2)
        assert [(run.id, run.behind) for run in queue.running] == [(first.id, None)]
        assert [(run.id, run.behind) for run in queue.waiting] == [(second.id, None), (third.id, second.number)]
        assert queue.more == 1
        place.api.runs.cancel(third.id)
        queue = compute.queue("local")
        assert [(run.id, run.behind) for run in queue.waiting] == [(second.id, None), (fourth.id, second.number)]
        assert queue.more == 0
        assert compute.queue("docker").waiting == ()
        assert code_of(compute.queue, "locale") == "invalid_input"

    def test_a_target_tells_how_busy_its_machine_is(self, place: Place) -> None:
        compute = place.api.compute
        assert {item.name: item.has_load for item in compute.list().items}["local"]
        load = compute.load("local")
        assert load.cpus >= 1
        assert 0 <= load.cpu_percent <= 100
        assert 0 < load.memory_used_bytes < load.memory_total_bytes
        assert code_of(compute.load, "locale") == "invalid_input"
        assert code_of(compute.load, "docker") == "invalid_input"

    def test_a_target_is_paused_and_resumed_and_twice_is_once(self, place: Place) -> None:
        before = place.api.workspace.info().last_change
        assert [place.api.compute.pause("local").paused for _ in range(2)] == [True, True]
        assert [item.name for item in place.api.compute.list().items if item.paused] == ["local"]
        assert [place.api.compute.resume("local").paused for _ in range(2)] == [False, False]
        changed = [(item.kind, item.subject) for item in place.api.workspace.changes(before).changes]
        assert changed == [("compute", "local")]
        for switch in (place.api.compute.pause, place.api.compute.resume):
            assert code_of(switch, "locale") == "invalid_input"
