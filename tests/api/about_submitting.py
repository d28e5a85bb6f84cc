"""Submitting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.run import RunSource
from jupyter_mlws.errors import (
    DispatcherUnavailable,
    InvalidInput,
)

from .place import Place, S, code_of


class SubmitSuite:
    """Submitting."""

    def test_a_submitted_run_is_recorded_queued_and_the_dispatcher_woken(self, place: Place) -> None:
        run = place.submit(
            tags={"owner": "ada"}, params={"lr": "0.1"}, source=RunSource(document="a.ipynb"), description="first"
        )
        assert (run.number, run.status, run.kind, run.experiment) == (1, S.QUEUED, "script", "digits")
        assert run.id.startswith("digits_")
        assert place.waking.calls == 1
        assert place.api.runs.get(run.id) == run
        assert place.api.runs.get("1") == place.api.runs.get("#1") == run
        assert place.api.experiments.get("digits").run_count == 1

    def test_names_of_variables_are_recorded_and_values_nowhere(self, place: Place) -> None:
        place.submit(inherited_environment={"HOME": "CANARY"}, secrets={"DB": "CANARY"})
        assert place.api.runs.get("1").environment_variables == ("DB", "HOME")
        for path in place.folder.rglob("*"):
            assert not path.is_file() or b"CANARY" not in path.read_bytes(), path

    def test_Z06_secret_options_are_recorded_masked(self, place: Place) -> None:
        run = place.submit(command=("python", "a.py", "--token=CANARY", "--api-key", "CANARY", "--lr", "1"))
        assert run.command == ("python", "a.py", "--token=***", "--api-key", "***", "--lr", "1")

    def test_an_unknown_target_is_answered_with_the_list_and_the_nearest(self, place: Place) -> None:
        with pytest.raises(InvalidInput, match="no compute target 'lcoal'") as caught:
            place.submit(compute_target="lcoal")
        assert "local" in caught.value.hint
        assert "Did you mean local?" in caught.value.hint

    def test_an_unknown_environment_is_answered_with_the_list(self, place: Place) -> None:
        with pytest.raises(InvalidInput, match="no environment 'kernal'") as caught:
            place.submit(environment="kernal")
        assert "Did you mean kernel?" in caught.value.hint

    def test_bytes_and_snapshot_have_to_be_there(self, place: Place) -> None:
        missing = InputFile(name="X.pkl", digest="0" * 64, size_bytes=3)
        assert code_of(place.submit, inputs=(missing,)) == "invalid_input"
        assert code_of(place.submit, snapshot_id="0" * 64) == "invalid_input"
        assert code_of(place.submit, snapshot_id="../x") == "invalid_input"
        stored = place.api.blobs.upload("X.pkl", Upload(b"abc"))
        assert place.submit(inputs=(stored,)).number == 1

    def test_a_repeated_key_gives_the_same_run(self, place: Place) -> None:
        first = place.submit(key="k", tags={"a": "1"})
        assert place.submit(key="k", tags={"a": "2"}) == first
        with ThreadPoolExecutor(6) as pool:
            made = {run.id for run in pool.map(lambda _: place.submit(key="many"), range(12))}
        assert len(made) == 1

    def test_a_sweep_is_a_parent_with_children(self, place: Place) -> None:
        sweep = place.submit(kind="sweep", sweep=({"lr": "1"}, {"lr": "2"}), params={"depth": "3"}, parallel=1)
        children = place.api.runs.list(parent=sweep.id).items
        assert (sweep.kind, sweep.child_count, sweep.number) == ("sweep", 2, 1)
        assert [child.params for child in children] == [{"depth": "3", "lr": "2"}, {"depth": "3", "lr": "1"}]
        assert [run.number for run in place.api.runs.list().items] == [1]
        assert code_of(place.submit, kind="sweep") == "invalid_input"
        assert code_of(place.submit, sweep=({"a": "1"},)) == "invalid_input"

    @pytest.mark.parametrize(
        "facts",
        [
            {"experiment": "../x"},
            {"experiment": "a b"},
            {"experiment": "1" * 300},
            {"display_name": "a\ud800"},  # V04
            {"description": "a\0b"},  # V05
            {"notes": ("a\ud800",)},
            {"source": RunSource(cell_source="a\0b")},
            {"params": {"k": "v" * 2000}},
            {"tags": {"": "x"}},
            {"command": ()},
            {"command": ("python", "a\0b")},
            {"working_directory": "../x"},
            {"environment_variables": {"MLWS_RUN_ID": "x"}},
            {"environment_variables": {"A": "a\0b"}},
            {"secrets": {"A=B": "x"}},
            {"max_run_duration_s": -1.0},
            {"max_run_duration_s": 1e18},
            {"parallel": 0},
            {"key": "k" * 10_000},
        ],
    )
    def test_what_no_record_can_hold_is_refused_before_anything_is_stored(
        self, place: Place, facts: dict[str, Any]
    ) -> None:
        assert code_of(place.submit, **facts) in {"invalid_input", "invalid_name", "invalid_path", "too_large"}
        assert place.api.runs.list().items == ()
        assert place.waking.calls == 0

    def test_V07_names_that_are_only_text_are_kept_as_they_are(self, place: Place) -> None:
        names = ["%", "_", "\N{GRINNING FACE}" * 50, "../../x", "'; DROP TABLE runs;--", "<img src=x>", "\u202egnp"]
        run = place.submit(tags=dict.fromkeys(names, "\N{GRINNING FACE}"), display_name=names[4])
        assert set(run.tags) == set(names)
        assert place.api.runs.list(search="DROP TABLE").items == (run,)

    def test_a_dispatcher_that_does_not_start_does_not_lose_the_run(self, place: Place) -> None:
        place.waking.failure = DispatcherUnavailable("It did not come up.")
        run = place.submit()
        assert run.status is S.QUEUED
        assert any("did not come up" in warning.lower() for warning in run.warnings)
        assert place.api.runs.get("1").status is S.QUEUED
