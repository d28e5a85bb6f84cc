"""What every way to a workspace answers: one suite, bound to the services in process, to HTTP, to whatever comes.

A binding is a fixture `place` and ``class TestMine(ApiSuite): pass``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jupyter_mlws.api.interface import Api
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.api.series import decode_series
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.model import Model, ModelRegistration
from jupyter_mlws.domain.run import Run, RunSource, RunSubmission, RunUpdate
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.domain.workspace import DispatcherState
from jupyter_mlws.errors import (
    DispatcherUnavailable,
    InvalidInput,
    MlwsError,
    TooLarge,
)
from jupyter_mlws.store import Store, files, metrics, runs

S = RunStatus
# P..: none of these names a file, whatever lies on the disk.
ESCAPES = [
    "../../../../../../etc/passwd",  # P01
    "/etc/passwd",  # P02
    "%252e%252e%252f%252e%252e%252fetc%252fpasswd",  # P04
    "%25252e%25252e%25252fetc%25252fpasswd",
    "..\\..\\..\\etc\\passwd",  # P05
    "file:///etc/passwd",  # P07
    "C:\\Windows\\win.ini",  # P08
    "C:/Windows/win.ini",
    "\\\\host\\share\\x",
    "//host/share/x",
    "../blobstest/secret.txt",  # P10
    "x?/../../../../etc/passwd",  # P13
    "....//....//....//etc/passwd",  # P14
    "a/" * 2000 + "b",  # P30
    "é" * 128,
    "a\nb",
    "a\x1bb",
    "",
    ".",
    "a//b",
    "a/./b",
]
MISSING = [
    "....",
    ".git/config",
    ".ssh/id_rsa",
    ".env",
    ".Env",
    "SECRETS.json",
    "ETC/passwd",
]  # P16, P17


@dataclass
class Waking:
    """The dispatcher's place, empty: it counts who knocks."""

    calls: int = 0
    failure: MlwsError | None = None

    def __call__(self) -> None:
        self.calls += 1
        if self.failure is not None:
            raise self.failure

    def state(self) -> DispatcherState:
        return DispatcherState(alive=self.calls > 0, pid=1, version="0", message="")

    def ensure(self) -> DispatcherState:
        self()
        return self.state()


@dataclass
class Place:
    """A workspace: the way that is tested, and what stands behind it."""

    api: Api
    store: Store
    blobs: BlobStore
    folder: Path
    waking: Waking = field(default_factory=Waking)

    def submit(self, experiment: str = "digits", **facts: Any) -> Run:
        return self.api.runs.submit(submission(experiment, **facts))

    def move(self, run: Run, *states: RunStatus) -> None:
        for state in states:
            with self.store.write() as c:
                assert runs.move_run(c, run.id, state) is not None

    def leave(self, run: Run, name: str, data: bytes, kind: FileKind = FileKind.OUTPUT) -> RunFile:
        """Collect a file, as the dispatcher does."""
        stored = self.blobs.put_bytes(data)
        at = datetime(2026, 1, 1, tzinfo=timezone.utc)
        file = RunFile(name=name, kind=kind, size_bytes=len(data), digest=stored.digest, mode=0o644, modified_at=at)
        with self.store.write() as c:
            files.put_file(c, run.id, file)
        return file

    def log(self, run: Run, name: str, values: list[float]) -> None:
        count = len(values)
        batch = SimpleNamespace(
            stream=name,
            start=0,
            end=count,
            names=[name],
            name_index=np.zeros(count, int),
            step=np.zeros(count, int),
            implicit=b"\1" * count,
            time=np.arange(count) * 1.0,
            value=np.array(values, float),
        )
        with self.store.write() as c:
            metrics.append_points(c, run.id, batch)

    def write_log(self, run: Run, data: bytes) -> None:
        """Let the run folder have a log, as it is while the run goes."""
        log = self.folder / "runs" / run.id / "logs" / "std.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(data)


