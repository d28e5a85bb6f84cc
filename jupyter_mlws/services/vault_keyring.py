"""The desktop's keyring, through the library `keyring`: only a real one, never one that keeps plain text or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from jupyter_mlws.errors import Unavailable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["Keyring", "answers"]

T = TypeVar("T")
# The keyrings of desktops. Anything else that the library finds (plain files, none at all) is no vault.
_REAL = frozenset(f"keyring.backends.{name}" for name in ("SecretService", "libsecret", "kwallet", "macOS", "Windows"))


class Keyring:
    """Texts by name under one service of the keyring.

    Raises
    ------
    Unavailable
        No keyring answers, or it stays locked.
    """

    def __init__(self, service: str) -> None:
        self._service = service

    def get(self, name: str) -> str | None:
        """A text; None when there is none."""
        return _ask(lambda keyring: keyring.get_password(self._service, name))

    def set(self, name: str, value: str) -> None:
        """Store a text."""
        _ask(lambda keyring: keyring.set_password(self._service, name, value))

    def delete(self, name: str) -> None:
        """Remove a text; that it is gone already is no error."""
        if self.get(name) is not None:
            _ask(lambda keyring: keyring.delete_password(self._service, name))


def answers() -> bool:
    """Whether a keyring is there and open: it is asked for something."""
    try:
        Keyring("jupyter-mlws").get("is there a keyring")
    except Unavailable:
        return False
    return True


def _ask(question: Callable[[KeyringBackend], T]) -> T:
    backend = _backend()
    if backend is None:
        raise Unavailable(
            "The secrets of this workspace are in the desktop's keyring, and here is none.",
            hint="Use it from a session of the desktop; MLWS_VAULT=file keeps those of a new workspace in a file.",
        )
    try:
        return question(backend)
    except Exception as error:  # noqa: BLE001 - each desktop has its own ways to say no
        raise Unavailable(
            f"The desktop's keyring does not answer ({type(error).__name__}).", hint="Unlock it, and try again."
        ) from None


def _backend() -> KeyringBackend | None:
    import keyring

    try:
        return next(_real(keyring.get_keyring()), None)
    except Exception:  # noqa: BLE001 - a backend that breaks while it is looked for is none
        return None


def _real(backend: KeyringBackend) -> Iterator[KeyringBackend]:
    """The backend, or of a chain of them those that are a desktop's."""
    if type(backend).__module__ in _REAL:
        yield backend
    elif type(backend).__module__ == "keyring.backends.chainer":
        for each in backend.backends:  # type: ignore[attr-defined]
            yield from _real(each)
