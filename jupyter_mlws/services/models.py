"""The model registry."""

from __future__ import annotations

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.api.interface import ModelsApi
from jupyter_mlws.api.routes import Download
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.model import Model, ModelFile, ModelRegistration
from jupyter_mlws.domain.names import check_file_name, check_model_name
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import InvalidInput, NotFound
from jupyter_mlws.services.checking import check_storable, implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.downloads import download_blob
from jupyter_mlws.store import files, models
from jupyter_mlws.store.paging import clamp_limit

__all__ = ["Models"]


@implements("models", ModelsApi)
class Models:
    """`ModelsApi` over store and blobs."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def register(self, registration: ModelRegistration) -> Model:
        check_storable(to_builtins(registration), "registration")
        with self._context.store.write() as c:
            known = models.find_by_key(c, registration.key) if registration.key else None
            if known is not None:
                return known
            found = files.files_below(c, registration.run_id, FileKind.OUTPUT, registration.path)
            if not found:
                raise NotFound(
                    f"Run {registration.run_id[:80]} has no output {registration.path[:80]!r}.",
                    hint="Save the model below outputs/ and name it as outputs/model.pkl.",
                )
            return models.create_model(c, registration, [_model_file(registration.path, file) for file in found])

    def list(
        self, name: str | None = None, run: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Model]:
        if name is not None:
            check_model_name(name)
        with self._context.store.read() as c:
            return models.page_models(c, name, run, clamp_limit(limit), cursor)

    def get(self, name: str, version: int) -> Model:
        check_model_name(name)
        if version < 0:
            raise InvalidInput(f"A model has no version {version}.", hint="Versions count from 1; 0 is the latest.")
        with self._context.store.read() as c:
            return models.get_model(c, name, version)

    def download(self, name: str, version: int, path: str) -> Download:
        check_file_name(path)
        model = self.get(name, version)
        for file in model.files:
            if file.path == path:
                return download_blob(self._context.blobs, file.digest, file.path)
        raise NotFound(f"Model {model.id} has no file {path[:80]!r}.", hint="Its files are listed with the model.")


def _model_file(path: str, file: RunFile) -> ModelFile:
    """The file under the name that was registered: ``outputs/model/a.bin`` of ``outputs/model`` is ``model/a.bin``."""
    above = path.rpartition("/")[0]
    name = file.name[len(above) + 1 :] if above else file.name
    return ModelFile(path=name, size_bytes=file.size_bytes, digest=file.digest)