def submission(experiment: str = "digits", **facts: Any) -> RunSubmission:
    return RunSubmission(experiment=experiment, **{"command": ("python", "train.py"), **facts})


def code_of(call: Callable[..., Any], *args: Any, **named: Any) -> str:
    """The stable code of the failure; the message is a sentence."""
    with pytest.raises(MlwsError) as caught:
        call(*args, **named)
    assert caught.value.status < 500, caught.value
    assert caught.value.message
    return caught.value.code


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

    def test_O07_limits_are_cut_and_nonsense_is_refused(self, place: Place) -> None:
        place.submit()
        assert len(place.api.runs.list(limit=10**9).items) == 1
        for call in (place.api.runs.list, place.api.experiments.list, place.api.models.list):
            assert code_of(call, limit=0) == "invalid_input"
            assert code_of(call, limit=-1) == "invalid_input"
            assert code_of(call, cursor="made up") == "invalid_input"
        assert code_of(place.api.runs.list, status="running") == "invalid_input"
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


class LogsSuite:
    """Logs, while they grow and afterwards."""

    def test_a_log_is_followed_by_offset_and_is_the_same_when_stored(self, place: Place) -> None:
        run = place.submit()
        assert place.api.logs.read("1").text == ""
        assert not place.api.logs.read("1").ended
        place.move(run, S.RUNNING)
        place.write_log(run, b"one\ntwo\n")
        first = place.api.logs.read("1")
        assert (first.text, first.next_offset, first.ended) == ("one\ntwo\n", 8, False)
        place.write_log(run, b"one\ntwo\n\x1b[31mthree\r")
        second = place.api.logs.read("1", offset=first.next_offset)
        assert second.text == "\x1b[31mthree\r"
        place.leave(run, "std.log", b"one\ntwo\n\x1b[31mthree\r", FileKind.LOG)
        place.move(run, S.COMPLETED)
        (place.folder / "runs" / run.id / "logs" / "std.log").unlink()
        part = place.api.logs.read(run.id, offset=4)
        assert (part.text, part.ended, part.size_bytes) == ("two\n\x1b[31mthree\r", True, 19)
        assert place.api.logs.read(run.id, offset=19).ended
        assert place.api.logs.read(run.id, offset=10**9).next_offset == 19

    @pytest.mark.parametrize("limit", [1, 3, 4, 5, 7, 1000])
    def test_no_character_is_cut_in_two(self, place: Place, limit: int) -> None:
        text = "aé€\N{GRINNING FACE}" * 9
        run = place.submit()
        place.write_log(run, text.encode())
        found, offset = "", 0
        for _ in range(len(text.encode()) + 1):
            part = place.api.logs.read("1", offset=offset, limit=limit)
            found, offset = found + part.text, part.next_offset
        assert found == text
        assert place.api.logs.read("1", offset=-6).text == "\N{GRINNING FACE}"

    def test_a_character_that_is_still_being_written_is_waited_for_and_rubbish_is_shown(self, place: Place) -> None:
        run = place.submit()
        place.write_log(run, b"\xff ok \xe2\x82")
        part = place.api.logs.read("1")
        assert (part.text, part.next_offset) == ("\ufffd ok ", 5)
        place.move(run, S.FAILED)
        last = place.api.logs.read("1", offset=5)
        assert (last.text, last.next_offset, last.ended) == ("\ufffd", 7, True)

    @pytest.mark.parametrize(
        "name", ["../../../../../etc%2fpasswd", "/etc/passwd", "../job.json", "train.log", "", "STD.LOG"]
    )
    def test_P20_there_are_three_logs_and_no_paths(self, place: Place, name: str) -> None:
        place.submit()
        assert code_of(place.api.logs.read, "1", name) == "invalid_input"
        assert place.api.logs.read("1", "agent.log").text == ""
        assert place.api.logs.read("1", "environment.log").text == ""

    def test_P11_a_link_in_the_place_of_a_log_is_not_followed(self, place: Place, tmp_path: Path) -> None:
        run = place.submit()
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / "std.log").write_text("CANARY")
        folder = place.folder / "runs" / run.id
        folder.mkdir(parents=True)
        (folder / "logs").symlink_to(tmp_path / "secret")
        assert place.api.logs.read("1").text == ""
        (folder / "logs").unlink()
        (folder / "logs").mkdir()
        (folder / "logs" / "std.log").symlink_to(tmp_path / "secret" / "std.log")
        assert place.api.logs.read("1").text == ""

    def test_a_limit_that_shows_nothing_is_refused(self, place: Place) -> None:
        place.submit()
        assert code_of(place.api.logs.read, "1", limit=0) == "invalid_input"


