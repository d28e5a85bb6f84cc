"""Models that runs register."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyter_mlws.domain.model import Model, ModelRegistration

from .place import ESCAPES, Place, code_of


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
