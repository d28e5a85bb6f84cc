"""Writing a small file so that a reader sees all of it or nothing."""

from __future__ import annotations

import os

__all__ = ["write_whole"]


def write_whole(path: str | os.PathLike[str], data: bytes, mode: int = 0o600) -> None:
    """Write `data` beside `path` and rename it into place; the temporary file never outlives a failure."""
    target = os.fspath(path)
    temporary = f"{target}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(fd, "wb") as file:
            file.write(data)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
