"""Points of many series on the wire, in blocks that are read while they arrive.

Layout, version 1: 8 bytes ``MLWSTAB1``, then blocks. A block is its header's length as uint32, 4 zero bytes, the header
(JSON in UTF-8, padded with spaces to a multiple of 8) and three columns of as many points as the header says, each
little-endian: step (int64), time (float64, unix seconds), value (float64). The header names the series of the points
in their order, ``[run's number, metric's name, points]``, and the ids of the runs. The last block says ``"end": true``;
bytes that end without it are not whole.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from jupyter_mlws.api.pieces import Pieces
from jupyter_mlws.errors import CorruptData

__all__ = ["MAGIC", "Block", "decode_blocks", "encode_block", "encode_end"]

MAGIC = b"MLWSTAB1"
_HEAD = struct.Struct("<II")


@dataclass(frozen=True)
class Block:
    """Some points, and whose they are.

    Attributes
    ----------
    series : sequence of (int, str, int)
        Run's number, metric's name and number of points, in the order of the points.
    runs : mapping of int to str
        Ids of the runs, by number.
    step, time, value : bytes or memoryview
        Little-endian int64, float64 and float64.
    """

    series: Sequence[tuple[int, str, int]]
    runs: Mapping[int, str]
    step: bytes | memoryview
    time: bytes | memoryview
    value: bytes | memoryview


def encode_block(block: Block) -> Iterator[bytes | memoryview]:
    """The wire form of a block, in pieces."""
    yield _encoded({"series": block.series, "runs": {str(number): run for number, run in block.runs.items()}})
    yield from (block.step, block.time, block.value)


def encode_end() -> bytes:
    """The block that says that all came."""
    return _encoded({"series": [], "runs": {}, "end": True})


def _encoded(header: Mapping[str, object]) -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return _HEAD.pack(len(text), 0) + text


def decode_blocks(chunks: Iterable[bytes | memoryview]) -> Iterator[Block]:
    """The blocks of bytes that arrive in pieces of any size.

    Raises
    ------
    CorruptData
        They are something else, or end too early.
    """
    source = Pieces(chunks, "The table of metrics")
    if source.take(len(MAGIC)) != MAGIC:
        raise CorruptData("The answer is not a table of metrics.")
    while True:
        length, _ = _HEAD.unpack(source.take(_HEAD.size))
        header = json.loads(bytes(source.take(length)))
        if header.get("end"):
            return
        series = [(number, name, count) for number, name, count in header["series"]]
        size = 8 * sum(count for _, _, count in series)
        runs = {int(number): run for number, run in header["runs"].items()}
        yield Block(series, runs, source.take(size), source.take(size), source.take(size))
