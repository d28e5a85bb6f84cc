"""The model registry."""

from __future__ import annotations

import json

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.api.interface import ModelsApi
from jupyter_mlws.api.routes import Download
from jupyter_mlws.domain.deletion import Deletion
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.model import (
    LATEST,
    Model,
    ModelFile,
    ModelRegistration,
    ModelUpdate,
    check_alias,
    check_model_files,
)
from jupyter_mlws.domain.names import check_file_name, check_model_name, check_text
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import CorruptData, InvalidInput, NotFound, TooLarge
from jupyter_mlws.services.checking import check_storable, implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.deleting import delete_model
from jupyter_mlws.services.downloads import download_blob
from jupyter_mlws.services.durability import make_durable
from jupyter_mlws.services.holding import Hold
from jupyter_mlws.store import files, models, runs
from jupyter_mlws.store.model_search import ModelWish, page_models
from jupyter_mlws.store.paging import clamp_limit

__all__ = ["Models"]

MAX_SEARCH = 1000
MAX_KEY = 200


@implements("models", ModelsApi)
class Models:
    """`ModelsApi` over store and blobs."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def register(self, registration: ModelRegistration) -> Model:
        check_storable(to_builtins(registration), "registration")
        if len(registration.key) > MAX_KEY:
            raise TooLarge(f"The key has {len(registration.key):,} characters.", hint=f"At most {MAX_KEY}.")
        context = self._context
        with context.store.read() as c:
            known = models.find_by_key(c, registration.key) if registration.key else None
            if known is not None:
                return known
        hold = Hold(context.store, context.blobs)
        self._check_stored(registration.files)
        # Before the record that names them; the files of a run were made durable when they were recorded.
        make_durable(context.blobs, [file.digest for file in registration.files])
        with context.store.write() as c:
            hold.check(c, ((file.digest, file.size_bytes) for file in registration.files))
            found = registration.files or _files_of_run(
                registration, files.files_below(c, registration.run_id, FileKind.OUTPUT, registration.path)
            )
            if not found:
                raise self._nothing_there(registration)
            check_model_files([file.path for file in found])
            return models.create_model(c, registration, found)

    def _check_stored(self, given: tuple[ModelFile, ...]) -> None:
        for file in given:
            if not self._context.blobs.has(file.digest, file.size_bytes):
                raise InvalidInput(f"The bytes of {file.path[:80]!r} are not stored.", hint="Upload them first.")

    def _nothing_there(self, registration: ModelRegistration) -> NotFound:
        with self._context.store.read() as c:
            run = runs.get_run(c, registration.run_id, metrics=0)
        ended = run.status.is_terminal
        return NotFound(
            f"Run #{run.number} has no output {registration.path[:80]!r}.",
            hint="Save the model below outputs/ and name it as outputs/model.pkl."
            + ("" if ended else " While the run lives, its files are kept once they have not changed for a while."),
        )

    def list(
        self,
        name: str | None = None,
        run: str | None = None,
        search: str | None = None,
        tags: str | None = None,
        properties: str | None = None,
        latest: bool = False,
        deleted: bool = False,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Model]:
        if name is not None:
            check_model_name(name)
        wish = ModelWish(
            name=name,
            run=run,
            search=check_text("search text", search or "", MAX_SEARCH),
            tags=_labels("tags", tags),
            properties=_labels("properties", properties),
            latest=latest,
            deleted=deleted,
        )
        with self._context.store.read() as c:
            return page_models(c, wish, clamp_limit(limit), cursor)

    def get(self, name: str, version: int) -> Model:
        _check_version(name, version)
        with self._context.store.read() as c:
            return models.get_model(c, name, version)

    def get_by_alias(self, name: str, alias: str) -> Model:
        check_model_name(name)
        if alias != LATEST:
            check_alias(alias)
        with self._context.store.read() as c:
            return models.get_by_alias(c, name, alias)

    def update(self, name: str, version: int, update: ModelUpdate) -> Model:
        _check_version(name, version)
        check_storable(to_builtins(update), "update")
        with self._context.store.write() as c:
            return models.update_model(c, name, version, update)

    def set_alias(self, name: str, alias: str, version: int) -> Model:
        _check_version(name, version)
        with self._context.store.write() as c:
            return models.set_alias(c, name, alias, version)

    def remove_alias(self, name: str, alias: str) -> Model:
        check_model_name(name)
        with self._context.store.write() as c:
            return models.remove_alias(c, name, alias)

    def delete(self, name: str, version: int) -> Deletion:
        _check_named(name, version)
        with self._context.store.write() as c:
            return delete_model(self._context, models.delete_model(c, name, version))

    def restore(self, name: str, version: int) -> Model:
        _check_named(name, version)
        with self._context.store.write() as c:
            return models.restore_model(c, name, version)

    def fetch(self, name: str, version: int) -> Model:
        model = self.get(name, version)
        for file in model.files:
            if not self._context.blobs.has(file.digest, file.size_bytes):
                raise _vanished(model, file.path)
        return model

    def download(self, name: str, version: int, path: str) -> Download:
        check_file_name(path)
        model = self.get(name, version)
        for file in model.files:
            if file.path == path:
                try:
                    return download_blob(self._context.blobs, file.digest, file.path)
                except NotFound:
                    raise _vanished(model, path) from None
        raise NotFound(f"Model {model.id} has no file {path[:80]!r}.", hint="Its files are listed with the model.")


def _vanished(model: Model, path: str) -> CorruptData:
    return CorruptData(
        f"The bytes of {path[:80]!r} of model {model.id} are gone from the workspace.",
        hint="Restore the workspace's blobs folder from a backup, or register the model anew.",
        details={"model": model.id, "path": path},
    )


def _check_version(name: str, version: int) -> None:
    check_model_name(name)
    if version < 0:
        raise InvalidInput(f"A model has no version {version}.", hint="Versions count from 1; 0 is the latest.")


def _check_named(name: str, version: int) -> None:
    """What is deleted is named: the latest version may be another one a moment later."""
    _check_version(name, version)
    if version == 0:
        raise InvalidInput("The version is not named.", hint=f"Name one, such as {name[:80]}:1.")


def _labels(what: str, text: str | None) -> dict[str, str | None]:
    if not text:
        return {}
    try:
        labels = json.loads(text)
    except (ValueError, RecursionError):
        labels = None
    if not isinstance(labels, dict) or not all(isinstance(value, (str, type(None))) for value in labels.values()):
        raise InvalidInput(
            f"{what} must be a JSON object of names and texts.", hint='Such as {"stage": "test"}; null stands for any.'
        )
    check_storable(labels, what)
    return labels


def _files_of_run(registration: ModelRegistration, found: list[RunFile]) -> tuple[ModelFile, ...]:
    """The files that are asked for, of those that the run left below the path."""
    for child in registration.child_paths:
        below = f"{registration.path}/{child}"
        if not any(_is_below(file.name, below) for file in found):
            raise NotFound(
                f"The run has no output {below[:80]!r}.", hint="Child paths are named below the model's path."
            )
    chosen = [
        file
        for file in found
        if not registration.child_paths
        or any(_is_below(file.name, f"{registration.path}/{child}") for child in registration.child_paths)
    ]
    return tuple(_model_file(registration.path, file) for file in chosen)


def _is_below(name: str, path: str) -> bool:
    return name == path or name.startswith(path + "/")


def _model_file(path: str, file: RunFile) -> ModelFile:
    """The file under the name that was registered: ``outputs/model/a.bin`` of ``outputs/model`` is ``model/a.bin``."""
    above = path.rpartition("/")[0]
    name = file.name[len(above) + 1 :] if above else file.name
    return ModelFile(path=name, size_bytes=file.size_bytes, digest=file.digest)
