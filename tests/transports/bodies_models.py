"""Models: register, look, download."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlws.sdk.model import Model

from .bodies_files import WEIGHTS
from .suite import Ground, body, refused


@body
def a_registered_model_is_found_with_its_files(g: Ground) -> None:
    model = Model(g.ws, "prepared")
    assert (model.id, model.version, model.run_id, model.tags) == ("prepared:1", 1, g.done.id, {"stage": "test"})
    assert [file.path for file in model.record.files] == ["model/vocabulary.txt", "model/weights.bin"]
    assert Model(g.ws, "prepared:1").record == model.record
    assert [found.id for found in Model.list(g.ws, "prepared")] == ["prepared:1"]


@body
def a_model_is_downloaded_with_its_digests_checked(g: Ground) -> None:
    top = Model(g.ws, "prepared").download(g.folder)
    assert Path(top) == g.folder / "model"
    assert (g.folder / "model" / "weights.bin").read_bytes() == WEIGHTS
    assert refused(lambda: Model(g.ws, "prepared").download(g.folder)) == ("AlreadyExists", "already_exists")
    Model(g.ws, "prepared").download(g.folder, exist_ok=True)


@body
def a_model_that_is_not_there_is_not_found(g: Ground) -> None:
    assert refused(lambda: Model(g.ws, "nobody")) == ("NotFound", "not_found")
    assert refused(lambda: Model(g.ws, "prepared", 99)) == ("NotFound", "not_found")
