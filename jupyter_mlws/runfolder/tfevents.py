"""Event files of TensorBoard: records with checksums, and the few messages in them that concern metrics.

A file is a row of records: length (uint64), its checksum, the data, their checksum; little-endian, CRC-32C rotated and
shifted. The data of each is a message `Event` of Protocol Buffers. Only what is needed of these is read and written
here, so that nobody needs TensorFlow for it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from jupyter_mlws.runfolder.journal_format import STEP_MAX, STEP_MIN

__all__ = [
    "HEAD_BYTES",
    "TAIL_BYTES",
    "Scalars",
    "beginning",
    "checksum",
    "event",
    "is_whole",
    "length_of",
    "record",
    "scalars_of",
    "time_of",
]

_HEAD = struct.Struct("<QI")
_TAIL = struct.Struct("<I")
HEAD_BYTES, TAIL_BYTES = _HEAD.size, _TAIL.size
_POLYNOMIAL, _ALL = 0x82F63B78, 0xFFFFFFFF
_VERSION = b"brain.Event:2"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SCALARS = b"scalars"
# Of a tensor: its type, how one number of it is packed, and the field that holds numbers that are not packed so.
_PACKED = {
    1: "<f",
    2: "<d",
    3: "<i",
    4: "<B",
    5: "<h",
    6: "<b",
    9: "<q",
    10: "<?",
    17: "<H",
    19: "<e",
    22: "<I",
    23: "<Q",
}
_FLOATS, _DOUBLES, _INTEGERS = 5, 6, (7, 10, 11, 16, 17)
_LATEST = 1e11


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ _POLYNOMIAL if value & 1 else value >> 1
        table.append(value)
    return table


_CRC = _table()


def checksum(data: bytes) -> int:
    """The checksum of these bytes as it stands in a file."""
    crc, table = _ALL, _CRC
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    crc ^= _ALL
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & _ALL


def length_of(head: bytes) -> int | None:
    """How many bytes of data follow the head of a record; None where it is none."""
    length, expected = _HEAD.unpack(head)
    return int(length) if checksum(head[:8]) == expected else None


def is_whole(data: bytes, tail: bytes) -> bool:
    """Whether the data of a record are those that were written."""
    return checksum(data) == int.from_bytes(tail, "little")


class Scalars(NamedTuple):
    """The numbers of an event.

    Attributes
    ----------
    time : float
        Seconds since 1970.
    step : int
    values : list of (str, float)
        Tags and values. What is no number is left out.
    """

    time: float
    step: int
    values: list[tuple[str, float]]


def scalars_of(data: bytes) -> Scalars | None:
    """The numbers of an event; None where it has none.

    Raises
    ------
    ValueError
        The message is damaged.
    """
    time, step, parts = 0.0, 0, []
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            (time,) = struct.unpack("<d", _sized(value, 8))
        elif number == 2 and isinstance(value, int):
            step = _signed(value)
        elif number == 5 and isinstance(value, bytes):
            parts.append(value)
    summary = b"".join(parts)  # a message that comes in parts is their sum
    if not summary:
        return None
    values = [_scalar(value) for number, value in _fields(summary) if number == 1 and isinstance(value, bytes)]
    found = [value for value in values if value is not None]
    if not found:
        return None
    if not (0 <= time < _LATEST and STEP_MIN <= step <= STEP_MAX):
        raise ValueError("no time or no step")
    return Scalars(time, step, found)


def time_of(data: bytes) -> float | None:
    """When an event was written, seconds since 1970; None where it does not say, or is damaged."""
    try:
        found = [value for number, value in _fields(data) if number == 1 and isinstance(value, bytes)]
    except ValueError:
        return None
    time = struct.unpack("<d", found[0])[0] if found and len(found[0]) == 8 else 0.0
    return float(time) if 0 < time < _LATEST else None


def _scalar(data: bytes) -> tuple[str, float] | None:
    tag, plugin, value, tensor = "", b"", None, b""
    for number, field in _fields(data):
        if not isinstance(field, bytes):
            continue
        if number == 1:
            tag = field.decode("utf-8")
        elif number == 2:
            (value,) = struct.unpack("<f", _sized(field, 4))
        elif number == 8:
            tensor = field
        elif number == 9:
            plugin = _plugin(field)
    if value is None and tensor and plugin in (b"", _SCALARS):
        value = _only_number(tensor)
    return None if value is None else (tag, value)


def _plugin(metadata: bytes) -> bytes:
    """Which plugin of TensorBoard a value is for."""
    for number, field in _fields(metadata):
        if number == 1 and isinstance(field, bytes):
            return next((name for at, name in _fields(field) if at == 1 and isinstance(name, bytes)), b"")
    return b""


def _only_number(tensor: bytes) -> float | None:
    """The number of a tensor that holds just one."""
    kind, content, found = 0, b"", []
    for number, field in _fields(tensor):
        if number == 1 and isinstance(field, int):
            kind = field
        elif number == 4 and isinstance(field, bytes):
            content = field
        elif number == _FLOATS and isinstance(field, bytes):
            found += [value for (value,) in struct.iter_unpack("<f", field)] if len(field) % 4 == 0 else []
        elif number == _DOUBLES and isinstance(field, bytes):
            found += [value for (value,) in struct.iter_unpack("<d", field)] if len(field) % 8 == 0 else []
        elif number in _INTEGERS:
            found += [float(_signed(each)) for each in ([field] if isinstance(field, int) else _varints(field))]
    if content and kind in _PACKED and len(content) == struct.calcsize(_PACKED[kind]):
        found = [float(struct.unpack(_PACKED[kind], content)[0])]
    return found[0] if len(found) == 1 else None


# -- Protocol Buffers


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message in their order: a number, or bytes where it has a length or a fixed size."""
    at, end = 0, len(data)
    while at < end:
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


def _varints(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def _sized(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ValueError("a number of an odd size")
    return data


# -- writing


def record(data: bytes) -> bytes:
    """The record that holds these data."""
    length = struct.pack("<Q", len(data))
    return length + _TAIL.pack(checksum(length)) + data + _TAIL.pack(checksum(data))


def beginning(time: float) -> bytes:
    """The record that begins a file."""
    return record(b"\x09" + struct.pack("<d", time) + _field(3, _VERSION))


def event(time: float, step: int, values: Sequence[tuple[str, float]]) -> bytes:
    """The record of these values, as numbers of 32 bits: all that every version of TensorBoard shows."""
    summary = b"".join(_field(1, _field(1, tag.encode()) + b"\x15" + _float32(value)) for tag, value in values)
    return record(b"\x09" + struct.pack("<d", time) + b"\x10" + _varint_of(step) + _field(5, summary))


def _float32(value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except OverflowError:  # too large for it
        return struct.pack("<f", float("inf") if value > 0 else float("-inf"))


def _field(number: int, data: bytes) -> bytes:
    return bytes((number << 3 | _BYTES,)) + _varint_of(len(data)) + data


def _varint_of(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
