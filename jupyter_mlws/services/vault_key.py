"""The key of the encrypted vaults: a file of the user alone, beside no workspace."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlws import faults
from jupyter_mlws.errors import CorruptData, StorageFull, Unavailable
from jupyter_mlws.runfolder.files import open_plain, write_whole
from jupyter_mlws.runfolder.places import make_own

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

__all__ = ["Key", "add", "keep_newest", "key"]

_LIMIT = 1 << 16


class Key:
    """Seals with the newest key of the file, opens with each."""

    def __init__(self, keys: list[str]) -> None:
        from cryptography.fernet import Fernet, MultiFernet

        self.keys = tuple(keys)
        self._fernet: MultiFernet = MultiFernet([Fernet(each) for each in keys])

    def seal(self, data: bytes) -> str:
        """The data, encrypted and signed."""
        return self._fernet.encrypt(data).decode("ascii")

    def open(self, sealed: str) -> bytes | None:
        """What was sealed; None when that was damaged, or sealed with another key."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed.encode("utf-8", "replace"))
        except InvalidToken:
            return None

    def __repr__(self) -> str:
        return f"Key({len(self.keys)} keys)"


def key(path: Path, *, make: bool) -> Key:
    """The key in a file.

    Parameters
    ----------
    path : path
    make : bool
        Make one where there is none: only while there is nothing yet that another key has sealed.

    Raises
    ------
    CorruptData
        The file is damaged, or missing where it must be there.
    Unavailable
        It cannot be read, or others than the user can read it.
    """
    try:
        keys = _read(path)
    except FileNotFoundError:
        if not make:
            raise CorruptData(
                f"The key {path} is missing, and without it no vault opens.",
                hint=f"Put it back from a backup; or move {path.parent / 'vaults'} away and store the secrets again.",
            ) from None
        keys = [_new()]
        _write(path, keys)
    return _of(path, keys)


def add(path: Path) -> Key:
    """Put a new key in front of those in the file: it seals, all of them open."""
    keys = [_new(), *key(path, make=False).keys]
    _write(path, keys)
    return _of(path, keys)


def keep_newest(path: Path) -> None:
    """Forget all keys but the newest."""
    _write(path, list(key(path, make=False).keys[:1]))


def _new() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode("ascii")


def _of(path: Path, keys: list[str]) -> Key:
    try:
        return Key(keys)
    except ValueError:
        raise CorruptData(f"The key {path} is damaged.", hint="Put it back from a backup.") from None


def _read(path: Path) -> list[str]:
    try:
        fd = open_plain(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unavailable(
            f"The key {path} cannot be read ({error.strerror}).", hint="Look at the file's owner and mode."
        ) from error
    with open(fd, "rb") as file:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode) or (hasattr(os, "getuid") and facts.st_uid != os.getuid()):
            raise Unavailable(f"The key {path} is no file of yours.", hint="Look at what lies there.")
        if hasattr(os, "getuid") and facts.st_mode & 0o077:
            raise Unavailable(
                f"The key {path} can be read by others.", hint=f"Run chmod 600 {path} and then mlws secrets rotate."
            )
        return file.read(_LIMIT).decode("ascii", "replace").split()


def _write(path: Path, keys: list[str]) -> None:
    try:
        make_own(path.parent)
        faults.point("vault.key")
        write_whole(path, "".join(f"{each}\n" for each in keys).encode(), 0o600, durable=True)
    except OSError as error:
        raise StorageFull(
            f"The key {path} cannot be written ({error.strerror}).",
            hint="Free some space, or change the folder's owner or mode; MLWS_DATA_DIR names another one.",
        ) from error
