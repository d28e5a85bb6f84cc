"""The vault of a workspace: secrets by name, in the desktop's keyring where there is one, else in an encrypted file.

All of it lies in the user's data folder, never in a workspace's: ``vaults/<workspace id>.json`` says which of the two
keeps the secrets. For a keyring it has the names, which keyrings do not list; else it is the encrypted file itself.
What a workspace has begun with it stays with: a dispatcher, which has no desktop, must not look elsewhere than the
person who stored something. ``MLWS_VAULT`` (``file`` or ``keyring``) chooses for a vault that is made.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jupyter_mlws.domain.names import check_id
from jupyter_mlws.domain.secret import check_secret_name, check_secret_value
from jupyter_mlws.errors import CorruptData, InvalidInput, NotFound, Unavailable
from jupyter_mlws.services import vault_files, vault_key, vault_keyring

__all__ = ["Vault", "check", "rotate", "vault_of"]


class Vault(ABC):
    """Secrets of one workspace and one user. Safe to use from several threads and processes at once.

    Attributes
    ----------
    kind : str
        Where they are: ``keyring`` or ``file``.
    """

    def __init__(self, path: Path, workspace_id: str) -> None:
        self._path = path
        self._workspace_id = workspace_id

    @property
    @abstractmethod
    def kind(self) -> str: ...

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of all secrets, sorted."""

    @abstractmethod
    def get(self, name: str) -> str:
        """The value of a secret.

        Raises
        ------
        NotFound
            There is none of this name; the message says which command sets it.
        CorruptData, Unavailable
            The vault cannot be opened.
        """

    @abstractmethod
    def set(self, name: str, value: str) -> None:
        """Store a secret; one of this name is replaced.

        Raises
        ------
        InvalidInput
            The name or the value cannot be one.
        CorruptData, StorageFull, Unavailable
            The vault cannot be opened or written; it is as it was.
        """

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove a secret, or raise `NotFound`."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._workspace_id!r})"  # never what is in it

    def _said(self) -> dict[str, Any] | None:
        """What the file says now; another process may have begun this vault since we looked."""
        said = vault_files.read(self._path)
        if said is not None and said["kind"] != self.kind:
            raise Unavailable("The vault was begun by another program just now.", hint="Try again.")
        return said


class _FileVault(Vault):
    kind = "file"

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._seen()))

    def get(self, name: str) -> str:
        found = self._seen().get(check_secret_name(name))
        if found is None:
            raise _not_found(name)
        return found

    def set(self, name: str, value: str) -> None:
        check_secret_name(name)
        check_secret_value(value)
        with vault_files.alone():
            self._write({**self._secrets(), name: value})

    def delete(self, name: str) -> None:
        check_secret_name(name)
        with vault_files.alone():
            secrets = self._secrets()
            if secrets.pop(name, None) is None:
                raise _not_found(name)
            self._write(secrets)

    def _seen(self) -> dict[str, str]:
        """What is in the vault; who reads waits for nobody, unless the key is being changed at this moment."""
        try:
            return self._secrets()
        except CorruptData:
            with vault_files.alone():
                return self._secrets()

    def _secrets(self) -> dict[str, str]:
        said = self._said()
        return {} if said is None else vault_files.opened(self._path, said, self._workspace_id)

    def _write(self, secrets: dict[str, str]) -> None:
        key = vault_key.key(vault_files.key_path(), make=not any(vault_files.sealed_files()))
        vault_files.write(self._path, vault_files.sealed(key, self._workspace_id, secrets))


