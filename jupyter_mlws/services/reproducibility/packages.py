"""The packages of a run: whether what it ran in is here, can be made here, and is the same."""

from __future__ import annotations

import os
from collections.abc import Iterator

from jupyter_mlws.domain.environment import KERNEL, Environment, split_reference
from jupyter_mlws.domain.reproducibility import LOCK_DIGEST, Reason
from jupyter_mlws.domain.run import Run
from jupyter_mlws.environments.installed import installed
from jupyter_mlws.errors import InvalidInput, MlwsError, NotFound
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.environments import Environments
from jupyter_mlws.services.reproducibility.images import reasons_of_image
from jupyter_mlws.services.reproducibility.words import blocked, differences
from jupyter_mlws.store import environments as store_environments
from jupyter_mlws.store.submissions import Submitted
from jupyter_mlws.targets import registry

__all__ = ["Packages", "find_environment"]


def find_environment(context: Context, reference: str) -> Environment:
    """The version that a run names, or `NotFound`."""
    name, version = split_reference(reference)
    return Environments(context).get(name, version if isinstance(version, int) else 0)


class Packages:
    """What a run had installed around it.

    Attributes
    ----------
    environment : str
        See `jupyter_mlws.domain.reproducibility.Reproducibility`.
    lock_digest : str
    """

    def __init__(self, context: Context, earlier: Run, submitted: Submitted) -> None:
        self._context, self._earlier, self._submitted = context, earlier, submitted
        self.environment = earlier.environment
        if earlier.environment == KERNEL:
            kernel = self._kernel()
            self.environment = "" if kernel is None else kernel.id
        self.lock_digest = earlier.properties.get(LOCK_DIGEST, "")

    def reasons(self) -> Iterator[Reason]:
        """What is known of them that stands in the way, or may make a difference."""
        if self._earlier.environment == KERNEL:
            yield from self._of_kernel()
        else:
            yield from self._of_environment()
        yield from self._of_target()

    def _of_target(self) -> Iterator[Reason]:
        try:
            registry.check_name(self._earlier.compute_target)
            registry.check_ready(self._earlier.compute_target, self._earlier.environment)
        except MlwsError as error:
            yield blocked("target_unavailable", error)

    def _of_kernel(self) -> Iterator[Reason]:
        now = installed(self._submitted.submission.command[0])
        then = self._kernel()
        if then is None:
            yield from self._of_unknown_kernel()
            return
        if now is not None and now.spec.digest == then.spec.digest:
            return
        if now is not None:
            yield Reason(
                code="kernel_changed",
                sentence=f"Its interpreter has other packages here and now: {differences(then.spec, now.spec)}.",
                hint=f"With those of then: mlws run rerun {self._earlier.number} --env {then.id}",
            )
        if "came from a folder" in then.description:
            yield Reason(
                code="packages_left_out",
                sentence=f"No index has all of its packages: {then.description}",
                hint="Packages that you edit travel with the snapshot where the script imports them.",
            )

    def _kernel(self) -> Environment | None:
        """The record of what its interpreter had installed."""
        if not self._submitted.kernel:
            return None
        try:
            return find_environment(self._context, self._submitted.kernel)
        except (NotFound, InvalidInput):  # an archive may say anything
            return None

    def _of_unknown_kernel(self) -> Iterator[Reason]:
        earlier = self._earlier
        if earlier.host != self._context.host:
            yield Reason(
                code="kernel_elsewhere",
                sentence=f"It ran in an interpreter of the machine {earlier.host}, and nothing says that the one here "
                "has the same packages.",
                hint=f"Name an environment: mlws run rerun {earlier.number} --env sklearn",
            )

    def _of_environment(self) -> Iterator[Reason]:
        try:
            found = find_environment(self._context, self._earlier.environment)
        except NotFound as error:
            yield blocked("environment_unknown", error)
            return
        if found.spec.in_container:
            yield from reasons_of_image(found)
        if found.spec.kind == "user_managed":
            yield from self._of_taken(found)
        else:
            yield from self._of_lock(found)

    def _of_taken(self, found: Environment) -> Iterator[Reason]:
        if found.spec.python and not os.access(found.spec.python, os.X_OK):
            yield Reason(
                code="interpreter_gone",
                sentence=f"The interpreter {found.spec.python} of environment {found.id} is not here.",
                hint=f"Name another environment: mlws run rerun {self._earlier.number} --env sklearn",
                blocks=True,
            )
        elif found.spec.python:
            yield Reason(
                code="not_locked",
                sentence=f"{found.id} is an interpreter that is taken as it is, with the packages that it has now.",
            )

    def _of_lock(self, found: Environment) -> Iterator[Reason]:
        from jupyter_mlws.environments import building, wheels
        from jupyter_mlws.environments.locking import system

        with self._context.store.read() as c:
            locks = {lock.system: lock for lock in store_environments.list_locks(c, found)}
        lock = locks.get(system())
        if lock is None:
            yield self._no_lock(found, tuple(locks))
            return
        if self.lock_digest and lock.digest != self.lock_digest:
            yield Reason(
                code="other_lock",
                sentence=f"Here {found.id} is resolved to other packages ({lock.digest[:12]}) than it ran with "
                f"({self.lock_digest[:12]}).",
            )
        self.lock_digest = self.lock_digest or lock.digest
        of_conda = found.spec.conda
        if building.find(lock.digest) is None and (of_conda or wheels.missing(lock.text)):
            yield Reason(
                code="needs_network",
                sentence=f"{found.id} is not built on this machine, and building it needs the network.",
                hint="Packages of conda are brought along by no archive: build it where their channels can be reached."
                if of_conda
                else "Where there is none, have the packages brought along: mlws export --with-environment",
            )

    def _no_lock(self, found: Environment, systems: tuple[str, ...]) -> Reason:
        if systems or self.lock_digest:
            where = f" (it was on {', '.join(systems)})" if systems else ""
            return Reason(
                code="lock_missing",
                sentence=f"{found.id} was not resolved for this kind of machine{where}: that is done when it is built, "
                "and may give other versions.",
            )
        return Reason(
            code="no_lock", sentence=f"{found.id} was never resolved to exact packages: that is done when it is built."
        )