class FilesSuite:
    """Files and snapshots: names are looked up, never opened."""

    def test_files_are_listed_and_downloaded(self, place: Place) -> None:
        run = place.submit()
        kept = place.leave(run, "outputs/model.pkl", b"weights")
        result = place.leave(run, "display.jsonl", b"{}", FileKind.RESULT)
        assert place.api.files.list("1").items == (result, kept)
        assert place.api.files.list("1", kind="output").items == (kept,)
        page = place.api.files.list("1", limit=1)
        assert place.api.files.list("1", limit=1, cursor=page.next_cursor).items == (kept,)
        download = place.api.files.download("1", "outputs/model.pkl")
        assert (download.name, download.size_bytes, download.digest) == ("model.pkl", 7, kept.digest)
        assert download.read() == b"weights"
        assert place.api.files.download("1", "display.jsonl", kind="result").read() == b"{}"
        assert code_of(place.api.files.download, "1", "display.jsonl") == "not_found"
        assert code_of(place.api.files.list, "1", kind="../x") == "invalid_input"
        assert code_of(place.api.files.download, "1", "a", kind="secret") == "invalid_input"

    def test_a_run_is_told_as_it_stands_in_a_notebook(self, place: Place) -> None:
        run = place.submit(kind="cell", params={"lr": "<b>0.1</b>"})
        place.leave(
            run, "display.jsonl", b'{"output_type": "execute_result", "data": {"text/plain": "42!"}}', FileKind.RESULT
        )
        before = place.api.runs.card("1")
        assert "Queued" in before.text
        assert "42!" not in before.html
        place.move(run, S.RUNNING, S.COMPLETED)
        after = place.api.runs.card(run.id)
        assert "Completed" in after.text
        assert "42!" in after.html
        assert "&lt;b&gt;0.1&lt;/b&gt;" in after.html
        assert code_of(place.api.runs.card, "2") == "not_found"

    @pytest.mark.parametrize("path", ESCAPES)
    def test_P01_to_P14_and_P30_a_path_that_leaves_the_run_is_refused(self, place: Place, path: str) -> None:
        place.submit()
        assert code_of(place.api.files.download, "1", path) in {"invalid_path", "not_found", "invalid_input"}

    @pytest.mark.parametrize("path", MISSING)
    def test_P16_P17_a_file_that_was_not_collected_is_not_found(self, place: Place, path: str) -> None:
        run = place.submit()
        (place.folder / "runs" / run.id).mkdir(parents=True)
        (place.folder / "runs" / run.id / "job.json").write_text("CANARY")
        assert code_of(place.api.files.download, "1", path) == "not_found"
        assert code_of(place.api.files.download, "1", "job.json") == "not_found"

    def test_P30_a_part_of_255_bytes_is_a_name_and_one_of_256_is_not(self, place: Place) -> None:
        run = place.submit()
        place.leave(run, "a" * 255, b"x")
        assert place.api.files.download("1", "a" * 255).read() == b"x"
        assert code_of(place.api.files.download, "1", "a" * 256) == "invalid_path"

    def test_a_snapshot_is_made_listed_and_read(self, place: Place, tmp_path: Path) -> None:
        source = tmp_path / "project"
        (source / "sub").mkdir(parents=True)
        (source / "train.py").write_text("print(1)")
        (source / "sub" / "a.txt").write_text("a")
        report = place.api.snapshots.create(SnapshotRequest(directory=str(source), rule="directory"))
        assert report.snapshot is not None
        again = place.api.snapshots.create(SnapshotRequest(directory=str(source), rule="directory"))
        assert again.snapshot is not None
        assert again.snapshot.id == report.snapshot.id
        snapshot = report.snapshot.id
        assert [entry.path for entry in place.api.snapshots.get(snapshot).entries] == ["sub/a.txt", "train.py"]
        assert place.api.snapshots.download_file(snapshot, "train.py").read() == b"print(1)"
        assert place.api.snapshots.download(snapshot).read()[:2] == b"PK"
        assert place.submit(snapshot_id=snapshot).snapshot_id == snapshot
        for path in ESCAPES:
            found = code_of(place.api.snapshots.download_file, snapshot, path)
            assert found in {"invalid_path", "not_found", "invalid_input"}
        assert code_of(place.api.snapshots.download_file, snapshot, "none") == "not_found"

    def test_a_preview_stores_nothing(self, place: Place, tmp_path: Path) -> None:
        source = tmp_path / "project"
        source.mkdir()
        (source / "train.py").write_text("print(1)")
        report = place.api.snapshots.create(SnapshotRequest(directory=str(source), rule="directory", preview=True))
        assert [entry.path for entry in report.files] == ["train.py"]
        if report.snapshot is not None:
            assert code_of(place.api.snapshots.get, report.snapshot.id) == "not_found"

    @pytest.mark.parametrize("snapshot", ["0" * 64, "..", "0" * 63, "A" * 64, "0" * 100])
    def test_an_unknown_snapshot_is_not_found_and_no_path(self, place: Place, snapshot: str) -> None:
        for call in (place.api.snapshots.get, place.api.snapshots.download):
            assert code_of(call, snapshot) in {"not_found", "invalid_input", "invalid_name"}

    def test_uploaded_bytes_are_named_by_their_digest(self, place: Place) -> None:
        stored = place.api.blobs.upload("X.npy", Upload(b"abc" * 1_000_000))
        assert (stored.name, stored.size_bytes) == ("X.npy", 3_000_000)
        assert place.blobs.read(stored.digest) == b"abc" * 1_000_000
        for path in ESCAPES:
            assert code_of(place.api.blobs.upload, path, Upload(b"")) in {"invalid_path", "invalid_input"}


