"""``%mlws set``: the options that a notebook's cells have unless they say otherwise."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from jupyter_mlws.domain.environment import CURATED, KERNEL, split_reference
from jupyter_mlws.errors import MlwsError, UsageError
from jupyter_mlws.magics.grammar import CARD, CARDS, DEFAULTS, check_default
from jupyter_mlws.magics.words import expand, split

__all__ = ["environment_names", "set_defaults"]


def set_defaults(line: str, names: Mapping[str, Any], defaults: dict[str, str], settings: dict[str, str]) -> str:
    """Change the defaults of a notebook, all that the line names or, where one of them makes no sense, none.

    Parameters
    ----------
    line : str
        ``compute=docker env=torch``; ``env=`` takes one away.
    names : mapping
        The notebook's namespace, for ``$name`` and ``{expression}``.
    defaults : dict
        The options; changed in place.
    settings : dict
        What is no option of a cell, as `CARD`; changed in place.

    Returns
    -------
    str
        What is set now, for people.
    """
    wanted = dict(_read(expand(word, names)) for word in split(line))
    for key, value in wanted.items():
        if value and key == CARD:
            _refuse_unless(value, list(CARDS), f"There is no card {value!r}.")
        elif value:
            check_default(key, value)
            _check_known(key, value)
    for key, value in wanted.items():
        kept = settings if key == CARD else defaults
        if value:
            kept[key] = value
        else:
            kept.pop(key, None)
    return ", ".join(f"{key}={value}" for key, value in {**defaults, **settings}.items()) or "No defaults are set."


def _read(word: str) -> tuple[str, str]:
    key, equals, value = word.partition("=")
    known = (*DEFAULTS, CARD)
    if key in known and equals:
        return key, value
    if key in known:
        raise UsageError(f"%mlws set {key} lacks a value.", hint=f"Write {key}=..., or {key}= to take it away.")
    near = difflib.get_close_matches(key, known, 1)
    raise UsageError(
        f"%mlws set does not know {word!r}.",
        hint=f"Did you mean {near[0]}=...?" if near else f"What can be set: {', '.join(known)}.",
    )


def _check_known(key: str, value: str) -> None:
    """A default that no submit could use is refused now, not by every later cell."""
    if key == "compute":
        from jupyter_mlws.sdk.workspace import Workspace

        known = [target.name for target in Workspace.from_config().api.compute.list().items]
        _refuse_unless(value, known, f"There is no compute target {value!r}.")
    elif key == "env":
        known = environment_names()
        # A version and a label are resolved by the submit, which may come after more of them.
        _refuse_unless(split_reference(value)[0], known, f"There is no environment {value!r}.")


def _refuse_unless(value: str, known: list[str], sentence: str) -> None:
    if value in known:
        return
    near = difflib.get_close_matches(value, known, 1)
    raise UsageError(
        sentence, hint=f"There is {', '.join(known[:20])}." + (f" Did you mean {near[0]}?" if near else "")
    )


def environment_names() -> list[str]:
    """Environments of the workspace, with those that everybody has; empty of the former where none answers."""
    from jupyter_mlws.sdk.workspace import Workspace

    try:
        found = Workspace.from_config().api.environments.list(limit=100).items
    except MlwsError:  # no workspace yet, or none that answers: completing must not be in the way
        found = ()
    own = [name for item in found for name in (item.name, *(f"{item.name}@{label}" for label in item.labels))]
    return sorted({KERNEL, *CURATED, *own})
