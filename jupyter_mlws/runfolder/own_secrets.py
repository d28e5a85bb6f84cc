"""The secrets that this process was handed, on the script's side: to be asked for, and masked in what it logs."""

from __future__ import annotations

import os

from jupyter_mlws.runfolder.masking import MaskedStream, Masker
from jupyter_mlws.runfolder.names import SECRETS_VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "add",
    "has_secrets",
    "holds_secret",
    "known",
    "masked",
    "masked_output",
    "masked_shown",
    "masked_stream",
    "masked_text",
    "secret_variables",
    "value_of",
]

# What the format of notebooks says by itself of an output: to mask it would spoil the output, and protect nothing.
_OF_THE_FORMAT = frozenset({"output_type", "name", "execution_count"})
_added: set[str] = set()
_masker: Masker | None = None
_known_for: tuple[str, int] | None = None


def secret_variables() -> dict[str, str]:
    """The secrets of this job: the variable that holds it by the name of each."""
    said = os.environ.get(SECRETS_VARIABLE)
    if not said:
        return {}
    from jupyter_mlws.runfolder import wire

    try:
        found = wire.loads(said.encode())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def value_of(variable: str) -> str | None:
    """A variable's value, also where the script has removed it from its environment meanwhile."""
    found = os.environ.get(variable)
    return found if found is not None else _at_start().get(variable)


def add(secret: str) -> None:
    """Have a secret masked that this process has got to know in another way."""
    _added.add(secret)


def known() -> frozenset[str]:
    """The values that this process got in another way than by its environment."""
    return frozenset(_added)


def has_secrets() -> bool:
    """Whether this process knows any secret."""
    return _own_masker() is not None


def masked(value: Any) -> Any:
    """What JSON can say, its secrets masked; the very same object where this process has none."""
    masker = _own_masker()
    return masker.value(value) if masker else value


def masked_shown(value: Any) -> Any:
    """What a notebook shows, its secrets masked, also those that are numbers: JSON in, JSON out.

    A text of JSON cannot be masked as a text: of a secret with quotes, backslashes or digits only it would be none any
    more, and what is escaped twice would not be found.
    """
    masker = _own_masker()
    return masker.value(value, numbers=True) if masker else value


def masked_output(output: dict[str, Any]) -> dict[str, Any]:
    """An output of a cell as notebooks have it, its secrets masked."""
    return {field: part if field in _OF_THE_FORMAT else masked_shown(part) for field, part in output.items()}


def masked_text(text: str) -> str:
    """A text, its secrets masked."""
    masker = _own_masker()
    return masker.text(text) if masker else text


def masked_stream() -> MaskedStream | None:
    """For a text that comes in pieces, None where this process has no secrets."""
    masker = _own_masker()
    return MaskedStream(masker) if masker else None


def holds_secret(data: bytes) -> bool:
    """Whether there is a secret of this process in it."""
    masker = _own_masker()
    return masker is not None and masker.holds(data)


def _own_masker() -> Masker | None:
    """None for a process without secrets: this is asked with every text that is logged."""
    global _masker, _known_for
    said = os.environ.get(SECRETS_VARIABLE)
    if not said and not _added:
        return None
    key = (said or "", len(_added))
    if key != _known_for:
        values = {value for variable in secret_variables().values() if (value := value_of(variable)) is not None}
        _masker, _known_for = Masker(values | _added), key
    return _masker


def _at_start() -> dict[str, str]:
    """The environment that the process was started with, where the system tells."""
    try:
        with open("/proc/self/environ", "rb") as file:
            lines = file.read().split(b"\0")
    except OSError:
        return {}
    pairs = (line.partition(b"=") for line in lines if line)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
