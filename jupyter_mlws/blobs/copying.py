"""Shared extents: a copy that costs nothing on file systems that can (btrfs, XFS, bcachefs). Never hard links."""

from __future__ import annotations

import errno
import os
import sys

__all__ = ["reflink"]

_FICLONE = 0x40049409
_NOT_HERE = (
    errno.EXDEV,
    errno.EOPNOTSUPP,
    errno.EINVAL,
    errno.ENOSYS,
    errno.ENOTTY,
    errno.EPERM,
    errno.EBADF,
    errno.ETXTBSY,
)
_refused: set[tuple[int, int]] = set()


def reflink(source: int, target: int) -> bool:
    """Let the open file `target` share the extents of `source`; False where that is not possible.

    A pair of file systems that refused once is not asked again.
    """
    if not sys.platform.startswith("linux"):
        return False
    pair = (os.fstat(source).st_dev, os.fstat(target).st_dev)
    if pair in _refused:
        return False
    import fcntl

    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
        _refused.add(pair)
        return False
    return True
