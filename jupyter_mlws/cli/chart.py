"""A metric as a line of dots in the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from jupyter_mlws.api.series import Series
from jupyter_mlws.sdk.text import number_text

__all__ = ["chart", "dots_across"]

# A character of braille is two dots wide and four high; the bits of its columns from top to bottom.
_WIDE, _HIGH = 2, 4
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_EMPTY = 0x2800
_Point = tuple[float, float, float]


def dots_across(width: int) -> int:
    """How many points a chart of so many characters can tell apart."""
    return max(1, width) * _WIDE


def chart(series: Series, width: int, height: int) -> list[str]:
    """The lines of a chart: the highest and lowest value at the left, the first and last step below.

    Parameters
    ----------
    series : Series
        Raw, or reduced to buckets, which are drawn from their minimum to their maximum. NaN is a gap.
    width, height : int
        In characters, labels included.
    """
    points = list(_points(series))
    drawn = [point for point in points if math.isfinite(point[1]) and math.isfinite(point[2])]
    if not drawn:
        return ["no finite value yet"]
    low, high = min(point[1] for point in drawn), max(point[2] for point in drawn)
    labels = _labels(low, high, height - 1)
    margin = max(map(len, labels))
    columns = max(4, width - margin - 2)
    first, last = drawn[0][0], drawn[-1][0]
    grid = _Grid(columns, height - 1, (min(first, last), max(first, last)), (low, high))
    for point in drawn:
        grid.bar(point)
    for one, next_one in pairwise(points):
        if math.isfinite(one[1]) and math.isfinite(next_one[1]):
            grid.line(one, next_one)
    lines = [f"{label:>{margin}} │{line}" for label, line in zip(labels, grid.lines(), strict=True)]
    left, right = number_text(first), number_text(last)
    return [*lines, f"{'':>{margin}}  {left}{right:>{max(1, columns - len(left))}}"]


def _points(series: Series) -> Iterator[_Point]:
    columns = series.columns
    if "value" in columns:
        yield from zip(columns["step"], columns["value"], columns["value"], strict=True)
    else:
        yield from zip(columns["step"], columns["minimum"], columns["maximum"], strict=True)


def _labels(low: float, high: float, height: int) -> list[str]:
    labels = [""] * height
    labels[0] = number_text(high)
    if height > 1 and low != high:
        labels[-1] = number_text(low)
    return labels


class _Grid:
    """Dots, put where steps and values say."""

    def __init__(self, columns: int, rows: int, across: tuple[float, float], up: tuple[float, float]) -> None:
        self._cells = [[0] * columns for _ in range(rows)]
        self._width, self._height = columns * _WIDE, rows * _HIGH
        self._across, self._up = across, up

    def bar(self, point: _Point) -> None:
        """A bucket, from its minimum to its maximum; a single value is one dot."""
        x = self._x(point[0])
        for y in range(self._y(point[2]), self._y(point[1]) + 1):
            self._dot(x, y)

    def line(self, one: _Point, other: _Point) -> None:
        """What leads from the middle of one point to that of the next."""
        x0, x1 = self._x(one[0]), self._x(other[0])
        y0, y1 = self._y((one[1] + one[2]) / 2), self._y((other[1] + other[2]) / 2)
        count = max(abs(x1 - x0), abs(y1 - y0), 1)
        for i in range(count + 1):
            self._dot(x0 + round((x1 - x0) * i / count), y0 + round((y1 - y0) * i / count))

    def lines(self) -> list[str]:
        return ["".join(chr(_EMPTY + cell) for cell in row).rstrip(chr(_EMPTY)) for row in self._cells]

    def _dot(self, x: int, y: int) -> None:
        self._cells[y // _HIGH][x // _WIDE] |= _BITS[x % _WIDE][y % _HIGH]

    def _x(self, step: float) -> int:
        return round(_share(step, *self._across) * (self._width - 1))

    def _y(self, value: float) -> int:
        return round((1 - _share(value, *self._up)) * (self._height - 1))


def _share(value: float, low: float, high: float) -> float:
    """Where a value lies between two others, from 0 to 1; in halves, so that no difference is beyond a float."""
    if low == high:
        return 0.5
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return min(1.0, max(0.0, share))
