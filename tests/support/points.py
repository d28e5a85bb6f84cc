"""Points of a series, shaped as the journal's reader shapes them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

__all__ = ["points"]


def points(
    values: Any,
    *,
    start: int = 0,
    stream: str = "s",
    name: str = "loss",
    steps: Any = None,
    times: Any = None,
    records: int | None = None,
) -> SimpleNamespace:
    """A batch of one series, for `append_points`.

    Parameters
    ----------
    start : int
        The first record's number in its stream.
    steps, times : array-like, optional
        Their steps, counted when left out, and their times in seconds, else the numbers of the records.
    records : int, optional
        How many records of the stream it stands for; those that it holds when left out.
    """
    value = np.asarray(values, dtype=float)
    count = len(value)
    return SimpleNamespace(
        stream=stream,
        start=start,
        end=start + (count if records is None else records),
        names=[name],
        name_index=np.zeros(count, np.uint64),
        step=np.zeros(count, np.int64) if steps is None else np.asarray(steps, np.int64),
        implicit=bytes([steps is None]) * count,
        time=np.arange(count, dtype=float) + start if times is None else np.asarray(times, float),
        value=value,
    )
