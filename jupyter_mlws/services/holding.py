"""Bytes between their storing and the record that names them.

A garbage collection removes stored bytes that no record names, in transactions that hold the workspace's write lock. So
whoever records a digest looks, inside the transaction that records it, whether the bytes are still there: either the
collection has seen the record, or the recorder sees that they are gone and brings them again. The grace of a collection
makes that rare; it is not what safety rests on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from jupyter_mlws.errors import Unavailable
from jupyter_mlws.store import sweeps

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jupyter_mlws.blobs import BlobStore
    from jupyter_mlws.store import Store

__all__ = ["Hold"]


class Hold:
    """Made before bytes are stored, or found to be stored; asked in the transaction that records them.

    Nothing is looked at as long as no collection was at work between the two, which costs one read each.

    Parameters
    ----------
    store : Store
    blobs : BlobStore
    """

    def __init__(self, store: Store, blobs: BlobStore) -> None:
        self._blobs = blobs
        with store.read() as c:
            self._before = sweeps.last(c)

    def lost(self, c: Connection, wanted: Iterable[tuple[str, int]]) -> list[str]:
        """The digests, of those given with their sizes, that a collection has removed meanwhile.

        Parameters
        ----------
        c : Connection
            Of the write transaction that is to record them.
        """
        if sweeps.is_quiet(self._before) and sweeps.last(c) == self._before:
            return []
        return [digest for digest, size in wanted if not self._blobs.has(digest, size)]

    def check(self, c: Connection, wanted: Iterable[tuple[str, int]]) -> None:
        """Refuse to record what is gone; who asks again brings it again.

        Raises
        ------
        Unavailable
        """
        lost = self.lost(c, wanted)
        if lost:
            raise Unavailable(
                "A garbage collection removed bytes while they were on their way into a record.",
                hint="Try again.",
                details={"digests": lost[:100]},
            )
