"""Values in a few words, without running code of theirs."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator
from itertools import islice
from types import CellType, FunctionType, ModuleType
from typing import Any

from jupyter_mlws.domain.keys import KEY_SHAPES, looks_like_key

__all__ = ["SCALARS", "describe", "find_secret", "hide_secrets", "is_table", "library", "type_name"]

SCALARS = (int, float, str, bool, type(None))
_SIZED = (list, tuple, dict, set, frozenset)
# name = "text", or {"name": "text"}.
_ASSIGNED = re.compile(r"""(\b(\w+)['"]?\s*[=:]\s*)(['"])([^'"\n\\]+)\3""")
# A search for keys inside a value ends after so many parts, or characters, and reads so many items of each container.
_MOST_PARTS = 20_000
_MOST_ITEMS = 1_000
_MOST_TEXT = 500_000
_MOST_DEPTH = 8


def library(value: object) -> str:
    """Top package of a value's type; '' where it cannot be told."""
    module = getattr(type(value), "__module__", "")  # some compiled classes have something else there
    return module.partition(".")[0] if isinstance(module, str) else ""


def type_name(value: object) -> str:
    """Short name of a value's type."""
    return type(value).__name__


def describe(value: Any) -> str:
    """``float64 (1797, 64)``, ``3 items``, ``0.1``; '' where nothing short can be said."""
    kind = type(value)
    if kind in SCALARS:
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    if kind in _SIZED:
        return f"{len(value)} item{'' if len(value) == 1 else 's'}"
    shape = _shape(value)
    if shape is None:
        return ""
    dtype = getattr(value, "dtype", None)
    return f"{str(dtype).removeprefix('torch.')} {shape}" if dtype is not None else str(shape)


def _shape(value: Any) -> tuple[int, ...] | None:
    root = library(value)
    if root not in ("numpy", "pandas", "torch", "polars", "jax", "jaxlib", "tensorflow", "scipy", "cupy", "pyarrow"):
        return None
    shape = getattr(value, "shape", None)
    try:
        return tuple(int(length) for length in shape) if shape is not None else None
    except (TypeError, ValueError):
        return None


def is_table(value: Any) -> bool:
    """Whether SQL in a string may mean this value."""
    root = library(value)
    return root in ("pandas", "polars", "pyarrow", "numpy", "duckdb", "_duckdb") and not isinstance(value, type)


def hide_secrets(text: str, known: Collection[str] = ()) -> str:
    """Python text with stars in the place of keys."""
    for secret in known:
        text = text.replace(secret, "*" * len(secret))
    text = KEY_SHAPES.sub(lambda found: "*" * len(found[0]), text)
    return _ASSIGNED.sub(_hide_assigned, text)


def _hide_assigned(found: re.Match[str]) -> str:
    before, name, quote, value = found.groups()
    return before + quote + "*" * len(value) + quote if looks_like_key(name, value) else found[0]


# The notebook's own machinery is named in a job, never copied into it.
_SHELLS = frozenset({"IPython", "ipykernel"})


def find_secret(name: str, value: object, known: Collection[str] = ()) -> str:
    """Where a key is in a value or in what it holds, as text such as ``config['api_key']``; '' for nowhere found.

    Parameters
    ----------
    name : str
    value : object
    known : collection of str
        Texts that are secrets for certain.
    """
    queue: deque[tuple[str, str, object, int]] = deque([(name, name, value, 0)])
    seen: set[int] = set()
    parts = text = 0
    while queue and parts < _MOST_PARTS and text < _MOST_TEXT:
        place, own, one, depth = queue.popleft()
        parts += 1
        if isinstance(one, (str, bytes)):
            text += len(one)
            if looks_like_key(own, one) or (isinstance(one, str) and one in known):
                return place
        elif id(one) not in seen and depth < _MOST_DEPTH and len(queue) < _MOST_PARTS:
            seen.add(id(one))
            queue += [(place + step, inner, part, depth + 1) for step, inner, part in _parts(own, one)]
    return ""


def _parts(own: str, value: object) -> Iterator[tuple[str, str, object]]:
    """What a value holds: how it is reached, the name it goes by, and the thing."""
    if isinstance(value, dict):
        for key, item in islice(value.items(), _MOST_ITEMS):
            yield f"[{key!r}]" if isinstance(key, (str, int)) else "[...]", str(key) if type(key) is str else "", item
    elif isinstance(value, (list, tuple, set, frozenset)):
        for position, item in enumerate(islice(value, _MOST_ITEMS)):
            yield f"[{position}]", own, item
    elif isinstance(value, FunctionType):
        yield from ((".__defaults__", "", item) for item in value.__defaults__ or ())
        yield from ((f".{key}", key, item) for key, item in (value.__kwdefaults__ or {}).items())
        for key, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            yield from _content(key, cell)
    elif not isinstance(value, (type, ModuleType, *SCALARS)) and library(value) not in _SHELLS:
        held = _held(value)
        yield from ((f".{key}", str(key), item) for key, item in islice(held.items(), _MOST_ITEMS))


def _content(name: str, cell: CellType) -> Iterator[tuple[str, str, object]]:
    try:
        yield f".{name}", name, cell.cell_contents
    except ValueError:  # not filled yet
        return


def _held(value: object) -> dict[str, object]:
    try:
        held = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return held if type(held) is dict else {}
