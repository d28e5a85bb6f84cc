"""Reading a table, or some rows of it; no byte is trusted."""

from __future__ import annotations

import json
import struct as packing
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from jupyter_mlws.api.parquet.allowance import Allowance
from jupyter_mlws.api.parquet.form import GZIP, MAGIC, MOST_PAGE, PLAIN, RLE, TYPES
from jupyter_mlws.api.parquet.thrift import read_struct
from jupyter_mlws.errors import CorruptData, TooLarge

__all__ = ["TableFile", "read_table"]

_NAMES = {types: name for name, types in TYPES.items()}
# No description may fill the memory of who looks at a table.
_MOST_FOOTER = 8 * 1024 * 1024
# Of a row group; of other programs' files, too.
_MOST_ROWS = 1 << 20
_MOST_IN_HEAD = 1_000
# What a page counts at least, and each of its values: nothing takes no room in a file, and time to be read.
_PAGE_BYTES = 256
_VALUE_BYTES = 8


class _Chunk(NamedTuple):
    """Where the values of a column in a row group are."""

    at: int
    size: int
    codec: int
    points: int


class TableFile:
    """A table in a file, of which only what is asked for is read.

    Parameters
    ----------
    read : callable
        Gives so many bytes from a place on.
    size : int
        Of the file.

    Attributes
    ----------
    columns : list of (str, str)
        Names and types; see `Column`.
    count : int
        Number of rows.

    Raises
    ------
    CorruptData
        It is no Parquet file, or none of the form that is read here.
    """

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self._read = read
        self._size = size
        tail = read(max(0, size - 8), min(size, 8))
        if size < 12 or tail[4:] != MAGIC:
            raise CorruptData("This is no file of a table.")
        length = int.from_bytes(tail[:4], "little")
        if length > min(size - 12, _MOST_FOOTER):
            raise CorruptData("The description of a table is longer than its file.")
        footer, _ = read_struct(read(size - 8 - length, length))
        try:
            self.columns = [_column_of(element) for element in footer[2][1:]]
            self._groups = [(_whole(group[3]), [_chunk_of(chunk) for chunk in group[1]]) for group in footer[4]]
            self.count = _whole(footer[3])
        except (KeyError, IndexError, TypeError, AttributeError, UnicodeDecodeError):
            raise CorruptData("The description of a table cannot be understood.") from None
        whole = all(len(chunks) == len(self.columns) and 0 < rows <= _MOST_ROWS for rows, chunks in self._groups)
        whole = whole and all(chunk.points == rows for rows, chunks in self._groups for chunk in chunks)
        if not whole or sum(rows for rows, _ in self._groups) != self.count:
            raise CorruptData("The parts of a table do not fit its description.")

    def rows(self, first: int, end: int, most_bytes: int | None = None) -> list[list[Any]]:
        """The values of each column from a row on and before another one.

        Raises
        ------
        CorruptData
            They cannot be read.
        TooLarge
            More than `most_bytes` would have to be unpacked for them.
        """
        found: list[list[Any]] = [[] for _ in self.columns]
        room = Allowance(most_bytes, _too_large)
        at = 0
        for rows, chunks in self._groups:
            low, high = max(first - at, 0), min(end - at, rows)
            if low < high:
                for column, (_, kind), chunk in zip(found, self.columns, chunks, strict=True):
                    column += self._values(kind, chunk, room)[low:high]
            at += rows
        return found

    def _values(self, kind: str, chunk: _Chunk, room: Allowance) -> list[Any]:
        if not 0 <= chunk.at <= chunk.at + chunk.size <= self._size:
            raise CorruptData("A part of a table lies outside its file.")
        if chunk.size > 2 * MOST_PAGE:
            raise _foreign()
        data = self._read(chunk.at, chunk.size)
        found: list[Any] = []
        at = 0
        while len(found) < chunk.points:
            head, at = read_struct(data, at, _MOST_IN_HEAD)
            page = _page_of(head, chunk.points - len(found))
            room.take(_PAGE_BYTES + max(page.size, _VALUE_BYTES * page.points))
            found += _decoded(kind, _unpressed(data[at : at + page.pressed], chunk.codec, page.size), page.points)
            at += page.pressed
        return found


def _column_of(element: dict[int, Any]) -> tuple[str, str]:
    kind = _NAMES.get((element[1], element.get(6)))
    if kind is None or element.get(3) != 1:
        raise _foreign()
    return element[4].decode(), kind


def _chunk_of(chunk: dict[int, Any]) -> _Chunk:
    facts = chunk[3]
    return _Chunk(*(_whole(facts[number]) for number in (9, 7, 4, 5)))


