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
from functools import cached_property
from sys import byteorder
from typing import TYPE_CHECKING, Any

from jupyter_mlws.api.pieces import Pieces
from jupyter_mlws.errors import CorruptData, MissingPart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BUCKET_COLUMNS", "RAW_COLUMNS", "Series", "decode_many", "decode_series", "encode_series"]

_MAGIC = b"MLWSSER1"
_HEAD = struct.Struct("<II")
# A series of so many points is one piece: each costs who sends it a turn, which is more than a copy.
_SHORT = 20_000
RAW_COLUMNS = ("step", "time", "value")
BUCKET_COLUMNS = ("step", "time", "minimum", "maximum", "mean", "count")


@dataclass(frozen=True)
class Series:
    """Columns of a series; `count` is the number of points of the whole series, the cursor of the next read."""

    name: str
    count: int
    # The columns as they came: most who read want one of them, as numpy.
    _buffers: Mapping[str, memoryview[float] | array[float]]

    @cached_property
    def columns(self) -> dict[str, array[float]]:
        """The columns as plain arrays, copies of what numpy sees."""
        found = {name: array("d") for name in self._buffers}
        for name, column in found.items():
            column.frombytes(memoryview(self._buffers[name]).cast("B"))
        return found

    @property
    def points(self) -> int:
        """Number of points in each column."""
        return len(next(iter(self._buffers.values())))

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
        return self._array("value" if "value" in self._buffers else "mean")

    def _array(self, name: str) -> NDArray[np.float64]:
        try:
            import numpy as np
        except ImportError as error:
            raise MissingPart(
                "Arrays need numpy, which is not installed here.",
                hint="Install it with pip install numpy, or take the plain arrays in `columns`.",
            ) from error
        return np.asarray(self._buffers[name], np.float64)

    def __repr__(self) -> str:
        return f"Series({self.name!r}, {self.points:,} points, columns {', '.join(self._buffers)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Series, (self.name, self.count, self.columns)


def encode_series(name: str, count: int, columns: Mapping[str, bytes | memoryview]) -> list[bytes | memoryview]:
    """The wire form of a series, in pieces: its long columns are not copied.

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
    pieces = [_MAGIC + _HEAD.pack(len(header), 0) + header, *columns.values()]
    return pieces if points > _SHORT else [b"".join(pieces)]


def decode_series(*chunks: bytes | memoryview) -> Series:
    """The series in its wire form, whole or in pieces, or `CorruptData`."""
    return _decode(_pieces(chunks))


def decode_many(data: bytes) -> list[Series]:
    """All of the series that stand one behind the other, or `CorruptData`."""
    source, found = _pieces([data]), []
    while not source.is_at_end:
        found.append(_decode(source))
    return found


def _pieces(chunks: Iterable[bytes | memoryview]) -> Pieces:
    return Pieces(chunks, "The metric series")


def _decode(source: Pieces) -> Series:
    if source.take(len(_MAGIC)) != _MAGIC:
        raise CorruptData("The answer is not a metric series.")
    length, _ = _HEAD.unpack(source.take(_HEAD.size))
    header = json.loads(bytes(source.take(length)))
    size = header["points"] * 8
    return Series(header["name"], header["count"], {name: _doubles(source.take(size)) for name in header["columns"]})


def _doubles(column: memoryview) -> memoryview[float]:
    """The numbers of a column, which may be changed."""
    if byteorder == "big":
        swapped = array("d", bytes(column))
        swapped.byteswap()
        return memoryview(swapped)
    return (memoryview(bytearray(column)) if column.readonly else column).cast("d")
