"""Many points as few bytes, format version 1.

A pack holds three columns of as many numbers: steps (int64), times and values (float64). Its bytes begin with the
sizes of the three columns in bytes, each a little-endian uint32; the columns follow. A column begins with a byte that
says how it is kept:

0   as it is: little-endian words of 8 bytes.
1   the first word and a difference, both int64: each word is the one before plus that.
2   its words in planes.
3   the first word and the least difference, both int64, and in planes by how much more than that each word differs from
    the one before it; 0 in the place of the first.

Words are the numbers' bits, so that every NaN comes back; differences are taken modulo 2**64. The planes are eight:
the lowest bytes of all words, then the next ones, and so on. A plane begins with a byte that says how it is kept:
0, one byte that all of it is; 1, as it is; 2, a uint32 and so many bytes of zlib.

Points of a training have steps that differ by one, times that differ by little, and values whose last bits are noise
that nothing shrinks: it is kept as it is, which costs no time either.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from jupyter_mlws.errors import CorruptData

__all__ = ["FORMAT", "pack", "unpack"]

FORMAT = 1
_SIZES = struct.Struct("<III")
_SIZE = struct.Struct("<I")
_TWO = struct.Struct("<qq")
_PLAIN, _EVEN, _PLANES, _DIFFERENCES = range(4)
_CONSTANT, _AS_IT_IS, _ZLIB = range(3)
_WORD = 8
# A plane is worth compressing where its bytes have less than so many bits each; a sample of it tells.
_WORTH_BITS = 7.4
_SAMPLE = 4096
# Differences have to make so many planes empty, for taking them apart and adding them up again costs time.
_WORTH_PLANES = 2

Words = NDArray[np.int64]
Column = NDArray[np.int64] | NDArray[np.float64]


def pack(step: NDArray[np.int64], time: NDArray[np.float64], value: NDArray[np.float64]) -> bytes:
    """The columns, which are of one length, as few bytes."""
    columns = [_packed(_words(column)) for column in (step, time, value)]
    return _SIZES.pack(*map(len, columns)) + b"".join(columns)


def unpack(data: bytes, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Steps, times and values of a pack of `count` points, or `CorruptData`."""
    try:
        sizes = _SIZES.unpack_from(data)
        if _SIZES.size + sum(sizes) != len(data):
            raise ValueError("its size is another")
        view, columns = memoryview(data)[_SIZES.size :], []
        for size in sizes:
            columns.append(_unpacked(view[:size], count))
            view = view[size:]
    except (ValueError, IndexError, struct.error, zlib.error) as error:
        raise CorruptData(f"Points of a metric are damaged in the database ({error}).") from error
    step, time, value = columns
    return step, time.view(np.float64), value.view(np.float64)


def _words(column: Column) -> Words:
    return np.ascontiguousarray(column).astype(column.dtype.newbyteorder("<"), copy=False).view("<i8")


def _packed(words: Words) -> bytes:
    if not len(words):
        return bytes([_PLAIN])
    # Over the largest number they go on from the smallest: the sum comes out right again.
    steps = np.diff(words, prepend=words[:1])
    if len(words) > 1 and (steps[1:] == steps[1]).all():
        return bytes([_EVEN]) + _TWO.pack(int(words[0]), int(steps[1]))
    least = int(steps[1:].min()) if len(steps) > 1 else 0
    beyond = steps - np.int64(least)
    beyond[0] = 0
    if _varying(beyond) + _WORTH_PLANES <= _varying(words):
        return bytes([_DIFFERENCES]) + _TWO.pack(int(words[0]), least) + b"".join(_planes(beyond))
    found = b"".join(_planes(words))
    if len(found) < words.nbytes:
        return bytes([_PLANES]) + found
    return bytes([_PLAIN]) + words.tobytes()


def _varying(words: Words) -> int:
    """How many planes are not of one byte."""
    # With keepdims as mypy does not see the plain form in what numpy 2.5 says of its types.
    differ = np.bitwise_or.reduce(words ^ words[0], keepdims=True).item() & (2**64 - 1)
    return sum(bool(differ >> 8 * i & 0xFF) for i in range(_WORD))


def _planes(words: Words) -> Iterator[bytes]:
    for plane in np.ascontiguousarray(words.view(np.uint8).reshape(-1, _WORD).T):
        if (plane == plane[0]).all():
            yield bytes([_CONSTANT, int(plane[0])])
            continue
        if _bits(plane) < _WORTH_BITS:
            small = zlib.compress(plane.tobytes(), 1)
            if len(small) + _SIZE.size < len(plane):
                yield bytes([_ZLIB]) + _SIZE.pack(len(small)) + small
                continue
        yield bytes([_AS_IT_IS]) + plane.tobytes()


def _bits(plane: NDArray[np.uint8]) -> float:
    """About how many bits the bytes of a plane have each, by how often they occur."""
    sample = plane[:: max(1, len(plane) // _SAMPLE)]
    often = np.bincount(sample, minlength=256)
    share = often[often > 0] / len(sample)
    return float(-(share * np.log2(share)).sum())


def _unpacked(data: memoryview, count: int) -> Words:
    kind, data = data[0], data[1:]
    if kind == _PLAIN:
        words = np.frombuffer(data, "<i8")
        if len(words) != count:
            raise ValueError("a column is too short")
        return words
    if kind == _PLANES:
        return _from_planes(data, count)
    first, step = _TWO.unpack_from(data)
    with np.errstate(over="ignore"):
        if kind == _EVEN:
            words = np.arange(count, dtype="<i8")
            words *= np.int64(step)
            words += np.int64(first)
            return words
        if kind == _DIFFERENCES:
            words = _from_planes(data[_TWO.size :], count)
            words += np.int64(step)
            words[:1] = first
            return np.cumsum(words, out=words)
    raise ValueError(f"a column is of kind {kind}")


def _from_planes(data: memoryview, count: int) -> Words:
    common, planes = 0, {}  # the bytes that are the same in all words, and those that are not
    for i in range(_WORD):
        kind = data[0]
        if kind == _CONSTANT:
            common |= data[1] << 8 * i
            data = data[2:]
        elif kind == _AS_IT_IS:
            planes[i], data = np.frombuffer(data[1 : 1 + count], np.uint8), data[1 + count :]
        elif kind == _ZLIB:
            (size,) = _SIZE.unpack_from(data, 1)
            start = 1 + _SIZE.size
            plane, data = zlib.decompressobj().decompress(data[start : start + size], count or 1), data[start + size :]
            planes[i] = np.frombuffer(plane, np.uint8)
        else:
            raise ValueError(f"a plane is of kind {kind}")
    if len(data):
        raise ValueError("a column is too long")
    words = np.full(count, common, "<u8").view("<i8")
    by_byte = words.view(np.uint8).reshape(count, _WORD)
    for i, column in planes.items():
        by_byte[:, i] = column
    return words
