"""The noun of environments."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.environment import BuiltEnvironment, Environment, EnvironmentLock, NewEnvironment
from jupyter_mlws.domain.page import Page

__all__ = ["EnvironmentsApi"]


class EnvironmentsApi(Protocol):
    """Environments: versioned specifications of what a run needs around its script."""

    @route("POST", "/environments", resource="environments", permission="execute")
    def register(self, environment: NewEnvironment) -> Environment:
        """The newest version of the name where it says the same already, else the next one."""
        ...

    @route("GET", "/environments", resource="environments")
    def list(self, name: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[Environment]:
        """Versions, newest first; the curated ones are not among them until they are used."""
        ...

    @route("GET", "/environments/{name}", resource="environments")
    def get(self, name: str, version: int = 0, label: str = "") -> Environment:
        """One version (0: the newest, or the one with the label), or `NotFound`."""
        ...

    @route("PUT", "/environments/{name}/labels/{label}", resource="environments", permission="execute")
    def set_label(self, name: str, label: str, version: int) -> Environment:
        """Have a label name this version."""
        ...

    @route("DELETE", "/environments/{name}/labels/{label}", resource="environments", permission="execute")
    def remove_label(self, name: str, label: str) -> Environment:
        """Take a label away; the answer is the version that had it."""
        ...

    @route("POST", "/environments/{name}/versions/{version}/lock", resource="environments", permission="execute")
    def lock(self, name: str, version: int) -> EnvironmentLock:
        """The exact packages of a version on the machine that answers; resolved at the first time.

        Raises
        ------
        InvalidInput
            They cannot be resolved, or the environment is taken as it is and has none.
        """
        ...

    @route("GET", "/environments/{name}/versions/{version}/locks", resource="environments")
    def locks(self, name: str, version: int) -> Page[EnvironmentLock]:
        """What a version was resolved to so far, one for each kind of machine; nothing is resolved for the answer."""
        ...

    @route("GET", "/built-environments", resource="environments")
    def built(self) -> Page[BuiltEnvironment]:
        """What lies built on the machine that answers, the latest used first."""
        ...
