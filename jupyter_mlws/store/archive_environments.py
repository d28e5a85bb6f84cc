"""Environments as records of an archive, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Connection, func, select

from jupyter_mlws.domain.archive import ArchivedEnvironment
from jupyter_mlws.domain.environment import KERNEL, Environment, split_reference
from jupyter_mlws.errors import InvalidName, NotFound
from jupyter_mlws.store import counters
from jupyter_mlws.store import environments as rows
from jupyter_mlws.store.run_families import in_parts
from jupyter_mlws.store.tables import environments, runs, submissions

__all__ = ["add_environment", "environments_of"]

# An archive may ask for any number; a name whose numbers jump further than this is counted on from here.
_LONGEST_JUMP = 10_000


class _Body(msgspec.Struct):
    """The part of a stored submission that names what a kernel had installed."""

    kernel: str = ""


_decode = msgspec.json.Decoder(_Body).decode


def environments_of(c: Connection, numbers: Sequence[int]) -> Iterator[ArchivedEnvironment]:
    """The versions that these runs name, each once, with all that they were resolved to."""
    for reference in sorted(_named(c, numbers)):
        try:
            name, version = split_reference(reference)
            found = rows.get_environment(c, name, version if isinstance(version, int) else 0)
        except (InvalidName, NotFound):
            continue  # it came with an archive that had none
        yield ArchivedEnvironment(
            name=found.name,
            version=found.version,
            created_at=found.created_at,
            spec=found.spec,
            user=found.user,
            description=found.description,
            locks=tuple(rows.list_locks(c, found)),
        )


def _named(c: Connection, numbers: Sequence[int]) -> set[str]:
    found: set[str] = set()
    for part in in_parts(numbers):
        here = runs.c.number.in_(part)
        found.update(c.scalars(select(runs.c.environment).where(here).distinct()))
        of_these = select(runs.c.submission_id).where(here)
        for body in c.scalars(select(submissions.c.body).where(submissions.c.id.in_(of_these))):
            if '"kernel":"' in body:
                found.add(_decode(body).kernel)
    return found - {KERNEL, ""}


def add_environment(c: Connection, wanted: ArchivedEnvironment) -> tuple[str, bool]:
    """The version here that says the same and is resolved to the same, else a new one; its reference, and which.

    A new one is nobody's newest: what somebody else has resolved is used by who names it, and by the runs that came
    with it. For the same reason a version that is here is not given the locks of an archive.
    """
    known = _known(c, wanted)
    if known is not None:
        return known.id, False
    version = _free_version(c, wanted)
    rows.add(
        c,
        wanted.name,
        version,
        wanted.spec,
        created_at=wanted.created_at,
        user=wanted.user,
        description=wanted.description,
    )
    rows.set_label(c, wanted.name, f"{rows.IMPORTED}-{version}", version)
    made = rows.get_environment(c, wanted.name, version)
    for lock in wanted.locks:
        rows.put_lock(c, made, system=lock.system, python=lock.python, digest=lock.digest, body=lock.text)
    return made.id, True


def _known(c: Connection, wanted: ArchivedEnvironment) -> Environment | None:
    """A version with the same specification and locks; the one of the same number where there are several."""
    table = environments
    query = select(table.c.version).where(table.c.name == wanted.name, table.c.spec_digest == wanted.spec.digest)
    locks = {lock.system: lock.digest for lock in wanted.locks}
    for version in c.scalars(query.order_by((table.c.version == wanted.version).desc(), table.c.version)).all():
        found = rows.get_environment(c, wanted.name, version)
        here = {lock.system: lock.digest for lock in rows.list_locks(c, found)}
        if all(here.get(system) == digest for system, digest in locks.items()):
            return found
    return None


def _free_version(c: Connection, wanted: ArchivedEnvironment) -> int:
    counter = rows.counter(wanted.name)
    highest = c.scalar(select(func.max(environments.c.version)).where(environments.c.name == wanted.name)) or 0
    last = max(counters.last(c, counter), highest)
    near = wanted.version <= last + _LONGEST_JUMP
    return counters.take_at_least(c, counter, wanted.version if near else last + 1)
