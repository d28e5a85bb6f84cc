"""Values in a few words, without running code of theirs."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["SCALARS", "describe", "is_table", "library", "looks_secret", "type_name"]

SCALARS = (int, float, str, bool, type(None))
_SIZED = (list, tuple, dict, set, frozenset)
_KEY_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\b(?:sk|pk|rk)[-_](?:[a-z]+[-_])*[A-Za-z0-9_\-]{20,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}|\bglpat-[A-Za-z0-9_\-]{18,}"
    r"|\bhf_[A-Za-z0-9]{30,}|\bxox[abpors]-[A-Za-z0-9\-]{10,}|\bAIza[0-9A-Za-z_\-]{35}"
    r"|\beyJ[A-Za-z0-9_\-]{15,}\.eyJ[A-Za-z0-9_\-]{15,}\.[A-Za-z0-9_\-]+"
    r"|://[^/\s:@]+:[^/\s:@]{6,}@"
    r"|AccountKey=[A-Za-z0-9+/=]{40,}"
)
_KEY_NAMES = re.compile(
    r"(?:^|_)(?:api_?key|secret|token|passw(?:or)?d|pwd|private_key|access_key|credentials?)(?:$|_)", re.I
)


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


def looks_secret(name: str, value: object) -> bool:
    """Whether a text looks like a key, by its shape, or by the name that holds it."""
    if isinstance(value, dict):
        return any(looks_secret(str(key), item) for key, item in value.items() if isinstance(item, (str, bytes)))
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace") if len(value) < 10_000 else ""
    if not isinstance(value, str) or len(value) > 10_000:
        return False
    if _KEY_SHAPES.search(value):
        return True
    dense = len(value) >= 12 and not re.search(r"\s", value) and "/" not in value[:2]
    return bool(_KEY_NAMES.search(name)) and dense
