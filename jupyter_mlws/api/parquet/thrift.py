"""Thrift's compact protocol, as far as the footer and the pages of a Parquet file need it.

A structure is a dict from the numbers of its fields to values: int, bool, bytes, list, dict. Who writes says with each
value what it is, for 4 and 8 bytes, and lists, are told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jupyter_mlws.api.parquet.allowance import Allowance
from jupyter_mlws.errors import CorruptData

__all__ = ["Field", "read_struct", "struct", "varint"]

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_KINDS = {"bool": _TRUE, "i32": _I32, "i64": _I64, "binary": _BINARY, "struct": _STRUCT}
_DEEPEST = 16
# A byte can stand for a structure of Python that takes a hundred.
_MOST_VALUES = 1_000_000


class Field(NamedTuple):
    """A field to be written.

    Attributes
    ----------
    number : int
    kind : str
        'bool', 'i32', 'i64', 'binary', 'struct', or 'list of ' and one of the last four.
    value : any
        Of a structure its bytes.
    """

    number: int
    kind: str
    value: Any


# -- writing


def varint(value: int) -> bytes:
    """A number that is not negative, seven bits a byte."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _zigzag(value: int) -> bytes:
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _plain(kind: str, value: Any) -> bytes:
    if kind in ("i32", "i64"):
        return _zigzag(value)
    if kind == "binary":
        return varint(len(value)) + bytes(value)
    return bytes(value)


def struct(fields: Sequence[Field]) -> bytes:
    """A structure; its fields in the order of their numbers."""
    out, before = bytearray(), 0
    for number, kind, value in fields:
        listed = kind.startswith("list of ")
        code = _LIST if listed else (_TRUE if value else _FALSE) if kind == "bool" else _KINDS[kind]
        out.append((number - before) << 4 | code)
        before = number
        if listed:
            out += _list(kind[len("list of ") :], value)
        elif kind != "bool":
            out += _plain(kind, value)
    out.append(0)
    return bytes(out)


def _list(kind: str, items: Sequence[Any]) -> bytes:
    code = _KINDS[kind]
    head = bytes((len(items) << 4 | code,)) if len(items) < 15 else bytes((0xF0 | code,)) + varint(len(items))
    return head + b"".join(_plain(kind, item) for item in items)


# -- reading; no byte is trusted


def _too_many() -> CorruptData:
    return CorruptData("The description of a table has too many parts.")


def read_struct(data: bytes, at: int = 0, most: int = _MOST_VALUES) -> tuple[dict[int, Any], int]:
    """The structure that begins at a place, and the place behind it; one of more than `most` values is refused.

    Raises
    ------
    CorruptData
        There is none.
    """
    try:
        return _struct(data, at, 0, Allowance(most, _too_many))
    except IndexError:
        raise CorruptData("A table's file ends in the middle of its own description.") from None


def _struct(data: bytes, at: int, depth: int, room: Allowance) -> tuple[dict[int, Any], int]:
    if depth > _DEEPEST:
        raise CorruptData("A table's file is nested too deeply.")
    found: dict[int, Any] = {}
    number = 0
    while head := data[at]:
        at += 1
        room.take(1)
        if head >> 4:
            number += head >> 4
        else:
            value, at = _varint(data, at)
            number = _signed(value)
        found[number], at = _value(data, at, head & 15, depth, room)
    return found, at + 1


def _value(data: bytes, at: int, kind: int, depth: int, room: Allowance) -> tuple[Any, int]:
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind == _BYTE:
        return data[at], at + 1
    if kind in (_I16, _I32, _I64):
        value, at = _varint(data, at)
        return _signed(value), at
    if kind == _DOUBLE:
        return data[at : at + 8], at + 8
    if kind == _BINARY:
        size, at = _varint(data, at)
        if at + size > len(data):
            raise IndexError
        return data[at : at + size], at + size
    if kind in (_LIST, _SET):
        return _listed(data, at, depth, room)
    if kind == _STRUCT:
        return _struct(data, at, depth + 1, room)
    raise CorruptData(f"A table's file has a field of the unknown kind {kind}.")


def _listed(data: bytes, at: int, depth: int, room: Allowance) -> tuple[list[Any], int]:
    if depth > _DEEPEST:
        raise CorruptData("A table's file is nested too deeply.")
    head = data[at]
    at += 1
    count, kind = head >> 4, head & 15
    if count == 15:
        count, at = _varint(data, at)
    if count > len(data) - at:  # each takes a byte at least
        raise IndexError
    room.take(count)
    items = []
    for _ in range(count):
        if kind in (_TRUE, _FALSE):  # in a list a byte says which
            item, at = data[at] == _TRUE, at + 1
        else:
            item, at = _value(data, at, kind, depth + 1, room)
        items.append(item)
    return items, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise CorruptData("A table's file has a number without an end.")


def _signed(value: int) -> int:
    return value >> 1 ^ -(value & 1)