class MetricsSuite:
    """Series."""

    def test_V01_V02_a_series_comes_back_with_its_summary(self, place: Place) -> None:
        run = place.submit()
        place.log(run, "loss", [3.0, math.nan, math.inf])
        place.log(run, "a/b c", [1.0])
        assert [item.name for item in place.api.metrics.list("1").items] == ["a/b c", "loss"]
        page = place.api.metrics.list("1", limit=1)
        assert [item.name for item in place.api.metrics.list("1", limit=1, cursor=page.next_cursor).items] == ["loss"]
        series = decode_series(place.api.metrics.read("1", "loss").read())
        assert series.columns["value"][0] == 3.0
        assert math.isnan(series.columns["value"][1])
        assert math.isinf(series.columns["value"][2])
        assert decode_series(place.api.metrics.read("1", "loss", after=2).read()).points == 1
        summary = next(item for item in place.api.runs.get("1").metrics if item.name == "loss")
        assert (summary.count, summary.minimum, summary.maximum) == (3, 3.0, math.inf)

    def test_a_chart_gets_as_many_points_as_it_asks_for(self, place: Place) -> None:
        run = place.submit()
        place.log(run, "loss", [float(i) for i in range(5000)])
        series = decode_series(place.api.metrics.read("1", "loss", points=100).read())
        assert (series.points, series.count) == (100, 5000)
        assert (series.columns["minimum"][0], series.columns["maximum"][-1]) == (0, 4999)

    def test_nonsense_is_refused(self, place: Place) -> None:
        place.submit()
        read = place.api.metrics.read
        assert code_of(read, "1", "loss") == "not_found"
        assert code_of(read, "1", "loss", after=-1) == "invalid_input"
        assert code_of(read, "1", "loss", points=0) == "invalid_input"
        assert code_of(read, "1", "") == "invalid_input"
        assert code_of(read, "1", "x" * 300) == "too_large"


