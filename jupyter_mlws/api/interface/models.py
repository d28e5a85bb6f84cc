"""The noun of the model registry."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import Download, route
from jupyter_mlws.domain.deletion import Deletion
from jupyter_mlws.domain.model import Model, ModelRegistration, ModelUpdate
from jupyter_mlws.domain.page import Page

__all__ = ["ModelsApi"]


class ModelsApi(Protocol):
    """The model registry.

    A version is named by its number; 0 is the latest one. What was deleted is found by nothing here but
    ``list(deleted=True)`` and `restore`.
    """

    @route("POST", "/models", resource="models", permission="write", from_job=True)
    def register(self, registration: ModelRegistration) -> Model:
        """A new version made of files that a run left, or of uploaded ones. The bytes are shared, not copied.

        Repeated with the same `key` it answers with the same version.

        Raises
        ------
        NotFound
            There is no such run, or it left no such file.
        InvalidInput
            The bytes of a file are not stored.
        """
        ...

    @route("GET", "/models", resource="models", from_job=True)
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
        """Model versions, newest first.

        Parameters
        ----------
        search : str, optional
            A piece of text found in name, description, tags or aliases, whatever its case.
        tags, properties : str, optional
            A JSON object of names and values that a version has, such as ``{"stage": "test"}``; a value of null is any.
        latest : bool
            Only the newest version of each name.
        deleted : bool
            Those in the trash, instead of those that are not.
        """
        ...

    @route("GET", "/models/{name}/versions/{version}", resource="models", from_job=True)
    def get(self, name: str, version: int) -> Model:
        """One version (0: the latest), or `NotFound`."""
        ...

    @route("GET", "/models/{name}/aliases/{alias}", resource="models", from_job=True)
    def get_by_alias(self, name: str, alias: str) -> Model:
        """The version that an alias names ('latest': the newest), or `NotFound`."""
        ...

    @route("PATCH", "/models/{name}/versions/{version}", resource="models", permission="write", from_job=True)
    def update(self, name: str, version: int, update: ModelUpdate) -> Model:
        """Change tags, description or framework of a version, or add properties to it.

        Raises
        ------
        Conflict
            A property has another value already.
        """
        ...

    @route("PUT", "/models/{name}/aliases/{alias}", resource="models", permission="write")
    def set_alias(self, name: str, alias: str, version: int) -> Model:
        """Give a version a name of its own, such as 'production'; another version that has it loses it in this step."""
        ...

    @route("DELETE", "/models/{name}/aliases/{alias}", resource="models", permission="write")
    def remove_alias(self, name: str, alias: str) -> Model:
        """Take an alias away; the version that had it."""
        ...

    @route("DELETE", "/models/{name}/versions/{version}", resource="models", permission="write")
    def delete(self, name: str, version: int) -> Deletion:
        """Put a version into the trash. Its number is never given again; `restore` brings it back with its aliases."""
        ...

    @route("POST", "/models/{name}/versions/{version}/restore", resource="models", permission="write")
    def restore(self, name: str, version: int) -> Model:
        """Take a version out of the trash; one that is not there stays as it is."""
        ...

    @route("GET", "/models/{name}/versions/{version}/fetch", resource="models", from_job=True)
    def fetch(self, name: str, version: int) -> Model:
        """A version that is about to be used: the bytes of all its files are there. A job gets them handed.

        Asked from inside a job, the files lie below ``inputs/models/<name>/<version>`` of the run folder when the
        answer comes; elsewhere they are downloaded one by one.

        Raises
        ------
        CorruptData
            The bytes of a file are gone.
        """
        ...

    @route("GET", "/models/{name}/versions/{version}/file", resource="models", from_job=True)
    def download(self, name: str, version: int, path: str) -> Download:
        """One file of a version."""
        ...
