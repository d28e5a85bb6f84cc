"""Small files of a run folder: written whole or not at all, and read so that no script can trap the reader."""

from __future__ import annotations

import os

from jupyter_mlws import faults

__all__ = ["open_plain", "read_plain", "write_whole"]


def write_whole(path: str | os.PathLike[str], data: bytes, mode: int = 0o600) -> None:
    """Write `data` beside `path` and rename it into place; the temporary file never outlives a failure."""
    target = os.fspath(path)
    temporary = f"{target}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(fd, "wb") as file:
            faults.point("files.write")
            file.write(data)
        faults.point("files.rename")
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def open_plain(path: str | os.PathLike[str]) -> int:
    """Open a file for reading; neither a link that a script made is followed, nor a pipe waited for."""
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def read_plain(path: str | os.PathLike[str], limit: int, offset: int = 0) -> bytes:
    """At most `limit` bytes of a file; `OSError` for what is none."""
    fd = open_plain(path)
    try:
        return os.pread(fd, limit, offset)
    finally:
        os.close(fd)
