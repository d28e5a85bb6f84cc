"""Downloads to disk: whole or not at all, and what the digest says."""

from __future__ import annotations

import hashlib
import os

from jupyter_mlws import faults
from jupyter_mlws.api.routes import Download
from jupyter_mlws.errors import AlreadyExists, CorruptData, StorageFull
from jupyter_mlws.runfolder.files import is_full, remove_stale

__all__ = ["save"]

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)


def _let_go(download: Download) -> None:
    """Close what will not be read."""
    close = getattr(download.chunks, "close", None)
    if close is not None:
        close()


def save(download: Download, path: str, *, digest: str | None = None, exist_ok: bool = True) -> str:
    """Write a download to `path` by way of a temporary file beside it, checking its sha256 when it is known.

    Raises
    ------
    AlreadyExists
        The file is there already and `exist_ok` is false.
    CorruptData
        The bytes are not what the digest says; nothing is written.
    StorageFull
        The disk has no room for them; nothing is written.
    """
    if not exist_ok and os.path.lexists(path):
        _let_go(download)
        raise AlreadyExists(f"{path} is there already.", hint="Choose another folder, or pass exist_ok=True.")
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, exist_ok=True)
    remove_stale(folder, ".mlws-", ".part")
    temporary = os.path.join(folder, f".mlws-{os.getpid()}-{os.urandom(4).hex()}.part")
    # With the rights that the system gives to a new file: to ask for the umask is to change it, in all threads.
    handle = os.open(temporary, _CREATE, 0o666)
    try:
        seen = hashlib.sha256()
        with os.fdopen(handle, "wb") as file:
            for chunk in download.chunks:
                seen.update(chunk)
                faults.point("sdk.download")
                file.write(chunk)
        wanted = digest or download.digest
        if wanted and seen.hexdigest() != wanted:
            raise CorruptData(f"{os.path.basename(path)} arrived damaged.", hint="Download it again.")
        faults.point("sdk.download_rename")
        os.replace(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if is_full(error):
            raise StorageFull(
                f"There is no room left to write {path} ({error.strerror}).",
                hint="Free some space there, or choose another folder.",
            ) from error
        raise
    return path
