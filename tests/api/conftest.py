"""A workspace to ask, and a hand behind it: what a dispatcher would do is done straight in the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store

from .place import Place, Waking


@pytest.fixture
def place(tmp_path: Path, store_factory: Callable[..., Store]) -> Place:
    """The services in this process. To bind another way to them, give a `Place` whose `api` goes that way."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    waking = Waking()
    blobs = BlobStore(folder / "blobs")
    store = store_factory()
    api = Services(folder, store, blobs, wake=waking, user="ada", host="box", workspace_id="w1", name="my workspace")
    return Place(api=api, store=store, blobs=blobs, folder=folder, waking=waking)
