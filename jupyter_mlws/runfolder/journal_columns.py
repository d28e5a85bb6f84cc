"""Records of a journal taken apart into columns: many of them by numpy, where it is loaded, ten times as quickly."""

from __future__ import annotations

import sys
from array import array

from jupyter_mlws.runfolder.journal_format import NO_STEP, RECORD_BYTES, RECORD_WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import Any

    # of the name, step, whether there is none, time, value
    Columns = tuple[Any, Any, bytes, Any, Any]

__all__ = ["columns", "count_in_order", "marks", "pick"]

# Fewer records are taken apart before numpy has begun.
_MANY = 1024


def _numpy(data: bytes) -> ModuleType | None:
    """Numpy, where there is much to do and somebody has loaded it: nobody has to have it, or to wait for it."""
    if len(data) < _MANY * RECORD_BYTES or "numpy" not in sys.modules:
        return None
    import numpy as np  # a thread that is just loading it is waited for

    return np


def _words(kind: str, data: bytes) -> array[int]:
    """`data` as numbers of 8 bytes of this machine."""
    found: array[int] = array(kind, data)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def marks(data: bytes) -> list[int]:
    """Marks of the whole records in `data`."""
    return _words("Q", data[: len(data) // RECORD_BYTES * RECORD_BYTES])[0::RECORD_WORDS].tolist()


def count_in_order(data: bytes, first: int) -> int:
    """How many records at the beginning of `data` have the marks `first`, the one after it, and so on."""
    count = len(data) // RECORD_BYTES
    if (np := _numpy(data)) is not None:
        found = np.frombuffer(data, "<u8", count * RECORD_WORDS)[::RECORD_WORDS]
        others = np.flatnonzero(found != np.arange(first, first + count, dtype="<u8"))
        return int(others[0]) if len(others) else count
    listed = marks(data)
    if listed == list(range(first, first + count)):
        return count
    return next(i for i, mark in enumerate(listed) if mark != first + i)


def columns(data: bytes, names: int) -> Columns:
    """Whole records as columns: name, step (0 where there is none), whether there is none, time, value.

    Those whose name is not among the first `names` are left out: no writer of ours leaves a record without its name.
    """
    if (np := _numpy(data)) is not None:
        return _quick_columns(np, data, names)
    keys = _words("Q", data)[1::RECORD_WORDS]
    if len(keys) and max(keys) >= names:
        return columns(pick(data, [i for i, key in enumerate(keys) if key < names]), names)
    step, implicit = _split_steps(_words("q", data)[2::RECORD_WORDS])
    real = _words("d", data)
    return keys, step, implicit, real[3::RECORD_WORDS], real[4::RECORD_WORDS]


def _quick_columns(np: ModuleType, data: bytes, names: int) -> Columns:
    keys = np.frombuffer(data, "<u8")[1::RECORD_WORDS]
    integers, reals = (np.frombuffer(data, kind).reshape(-1, RECORD_WORDS) for kind in ("<i8", "<f8"))
    if (known := keys < names).all():
        step, time, value = integers[:, 2], reals[:, 3], reals[:, 4]
    else:
        keys, step, time, value = keys[known], integers[known, 2], reals[known, 3], reals[known, 4]
    missing = step == NO_STEP
    return keys, np.where(missing, 0, step), missing.tobytes(), time, value


def pick(data: bytes, places: Sequence[int]) -> bytes:
    """The records at these places."""
    if len(places) * RECORD_BYTES == len(data):
        return data
    return b"".join(data[i * RECORD_BYTES : (i + 1) * RECORD_BYTES] for i in places)


def _split_steps(given: array[int]) -> tuple[array[int], bytes]:
    """Steps with 0 for those that were not given, and which those are."""
    missing = given.count(NO_STEP)
    if missing == 0:
        return given, bytes(len(given))
    if missing == len(given):
        return array("q", bytes(8 * len(given))), b"\1" * len(given)
    return array("q", [0 if step == NO_STEP else step for step in given]), bytes(step == NO_STEP for step in given)
