"""What event files of TensorBoard hold beside numbers: pictures, histograms, texts and sounds, read and written.

TensorFlow 2 and PyTorch write them in different ways, as messages of their own and as tensors that a plugin shows; both
are read, and what is written every version of TensorBoard shows.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from jupyter_mlws.runfolder.protobuf import field, fields, sized, varint_of
from jupyter_mlws.runfolder.tfevents import SummaryValue

__all__ = ["MAX_BINS", "Found", "audio_part", "histogram_part", "image_part", "text_part", "values_in"]

MAX_BINS = 1_000
_MAX_TEXT = 1_000_000
# Edges and counts of a histogram as its writer has them.
_MAX_NUMBERS = 300_000
_FLOAT, _DOUBLE, _STRING = 1, 2, 7
_TEXT_MARK = "/text_summary"  # PyTorch's, behind the tag of a text


class Found(NamedTuple):
    """A value.

    Attributes
    ----------
    tag : str
    kind : str
        'image', 'histogram', 'text' or 'audio'.
    value : bytes or any
        Of a picture and a sound its file, else what is logged of it.
    """

    tag: str
    kind: str
    value: Any


def values_in(said: SummaryValue) -> list[Found]:
    """What a value that is no number holds; nothing where it is of a kind that nobody here knows.

    Raises
    ------
    ValueError
        It is damaged, or too long.
    """
    if said.kind == "image":
        return [Found(said.tag, "image", _bytes_at(said.message, 4))]
    if said.kind == "audio":
        return [Found(said.tag, "audio", _bytes_at(said.message, 4))]
    if said.kind == "histogram":
        return [Found(said.tag, "histogram", _histogram(said.message))]
    if said.kind == "tensor":
        return _of_tensor(said)
    return []


def _bytes_at(message: bytes, number: int) -> bytes:
    for at, value in fields(message):
        if at == number and isinstance(value, bytes):
            return value
    raise ValueError("nothing in it")


def _of_tensor(said: SummaryValue) -> list[Found]:
    if said.plugin == "text":
        text = "\n".join(part.decode("utf-8", "replace") for part in _tensor(said.message).texts)
        if len(text) > _MAX_TEXT:
            raise ValueError("a text that is too long")
        return [Found(said.tag.removesuffix(_TEXT_MARK), "text", {"text": text.replace("\0", "\ufffd")})]
    if said.plugin == "images":  # width, height, and each of the pictures
        return [Found(said.tag, "image", data) for data in _tensor(said.message).texts[2:]]
    if said.plugin == "audio":  # each with a label
        return [Found(said.tag, "audio", data) for data in _tensor(said.message).texts[::2]]
    if said.plugin == "histograms":
        bins = _tensor(said.message).numbers
        rows = [bins[i : i + 3] for i in range(0, len(bins) - 2, 3)]
        edges = [row[0] for row in rows[:1]] + [row[1] for row in rows]
        return [Found(said.tag, "histogram", _binned(edges, [row[2] for row in rows]))]
    return []


class _Tensor(NamedTuple):
    numbers: list[float]
    texts: list[bytes]


def _tensor(message: bytes) -> _Tensor:
    kind, content, numbers, texts = 0, b"", list[float](), list[bytes]()
    for at, value in fields(message):
        if at == 1 and isinstance(value, int):
            kind = value
        elif not isinstance(value, bytes):
            continue
        elif at == 4:
            content = value
        elif at == 5:
            numbers += _floats("f", value)
        elif at == 6:
            numbers += _floats("d", value)
        elif at == 8:
            texts.append(value)
    if content and kind in (_FLOAT, _DOUBLE):
        numbers = _floats("f" if kind == _FLOAT else "d", content)
    return _Tensor(numbers, texts)


def _floats(form: str, data: bytes) -> list[float]:
    size = struct.calcsize(form)
    if len(data) % size or len(data) // size > _MAX_NUMBERS:
        raise ValueError("numbers of an odd size, or too many of them")
    return list(struct.unpack(f"<{len(data) // size}{form}", data))


def _histogram(message: bytes) -> dict[str, Any]:
    """Of right edges and what lies below each; the first and the last one end where the values do."""
    low = high = math.nan
    limits, counts = list[float](), list[float]()
    for at, value in fields(message):
        if not isinstance(value, bytes):
            continue
        if at == 1:
            (low,) = struct.unpack("<d", sized(value, 8))
        elif at == 2:
            (high,) = struct.unpack("<d", sized(value, 8))
        elif at == 6:
            limits += _floats("d", value)
        elif at == 7:
            counts += _floats("d", value)
    if len(limits) != len(counts):
        raise ValueError("not as many edges as counts")
    filled = [i for i, count in enumerate(counts) if count]
    if not filled:
        raise ValueError("nothing in it")
    first, last = filled[0], filled[-1]
    edges = [max(low, limits[first - 1]) if first else low, *limits[first:last], min(high, limits[last])]
    return _binned(edges, counts[first : last + 1])


def _binned(edges: Sequence[float], counts: Sequence[float]) -> dict[str, Any]:
    """A histogram whose edges rise, with no more bins than are kept: those side by side are put together."""
    if not counts or not all(map(math.isfinite, (*edges, *counts))) or min(counts) < 0:
        raise ValueError("no histogram")
    width = -(-len(counts) // MAX_BINS)
    found_edges, found_counts, left = [edges[0]], list[float](), 0.0
    for i, count in enumerate(counts, 1):
        left += count
        if (i % width == 0 or i == len(counts)) and edges[i] > found_edges[-1]:
            found_edges.append(edges[i])
            found_counts.append(left)
            left = 0.0
    if not found_counts:  # all of one value
        margin = max(abs(edges[0]) * 1e-6, 0.5)
        return {"edges": [edges[0] - margin, edges[0] + margin], "counts": [_whole(left)]}
    found_counts[-1] += left
    return {"edges": found_edges, "counts": [_whole(count) for count in found_counts]}


def _whole(count: float) -> float:
    return int(count) if count.is_integer() else count


# -- writing


def image_part(tag: str, data: bytes, width: int, height: int) -> bytes:
    """A picture as a value of an event."""
    image = b"\x08" + varint_of(height) + b"\x10" + varint_of(width) + b"\x18\x03" + field(4, data)
    return field(1, tag.encode()) + field(4, image)


def audio_part(tag: str, data: bytes, media_type: str, sample_rate: int, channels: int, frames: int) -> bytes:
    """A sound as a value of an event."""
    audio = b"\x0d" + struct.pack("<f", float(sample_rate)) + b"\x10" + varint_of(channels)
    audio += b"\x18" + varint_of(frames) + field(4, data) + field(5, media_type.encode())
    return field(1, tag.encode()) + field(6, audio)


def histogram_part(tag: str, edges: Sequence[float], counts: Sequence[float]) -> bytes:
    """A histogram as a value of an event; its moments are those of the middles of its bins."""
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    total = sum(counts)
    mean = sum(count * middle for count, middle in zip(counts, middles, strict=True))
    squares = sum(count * middle * middle for count, middle in zip(counts, middles, strict=True))
    facts = (edges[0], edges[-1], total, mean, squares)
    histogram = b"".join(bytes((i << 3 | 1,)) + struct.pack("<d", fact) for i, fact in enumerate(facts, 1))
    # An empty bin in front says where the first one begins.
    limits, buckets = [*edges], [0.0, *counts]
    for at, numbers in ((6, limits), (7, buckets)):
        histogram += field(at, struct.pack(f"<{len(numbers)}d", *numbers))
    return field(1, tag.encode()) + field(5, histogram)


def text_part(tag: str, text: str) -> bytes:
    """A text as a value of an event."""
    tensor = b"\x08\x07" + field(2, field(2, b"\x08\x01")) + field(8, text.encode("utf-8", "replace"))
    metadata = field(1, field(1, b"text"))
    return field(1, tag.encode()) + field(8, tensor) + field(9, metadata)
