"""A store of its own for each test, and the databases that released versions left."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jupyter_mlws.domain.names import new_run_id
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.store import Store
from jupyter_mlws.store import runs as store_runs

ASSETS = Path(__file__).parents[1] / "assets"


def _load(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ASSETS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # its dataclasses look for it there
    spec.loader.exec_module(module)
    return module


# What wrote the databases in `ASSETS`: it has a submission with something in every field.
make_store = _load("make_store")


@pytest.fixture
def store(store_factory: Callable[..., Store]) -> Store:
    return store_factory()


@pytest.fixture
def first_schema(tmp_path: Path) -> Path:
    """A workspace's folder with a database of schema 1, as that version left it."""
    folder = tmp_path / "old"
    folder.mkdir()
    shutil.copyfile(ASSETS / "store-1.sqlite", folder / "mlws.sqlite")
    return folder


@pytest.fixture
def submit(store: Store) -> Callable[..., Run]:
    """Record a run straight in the store."""

    def record(experiment: str = "digits", *, user: str = "ada", host: str = "box", **facts: Any) -> Run:
        submission = RunSubmission(experiment=experiment, command=("python", "train.py"), **facts)
        children = [f"{new_run_id(experiment)}{i}" for i in range(len(submission.sweep))]
        with store.write() as c:
            return store_runs.create_run(
                c, submission, run_id=new_run_id(experiment), user=user, host=host, children=children
            )

    return record
