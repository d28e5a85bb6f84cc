"""What may be logged, and how the rest is answered."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder.journal_value import number, whole_step


class Scalar:
    """As a tensor of one element is."""

    ndim = 1
    shape = (1,)

    def __repr__(self) -> str:
        return "Scalar"

    def __float__(self) -> float:
        raise AssertionError("asked the outdated way")

    def item(self) -> float:
        return 2.5


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (True, 1.0),
        (2**60, 2.0**60),
        (Decimal("0.5"), 0.5),
        (Fraction(1, 4), 0.25),
        (np.float32(0.5), 0.5),
        (np.float64(0.5), 0.5),
        (np.int8(-3), -3.0),
        (np.bool_(True), 1.0),
        (np.array(2.5), 2.5),
        (np.array([2.5]), 2.5),
        (np.array([[2]]), 2.0),
        (Scalar(), 2.5),
    ],
    ids=repr,
)
def test_whatever_is_one_number_is_taken(value, expected):
    assert number("x", value) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0.5", ["a str", "float()"]),
        (np.str_("0.5"), ["numpy.str_", "float()"]),
        (b"1", ["a bytes", "float()"]),
        (None, ["None", "float('nan')"]),
        ([1.0], ["a list", "one by one"]),
        ({"a": 1}, ["a dict", "log_metrics()"]),
        (np.array([1.0, 2.0]), ["numpy.ndarray of shape (2,)", "mean()"]),
        (np.array([]), ["shape (0,)"]),
        (1j, ["a complex"]),
        (len, ["builtin_function_or_method", "Call it"]),
        (object(), ["a object"]),
        (Decimal("sNaN"), ["decimal.Decimal"]),
        (10**400, ["too large", "logarithm"]),
        (-(10**400), ["too large"]),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_number_is_answered_with_metric_type_and_way_out(value, words):
    with pytest.raises(InvalidInput) as caught:
        number("val loss", value)
    assert "'val loss'" in str(caught.value)
    for word in words:
        assert word in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("step", [0, 5, -7, True, np.int64(9), np.uint8(3), 2**63 - 1, -(2**63) + 1], ids=repr)
def test_a_step_is_any_whole_number(step):
    assert whole_step(step) == int(step)


@pytest.mark.parametrize("step", [1.0, "1", np.float64(2), [1], 2**63, -(2**63), 10**30], ids=repr)
def test_a_step_that_is_no_whole_number_is_answered(step):
    with pytest.raises(InvalidInput, match="step"):
        whole_step(step)
