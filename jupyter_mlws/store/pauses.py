"""Compute targets that take up nothing new until they are resumed.

A switch is a number that only grows: odd while the target is paused. So it needs no table of its own, and two who
press it at once have pressed it once.
"""

from __future__ import annotations

from sqlalchemy import Connection

from jupyter_mlws.store import changes, counters

__all__ = ["is_paused", "paused", "set_paused"]


def is_paused(c: Connection, target: str, *, user: str, host: str | None = None) -> bool:
    """Whether what this user has queued for a target is held back.

    Parameters
    ----------
    target, user : str
    host : str, optional
        For the local target, which each machine has for itself.
    """
    return bool(counters.last(c, _name(target, user, host)) % 2)


def paused(c: Connection, targets: list[tuple[str, str | None]], *, user: str) -> set[str]:
    """The names of those targets, given with their hosts, that are paused."""
    names = [_name(target, user, host) for target, host in targets]
    switches = counters.last_of(c, *names)
    return {target for (target, _), switch in zip(targets, switches, strict=True) if switch % 2}


def set_paused(c: Connection, target: str, wanted: bool, *, user: str, host: str | None = None) -> bool:
    """Pause or resume a target; whether that changes anything."""
    if is_paused(c, target, user=user, host=host) == wanted:
        return False
    counters.take(c, _name(target, user, host))
    changes.note(c, "compute", target)
    return True


def _name(target: str, user: str, host: str | None) -> str:
    place = user if host is None else f"{user}@{host}"
    return f"pause {place} {target}"
