"""Writing a table, a row group at a time."""

from __future__ import annotations

import json
import struct as packing
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from jupyter_mlws.api.parquet.form import BYTES, GZIP, MAGIC, MOST_PAGE, PLAIN, RLE, ROWS, TYPES, Column
from jupyter_mlws.api.parquet.thrift import Field, struct, varint

__all__ = ["write_table"]

# What a character takes in UTF-8 or JSON, and the length of its text.
_BYTES_A_CHARACTER = 8


def write_table(columns: Sequence[Column], count: int) -> Iterator[bytes]:
    """The file of a table of `count` rows, in pieces."""
    yield MAGIC
    at, groups = len(MAGIC), []
    first = 0
    while first < count:
        rows = _rows_from(columns, first, count)
        chunks, begun = [], at
        for column in columns:
            head, body, plain = _page(column, first, rows)
            chunks.append(_chunk(column, at, rows, len(head) + len(body), len(head) + plain))
            yield head + body
            at += len(head) + len(body)
        groups.append(struct([Field(1, "list of struct", chunks), Field(2, "i64", at - begun), Field(3, "i64", rows)]))
        first += rows
    footer = struct(
        [
            Field(1, "i32", 1),
            Field(2, "list of struct", [_root(len(columns)), *map(_element, columns)]),
            Field(3, "i64", count),
            Field(4, "list of struct", groups),
            Field(6, "binary", b"jupyter-mlws"),
        ]
    )
    yield footer + packing.pack("<I", len(footer)) + MAGIC


def _rows_from(columns: Sequence[Column], first: int, count: int) -> int:
    """How many rows a row group has that begins here: fewer where texts are long."""
    rows = min(ROWS, count - first)
    for column in columns:
        if TYPES[column.type][0] == BYTES:
            while rows > 1 and _BYTES_A_CHARACTER * _characters(column, first, rows) > MOST_PAGE:
                rows //= 2
    return rows


def _characters(column: Column, first: int, rows: int) -> int:
    return sum(len(value) for value in column.values[first : first + rows] if isinstance(value, str))


def _root(count: int) -> bytes:
    return struct([Field(4, "binary", b"schema"), Field(5, "i32", count)])


def _element(column: Column) -> bytes:
    kind, converted = TYPES[column.type]
    fields = [Field(1, "i32", kind), Field(3, "i32", 1), Field(4, "binary", column.name.encode())]
    return struct(fields if converted is None else [*fields, Field(6, "i32", converted)])


def _chunk(column: Column, at: int, rows: int, size: int, plain: int) -> bytes:
    facts = struct(
        [
            Field(1, "i32", TYPES[column.type][0]),
            Field(2, "list of i32", [PLAIN, RLE]),
            Field(3, "list of binary", [column.name.encode()]),
            Field(4, "i32", GZIP),
            Field(5, "i64", rows),
            Field(6, "i64", plain),
            Field(7, "i64", size),
            Field(9, "i64", at),
        ]
    )
    return struct([Field(2, "i64", at), Field(3, "struct", facts)])


def _page(column: Column, first: int, rows: int) -> tuple[bytes, bytes, int]:
    """The head of a page, its compressed body, and how long that is when it is not."""
    levels, values = _body(column, first, rows)
    body = packing.pack("<I", len(levels)) + levels + values
    pressed = _gzip(body)
    about = struct([Field(1, "i32", rows), Field(2, "i32", PLAIN), Field(3, "i32", RLE), Field(4, "i32", RLE)])
    head = struct(
        [Field(1, "i32", 0), Field(2, "i32", len(body)), Field(3, "i32", len(pressed)), Field(5, "struct", about)]
    )
    return head, pressed, len(body)


def _gzip(data: bytes) -> bytes:
    press = zlib.compressobj(1, zlib.DEFLATED, 31)
    return press.compress(data) + press.flush()


def _body(column: Column, first: int, rows: int) -> tuple[bytes, bytes]:
    """Which values are there, and these."""
    if isinstance(column.values, (bytes, bytearray, memoryview)):
        return varint(rows << 1) + b"\1", bytes(column.values[8 * first : 8 * (first + rows)])
    part = column.values[first : first + rows]
    there = [value for value in part if value is not None]
    if len(there) == rows:
        levels = varint(rows << 1) + b"\1"
    else:
        levels = varint((rows + 7) // 8 << 1 | 1) + _bits([value is not None for value in part])
    return levels, _encoded(column.type, there)


def _bits(flags: Sequence[bool]) -> bytes:
    number = int("".join("1" if flag else "0" for flag in reversed(flags)) or "0", 2)
    return number.to_bytes((len(flags) + 7) // 8, "little")


def _encoded(kind: str, values: list[Any]) -> bytes:
    if kind == "bool":
        return _bits(values)
    if kind == "int":
        return packing.pack(f"<{len(values)}q", *values)
    if kind == "float":
        return packing.pack(f"<{len(values)}d", *map(_number, values))
    texts = values if kind == "str" else [json.dumps(value, ensure_ascii=False) for value in values]
    encoded = [text.encode("utf-8", "replace") for text in texts]
    return b"".join(part for text in encoded for part in (packing.pack("<I", len(text)), text))


def _number(value: Any) -> float:
    return float(value)  # "NaN", "Infinity" and "-Infinity" too
