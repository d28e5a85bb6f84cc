"""Environments."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.api.interface import EnvironmentsApi
from jupyter_mlws.domain.environment import (
    CURATED,
    KERNEL,
    LATEST,
    BuiltEnvironment,
    Environment,
    EnvironmentLock,
    NewEnvironment,
    check_environment_name,
    split_reference,
)
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import InvalidInput, InvalidName, NotFound
from jupyter_mlws.services.checking import check_storable, implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.resolving import resolved
from jupyter_mlws.store import environments
from jupyter_mlws.store.paging import clamp_limit

if TYPE_CHECKING:
    from jupyter_mlws.environments.building import Built

__all__ = ["Environments", "resolve"]

_log = logging.getLogger(__name__)


@implements("environments", EnvironmentsApi)
class Environments:
    """`EnvironmentsApi` over the store; resolving is left to uv."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def register(self, environment: NewEnvironment) -> Environment:
        from jupyter_mlws.environments.requirements import check_requirements

        check_storable(to_builtins(environment), "environment")
        check_requirements(environment.spec.packages)
        context = self._context
        with context.store.write() as c:
            return environments.register(
                c, environment.name, environment.spec, user=context.user, description=environment.description
            )

    def list(self, name: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[Environment]:
        if name is not None:
            check_environment_name(name)
        with self._context.store.read() as c:
            return environments.page_environments(c, name, clamp_limit(limit), cursor)

    def get(self, name: str, version: int = 0, label: str = "") -> Environment:
        check_environment_name(name)
        if version < 0:
            raise InvalidInput(f"No environment has the version {version}.", hint="0 is the newest.")
        if label == LATEST:
            label = ""
        if name in CURATED and not label:
            return curated(self._context, name, version)
        with self._context.store.read() as c:
            return environments.get_environment(c, name, version, label)

    def set_label(self, name: str, label: str, version: int) -> Environment:
        check_environment_name(name)
        check_environment_name(label)
        if label.startswith(f"{environments.IMPORTED}-"):
            raise InvalidName(
                f"Labels such as {label[:60]!r} say what came with an archive.", hint="Choose another label."
            )
        if label == LATEST:
            raise InvalidName(f"{name}@{LATEST} is always the newest version.", hint="Choose another label.")
        with self._context.store.write() as c:
            environments.set_label(c, name, label, version)
            return environments.get_environment(c, name, version)

    def remove_label(self, name: str, label: str) -> Environment:
        check_environment_name(name)
        with self._context.store.write() as c:
            found = environments.get_environment(c, name, label=check_environment_name(label))
            environments.set_label(c, name, label, None)
            return environments.get_environment(c, name, found.version)

    def lock(self, name: str, version: int) -> EnvironmentLock:
        return resolved(self._context.store, self.get(name, version), _log.info, lambda: True)

    def locks(self, name: str, version: int) -> Page[EnvironmentLock]:
        found = self.get(name, version)
        with self._context.store.read() as c:
            return Page(items=tuple(environments.list_locks(c, found)))

    def built(self) -> Page[BuiltEnvironment]:
        from jupyter_mlws.environments import building

        there = building.built()
        with self._context.store.read() as c:
            versions = environments.versions_by_lock(c, [each.digest for each in there])
        return Page(items=tuple(_of_built(each, versions.get(each.digest, ())) for each in there))


def _of_built(built: Built, versions: tuple[str, ...]) -> BuiltEnvironment:
    return BuiltEnvironment(
        digest=built.digest,
        python=built.python,
        size_bytes=built.size_bytes,
        built_at=datetime.fromtimestamp(built.built_at, UTC),
        used_at=datetime.fromtimestamp(built.used_at, UTC),
        versions=versions,
    )


def curated(context: Context, name: str, version: int = 0) -> Environment:
    """A shipped environment: registered at its first use, and again when a release ships another."""
    from jupyter_mlws.environments.curated import SPECS

    with context.store.read() as c:
        if version:
            return environments.get_environment(c, name, version)
        try:
            newest = environments.get_environment(c, name)
        except NotFound:
            newest = None
    if newest is not None and newest.spec.digest == SPECS[name].digest:
        return newest
    with context.store.write() as c:
        return environments.register(c, name, SPECS[name], user=context.user, description="Shipped with the package.")


def resolve(context: Context, reference: str) -> str:
    """What a submission records for ``name``, ``name:3`` or ``name@label``: the version that is meant now.

    Raises
    ------
    InvalidInput
        There is none; the message lists those that there are and the nearest.
    """
    if reference == KERNEL:
        return KERNEL
    name, wanted = split_reference(reference)
    service = Environments(context)
    try:
        if isinstance(wanted, str):
            return service.get(name, label=wanted).id
        return service.get(name, wanted or 0).id
    except NotFound as error:
        if "imported" in error.details:
            raise InvalidInput(error.message, hint=error.hint, details=error.details) from None
        with context.store.read() as c:
            known = {item.name for item in environments.page_environments(c, None, 500, None).items}
            versions = environments.page_environments(c, name, 500, None).items
        names = sorted({KERNEL, *CURATED, *known})
        near = difflib.get_close_matches(name, names, 1)
        hint = f"Known: {', '.join(names)}." + (f" Did you mean {near[0]}?" if near and near[0] != name else "")
        message = f"There is no environment {reference[:80]!r}.{_those_of(name, versions)}"
        raise InvalidInput(message, hint=hint, details={"known": names}) from None


def _those_of(name: str, versions: Sequence[Environment]) -> str:
    """What there is of a name, for who asked for another version or label of it."""
    if not versions:
        return ""
    labels = sorted(f"{name}@{label}" for each in versions for label in each.labels)
    return f" Of {name} there are {', '.join((*(each.id for each in versions[:5]), *labels[:10]))}."
