"""A target that a plugin provides gets its runs, and a broken plugin does not matter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlws import workspace
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher.main import Dispatcher
from jupyter_mlws.dispatcher.place import lock_path
from jupyter_mlws.dispatcher.records import Records
from jupyter_mlws.dispatcher.settings import Settings, read_workspace_file
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.errors import Unavailable
from jupyter_mlws.store import Store
from jupyter_mlws.targets import registry
from jupyter_mlws.targets.local import LocalTarget
from jupyter_mlws.workspace.waking import Wake


class Moonbase(LocalTarget):
    """A target in bad weather."""

    name = "moonbase"

    def launch(self, folder, run_id, ground):
        raise Unavailable("There is no launch window today.")


class Fog(LocalTarget):
    """A target that cannot be asked anything."""

    name = "fog"

    def describe(self):
        raise RuntimeError("nobody can see the slots")


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch):
    places = {
        "local": "jupyter_mlws.targets.local:LocalTarget",
        "fog": "fog:Fog",
        "moonbase": "moonbase:Moonbase",
        "broken": "no_such_package_of_anybody:Target",
    }
    monkeypatch.setattr(registry, "_places", lambda: places)
    real, made = registry.get, {"moonbase": Moonbase, "fog": Fog}
    monkeypatch.setattr(registry, "get", lambda name: made[name]() if name in made else real(name))
    monkeypatch.setattr(Wake, "__call__", lambda self: None)


def test_runs_of_every_usable_target_are_claimed(tmp_path: Path, plugins):
    folder = tmp_path / "ws"
    with workspace.connect(folder) as opened, Store.open(folder) as store:
        records = Records(store, BlobStore(folder / "blobs"))
        waiting, run = (
            opened.api.runs.submit(RunSubmission(experiment="digits", command=("true",), compute_target=target))
            for target in ("fog", "moonbase")
        )
        facts = read_workspace_file(folder)
        lock = os.open(lock_path(folder), os.O_RDWR | os.O_CREAT)
        dispatcher = Dispatcher(folder, facts, Settings(idle_poll_s=0.05), records, lock)
        try:
            dispatcher._begin()
            for _ in range(100):
                dispatcher._step()
                record = opened.api.runs.get(run.id)
                if record.status.is_terminal:
                    break
        finally:
            dispatcher._listener.close()
            dispatcher._let_go()
            os.close(lock)
        assert record.error is not None
        assert "no launch window" in record.error.message
        assert opened.api.runs.get(waiting.id).waiting_for == "waiting for fog: nobody can see the slots"
        assert dispatcher._targets == ("local", "fog", "moonbase")
