"""Which dispatcher is the one of its place: each that begins takes the next turn, and only the last may write.

A lock on a file keeps two dispatchers apart as long as all is well. This holds where it does not: the lock's file was
removed, the machine (or the process) was stopped and goes on where another has begun meanwhile. It is checked inside
each transaction that a dispatcher makes, so what a stale one still has in its hands is refused.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import ON_TARGET
from jupyter_mlws.store import counters
from jupyter_mlws.store.run_states import runs_in
from jupyter_mlws.store.tables import counters as table
from jupyter_mlws.store.tables import runs

__all__ = ["has_turn", "left_on", "owner_name", "take_turn"]


def _name(user: str, host: str) -> str:
    return f"dispatcher {user}@{host}"


def take_turn(c: Connection, *, user: str, host: str) -> int:
    """The next turn of this user and host; from the commit on, all earlier ones are refused."""
    return counters.take(c, _name(user, host))


def has_turn(c: Connection, turn: int, *, user: str, host: str) -> bool:
    """Whether nobody has taken a later turn, nor will before this transaction ends."""
    # Where there can be several writers the row's lock makes the next one wait; SQLite has but one.
    query = select(table.c.value).where(table.c.name == _name(user, host)).with_for_update(read=True)
    return bool(c.scalar(query) == turn)


def owner_name(host: str, pid: int, turn: int) -> str:
    """What is kept with a run that a dispatcher has claimed."""
    return f"{host}:{pid}:{turn}"


def left_on(c: Connection, *, user: str, host: str) -> list[Run]:
    """The runs of this user that a dispatcher of this host has claimed, and that have not ended."""
    found = runs_in(c, ON_TARGET, user=user)
    owners = dict(c.execute(select(runs.c.id, runs.c.owner).where(runs.c.id.in_([run.id for run in found]))).all())
    return [run for run in found if owners.get(run.id, "").partition(":")[0] == host]
