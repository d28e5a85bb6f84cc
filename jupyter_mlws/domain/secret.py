"""Secrets: their names, their values, and the word by which a variable refers to one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jupyter_mlws.errors import InvalidInput, InvalidName, TooLarge

__all__ = [
    "MAX_SECRET_BYTES",
    "Secret",
    "SecretValue",
    "as_options",
    "check_secret_name",
    "check_secret_value",
    "is_reference",
    "reference_of",
    "references",
]

# A variable of a process may have 128 KiB with its name; a certificate with its key has some kilobytes.
MAX_SECRET_BYTES = 65536
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:\-]{0,126}")
_REFERENCE = "secret:"


@dataclass(frozen=True, kw_only=True)
class Secret:
    """What a list tells of a secret: never its value.

    Attributes
    ----------
    name : str
    vault : str
        Where it is kept: ``keyring`` (of the desktop) or ``file`` (encrypted).
    """

    name: str
    vault: str


@dataclass(frozen=True, kw_only=True)
class SecretValue:
    """The value of a secret on its way into the vault, or out of it when it is asked for by name.

    Attributes
    ----------
    value : str
    """

    value: str

    def __post_init__(self) -> None:
        check_secret_value(self.value)

    def __repr__(self) -> str:
        return "SecretValue(value=***)"


def as_options(names: Iterable[str]) -> str:
    """The words of a command line that name these secrets; whoever chose the names may have meant it to be pasted."""
    return " ".join(f"--secret {shlex.quote(name)}" for name in names)


def check_secret_name(name: object) -> str:
    """The name of a secret, or `InvalidName`."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidName(
            f"{repr(name)[:60]} cannot be the name of a secret.",
            hint="Use letters, digits, _, -, . and :, at most 127 characters, such as HF_TOKEN.",
        )
    return name


def check_secret_value(value: object) -> str:
    """The value of a secret, or an error that does not show it."""
    if not isinstance(value, str):
        raise InvalidInput(f"A secret is text, not {type(value).__name__}.")
    if not value:
        raise InvalidInput("The secret is empty.", hint="Give its value; mlws secrets delete removes one.")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        size = -1
    if size < 0 or "\0" in value:
        raise InvalidInput("The secret has characters that no variable can hold (NUL or lone surrogates).")
    if size > MAX_SECRET_BYTES:
        raise TooLarge(f"The secret has {size:,} bytes.", hint=f"At most {MAX_SECRET_BYTES:,} can be handed to a job.")
    return value


def is_reference(value: str) -> bool:
    """Whether a variable's value refers to a secret by a name that one can have."""
    return value.startswith(_REFERENCE) and _NAME.fullmatch(value, len(_REFERENCE)) is not None


def reference_of(value: str) -> str | None:
    """The secret that a variable's value ``secret:NAME`` refers to; None for any other value.

    Raises
    ------
    InvalidName
        What stands behind ``secret:`` is no name.
    """
    return check_secret_name(value[len(_REFERENCE) :]) if value.startswith(_REFERENCE) else None


def references(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that refer to secrets: the secret's name by the variable's."""
    found = {variable: reference_of(value) for variable, value in variables.items()}
    return {variable: name for variable, name in found.items() if name is not None}
