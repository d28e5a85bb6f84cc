"""Outputs, logs and results of runs."""

from __future__ import annotations

from jupyter_mlws.api.interface import FilesApi
from jupyter_mlws.api.routes import Download, Upload
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import AlreadyExists, InvalidInput
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.downloads import download_blob
from jupyter_mlws.services.durability import make_durable
from jupyter_mlws.services.holding import Hold
from jupyter_mlws.store import files, runs
from jupyter_mlws.store.paging import clamp_limit

__all__ = ["Files"]

_MODE = 0o644


def _kind(text: str) -> FileKind:
    try:
        return FileKind(text)
    except ValueError:
        known = ", ".join(kind.value for kind in FileKind)
        raise InvalidInput(f"There is no kind of file {text[:80]!r}.", hint=f"Known: {known}.") from None


@implements("files", FilesApi)
class Files:
    """`FilesApi` over store and blobs: a name is looked up in the table, never on a disk."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, run: str, kind: str | None = None, limit: int = 1000, cursor: str | None = None) -> Page[RunFile]:
        wanted = None if kind is None else _kind(kind)
        with self._context.store.read() as c:
            return files.page_files(c, run, wanted, clamp_limit(limit), cursor)

    def download(self, run: str, name: str, kind: str = "output") -> Download:
        wanted = _kind(kind)
        check_file_name(name)
        with self._context.store.read() as c:
            file = files.get_file(c, run, wanted, name)
        return download_blob(self._context.blobs, file.digest, file.name)

    def upload(self, run: str, name: str, content: Upload) -> RunFile:
        check_file_name(name)
        with self._context.store.read() as c:
            run_id = runs.get_run(c, run).id  # before the bytes are taken
        hold = Hold(self._context.store, self._context.blobs)
        stored = self._context.blobs.put_stream(content.file)
        make_durable(self._context.blobs, [stored.digest])
        file = RunFile(
            name=name,
            kind=FileKind.OUTPUT,
            size_bytes=stored.size_bytes,
            digest=stored.digest,
            mode=_MODE,
            modified_at=now(),
        )
        with self._context.store.write() as c:
            known = files.find_file(c, run_id, FileKind.OUTPUT, name)
            if known is None:
                hold.check(c, [(stored.digest, stored.size_bytes)])
                files.put_file(c, run_id, file)
        if known is not None and known.digest != file.digest:
            raise AlreadyExists(f"The run has a file {name[:80]!r} already.", hint="Upload it under another name.")
        return known or file