def _whole(value: Any) -> int:
    """A number where one has to be."""
    if type(value) is not int:
        raise TypeError("no number")
    return value


class _Page(NamedTuple):
    """How long a page is, compressed and not, and how many values it has."""

    pressed: int
    size: int
    points: int


def _page_of(head: dict[int, Any], most: int) -> _Page:
    try:
        about = head[5]
        page = _Page(_whole(head[3]), _whole(head[2]), _whole(about[1]))
        known = head[1] == 0 and about[2] == PLAIN and about[3] == RLE
        if known and page.pressed >= 0 and 0 <= page.size <= MOST_PAGE and 0 < page.points <= most:
            return page
    except (KeyError, TypeError, IndexError):
        pass  # it has not even these, or a list in the place of a structure
    raise _foreign()


def _foreign() -> CorruptData:
    return CorruptData("A table's file was written by another program.", hint="Download it, and open it with pandas.")


def _too_large() -> TooLarge:
    return TooLarge("These rows of the table are too large to be shown.", hint="Download its file.")


def _unpressed(data: bytes, codec: int, size: int) -> bytes:
    if codec == 0:
        found = data
    elif codec == GZIP:
        press = zlib.decompressobj(31)
        try:
            found = press.decompress(data, size + 1)
        except zlib.error as error:
            raise CorruptData(f"A page of a table is damaged: {error}.") from None
    else:
        raise _foreign()
    if len(found) != size:
        raise CorruptData("A page of a table has not the size that it says.")
    return found


def _decoded(kind: str, body: bytes, count: int) -> list[Any]:
    size = int.from_bytes(body[:4], "little")
    there = _levels(body[4 : 4 + size], count)
    values = iter(_plain_values(kind, body[4 + size :], sum(there)))
    return [next(values) if is_there else None for is_there in there] if not all(there) else list(values)


def _levels(data: bytes, count: int) -> list[int]:
    found: list[int] = []
    at = 0
    while len(found) < count:
        head = shift = 0
        while True:
            if at >= len(data) or shift > 35:
                raise CorruptData("A page of a table ends too early.")
            byte, at = data[at], at + 1
            head |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        if head & 1:
            groups = head >> 1
            if len(data) - at < groups or not groups:
                raise CorruptData("A page of a table ends too early.")
            bits = data[at : at + min(groups, (count - len(found) + 7) // 8)]
            at += groups
            found += [byte >> bit & 1 for byte in bits for bit in range(8)]
        else:
            run = min(head >> 1, count - len(found))
            if at >= len(data) or not run:
                raise CorruptData("A page of a table ends too early.")
            found += [data[at] & 1] * run
            at += 1
    return found[:count]


def _plain_values(kind: str, data: bytes, count: int) -> list[Any]:
    found: list[Any]
    if kind == "bool":
        found = [bool(data[i >> 3] >> (i & 7) & 1) for i in range(min(count, 8 * len(data)))]
    elif kind in ("int", "float"):
        numbers = data[: 8 * count]
        form = "q" if kind == "int" else "d"
        found = list(packing.unpack(f"<{len(numbers) // 8}{form}", numbers[: len(numbers) // 8 * 8]))
    else:
        found = [text if kind == "str" else _of_json(text) for text in _texts(data, count)]
    if len(found) != count:
        raise CorruptData("A page of a table ends too early.")
    return found


def _texts(data: bytes, count: int) -> Iterator[str]:
    at = 0
    for _ in range(count):
        size = int.from_bytes(data[at : at + 4], "little")
        at += 4
        if at + size > len(data):
            return
        yield data[at : at + size].decode("utf-8", "replace")
        at += size


def _of_json(text: str) -> Any:
    try:
        if not text.lstrip().startswith(("[", "{")):  # a cell holds one value
            return json.loads(text)
    except ValueError:
        pass  # as what is no single value
    raise CorruptData("A value of a table cannot be understood.")


def read_table(data: bytes) -> dict[str, list[Any]]:
    """All of a table by the names of its columns, NaN and infinities of mixed columns as numbers.

    Raises
    ------
    CorruptData
        It is no Parquet file, or none of the form that is read here.
    """
    file = TableFile(lambda at, size: data[at : at + size], len(data))
    columns = file.rows(0, file.count)
    return {name: _as_numbers(kind, values) for (name, kind), values in zip(file.columns, columns, strict=True)}


_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def _as_numbers(kind: str, values: list[Any]) -> list[Any]:
    if kind != "json":
        return values
    return [_NUMBERS.get(value, value) if isinstance(value, str) else value for value in values]
