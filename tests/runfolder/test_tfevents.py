"""Event files of TensorBoard, by the byte."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlws.runfolder import tfevents

# What tf.summary.scalar("loss", 0.5, step=3) of TensorFlow 2 writes: a tensor, and the plugin that it is for.
OF_TENSORFLOW_2 = (
    b"\x09" + struct.pack("<d", 1.5) + b"\x10\x03"
    b"\x2a\x28\x0a\x26\x0a\x04loss"
    b"\x42\x0a\x08\x01\x12\x00\x22\x04" + struct.pack("<f", 0.5) + b"\x4a\x12\x0a\x09\x0a\x07scalars\x12\x05about"
)
TAGS = st.text(min_size=1, max_size=30)


def data_of(record: bytes) -> bytes:
    length = tfevents.length_of(record[: tfevents.HEAD_BYTES])
    assert length == len(record) - tfevents.HEAD_BYTES - tfevents.TAIL_BYTES
    data, tail = record[tfevents.HEAD_BYTES : -tfevents.TAIL_BYTES], record[-tfevents.TAIL_BYTES :]
    assert tfevents.checksum(data) == int.from_bytes(tail, "little")
    return data


@pytest.mark.parametrize("size", [16_384, 16_385, 70_000])
def test_the_checksum_of_much_is_that_of_its_bytes_one_by_one(size, monkeypatch):
    data = bytes(i * i % 251 for i in range(size))
    quick = tfevents.checksum(data)
    monkeypatch.setattr(tfevents, "LEAST", size + 1)
    assert tfevents.checksum(data) == quick


def test_the_checksum_is_that_of_the_standard():
    # The check value of CRC-32C for these digits is 0xE3069283, here rotated and shifted.
    assert tfevents.checksum(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF


@given(
    st.floats(0, 1e10),
    st.integers(-(2**62), 2**62),
    st.lists(st.tuples(TAGS, st.floats(width=32)), min_size=1, max_size=5),
)
def test_what_is_written_is_what_is_read(time, step, values):
    found = tfevents.scalars_of(data_of(tfevents.event(time, step, values)))
    assert found is not None
    assert (found.time, found.step) == (time, step)
    assert [tag for tag, _ in found.values] == [tag for tag, _ in values]
    for (_, got), (_, put) in zip(found.values, values, strict=True):
        assert got == put or (math.isnan(got) and math.isnan(put))


def test_a_number_that_32_bits_cannot_hold_becomes_infinite():
    found = tfevents.scalars_of(data_of(tfevents.event(0, 0, [("a", 1e300), ("b", -1e300)])))
    assert found is not None
    assert found.values == [("a", math.inf), ("b", -math.inf)]


def test_scalars_of_tensorflow_2_are_tensors():
    assert tfevents.scalars_of(OF_TENSORFLOW_2) == tfevents.Scalars(1.5, 3, [("loss", 0.5)])


@pytest.mark.parametrize(
    ("tensor", "value"),
    [
        (b"\x08\x01\x2d" + struct.pack("<f", 0.5), 0.5),
        (b"\x08\x01\x2a\x04" + struct.pack("<f", 0.5), 0.5),
        (b"\x08\x02\x32\x08" + struct.pack("<d", 0.1), 0.1),
        (b"\x08\x03\x3a\x01\x07", 7.0),
        (b"\x08\x09\x22\x08" + struct.pack("<q", -7), -7.0),
        (b"\x08\x13\x22\x02" + struct.pack("<e", 0.5), 0.5),
        (b"\x08\x01\x22\x08" + struct.pack("<ff", 1, 2), None),
        (b"\x08\x07\x42\x02hi", None),
    ],
)
def test_a_tensor_is_a_number_where_it_holds_just_one(tensor, value):
    data = b"\x0a\x01t\x42" + bytes((len(tensor),)) + tensor
    found = tfevents.scalars_of(b"\x2a" + bytes((len(data) + 2,)) + b"\x0a" + bytes((len(data),)) + data)
    assert (found.values if found else None) == (None if value is None else [("t", value)])


def test_the_beginning_of_a_file_has_no_numbers():
    assert tfevents.scalars_of(data_of(tfevents.beginning(1.0))) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_understood_or_refused(data):
    try:
        tfevents.scalars_of(data)
    except ValueError:
        pass


@given(st.integers(0, len(OF_TENSORFLOW_2) - 1), st.integers(0, 255))
def test_a_changed_byte_is_understood_or_refused(at, byte):
    try:
        tfevents.scalars_of(OF_TENSORFLOW_2[:at] + bytes((byte,)) + OF_TENSORFLOW_2[at + 1 :])
    except ValueError:
        pass
