"""A metric series on the wire: a small JSON header and little-endian float64 columns.

Layout, version 1: 8 bytes ``MLWSSER1``, header length as uint32, 4 zero bytes, the header in UTF-8 padded with spaces
to a multiple of 8, then the columns one after another, each `points` float64. A raw series has the columns step, time,
value; one reduced to buckets has step, time, minimum, maximum, mean, count (step and time of each bucket's last point).
In a bucket minimum, maximum and mean leave NaN out; a bucket of NaN alone has NaN.
"""

from __future__ import annotations

import json
import struct
from array import array
from dataclasses import dataclass
from sys import byteorder
from typing import TYPE_CHECKING

from jupyter_mlws.errors import CorruptData, MissingPart

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BUCKET_COLUMNS", "RAW_COLUMNS", "Series", "decode_many", "decode_series", "encode_series"]

_MAGIC = b"MLWSSER1"
RAW_COLUMNS = ("step", "time", "value")
BUCKET_COLUMNS = ("step", "time", "minimum", "maximum", "mean", "count")


@dataclass(frozen=True)
class Series:
    """Columns of a series; `count` is the number of points of the whole series, the cursor of the next read."""

    name: str
    count: int
    columns: dict[str, array[float]]

    @property
    def points(self) -> int:
        """Number of points in each column."""
        return len(next(iter(self.columns.values())))

    @property
    def step(self) -> NDArray[np.float64]:
        """Steps as an array of numpy, which must be installed; of a bucket that of its last point."""
        return self._array("step")

    @property
    def time(self) -> NDArray[np.float64]:
        """Times in seconds since 1970, likewise."""
        return self._array("time")

    @property
    def value(self) -> NDArray[np.float64]:
        """Values, likewise; of buckets their means."""
        return self._array("value" if "value" in self.columns else "mean")

    def _array(self, name: str) -> NDArray[np.float64]:
        try:
            import numpy as np
        except ImportError as error:
            raise MissingPart(
                "Arrays need numpy, which is not installed here.",
                hint="Install it with pip install numpy, or take the plain arrays in `columns`.",
            ) from error
        return np.frombuffer(self.columns[name], np.float64)

    def __repr__(self) -> str:
        return f"Series({self.name!r}, {self.points:,} points, columns {', '.join(self.columns)})"


def encode_series(name: str, count: int, columns: Mapping[str, bytes | memoryview]) -> bytes:
    """The wire form of a series.

    Parameters
    ----------
    name : str
    count : int
        Points of the whole series.
    columns : mapping of str to bytes
        Little-endian float64, all of equal length.
    """
    points = len(next(iter(columns.values()))) // 8
    header = json.dumps({"name": name, "count": count, "points": points, "columns": list(columns)}).encode()
    header += b" " * (-len(header) % 8)
    return b"".join([_MAGIC, struct.pack("<II", len(header), 0), header, *columns.values()])


def decode_series(data: bytes) -> Series:
    """The series in its wire form, or `CorruptData`."""
    return _decode(memoryview(data))[0]


def decode_many(data: bytes) -> list[Series]:
    """All of the series that stand one behind the other, or `CorruptData`."""
    found, rest = [], memoryview(data)
    while rest:
        series, end = _decode(rest)
        found.append(series)
        rest = rest[end:]
    return found


def _decode(view: memoryview) -> tuple[Series, int]:
    """The series that the bytes begin with, and where it ends."""
    if view[:8] != _MAGIC or len(view) < 16:
        raise CorruptData("The answer is not a metric series.")
    length = struct.unpack_from("<I", view, 8)[0]
    header = json.loads(bytes(view[16 : 16 + length]))
    start, size = 16 + length, header["points"] * 8
    columns = {}
    for i, name in enumerate(header["columns"]):
        column = array("d")
        column.frombytes(view[start + i * size : start + (i + 1) * size])
        if byteorder == "big":
            column.byteswap()
        columns[name] = column
    return Series(header["name"], header["count"], columns), start + size * len(columns)
