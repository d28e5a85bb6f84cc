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


@body
def models_are_found_by_tags_run_and_text(g: Ground) -> None:
    def ids(**wishes: object) -> list[str]:
        return [model.id for model in Model.list(g.ws, "prepared", **wishes)]

    assert ids(tags={"stage": "test"}) == ids(tags=["stage"]) == ids(run_id=g.done.id) == ["prepared:1"]
    assert ids(search="OF THE SUITE") == ids(latest=True) == ["prepared:1"]
    assert ids(tags={"stage": "live"}) == ids(properties=["acc"]) == ids(search="%") == ids(deleted=True) == []
    assert Model(g.ws, "prepared@latest").id == Model(g.ws, id="prepared:1").id == "prepared:1"
    assert Model(g.ws, tags={"stage": "test"}, run_id=g.done.id).id == "prepared:1"


@body
def a_models_path_leads_to_its_files(g: Ground) -> None:
    path = Model.get_model_path("prepared", 1, _workspace=None if g.way == "job" else g.ws)
    assert Path(path).name == "model"
    assert (Path(path) / "weights.bin").read_bytes() == WEIGHTS
    again = Model.get_model_path("prepared@latest", _workspace=None if g.way == "job" else g.ws)
    assert again == path


@body(job="forbidden")
def a_model_is_registered_from_files_changed_named_deleted_and_restored(g: Ground) -> None:
    name = f"local-{g.way}"
    (g.folder / "m" / "deep").mkdir(parents=True)
    (g.folder / "m" / "a.bin").write_bytes(WEIGHTS)
    (g.folder / "m" / "deep" / "ü.txt").write_text("ä")
    model = Model.register(g.ws, g.folder / "m", name, tags={"n": 1}, properties={"acc": 0.9}, model_framework="X")
    assert (model.files, model.tags, model.framework) == (["m/a.bin", "m/deep/ü.txt"], {"n": "1"}, "X")
    model.add_tags({"b": "é"})
    model.remove_tags(["n"])
    model.add_properties({"more": "1"})
    assert refused(lambda: model.add_properties({"acc": "1"})) == ("Conflict", "conflict")
    model.update(tags={"only": ""}, description="changed")
    model.set_alias("live")
    found = Model(g.ws, name, alias="live")
    assert found.record == model.record
    assert (found.tags, found.properties, found.description) == (
        {"only": ""},
        {"acc": "0.9", "more": "1"},
        "changed",
    )
    assert refused(lambda: model.set_alias("latest")) == ("InvalidName", "invalid_name")
    assert (Path(found.download(g.folder / "back")) / "deep" / "ü.txt").read_text() == "ä"
    model.delete()
    assert refused(lambda: Model(g.ws, name)) == ("NotFound", "not_found")
    model.restore()
    assert Model(g.ws, f"{name}@live").id == f"{name}:1"
    model.remove_alias("live")
    assert refused(lambda: Model(g.ws, f"{name}@live")) == ("NotFound", "not_found")


@body
def wrong_words_for_a_model_are_refused_alike(g: Ground) -> None:
    for name in ("no spaces", "../up", ""):
        assert refused(lambda name=name: g.ws.api.models.get(name, 1)) == ("InvalidName", "invalid_name")
    assert refused(lambda: g.ws.api.models.get("prepared", -1)) == ("InvalidInput", "invalid_input")
    assert refused(lambda: g.ws.api.models.list(tags="[]")) == ("InvalidInput", "invalid_input")
    assert refused(lambda: g.ws.api.models.download("prepared", 1, "../x")) == ("InvalidPath", "invalid_path")
    assert refused(lambda: g.ws.api.models.download("prepared", 1, "x")) == ("NotFound", "not_found")
    assert refused(lambda: Model(g.ws, "prepared:x")) == ("InvalidInput", "invalid_input")
    assert refused(lambda: Model(g.ws, "prepared:1", 1)) == ("UsageError", "usage_error")