class ModelsSuite:
    """The registry."""

    def register(self, place: Place, path: str = "outputs/model.pkl", **facts: Any) -> Model:
        return place.api.models.register(ModelRegistration(name="digits", run_id="1", path=path, **facts))

    def test_versions_count_up_and_share_the_bytes_of_the_run(self, place: Place) -> None:
        run = place.submit()
        kept = place.leave(run, "outputs/model.pkl", b"weights")
        first = self.register(place, tags={"best": ""}, description="the first")
        assert (first.version, first.run_id, first.run_number, first.tags) == (1, run.id, 1, {"best": ""})
        assert [(file.path, file.digest) for file in first.files] == [("model.pkl", kept.digest)]
        assert self.register(place).version == 2
        assert place.api.models.get("digits", 1) == first
        assert place.api.models.get("digits", 0).version == 2
        assert [model.version for model in place.api.models.list(name="digits").items] == [2, 1]
        assert [model.version for model in place.api.models.list(run="1", limit=1).items] == [2]
        assert place.api.models.list(name="other").items == ()
        assert place.api.models.download("digits", 1, "model.pkl").read() == b"weights"

    def test_a_folder_is_registered_with_all_its_files(self, place: Place) -> None:
        run = place.submit()
        for name in ("outputs/net/a.bin", "outputs/net/b/c.bin", "outputs/network.bin"):
            place.leave(run, name, name.encode())
        model = self.register(place, "outputs/net")
        assert [file.path for file in model.files] == ["net/a.bin", "net/b/c.bin"]
        assert place.api.models.download("digits", 1, "net/b/c.bin").read() == b"outputs/net/b/c.bin"

    def test_the_same_key_gives_the_same_version(self, place: Place) -> None:
        place.leave(place.submit(), "outputs/model.pkl", b"weights")
        with ThreadPoolExecutor(6) as pool:
            keyed = {model.version for model in pool.map(lambda _: self.register(place, key="k"), range(8))}
            free = [model.version for model in pool.map(lambda _: self.register(place), range(8))]
        assert keyed == {1}
        assert sorted(free) == list(range(2, 10))

    def test_what_is_not_there_is_not_found_and_no_path_leaves_the_run(self, place: Place) -> None:
        place.leave(place.submit(), "outputs/model.pkl", b"weights")
        assert code_of(self.register, place, "outputs/other") == "not_found"
        assert code_of(place.api.models.get, "digits", 1) == "not_found"
        assert code_of(place.api.models.get, "digits", -1) == "invalid_input"
        assert code_of(place.api.models.get, "a b", 1) == "invalid_name"
        self.register(place)
        assert code_of(place.api.models.download, "digits", 1, "other") == "not_found"
        for path in ESCAPES:
            found = code_of(place.api.models.download, "digits", 1, path)
            assert found in {"invalid_path", "not_found", "invalid_input"}
            assert code_of(self.register, place, path) in {"invalid_path", "not_found", "invalid_input"}


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

    def test_a_target_is_paused_and_resumed_and_twice_is_once(self, place: Place) -> None:
        before = place.api.workspace.info().last_change
        assert [place.api.compute.pause("local").paused for _ in range(2)] == [True, True]
        assert [item.name for item in place.api.compute.list().items if item.paused] == ["local"]
        assert [place.api.compute.resume("local").paused for _ in range(2)] == [False, False]
        changed = [(item.kind, item.subject) for item in place.api.workspace.changes(before).changes]
        assert changed == [("compute", "local")]
        for switch in (place.api.compute.pause, place.api.compute.resume):
            assert code_of(switch, "locale") == "invalid_input"


class ApiSuite(SubmitSuite, RunsSuite, LogsSuite, FilesSuite, MetricsSuite, ModelsSuite, WorkspaceSuite):
    """Everything."""
