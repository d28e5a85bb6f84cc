"""Messages of Protocol Buffers, field by field, for who knows what they mean."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["field", "fields", "signed", "sized", "varint_of", "varints"]

# Of one message: reading more of them takes seconds, in which whoever follows the runs does nothing else.
_MOST_FIELDS = 1_000_000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message in their order: a number, or bytes where it has a length or a fixed size."""
    at, end, left = 0, len(data), _MOST_FIELDS
    while at < end:
        left -= 1
        if left < 0:
            raise ValueError("too many fields")
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if at + size > end:
            raise ValueError("a field ends behind its message")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number without an end")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def varints(data: bytes) -> Iterator[int]:
    """Numbers that are packed into one field."""
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def signed(value: int) -> int:
    """A number as one with a sign."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def sized(data: bytes, size: int) -> bytes:
    """The bytes, if they are so many."""
    if len(data) != size:
        raise ValueError("a number of an odd size")
    return data


def field(number: int, data: bytes) -> bytes:
    """A field that has a length: text, bytes or a message."""
    return bytes((number << 3 | _BYTES,)) + varint_of(len(data)) + data


def varint_of(value: int) -> bytes:
    """A number as it is written, seven bits a byte."""
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
