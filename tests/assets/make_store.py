"""Writes ``store-<schema>.sqlite``: what this version leaves behind, for every later version to open.

Run it once for each new schema, before its release, and commit the file: ``python tests/assets/make_store.py``.
"""

from __future__ import annotations

import math
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from jupyter_mlws.domain.child import NewChild, RunEnd
from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.domain.experiment import ExperimentUpdate
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.model import ModelFile, ModelRegistration, ModelUpdate
from jupyter_mlws.domain.run import Captured, RunError, RunSource, RunSubmission, RunUpdate
from jupyter_mlws.domain.snapshot import GitInfo, LinkedPath, Snapshot
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store import (
    Store,
    changes,
    counters,
    deletion,
    environments,
    experiment_trash,
    experiments,
    files,
    mailbox,
    metrics,
    models,
    run_cards,
    run_children,
    runs,
    snapshots,
    typed_metrics,
)
from jupyter_mlws.store.tables import SCHEMA_VERSION

AT = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)
DIGEST = "ab" * 32
# A value of each type of metric that is more than a number.
VALUES: dict[str, object] = {
    "list": [1, "NaN", "a"],
    "row": {"epoch": 1, "note": "µ"},
    "table": {"x": [1, 2], "y": ["a", None]},
    "image": {"file": "picture/0.png", "media_type": "image/png", "width": 2, "height": 3},
    "confusion_matrix": {
        "schema_type": "confusion_matrix",
        "schema_version": "v1",
        "data": {"class_labels": ["a", "b"], "matrix": [[1, 0], [2, 3]]},
    },
    "from a later version": {"anything": [None, True]},
}


@dataclass
class Points:
    """A batch of one series as the journal's reader gives it."""

    value: list[float]
    names: list[str] = field(default_factory=lambda: ["loss"])
    stream: str = "1-0"
    start: int = 0

    def __post_init__(self) -> None:
        count = len(self.value)
        self.end = self.start + count
        self.name_index = [0] * count
        self.step = [0] * count
        self.implicit = bytes([1]) * count
        self.time = [1_769_860_800.0 + i for i in range(count)]


def submission(**more: Any) -> RunSubmission:
    """A submission with something in every field that is stored."""
    facts: dict[str, object] = {
        "experiment": "digits",
        "command": ("/usr/bin/python3", "train.py", "--lr", "0.1"),
        "arguments": ("--lr", "0.1"),
        "display_name": "baseline µ",
        "tags": {"owner": "ada", "bare": ""},
        "params": {"lr": "0.1"},
        "environment_variables": {"OMP_NUM_THREADS": "1"},
        "inherited_environment": {"HOME": "/home/ada"},
        "snapshot_id": DIGEST,
        "snapshot_scope": "project",
        "links": (LinkedPath(path="data", target="/data", reason="ignored", modified_at=AT),),
        "git": GitInfo(commit="1f" * 20, branch="main", remote="https://example.org/a.git", dirty=True),
        "inputs": (InputFile(name="X.npy", digest=DIGEST, size_bytes=5),),
        "captured": (Captured(name="X", how="data", type="ndarray", size_bytes=5),),
        "notes": ("1 linked path",),
        "source": RunSource(document="digits.ipynb", document_id="d1", cell_id="c1", cell_source="x = 1"),
    }
    return RunSubmission(**{**facts, **more})


def fill(store: Store) -> None:
    """Seven runs: one completed with everything, one failed, a sweep of four."""
    with store.write() as c:
        snapshots.put_snapshot(c, Snapshot(id=DIGEST, file_count=1, size_bytes=5, created_at=AT))
        runs.create_run(c, submission(key="once"), run_id="digits_1769860800_00000001", user="ada", host="box")
        for status in (RunStatus.PREPARING, RunStatus.RUNNING, RunStatus.FINALIZING):
            assert runs.move_run(c, "digits_1769860800_00000001", status, at=AT)
        metrics.append_points(c, "digits_1769860800_00000001", Points([1.0, math.nan, math.inf, -0.5]))
        file = RunFile(
            name="outputs/model.pkl", kind=FileKind.OUTPUT, size_bytes=5, digest=DIGEST, mode=0o644, modified_at=AT
        )
        files.put_file(c, "digits_1769860800_00000001", file)
        models.create_model(
            c,
            ModelRegistration(name="digits", run_id="1", path="outputs/model.pkl", tags={"best": ""}, key="first"),
            [ModelFile(path="model.pkl", size_bytes=5, digest=DIGEST)],
        )
        mailbox.put_reply(c, "1", "request-1", {"value": None})
        runs.move_run(c, "digits_1769860800_00000001", RunStatus.COMPLETED, at=AT, warnings=["one link"])
        runs.update_run(c, "1", RunUpdate(description="the first"))
        runs.create_run(c, submission(), run_id="digits_1769860800_00000002", user="ada", host="box")
        error = RunError(code="signal", message="Killed by SIGKILL.", signal="SIGKILL", exit_code=-9)
        runs.move_run(c, "digits_1769860800_00000002", RunStatus.FAILED, error=error, at=AT)
        sweep = submission(kind="sweep", sweep=tuple({"lr": f"0.{i}"} for i in range(1, 5)), parallel=2)
        ids = [f"digits_1769860800_0000001{i}" for i in range(5)]
        runs.create_run(c, sweep, run_id=ids[0], user="ada", host="box", children=ids[1:])
        runs.claim_queued(c, user="ada", owner="box-1", limit=9, target="local", host="box")


