"""Tags and properties as people give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jupyter_mlws.errors import InvalidInput

__all__ = ["label_texts", "names_to_remove"]


def label_texts(values: Mapping[str, object], kind: str) -> dict[str, str]:
    """Values as text; None stands for a bare tag."""
    if not isinstance(values, Mapping):
        raise InvalidInput(f"The {kind} must be a dict, not {type(values).__name__}.", hint="Give {name: value}.")
    return {key: "" if value is None else str(value) for key, value in values.items()}


def names_to_remove(tags: Iterable[str], current: Mapping[str, str]) -> list[str]:
    """The names of a list, or those of a dict whose tags have that value at present."""
    if isinstance(tags, str):
        raise InvalidInput("The tags to remove must be a list.", hint=f"Give [{tags!r}].")
    if not isinstance(tags, Mapping):
        return list(tags)
    wanted = label_texts(tags, "tags")
    return [name for name in wanted if current.get(name) == wanted[name]]
