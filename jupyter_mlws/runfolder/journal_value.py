"""What may be logged: numbers, of any library; anything else is answered in one sentence."""

from __future__ import annotations

import operator

from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder.journal_format import STEP_MAX, STEP_MIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["number", "whole_step"]


def number(name: object, value: Any) -> float:
    """`value` as a float.

    Whatever calls itself a number is taken: bool, int, Decimal, Fraction, scalars and arrays of one element of
    numpy, torch and others. NaN and infinities are numbers.

    Raises
    ------
    InvalidInput
        Text, nothing, a collection, or an integer that no float can hold.
    """
    kind = type(value)
    if kind is int or kind is bool:
        return _whole_number(name, value)
    if isinstance(value, (str, bytes, bytearray)) or not (hasattr(kind, "__float__") or hasattr(kind, "__index__")):
        raise _no_number(name, value)
    try:
        # numpy finds float() of an array of one element outdated; item() is what all libraries offer for that.
        return float(value.item() if getattr(value, "ndim", 0) else value)
    except OverflowError:
        return _whole_number(name, operator.index(value))
    except (TypeError, ValueError, RuntimeError):
        raise _no_number(name, value) from None


def _whole_number(name: object, value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InvalidInput(
            f"Metric {name!r} was given an integer that is too large for a float.", hint="Log its logarithm."
        ) from None


def _no_number(name: object, value: Any) -> InvalidInput:
    if not isinstance(name, str):  # what is wrong first is told first
        from jupyter_mlws.domain.names import check_metric_name

        check_metric_name(name)
    kind = type(value)
    shown = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    sentence = f"Metric {name!r} was given a {shown}, which is not one number."
    if value is None:
        sentence = f"Metric {name!r} was given None, which is not a number."
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        sentence = f"Metric {name!r} was given a {shown} of shape {tuple(map(int, shape))}, which is not one number."
    return InvalidInput(sentence, hint=_way_out(value))


def _way_out(value: Any) -> str:
    if isinstance(value, (str, bytes)):
        return "Convert it with float(), or use a tag for text."
    if value is None:
        return "Use float('nan') for a value that is missing."
    if isinstance(value, dict):
        return "Use log_metrics() for several metrics at once."
    if callable(value):
        return "Call it first."
    if hasattr(value, "__iter__"):
        return "Log its mean(), or its items one by one."
    if hasattr(value, "value"):  # an enum's member
        return "Log its .value, if that is a number."
    return "Give a number; float('nan') stands for a value that is missing."


def whole_step(step: Any) -> int:
    """`step` as an integer that a record can hold, or `InvalidInput`."""
    try:
        number = operator.index(step)
    except TypeError:
        text = isinstance(step, str) and not step.strip().isdigit()
        raise InvalidInput(
            f"A step must be a whole number, not {type(step).__name__} ({step!r:.40}).",
            hint="A description is given as description=..." if text else "Use int(step).",
        ) from None
    if not STEP_MIN <= number <= STEP_MAX:
        raise InvalidInput(f"The step {number:.3e} is out of range.", hint="A step has at most 63 bits.")
    return number
