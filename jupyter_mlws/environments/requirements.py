"""What may be asked for: packages of an index, by name; no option, no path, no address."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlws.errors import InvalidInput

__all__ = ["check_requirements"]

_HINT = "Name packages such as scikit-learn>=1.5; local packages travel with the snapshot."


def check_requirements(lines: Iterable[str]) -> None:
    """Raise `InvalidInput` for the first line that names no package of an index.

    Whatever else an installer would understand (an option, a path, an address, which may hold a password) could not be
    had again on another machine.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    for line in lines:
        try:
            found = Requirement(line)
        except InvalidRequirement as error:
            # Of an address no more is said than how it begins.
            said = line.partition("://")[0][:80]
            raise InvalidInput(f"{said!r} is no package of an index.", hint=_HINT) from error
        if found.url:
            raise InvalidInput(
                f"{found.name!r} is wanted from a place of its own, and could not be had again elsewhere.", hint=_HINT
            )
