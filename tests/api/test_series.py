"""The wire form of a series: in pieces of any size, as it came."""

from __future__ import annotations

import copy
import pickle
from array import array

import numpy as np
import pytest

from jupyter_mlws.api.series import decode_many, decode_series, encode_series
from jupyter_mlws.errors import CorruptData

LONG, SHORT = 30_000, 5


def encoded(points: int) -> list[bytes | memoryview]:
    columns = {name: np.arange(points) + i for i, name in enumerate(("step", "time", "value"))}
    return encode_series("loss", points + 7, {k: v.astype("<f8").view(np.uint8).data for k, v in columns.items()})


@pytest.mark.parametrize("size", [1, 7, 64, 100_000, 10_000_000])
@pytest.mark.parametrize("points", [0, SHORT, LONG])
def test_a_series_comes_in_pieces_of_any_size(points: int, size: int) -> None:
    whole = b"".join(encoded(points))
    series = decode_series(*(whole[i : i + size] for i in range(0, len(whole), size)))
    assert (series.name, series.count, series.points) == ("loss", points + 7, points)
    assert series.step.tolist() == list(range(points))
    assert series.columns["value"].tolist() == series.value.tolist() == list(range(2, points + 2))


def test_a_short_series_is_one_piece_and_the_columns_of_a_long_one_are_not_copied() -> None:
    assert len(encoded(SHORT)) == 1
    pieces = encoded(LONG)
    series = decode_series(*pieces)
    assert np.shares_memory(series.value, np.frombuffer(pieces[-1], np.uint8))


@pytest.mark.parametrize("points", [SHORT, LONG])
def test_what_was_read_may_be_changed(points: int) -> None:
    for series in (decode_series(*encoded(points)), decode_series(b"".join(encoded(points)))):
        series.value[0] = 42.0
        assert series.value[0] == 42.0
        assert isinstance(series.columns["value"], array)


def test_a_series_goes_to_another_process() -> None:
    series = decode_series(*encoded(SHORT))
    for other in (pickle.loads(pickle.dumps(series)), copy.deepcopy(series)):
        assert (other.name, other.count, other.columns) == (series.name, series.count, series.columns)


def test_several_stand_one_behind_the_other() -> None:
    found = decode_many(b"".join([*encoded(SHORT), *encoded(LONG), *encoded(0)]))
    assert [series.points for series in found] == [SHORT, LONG, 0]
    assert decode_many(b"") == []


@pytest.mark.parametrize("left", [0, 4, 20, 90, -1])
def test_a_series_that_ends_too_early_is_told(left: int) -> None:
    whole = b"".join(encoded(SHORT))
    with pytest.raises(CorruptData, match="ends in the middle"):
        decode_series(whole[:left])


def test_something_else_is_no_series() -> None:
    with pytest.raises(CorruptData, match="not a metric series"):
        decode_series(b"<!doctype html>")