def fill_second(store: Store) -> None:
    """What the second schema added, in every table: seven more runs, two of them in the trash."""
    with store.write() as c:
        _logged(c)
        _experiments(c)
        _models(c)
        run_cards.make_cards(c, range(1, 15))
        counters.put(c, "card", changes.last(c))


def _logged(c: Connection) -> None:
    """#8 with two child runs (#9, #10) and a value of each type."""
    runs.create_run(c, submission(properties={"team": "a"}), run_id="typed_1769860800_00000001", user="ada", host="box")
    for status in (RunStatus.PREPARING, RunStatus.RUNNING):
        runs.move_run(c, "typed_1769860800_00000001", status, at=AT)
    children = [NewChild(id=f"typed_1769860800_00000001_{i}", params={"i": str(i)}, created_at=AT) for i in (1, 2)]
    made = run_children.create_children(c, "8", children)
    error = RunError(code="script_error", message="The second child failed.")
    ends = (RunEnd(status=RunStatus.COMPLETED), RunEnd(status=RunStatus.FAILED, error=error))
    run_children.end_children(c, [(run.number, end) for run, end in zip(made, ends, strict=True)])
    values = [
        typed_metrics.NewValue(name=kind, type=kind, at=AT, step=i, description="", value=value)
        for kind, value in VALUES.items()
        for i in range(2)
    ]
    typed_metrics.append_values(c, "typed_1769860800_00000001", "values/1-0", 0, 500, values)
    runs.move_run(c, "typed_1769860800_00000001", RunStatus.FINALIZING, at=AT)
    runs.move_run(c, "typed_1769860800_00000001", RunStatus.COMPLETED, at=AT)


def _experiments(c: Connection) -> None:
    """One with all facts, one in the archive, one in the trash with its run, and a run in the trash by itself."""
    for number, name in ((11, "described"), (12, "archived"), (13, "gone"), (14, "described")):
        facts = submission(experiment=name)
        runs.create_run(c, facts, run_id=f"{name}_1769860800_{number:08}", user="ada", host="box")
        runs.cancel_run(c, number)
    change = ExperimentUpdate(description="All of it.", tags={"team": "a"})
    experiments.update_experiment(c, "described", change)
    experiments.update_experiment(c, "archived", ExperimentUpdate(archived=True))
    experiment_trash.delete_experiment(c, "gone")
    deletion.delete_run(c, "14")


def _models(c: Connection) -> None:
    """Two more versions, one of them in the trash."""
    for _ in range(2):
        wish = ModelRegistration(
            name="digits", run_id="1", path="outputs/model.pkl", properties={"f1": "0.9"}, framework="sklearn"
        )
        models.create_model(c, wish, [ModelFile(path="model.pkl", size_bytes=5, digest=DIGEST)])
    models.update_model(c, "digits", 2, ModelUpdate(framework_version="1.5", tags={"stage": "test"}))
    models.set_alias(c, "digits", "production", 2)
    models.delete_model(c, "digits", 3)


def fill_third(store: Store) -> None:
    """What the third schema added: an environment with a label and a lock."""
    spec = EnvironmentSpec(python="3.11", packages=("six>=1.16",), environment_variables={"A": "b"})
    with store.write() as c:
        made = environments.register(c, "sk", spec, user="ada", description="All of it.")
        environments.set_label(c, "sk", "stable", 1)
        environments.put_lock(c, made, system="linux-x86_64", python="3.11", digest=DIGEST, body="six==1.16.0\n")


def fill_fourth(store: Store) -> None:
    """What the fourth schema added: so many points that they are packed."""
    with store.write() as c:
        metrics.append_points(c, "digits_1769860800_00000002", Points([0.5] * 65_540, names=["long"]))
        run_cards.make_cards(c, [2])
        counters.put(c, "card", changes.last(c))


def main() -> None:
    """Write the file beside this one."""
    target = Path(__file__).parent / f"store-{int(SCHEMA_VERSION)}.sqlite"
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(folder) as store:
            fill(store)
            fill_second(store)
            fill_third(store)
            fill_fourth(store)
        path = Path(folder, "mlws.sqlite")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA page_size=1024")
            connection.execute("VACUUM")
        shutil.copyfile(path, target)


if __name__ == "__main__":
    main()
