"""Bytes are on the disk before the record that names them."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.errors import NotFound, Unavailable

__all__ = ["make_durable"]


def make_durable(blobs: BlobStore, digests: Iterable[str]) -> None:
    """Return when a power loss cannot take these blobs away; those that were synced before cost one stat each."""
    try:
        blobs.sync(digests)
    except NotFound as error:
        raise Unavailable(
            "A garbage collection removed bytes while they were on their way into a record.", hint="Try again."
        ) from error
    except OSError as error:
        # Not tried again: after a failed sync the system may have dropped what it could not write.
        raise Unavailable(
            f"The disk did not take the files ({error.strerror}), so nothing was recorded.", hint="Check the disk."
        ) from error
