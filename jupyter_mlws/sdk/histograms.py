"""Histograms for `log_histogram`: counted here, by numpy where it is at hand, or taken as they are."""

from __future__ import annotations

import bisect
import math
import sys
from collections.abc import Iterator
from typing import Any

from jupyter_mlws.errors import InvalidInput

__all__ = ["MAX_BINS", "histogram_of"]

MAX_BINS = 1_000


def histogram_of(where: str, value: Any, counts: Any, edges: Any, bins: Any = 64) -> dict[str, Any]:
    """The histogram that a caller of `log_histogram` means.

    Returns
    -------
    dict
        ``edges`` and ``counts``; ``left_out`` where there were NaN or infinities.

    Raises
    ------
    InvalidInput
        Neither or both of `value` and `counts` are given, or what is given is no histogram.
    """
    if (value is None) == (counts is None) or (counts is None) != (edges is None):
        raise InvalidInput(
            f"{where} needs values, or counts and their edges.", hint="Give an array, or counts=, edges=."
        )
    if counts is not None:
        return _given(where, counts, edges)
    if isinstance(bins, bool) or not isinstance(bins, int) or not 1 <= bins <= MAX_BINS:
        raise InvalidInput(f"{where} cannot have {bins!r:.40} bins.", hint=f"Use 1 to {MAX_BINS:,}.")
    value = _plain(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and not isinstance(value, (list, tuple)):
        return _counted_by_numpy(numpy, where, value, bins)
    return _counted(where, value, bins)


def _plain(value: Any) -> Any:
    """Tensors of torch and others as arrays: away from their device and from what is learnt."""
    for step in ("detach", "cpu"):
        method = getattr(value, step, None)
        value = method() if callable(method) else value
    return value


def _given(where: str, counts: Any, edges: Any) -> dict[str, Any]:
    found = {"counts": _numbers(where, counts), "edges": _numbers(where, edges)}
    if not found["counts"] or len(found["edges"]) != len(found["counts"]) + 1:
        raise InvalidInput(
            f"{where} has {len(found['counts'])} counts and {len(found['edges'])} edges.",
            hint="Give one edge more than counts.",
        )
    if len(found["counts"]) > MAX_BINS:
        raise InvalidInput(f"{where} has {len(found['counts']):,} bins.", hint=f"At most {MAX_BINS:,} are kept.")
    if any(not math.isfinite(count) or count < 0 for count in found["counts"]):
        raise InvalidInput(f"{where} has a count that is negative or no number.", hint="Counts are 0 or more.")
    if any(not math.isfinite(edge) for edge in found["edges"]) or any(
        low >= high for low, high in zip(found["edges"], found["edges"][1:], strict=False)
    ):
        raise InvalidInput(f"The edges of {_small(where)} do not rise.", hint="Each must be above the one before.")
    return {"edges": found["edges"], "counts": found["counts"]}


def _small(where: str) -> str:
    return where[:1].lower() + where[1:]


def _numbers(where: str, value: Any) -> list[Any]:
    return [_number(where, item) for item in _flat(where, value)]


def _number(where: str, item: Any) -> Any:
    if isinstance(item, (int, float)):
        return int(item) if isinstance(item, int) else float(item)
    if isinstance(item, complex) or not hasattr(item, "__float__"):
        raise InvalidInput(f"{where} has a {type(item).__name__} among its numbers.", hint="Give numbers alone.")
    return float(item)


def _flat(where: str, value: Any, depth: int = 0) -> Iterator[Any]:
    listed = getattr(value, "tolist", None)
    items = listed() if callable(listed) else value
    if isinstance(items, (str, bytes)) or not hasattr(items, "__iter__") or depth > 32:
        raise InvalidInput(f"{where} was given a {type(value).__name__}, which is no list of numbers.",
                           hint="Give an array or a list of numbers.")  # fmt: skip
    for item in items:
        if isinstance(item, (list, tuple)):
            yield from _flat(where, item, depth + 1)
        else:
            yield item


def _counted_by_numpy(numpy: Any, where: str, value: Any, bins: int) -> dict[str, Any]:
    try:
        array = numpy.asarray(value)
    except (TypeError, ValueError):
        array = None
    if array is None or array.dtype.kind not in "fiub" or not array.ndim:
        return _counted(where, value, bins)
    flat = array.ravel()
    finite = flat[numpy.isfinite(flat)] if array.dtype.kind == "f" else flat
    if not finite.size:
        raise _nothing(where)
    low, high = _span(float(finite.min()), float(finite.max()))
    counts, edges = numpy.histogram(finite.astype("f8", copy=False), bins=bins, range=(low, high))
    return _histogram(edges.tolist(), counts.tolist(), int(flat.size - finite.size))


def _counted(where: str, value: Any, bins: int) -> dict[str, Any]:
    numbers = [float(number) for number in _numbers(where, value)]
    finite = [number for number in numbers if math.isfinite(number)]
    if not finite:
        raise _nothing(where)
    low, high = _span(min(finite), max(finite))
    edges = [low + (high - low) * i / bins for i in range(bins)] + [high]
    counts = [0] * bins
    for number in finite:
        counts[min(bisect.bisect_right(edges, number), bins) - 1] += 1
    return _histogram(edges, counts, len(numbers) - len(finite))


def _nothing(where: str) -> InvalidInput:
    return InvalidInput(f"{where} has no finite number to count.", hint="Give at least one.")


def _span(low: float, high: float) -> tuple[float, float]:
    """Where the bins begin and end; about a single value they have a width as well."""
    if low < high:
        return low, high
    margin = max(abs(low) * 1e-6, 0.5)
    return low - margin, high + margin


def _histogram(edges: list[float], counts: list[int], left_out: int) -> dict[str, Any]:
    found: dict[str, Any] = {"edges": edges, "counts": counts}
    return {**found, "left_out": left_out} if left_out else found
