"""Registries of images that a dispatcher deals with: which one keeps what it builds, and who it is to them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from jupyter_mlws.containers import credentials, references
from jupyter_mlws.containers.credentials import Credentials
from jupyter_mlws.containers.own import OwnRegistry
from jupyter_mlws.containers.references import Prefix
from jupyter_mlws.errors import InvalidInput, MlwsError, NotFound
from jupyter_mlws.services.vault import vault_of

__all__ = ["REGISTRY", "SECRET", "Registries"]

_log = logging.getLogger(__name__)
# The variable that names where built images are kept: a registry, or OWN for one of the workspace's own.
REGISTRY = "MLWS_REGISTRY"
OWN = "own"
# Secrets of the workspace that are credentials of registries: this and the host.
SECRET = "registry."  # noqa: S105 - a name


class Registries:
    """The registries of one workspace.

    Parameters
    ----------
    folder : Path
        Of the workspace.
    workspace_id : str
    """

    def __init__(self, folder: Path, workspace_id: str) -> None:
        self._workspace_id = workspace_id
        self._own = OwnRegistry(folder / "registry")

    def built(self, say: Callable[[str], None]) -> Prefix | None:
        """Where built images are kept; None where that is this machine's engine only.

        A registry that cannot be used keeps no run from starting: `say` is told why it is not.
        """
        told = os.environ.get(REGISTRY, "").strip()
        if not told:
            return None
        try:
            if told == OWN:
                return Prefix(self._own.ensure())
            return references.parse_prefix(told, f"The environment variable {REGISTRY}")
        except MlwsError as error:
            say(f"No registry is used. {error}")
            return None

    def keys(self, host: str) -> Credentials | None:
        """Who we are to a registry; None where the workspace has no credentials for it.

        Raises
        ------
        InvalidInput
            What is stored is no ``user:password``.
        """
        if host == self._own.host:
            return self._own.credentials
        name = f"{SECRET}{host}"
        try:
            found = vault_of(self._workspace_id).get(name)
        except NotFound:
            return None
        keys = credentials.parse(found)
        if keys is None:
            raise InvalidInput(
                f"The secret {name} is not user:password.", hint=f"Set it again: mlws secrets set {name}"
            )
        return keys

    def close(self) -> None:
        """End what was started for us."""
        self._own.close()
