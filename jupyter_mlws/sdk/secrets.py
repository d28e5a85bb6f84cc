"""Secrets of a workspace, kept in the vault of its user: `Workspace.secrets`, and the classic name `Keyvault`."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from jupyter_mlws.domain.secret import SecretValue, check_secret_value
from jupyter_mlws.runfolder import own_secrets

if TYPE_CHECKING:
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Keyvault", "Secrets"]


class Secrets:
    """Texts that nobody else may see, by name: in the desktop's keyring, else in an encrypted file of the user.

    A run gets those that it names: ``secrets=["HF_TOKEN"]``, ``--secret HF_TOKEN``, or a variable whose value is
    ``secret:HF_TOKEN``.

    Parameters
    ----------
    workspace : Workspace

    Examples
    --------
    >>> ws.secrets.set("HF_TOKEN", getpass())      # doctest: +SKIP
    >>> ws.secrets.list()      # doctest: +SKIP
    ['HF_TOKEN']
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def set(self, name: str, value: str) -> None:
        """Store a secret; one of this name is replaced.

        Parameters
        ----------
        name : str
            Letters, digits, ``_``, ``-``, ``.`` and ``:``, at most 127; the variable that a job gets.
        value : str
            At most 64 KiB.

        Raises
        ------
        InvalidInput
            The name or the value cannot be one; the message does not show the value.
        CorruptData
            The vault is damaged, or its key is missing; nothing was changed.
        """
        check_secret_value(value)
        self._workspace.api.secrets.set(name, SecretValue(value=value))

    def get(self, name: str) -> str:
        """The value of a secret, or `NotFound`. It is masked from then on in what this process logs."""
        value = self._workspace.api.secrets.get(name).value
        own_secrets.add(value)
        return value

    def list(self) -> list[str]:
        """The names of all secrets, sorted."""
        return [secret.name for secret in self._workspace.api.secrets.list().items]

    def delete(self, name: str) -> None:
        """Remove a secret, or `NotFound`."""
        self._workspace.api.secrets.delete(name)

    def __repr__(self) -> str:
        return f"Secrets of {self._workspace!r}"


class Keyvault:
    """The secrets of a workspace under the names that classic scripts use; see `Secrets`.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        self._secrets = Secrets(workspace)

    def set_secret(self, name: str, value: str) -> None:
        """Store a secret; one of this name is replaced."""
        self._secrets.set(name, value)

    def set_secrets(self, secrets_batch: Mapping[str, str]) -> None:
        """Store several secrets."""
        for name, value in secrets_batch.items():
            self._secrets.set(name, value)

    def get_secret(self, name: str) -> str:
        """The value of a secret, or `NotFound`."""
        return self._secrets.get(name)

    def get_secrets(self, secrets: Iterable[str]) -> dict[str, str | None]:
        """The values of several secrets by their names; None for one that is not there."""
        names = list(secrets)
        known = set(self._secrets.list())
        return {name: self._secrets.get(name) if name in known else None for name in names}

    def list_secrets(self) -> builtins.list[dict[str, str]]:
        """The names of all secrets, each as ``{"name": ...}``."""
        return [{"name": name} for name in self._secrets.list()]

    def delete_secret(self, name: str) -> None:
        """Remove a secret, or `NotFound`."""
        self._secrets.delete(name)

    def delete_secrets(self, secrets: Iterable[str]) -> None:
        """Remove several secrets, or `NotFound` for the first that is not there."""
        for name in secrets:
            self._secrets.delete(name)

    def __repr__(self) -> str:
        return f"Keyvault({self._secrets!r})"
