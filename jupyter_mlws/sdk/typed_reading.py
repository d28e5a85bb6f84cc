"""Typed metrics on their way back to Python: in the shape that they went in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

__all__ = ["WITH_FILES", "one_of", "shape_of", "with_numbers"]

# Types whose values are files.
WITH_FILES = frozenset({"image", "figure", "audio"})

_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def with_numbers(value: Any) -> Any:
    """`value` with the numbers that JSON has no words for."""
    if isinstance(value, str):
        return _NUMBERS.get(value, value)
    if isinstance(value, list):
        return [with_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: with_numbers(item) for key, item in value.items()}
    return value


def shape_of(kind: str, values: Sequence[Any]) -> Any:
    """What `get_metrics` gives for a typed metric.

    Parameters
    ----------
    kind : str
        The metric's type.
    values : sequence
        Its values in their order, at least one.

    Returns
    -------
    object
        Rows: a list for each column, with None where a row lacks it. A text itself. A picture, a figure, a sound: the
        name of its file. Else the value itself. Where anything but rows was logged several times: a list of these.
    """
    if kind == "row":
        return _columns([row for row in map(with_numbers, values) if isinstance(row, dict)])
    found = [one_of(kind, value) for value in values]
    return found[0] if len(found) == 1 else found


def one_of(kind: str, value: Any) -> Any:
    """One value of any type, as `shape_of` gives it."""
    if kind == "text" and isinstance(value, dict):
        return value.get("text", "")  # which may well be "NaN"
    if kind in WITH_FILES and isinstance(value, dict):
        return value.get("file", "")
    return with_numbers(value)


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
