"""Event files of TensorBoard: records with checksums, and the few messages in them that concern metrics.

A file is a row of records: length (uint64), its checksum, the data, their checksum; little-endian, CRC-32C rotated and
shifted. The data of each is a message `Event` of Protocol Buffers. Only what is needed of these is read and written
here, so that nobody needs TensorFlow for it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from jupyter_mlws.runfolder.checksums import LEAST, crc32c
from jupyter_mlws.runfolder.journal_format import STEP_MAX, STEP_MIN
from jupyter_mlws.runfolder.protobuf import field, fields, signed, sized, varint_of, varints

__all__ = [
    "HEAD_BYTES",
    "TAIL_BYTES",
    "Event",
    "Scalars",
    "SummaryValue",
    "beginning",
    "checksum",
    "event",
    "event_of",
    "length_of",
    "record",
    "scalars_of",
    "summary_event",
    "time_of",
]

_HEAD = struct.Struct("<QI")
_TAIL = struct.Struct("<I")
HEAD_BYTES, TAIL_BYTES = _HEAD.size, _TAIL.size
_POLYNOMIAL, _ALL = 0x82F63B78, 0xFFFFFFFF
_VERSION = b"brain.Event:2"
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
# No number takes more bytes; and no event has more values: a run keeps no more names.
_LONGEST_NUMBER = 10
_MOST_VALUES = 10_000


def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ _POLYNOMIAL if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_CRC = _table()


def checksum(data: bytes) -> int:
    """The checksum of these bytes as it stands in a file: CRC-32C, rotated and shifted."""
    crc = crc32c(data, _CRC) if len(data) >= LEAST else None
    if crc is None:
        crc, table = _ALL, _CRC
        for byte in data:
            crc = crc >> 8 ^ table[(crc ^ byte) & 255]
        crc ^= _ALL
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & _ALL


def length_of(head: bytes) -> int | None:
    """How many bytes of data follow the head of a record; None where it is none."""
    length, expected = _HEAD.unpack(head)
    return int(length) if checksum(head[:8]) == expected else None


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


class SummaryValue(NamedTuple):
    """One value of an event.

    Attributes
    ----------
    tag, plugin : str
        What it is called, and which part of TensorBoard shows it.
    number : float or None
    kind : str
        Of what is no number: 'image', 'histogram', 'audio' or 'tensor'; see `jupyter_mlws.runfolder.tfvalues`.
    message : bytes
        The message that holds it.
    """

    tag: str
    plugin: str
    number: float | None
    kind: str
    message: bytes


class Event(NamedTuple):
    """The values of an event.

    Attributes
    ----------
    time : float
        Seconds since 1970.
    step : int
    values : list of SummaryValue
    """

    time: float
    step: int
    values: list[SummaryValue]


def event_of(data: bytes) -> Event | None:
    """The values of an event; None where it has none.

    Raises
    ------
    ValueError
        The message is damaged.
    """
    time, step, parts = 0.0, 0, []
    for number, value in fields(data):
        if number == 1 and isinstance(value, bytes):
            (time,) = struct.unpack("<d", sized(value, 8))
        elif number == 2 and isinstance(value, int):
            step = signed(value)
        elif number == 5 and isinstance(value, bytes):
            parts.append(value)
    summary = b"".join(parts)  # a message that comes in parts is their sum
    messages = [value for number, value in fields(summary) if number == 1 and isinstance(value, bytes)]
    if len(messages) > _MOST_VALUES:
        raise ValueError("too many values")
    found = [_value(message) for message in messages]
    found = [value for value in found if value.number is not None or value.kind]
    if not found:
        return None
    if not (0 <= time < _LATEST and STEP_MIN <= step <= STEP_MAX):
        raise ValueError("no time or no step")
    return Event(time, step, found)


def scalars_of(data: bytes) -> Scalars | None:
    """The numbers of an event; None where it has none.

    Raises
    ------
    ValueError
        The message is damaged.
    """
    event = event_of(data)
    found = [] if event is None else [(v.tag, v.number) for v in event.values if v.number is not None]
    return Scalars(event.time, event.step, found) if event is not None and found else None


def time_of(data: bytes) -> float | None:
    """When an event was written, seconds since 1970; None where it does not say, or is damaged."""
    try:
        found = [value for number, value in fields(data) if number == 1 and isinstance(value, bytes)]
    except ValueError:
        return None
    time = struct.unpack("<d", found[0])[0] if found and len(found[0]) == 8 else 0.0
    return float(time) if 0 < time < _LATEST else None


_MESSAGES = {4: "image", 5: "histogram", 6: "audio", 8: "tensor"}


def _value(data: bytes) -> SummaryValue:
    tag, plugin, number, kind, message = "", b"", None, "", b""
    for at, found in fields(data):
        if not isinstance(found, bytes):
            continue
        if at == 1:
            tag = found.decode("utf-8")
        elif at == 2:
            (number,) = struct.unpack("<f", sized(found, 4))
        elif at in _MESSAGES:
            kind, message = _MESSAGES[at], found
        elif at == 9:
            plugin = _plugin(found)
    if kind == "tensor" and number is None and plugin in (b"", _SCALARS):
        number, kind = _only_number(message), ""
    return SummaryValue(tag, plugin.decode("utf-8", "replace"), number, kind if number is None else "", message)


def _plugin(metadata: bytes) -> bytes:
    """Which plugin of TensorBoard a value is for."""
    for number, part in fields(metadata):
        if number == 1 and isinstance(part, bytes):
            return next((name for at, name in fields(part) if at == 1 and isinstance(name, bytes)), b"")
    return b""


def _only_number(tensor: bytes) -> float | None:
    """The number of a tensor that holds just one."""
    kind, content, found = 0, b"", []
    for number, part in fields(tensor):
        if number == 1 and isinstance(part, int):
            kind = part
        elif number == 4 and isinstance(part, bytes):
            content = part
        elif isinstance(part, bytes) and number in (_FLOATS, _DOUBLES, *_INTEGERS) and len(part) > _LONGEST_NUMBER:
            return None
        elif number == _FLOATS and isinstance(part, bytes):
            found += [value for (value,) in struct.iter_unpack("<f", part)] if len(part) % 4 == 0 else []
        elif number == _DOUBLES and isinstance(part, bytes):
            found += [value for (value,) in struct.iter_unpack("<d", part)] if len(part) % 8 == 0 else []
        elif number in _INTEGERS:
            found += [float(signed(each)) for each in ([part] if isinstance(part, int) else varints(part))]
    if content and kind in _PACKED and len(content) == struct.calcsize(_PACKED[kind]):
        found = [float(struct.unpack(_PACKED[kind], content)[0])]
    return found[0] if len(found) == 1 else None


# -- writing


def record(data: bytes) -> bytes:
    """The record that holds these data."""
    length = struct.pack("<Q", len(data))
    return length + _TAIL.pack(checksum(length)) + data + _TAIL.pack(checksum(data))


def beginning(time: float) -> bytes:
    """The record that begins a file."""
    return record(b"\x09" + struct.pack("<d", time) + field(3, _VERSION))


def event(time: float, step: int, values: Sequence[tuple[str, float]]) -> bytes:
    """The record of these values, as numbers of 32 bits: all that every version of TensorBoard shows."""
    parts = [field(1, tag.encode()) + b"\x15" + _float32(value) for tag, value in values]
    return record(summary_event(time, step, parts))


def summary_event(time: float, step: int, parts: Sequence[bytes]) -> bytes:
    """The data of an event with these values, each a message of its own."""
    summary = b"".join(field(1, part) for part in parts)
    return b"\x09" + struct.pack("<d", time) + b"\x10" + varint_of(step) + field(5, summary)


def _float32(value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except OverflowError:  # too large for it
        return struct.pack("<f", float("inf") if value > 0 else float("-inf"))
