"""Runs and workspaces as one file: written beside its name and renamed, so that a broken one is never mistaken."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.errors import AlreadyExists, InvalidInput, NotFound
from jupyter_mlws.sdk.files import save

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain.archive import ImportReport

__all__ = ["counts", "export", "import_archive"]


def export(
    api: Api,
    path: str | os.PathLike[str],
    *,
    run: str | None = None,
    filter: str | None = None,
    exist_ok: bool = False,
    with_environment: bool = False,
) -> str:
    """Save an archive as a file, or in a folder under a name of its own; return its path."""
    target = _checked(path)
    if not exist_ok and os.path.isfile(target):  # rather than have it written for nothing
        raise AlreadyExists(f"{target} is there already.", hint="Choose another name, or pass exist_ok=True.")
    download = api.archives.export(run=run, filter=filter, with_environment=with_environment)
    if os.path.isdir(target):
        target = os.path.join(target, download.name)
    return save(download, target, exist_ok=exist_ok)


def import_archive(api: Api, path: str | os.PathLike[str]) -> ImportReport:
    """Add what a file holds."""
    source = _checked(path)
    if not os.path.isfile(source):
        raise NotFound(f"There is no file {source!r} to import.", hint="Give one that an export wrote.")
    with open(source, "rb") as file:
        return api.archives.import_file(Upload(file))


def counts(path: str) -> tuple[int, int]:
    """How many runs are in an archive that was just saved, and how many had not ended and are not."""
    with zipfile.ZipFile(path) as archive:
        header = json.loads(archive.read("mlws-archive.json"))
    return header["run_count"], header["left_out"]


def _checked(path: object) -> str:
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path) or "\0" in str(path):
        raise InvalidInput(f"A file is named by its path, not by {path!r:.60}.", hint="Such as 'run-12.zip'.")
    return str(os.fspath(path))
