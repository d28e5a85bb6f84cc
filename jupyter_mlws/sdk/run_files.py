"""The files that a run left."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from io import TextIOBase
from typing import TYPE_CHECKING, Any, BinaryIO

from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.errors import AlreadyExists, InvalidInput, NotFound, UsageError, WrongState
from jupyter_mlws.runfolder.own_secrets import masked_text
from jupyter_mlws.runfolder.workspaces import is_workspace, refuse_database
from jupyter_mlws.sdk.run_facts import RunFacts

if TYPE_CHECKING:
    from jupyter_mlws.api.routes import Download
    from jupyter_mlws.domain.file import RunFile
    from jupyter_mlws.domain.model import ModelRegistration
    from jupyter_mlws.sdk.model import Model

__all__ = ["RunFiles", "already_there"]

# As `FileKind` has them, which a script that only logs does not load.
_OUTPUT, _LOG = "output", "log"


def already_there(name: str) -> AlreadyExists:
    """The refusal of a second file of one name."""
    return AlreadyExists(f"The run has a file {name[:80]!r} already.", hint="Upload it under another name.")


def _is_binary(file: object) -> bool:
    return callable(getattr(file, "read", None)) and not isinstance(file, TextIOBase)


def _save(download: Download, path: str) -> str:
    from jupyter_mlws.sdk.files import save

    return save(download, path)


def _folders(path: str | os.PathLike[str]) -> Iterator[tuple[str, list[str]]]:
    """A folder and those below it with their files, but for workspaces: only SQLite may open what lies there."""
    for place, folders, files in os.walk(path):
        if is_workspace(place):
            folders.clear()
        else:
            yield place, files


class RunFiles(RunFacts):
    """What a run left as files, and the models made of them."""

    def get_file_names(self) -> list[str]:
        """Names of the run's outputs, relative to the script's working directory, and of its logs."""
        logs = [file.name for file in self._files(_LOG)]
        return [file.name for file in self._files(_OUTPUT)] + [f"logs/{name}" for name in logs]

    def download_file(self, name: str, output_file_path: str | os.PathLike[str] | None = None) -> str:
        """Save one of `get_file_names()` and return its path.

        Parameters
        ----------
        output_file_path : path-like, optional
            File to write, or an existing folder; default: the file's last name, in the working directory.
        """
        target = os.fspath(output_file_path) if output_file_path is not None else "."
        if os.path.isdir(target) or target.endswith(os.sep):
            target = os.path.join(target, name.rsplit("/", 1)[-1])
        return _save(self._download(name), target)

    def download_files(
        self,
        prefix: str = "",
        output_directory: str | os.PathLike[str] | None = None,
        append_prefix: bool = True,
    ) -> list[str]:
        """Save all files whose names begin with `prefix`, and return their paths.

        Parameters
        ----------
        prefix : str
            Such as ``outputs/``; by default all of `get_file_names()`.
        output_directory : path-like, optional
            Folder to save them below; default: the working directory.
        append_prefix : bool
            Keep the folder of `prefix` in the paths.

        Raises
        ------
        NotFound
            No file has a name that begins so.
        """
        names = [name for name in self.get_file_names() if name.startswith(prefix)]
        if not names:
            raise NotFound(f"{self._name} has no file that begins with {prefix!r}.", hint="See run.get_file_names().")
        cut = 0 if append_prefix else prefix.rfind("/") + 1
        folder = os.fspath(output_directory) if output_directory is not None else "."
        targets = [os.path.join(folder, *check_file_name(name[cut:]).split("/")) for name in names]
        return [_save(self._download(name), target) for name, target in zip(names, targets, strict=True)]

    def upload_file(self, name: str, path_or_stream: str | os.PathLike[str] | BinaryIO) -> None:
        """Keep a file with the run under `name`; in a job what is in ``outputs/`` is kept without this.

        Parameters
        ----------
        name : str
            Relative name such as ``plots/roc.png``.
        path_or_stream : path-like or binary file

        Raises
        ------
        AlreadyExists
            The run has a file of this name.
        InvalidPath
            The name is not relative, or leaves the run.
        NotFound
            There is no such file.
        """
        self.upload_files([name], [path_or_stream])

    def upload_files(self, names: Sequence[str], paths: Sequence[str | os.PathLike[str] | BinaryIO]) -> None:
        """Keep several files with the run, each under its name; see `upload_file`.

        All names and paths are looked at before the first file is kept.

        Raises
        ------
        InvalidInput
            There are not as many names as paths, or two are the same.
        """
        if isinstance(names, str) or isinstance(paths, (str, os.PathLike)) or len(names) != len(paths):
            raise InvalidInput("upload_files needs as many names as paths.", hint="Give two lists of one length.")
        if len(set(names)) < len(names):
            raise InvalidInput("Two of the files to upload have the same name.", hint="Give each a name of its own.")
        names = [os.fspath(name) if isinstance(name, os.PathLike) else name for name in names]
        for name, path in zip(names, paths, strict=True):
            check_file_name(name)
            if not isinstance(path, (str, os.PathLike)) and not _is_binary(path):
                raise InvalidInput(
                    f"The file {name!r} is given neither by its path nor as an open binary file.",
                    hint="Open it with mode 'rb', or give text as io.BytesIO(text.encode()).",
                )
            if isinstance(path, (str, os.PathLike)) and not os.path.isfile(path):
                raise NotFound(f"There is no file {os.fspath(path)!r} to upload.", hint="Give the path of a file.")
            if isinstance(path, (str, os.PathLike)):
                refuse_database(path)
        # Two that held secrets may be one by now: the second is refused as it would be.
        names = [masked_text(name) for name in names]
        for name in sorted(self._taken(names)):
            raise already_there(name)
        for name, path in zip(names, paths, strict=True):
            if isinstance(path, (str, os.PathLike)):
                with open(path, "rb") as file:
                    self._keep(name, file)
            else:
                self._keep(name, path)

    def upload_folder(self, name: str, path: str | os.PathLike[str]) -> None:
        """Keep all files of a folder with the run, below `name`; links to folders are not followed.

        Raises
        ------
        AlreadyExists, InvalidPath
            As `upload_file`, before the first file is kept.
        NotFound
            There is no such folder, or no file is in it.
        """
        found = sorted(
            (os.path.relpath(os.path.join(place, file), path), os.path.join(place, file))
            for place, files in _folders(path)
            for file in files
            if os.path.isfile(os.path.join(place, file))
        )
        if not found:
            raise NotFound(f"There is no file in a folder {os.fspath(path)!r}.", hint="Give the path of a folder.")
        prefix = check_file_name(name).rstrip("/")
        self.upload_files([f"{prefix}/{file.replace(os.sep, '/')}" for file, _ in found], [path for _, path in found])

    def _taken(self, names: Sequence[str]) -> set[str]:
        """Those of the names that the run has files of; asked again when a file is kept."""
        have = {file.name for file in self._files(_OUTPUT)}
        return have.intersection(names)

    def _keep(self, name: str, file: BinaryIO) -> None:
        from jupyter_mlws.api.routes import Upload

        self._api.files.upload(self.id, name, Upload(file))

    def _download(self, name: str) -> Any:
        try:
            return self._api.files.download(self.id, name)
        except NotFound:
            if name in ("logs/std.log", "logs/agent.log"):
                return self._api.files.download(self.id, name[5:], kind="log")
            raise

    def take_snapshot(self, file_or_folder_path: str | os.PathLike[str]) -> str:
        """A classic name that is not there: a run has the one snapshot that was taken when it began.

        Raises
        ------
        UsageError
            Always; it names what does the same.
        """
        raise UsageError(
            f"{self._name} has the snapshot that was taken when it began, and gets no other.",
            hint="Keep a folder with it by run.upload_folder(name, path), or begin with another one: "
            "Experiment.start_logging(snapshot_directory=path), ScriptRunConfig(path, script).",
        )

    def get_snapshot_id(self) -> str | None:
        """Id of the snapshot that the run ran from; None without one."""
        return self._record.snapshot_id

    def restore_snapshot(self, path: str | os.PathLike[str] | None = None) -> str:
        """Save the run's snapshot as a zip and return its path (default ``run-<number>-snapshot.zip``)."""
        snapshot = self.get_snapshot_id()
        if snapshot is None:
            raise WrongState(f"Run #{self.number} was submitted without a snapshot.")
        target = os.fspath(path) if path is not None else "."
        if os.path.isdir(target):
            target = os.path.join(target, f"run-{self.number}-snapshot.zip")
        return _save(self.workspace.api.snapshots.download(snapshot), target)

    def export(self, path: str | os.PathLike[str], *, exist_ok: bool = False, with_environment: bool = False) -> str:
        """Save the run, with its descendants and models, as one file for `Workspace.import_archive`.

        Parameters
        ----------
        path : path-like
            File to write, or an existing folder.
        exist_ok : bool
            Replace a file that is there.
        with_environment : bool
            Put in the packages of its environment, too, so that it can be done again without a network.

        Raises
        ------
        WrongState
            The run has not ended.
        """
        from jupyter_mlws.sdk.archives import export

        return export(self.workspace.api, path, run=self.id, exist_ok=exist_ok, with_environment=with_environment)

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        model_framework: str = "",
        model_framework_version: str = "",
        description: str = "",
        child_paths: Sequence[str] | None = None,
        datasets: Sequence[tuple[str, object]] | None = None,
    ) -> Model:
        """Register a file, or a folder of files, that the run left as a new version of a model.

        The bytes are shared with the run's files, and the model keeps them when the run is deleted.

        Parameters
        ----------
        model_name : str
            The model's name; its versions count up.
        model_path : str, optional
            One of `get_file_names()`, such as ``outputs/model.pkl``, or a folder of them; default: `model_name`.
        tags, properties : mapping, optional
            Tags can be changed, properties only added to.
        child_paths : sequence of str, optional
            Of a folder only these files and folders, named below it.
        datasets : sequence of tuple, optional
            A classic argument that is not taken: there are no registered datasets. Name the data in `properties`.

        Raises
        ------
        NotFound
            The run left no such file.

        Notes
        -----
        In the process that logs the run this does not wait: the model that is returned waits when it is looked at, and
        raises then what was wrong.
        """
        from jupyter_mlws.sdk.model_names import refuse_datasets, registration

        refuse_datasets(datasets)
        wish = registration(
            model_name,
            run_id=self.id,
            model_path=model_path,
            tags=tags,
            properties=properties,
            description=description,
            model_framework=model_framework,
            model_framework_version=model_framework_version,
            child_paths=child_paths,
        )
        return self._register(wish)

    def _register(self, wish: ModelRegistration) -> Model:
        from jupyter_mlws.sdk.model import Model

        return Model._of(self.workspace, self._api.models.register(wish))

    def _files(self, kind: str) -> Iterator[RunFile]:
        cursor = None
        while True:
            page = self._api.files.list(self.id, kind=kind, cursor=cursor)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return
