"""Importing an archive: looked at whole, then its bytes stored, then its records written, whole runs at a time.

A broken archive is found at the first look, and nothing of it is kept. Whoever dies later leaves whole runs, and the
next import of the same file adds the rest: what is known is never added twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from jupyter_mlws.domain.archive import ImportReport
from jupyter_mlws.errors import CorruptData
from jupyter_mlws.services.archives.checking import check
from jupyter_mlws.services.archives.reading import Archive, broken, opened
from jupyter_mlws.services.archives.recording import Recording
from jupyter_mlws.services.archives.wheels import take
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.durability import make_durable
from jupyter_mlws.services.holding import Hold

__all__ = ["import_archive"]

_PART = 1000


def import_archive(context: Context, file: BinaryIO) -> ImportReport:
    """Add what an archive holds and the workspace does not.

    Raises
    ------
    ArchiveError
        It is no archive, a damaged one, or one of a newer version.
    TooLarge
        It would become more bytes than any honest archive of its size.
    StorageFull
        There is no room for its files.
    """
    hold = Hold(context.store, context.blobs)
    with opened(file) as archive:
        needs = check(context, archive)
        new = [digest for digest, size in needs.blobs.items() if not context.blobs.has(digest, size)]
        for digest in new:
            archive.check_blob(digest)
        added = take(archive, needs.wheels)
        _store(context, archive, new)
        for part in _parts(list(needs.blobs)):
            make_durable(context.blobs, part)
        report = Recording(context, archive, needs, hold).write()
    return replace(
        report, wheels_added=added, blobs_added=len(new), added_bytes=sum(needs.blobs[digest] for digest in new)
    )


def _store(context: Context, archive: Archive, new: list[str]) -> None:
    for digest in new:
        with archive.blob(digest) as source:
            try:
                context.blobs.put_stream(source, digest)
            except CorruptData as error:
                raise broken(f"the bytes of {digest[:12]} are not what was written") from error


def _parts(items: list[str]) -> Iterator[list[str]]:
    return (items[i : i + _PART] for i in range(0, len(items), _PART))
