"""`Model`: a registered, versioned model."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_mlws.domain import model as words
from jupyter_mlws.domain.model import ModelUpdate
from jupyter_mlws.errors import NotFound, UsageError
from jupyter_mlws.sdk import model_files
from jupyter_mlws.sdk.model_facts import ModelFacts
from jupyter_mlws.sdk.model_names import (
    Labels,
    find_model,
    labels_text,
    named_by_id,
    refuse_datasets,
    registration,
    texts,
)

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain.deletion import Deletion
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Model"]


class Model(ModelFacts):
    """One version of a registered model.

    Parameters
    ----------
    workspace : Workspace
    name : str, optional
        A name, ``name:version`` or ``name@alias``.
    version : int, optional
        Default: the latest.
    id : str, optional
        ``name:version``, instead of the two.
    alias : str, optional
        The version that has this alias at present.
    tags, properties : mapping or sequence, optional
        The newest version that has these; a name alone stands for any value.
    run_id : str, optional
        The newest version that this run made.

    Raises
    ------
    NotFound
        There is no such version.

    Examples
    --------
    >>> Model(ws, "digits")                             # doctest: +SKIP
    >>> Model(ws, "digits", 3)                          # doctest: +SKIP
    >>> Model(ws, "digits", alias="production")         # doctest: +SKIP
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        version: int | str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the classic name
        alias: str | None = None,
        tags: Labels | None = None,
        properties: Labels | None = None,
        run_id: str | None = None,
    ) -> None:
        self.workspace = workspace
        if id is not None:
            name = named_by_id(id, name)
        if tags is None and properties is None and run_id is None:
            self.record = find_model(workspace.api, name, version, alias)
            return
        if version is not None or alias is not None or id is not None:
            raise UsageError("A version is named, or searched for by tags and run, not both.")
        found = Model.list(workspace, name, tags=tags, properties=properties, run_id=run_id, limit=1)
        if not found:
            raise NotFound("No model has these tags, properties and run.", hint="See what there is: Model.list(ws)")
        self.record = found[0].record

    @classmethod
    def _of(cls, workspace: Workspace, record: words.Model) -> Model:
        self = cls.__new__(cls)
        self.workspace, self.record = workspace, record
        return self

    # -- making and finding

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str | os.PathLike[str],
        model_name: str,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        description: str = "",
        model_framework: str = "",
        model_framework_version: str = "",
        child_paths: Sequence[str] | None = None,
        datasets: Sequence[tuple[str, object]] | None = None,
    ) -> Model:
        """Register a file or folder of this machine as a new version; its bytes go to the workspace.

        Parameters
        ----------
        workspace : Workspace
        model_path : path-like
            At most 1,500 files; links are followed.
        model_name : str
            Versions count up under it.
        tags : mapping, optional
            Can be changed later.
        properties : mapping, optional
            Can only be added to later.
        child_paths : sequence of str, optional
            Of a folder only these files and folders, named below it.
        datasets : sequence of tuple, optional
            A classic argument that is not taken: there are no registered datasets. Name the data in `properties`.

        Raises
        ------
        NotFound, InvalidInput, TooLarge
            The path or a child path is not there, holds no file, or too many.
        """
        refuse_datasets(datasets)
        wish = registration(
            model_name,
            tags=tags,
            properties=properties,
            description=description,
            model_framework=model_framework,
            model_framework_version=model_framework_version,
            files=model_files.upload(workspace.api, model_path, child_paths or ()),
        )
        return Model._of(workspace, workspace.api.models.register(wish))

    @staticmethod
    def list(
        workspace: Workspace,
        name: str | None = None,
        *,
        tags: Labels | None = None,
        properties: Labels | None = None,
        run_id: str | None = None,
        latest: bool = False,
        search: str | None = None,
        deleted: bool = False,
        limit: int | None = None,
    ) -> builtins.list[Model]:
        """Model versions, newest first.

        Parameters
        ----------
        workspace : Workspace
        name : str, optional
            Versions of this name only.
        tags, properties : mapping or sequence, optional
            Those that have these; a name alone stands for any value.
        run_id : str, optional
            Those that this run made; its number will do.
        latest : bool
            Only the newest version of each name.
        search : str, optional
            A piece of text in name, description, tags or aliases.
        deleted : bool
            What is in the trash, instead.
        limit : int, optional
            At most so many.
        """
        found: builtins.list[Model] = []
        cursor = None
        while limit is None or len(found) < limit:
            page = workspace.api.models.list(
                name=name,
                run=None if run_id is None else str(run_id),
                search=search,
                tags=labels_text(tags),
                properties=labels_text(properties),
                latest=latest,
                deleted=deleted,
                limit=1000 if limit is None else min(limit - len(found), 1000),
                cursor=cursor,
            )
            found += [Model._of(workspace, record) for record in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        return found

    @staticmethod
    def get_model_path(
        model_name: str,
        version: int | str | None = None,
        alias: str | None = None,
        _workspace: Workspace | None = None,
    ) -> str:
        """The path of a model's file or folder on this machine.

        Inside a job the files are put into the run folder, once. Elsewhere they are kept in this user's cache, and
        compared with their digests each time.

        Parameters
        ----------
        model_name : str
            A name, ``name:version`` or ``name@alias``.
        version : int, optional
            Default: the latest.
        alias : str, optional
            The version that has this alias at present.

        Raises
        ------
        NotFound
            There is no such model.
        CorruptData
            One of its files is gone or damaged.
        """
        from jupyter_mlws.runfolder.context import get_job_context

        job = get_job_context() if _workspace is None else None
        if job is not None:
            from jupyter_mlws.api.mailbox import MailboxApi

            asked: Api = MailboxApi(job.folder.path, wait=True)
            return model_files.handed(asked, job.folder, find_model(asked, model_name, version, alias))
        if _workspace is None:
            from jupyter_mlws.sdk.workspace import Workspace

            _workspace = Workspace.from_config()
        api = _workspace.api
        return model_files.cached(api, find_model(api, model_name, version, alias))

    # -- changing

    def refresh(self) -> words.Model:
        """Fetch the record now."""
        self.record = self.workspace.api.models.get(self.name, self.version)
        return self.record

    def update(
        self,
        tags: Mapping[str, object] | None = None,
        description: str | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
    ) -> None:
        """Change what is given. `tags` are then all the tags that it has."""
        change: dict[str, str | None] | None = None
        if tags is not None:
            change = {**dict.fromkeys(self.refresh().tags), **texts(tags)}
        self._update(
            ModelUpdate(
                tags=change,
                description=description,
                framework=model_framework,
                framework_version=model_framework_version,
            )
        )

    def add_tags(self, tags: Mapping[str, object]) -> None:
        """Add tags; one that is there gets the new value."""
        self.change_tags(texts(tags))

    def change_tags(self, tags: Mapping[str, str | None]) -> None:
        """Add tags, and remove those of the value None, in one step."""
        self._update(ModelUpdate(tags=dict(tags)))

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove the tags of these names."""
        self.change_tags(dict.fromkeys([tags] if isinstance(tags, str) else tags))

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add facts that stay.

        Raises
        ------
        Conflict
            One of them is there with another value.
        """
        self._update(ModelUpdate(properties=texts(properties)))

    def _update(self, change: ModelUpdate) -> None:
        self.record = self.workspace.api.models.update(self.name, self.version, change)

    def set_alias(self, alias: str) -> None:
        """Let `alias`, such as 'production', name this version from now on, and no other one any more."""
        self.record = self.workspace.api.models.set_alias(self.name, alias, self.version)

    def remove_alias(self, alias: str) -> None:
        """Take an alias from this version.

        Raises
        ------
        NotFound
            This version does not have it.
        """
        if alias not in self.refresh().aliases:
            raise NotFound(
                f"Model {self.id} has no alias {alias[:80]!r}.", hint=f"It has {', '.join(self.aliases) or 'none'}."
            )
        self.workspace.api.models.remove_alias(self.name, alias)
        self.refresh()

    def delete(self) -> Deletion:
        """Put this version into the trash, from where `restore` brings it back.

        Returns
        -------
        Deletion
            ``size_bytes`` will be free when it leaves the trash for good, not before ``until`` unless somebody empties
            it. Files that its run has, too, are not counted.
        """
        gone = self.workspace.api.models.delete(self.name, self.version)
        self.record = replace(self.record, deleted_at=gone.deleted_at)
        return gone

    def restore(self) -> None:
        """Take this version out of the trash."""
        self.record = self.workspace.api.models.restore(self.name, self.version)

    # -- files

    def download(self, target_dir: str | os.PathLike[str] = ".", exist_ok: bool = False) -> str:
        """Save the model's files below `target_dir`, digests checked: all of them, or none.

        Parameters
        ----------
        target_dir : path-like
            Made if it is missing.
        exist_ok : bool
            Replace files of the same names that are there.

        Returns
        -------
        str
            Path of the file or folder.

        Raises
        ------
        AlreadyExists
            Something of the model's name is there.
        CorruptData
            A file of the model is gone or damaged.
        """
        return model_files.download(self.workspace.api, self.record, target_dir, exist_ok=exist_ok)