class _KeyringVault(Vault):
    kind = "keyring"

    def __init__(self, path: Path, workspace_id: str) -> None:
        super().__init__(path, workspace_id)
        self._keyring = vault_keyring.Keyring(f"jupyter-mlws {workspace_id}")

    def names(self) -> tuple[str, ...]:
        said = self._said()
        return () if said is None else tuple(sorted(said["names"]))

    def get(self, name: str) -> str:
        found = self._keyring.get(name) if check_secret_name(name) in self.names() else None
        if found is None:
            raise _not_found(name)
        return found

    def set(self, name: str, value: str) -> None:
        check_secret_name(name)
        check_secret_value(value)
        with vault_files.alone():
            known = self.names()
            # The name first: a secret without a name could not be found again to be removed.
            self._note({*known, name})
            try:
                self._keyring.set(name, value)
            except Unavailable:
                self._note(known)
                raise

    def delete(self, name: str) -> None:
        check_secret_name(name)
        with vault_files.alone():
            names = set(self.names())
            if name not in names:
                raise _not_found(name)
            self._keyring.delete(name)
            self._note(names - {name})

    def _note(self, names: Iterable[str]) -> None:
        vault_files.write(self._path, {"kind": self.kind, "names": sorted(names)})


class _NewVault(Vault):
    """One that was not begun yet: who only looks is spared the question of a keyring to be unlocked."""

    @property
    def kind(self) -> str:
        begun = self._begun()
        return _kind_of_new() if begun is None else begun.kind

    def names(self) -> tuple[str, ...]:
        begun = self._begun()
        return () if begun is None else begun.names()

    def get(self, name: str) -> str:
        return self._there(name).get(name)

    def set(self, name: str, value: str) -> None:
        (self._begun() or _vault(_kind_of_new(), self._path, self._workspace_id)).set(name, value)

    def delete(self, name: str) -> None:
        self._there(name).delete(name)

    def _begun(self) -> Vault | None:
        said = vault_files.read(self._path)
        return None if said is None else _vault(said["kind"], self._path, self._workspace_id)

    def _there(self, name: str) -> Vault:
        check_secret_name(name)
        begun = self._begun()
        if begun is None:
            raise _not_found(name)
        return begun


def _vault(kind: str, path: Path, workspace_id: str) -> Vault:
    return _KeyringVault(path, workspace_id) if kind == "keyring" else _FileVault(path, workspace_id)


def vault_of(workspace_id: str) -> Vault:
    """The vault of this user for a workspace; nothing is made before the first secret is stored.

    Raises
    ------
    CorruptData
        The vault is damaged; nothing was changed.
    InvalidInput
        ``MLWS_VAULT`` names no kind of vault.
    Unavailable
        The vault cannot be read.
    """
    path = vault_files.folder() / f"{check_id(workspace_id)}.json"
    said = vault_files.read(path)
    if said is not None:
        return _vault(said["kind"], path, workspace_id)
    _wanted_kind()  # which is refused before it is needed
    return _NewVault(path, workspace_id)


def check() -> int:
    """Open all of this user's encrypted vaults; how many there are.

    Raises
    ------
    CorruptData, Unavailable
        One of them, or the key, is damaged or missing; the message names the file.
    """
    return len([vault_files.opened(path, said, path.stem) for path, said in vault_files.sealed_files()])


def rotate() -> int:
    """Seal all of this user's encrypted vaults with a new key, and forget the old ones; how many vaults there are.

    Who dies in between leaves vaults that still open: the key file has the old and the new key until the end.

    Raises
    ------
    CorruptData, Unavailable
        A vault or the key cannot be read; nothing was changed.
    """
    with vault_files.alone():
        opened = {path: vault_files.opened(path, said, path.stem) for path, said in vault_files.sealed_files()}
        if opened:
            key = vault_key.add(vault_files.key_path())
            for path, secrets in opened.items():
                vault_files.write(path, vault_files.sealed(key, path.stem, secrets))
            vault_key.keep_newest(vault_files.key_path())
        return len(opened)


def _not_found(name: str) -> NotFound:
    return NotFound(f"There is no secret {name} in the vault.", hint=f"Store it: mlws secrets set {name}")


def _kind_of_new() -> str:
    return _wanted_kind() or ("keyring" if vault_keyring.answers() else "file")


def _wanted_kind() -> str:
    wanted = os.environ.get("MLWS_VAULT", "")
    if wanted not in ("", "file", "keyring"):
        raise InvalidInput(f"MLWS_VAULT is {wanted[:40]!r}.", hint="Set it to file or keyring, or not at all.")
    return wanted
