"""What a deletion will free: the bytes that nothing outside the trash uses."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from jupyter_mlws.domain.clock import now
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.services.context import Context
from jupyter_mlws.store import references

__all__ = ["weigh"]

# Whose sources are compared with those of very many other runs is told the size without them, rather than wait.
_PATIENCE_S = 1.0


def weigh(context: Context, numbers: Sequence[int]) -> int:
    """Bytes that will be free when these runs have left the trash, in which they are or will be.

    Snapshots that no other run has are counted as far as their files can be compared with those of all others within
    a second; points as they are stored.
    """
    with context.store.read() as c:
        sizes = {**dict(references.files_of(c, numbers)), **dict(references.inputs_of(c, numbers))}
        total = references.points_size(c, numbers)
        sizes.update(_of_snapshots(context, c, numbers))
        leaving = set(numbers)
        shared = references.named_outside(c, list(sizes), leaving)
        if sizes.keys() - shared:
            own = references.submissions_of(c, leaving)
            shared |= sizes.keys() & set(references.input_digests(c, now(), without=own))
    return total + sum(size for digest, size in sizes.items() if digest not in shared)


def _of_snapshots(context: Context, c: Connection, numbers: Sequence[int]) -> dict[str, int]:
    """Digests and sizes that only the snapshots of these runs name."""
    theirs = references.snapshots_of(c, numbers)
    leave = theirs - references.shared_snapshots(c, set(numbers))
    stay = set(references.snapshot_ids(c, now())) - leave
    if not leave:
        return {}
    until = time.monotonic() + _PATIENCE_S
    try:
        sizes = dict(_entries(context, leave))
        sizes |= {snapshot: context.blobs.size(snapshot) for snapshot in leave}
        for snapshot in stay:
            if time.monotonic() > until:
                return {}
            for digest, _ in _entries(context, {snapshot}):
                sizes.pop(digest, None)
    except MlwsError:
        return {}  # a list of files that cannot be read: `mlws doctor` tells more
    return sizes


def _entries(context: Context, snapshots: set[str]) -> Iterator[tuple[str, int]]:
    from jupyter_mlws.snapshots.manifest import named_in

    for snapshot in snapshots:
        yield from named_in(context.blobs.read(snapshot))
