"""From a version of an environment to its lock: resolved once for a kind of machine, and kept for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jupyter_mlws.domain.environment import Environment, EnvironmentLock
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.store import Store, environments

if TYPE_CHECKING:
    from jupyter_mlws.environments.locking import Lock

__all__ = ["resolved"]


def resolved(
    store: Store, environment: Environment, say: Callable[[str], None], wanted: Callable[[], bool]
) -> EnvironmentLock:
    """The lock of a version for this kind of machine: the one that is kept, else a new one, which is kept then.

    Many that want it at once wait for the one that resolves.

    Parameters
    ----------
    store : Store
    environment : Environment
    say : callable
        Given each line of progress.
    wanted : callable
        Asked while it lasts.

    Raises
    ------
    InvalidInput
        It cannot be resolved, or is taken as it is and has no lock.
    IndexUnavailable
        The index of packages cannot be reached.
    Stopped
        It is not wanted any more.
    """
    if environment.spec.kind != "system_managed":
        raise InvalidInput(f"{environment.id} is taken as it is: nothing of it is resolved.")
    found = _kept(store, environment)
    if found is None:
        from jupyter_mlws.environments.building import alone

        with alone(f"resolving-{environment.spec.digest}", say, wanted):
            found = _kept(store, environment) or _keep(store, environment, _resolve(environment, say, wanted))
    return found


def _kept(store: Store, environment: Environment) -> EnvironmentLock | None:
    from jupyter_mlws.environments.locking import system

    with store.read() as c:
        locks = environments.list_locks(c, environment)
    return next((lock for lock in locks if lock.system == system()), None)


def _resolve(environment: Environment, say: Callable[[str], None], wanted: Callable[[], bool]) -> Lock:
    from jupyter_mlws.environments import curated, locking

    say("Resolving the packages.")
    spec = environment.spec
    preferred = curated.shipped(environment.name, spec, locking.python_of(spec), locking.system())
    return locking.lock(spec, say, wanted, preferred)


def _keep(store: Store, environment: Environment, lock: Lock) -> EnvironmentLock:
    with store.write() as c:
        environments.put_lock(
            c, environment, system=lock.system, python=lock.python, digest=lock.digest, body=lock.text
        )
    kept = _kept(store, environment)  # who came first is right
    return kept or EnvironmentLock(system=lock.system, python=lock.python, digest=lock.digest, text=lock.text)
