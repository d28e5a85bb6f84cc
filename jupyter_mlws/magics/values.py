"""Values of options: sizes, durations, parameters and the grid of a sweep."""

from __future__ import annotations

import itertools
import math
import re

from jupyter_mlws.domain.sizes import parse_size
from jupyter_mlws.errors import TooLarge, UsageError

__all__ = ["assignment", "count", "duration", "grid", "size", "sweep_axis"]

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")
_SECONDS = (86400, 3600, 60, 1)
_LOG = re.compile(r"log\((.*)\)", re.DOTALL)
SWEEP_LIMIT = 100


def size(option: str, text: str) -> int:
    """``256M`` or ``1.5GiB`` in bytes; units are powers of 1024."""
    found = parse_size(text)
    if found is None:
        raise UsageError(f"{option} cannot be {text!r}.", hint="Give a size such as 256M or 2G.")
    return found


def duration(option: str, text: str) -> float:
    """``90s``, ``2h``, ``1h30m`` or plain seconds."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise UsageError(f"{option} cannot be {text!r}.", hint="Give a duration such as 90s, 30m or 2h.")
    return sum(float(part) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True) if part)


def count(option: str, text: str, least: int = 1) -> int:
    """A whole number of at least `least`."""
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise UsageError(f"{option} cannot be {text!r}.", hint=f"Give a whole number from {least} on.")
    return number


def assignment(option: str, text: str) -> tuple[str, str]:
    """``key=value`` as a pair."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"{option} needs name=value, not {text!r}.", hint=f"For example {option} lr=0.1")
    return key, value


def sweep_axis(text: str) -> tuple[str, list[str]]:
    """``k=1,2,3`` or ``k=log(1e-4,1e-1,5)`` as a name and its values."""
    key, listed = assignment("--sweep", text)
    match = _LOG.fullmatch(listed.strip())
    values = _log_values(text, match[1]) if match else _listed(listed)
    if not values or any(value == "" for value in values):
        raise UsageError(f"--sweep {text} names an empty value.", hint=f"For example --sweep {key}=1,2,3")
    return key, values


def _listed(text: str) -> list[str]:
    """Values between commas; brackets and quotes keep their commas."""
    values, depth, quote, start = [], 0, "", 0
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and depth == 0:
            values.append(text[start:at].strip())
            start = at + 1
    return [*values, text[start:].strip()]


def _log_values(text: str, inside: str) -> list[str]:
    try:
        first, last, number = inside.split(",")
        low, high, points = float(first), float(last), int(number)
        good = 0 < low < math.inf and 0 < high < math.inf and points >= 1
    except ValueError:
        good, low, high, points = False, 1.0, 1.0, 1
    if not good:
        raise UsageError(f"--sweep {text} is not understood.", hint="Give log(first, last, count), all above zero.")
    if points > 10_000:
        raise TooLarge(f"--sweep {text} has {points:,} values.", hint="Take fewer.")
    ratio = math.log(high / low)
    return [f"{low * math.exp(ratio * i / max(points - 1, 1)):.12g}" for i in range(points)]


def grid(axes: list[tuple[str, list[str]]], most: int | None) -> tuple[dict[str, str], ...]:
    """Every combination of the axes, the last one moving fastest.

    Raises
    ------
    TooLarge
        More than `most` combinations (100 when it is not given).
    """
    if not axes:
        return ()
    names = [key for key, _ in axes]
    twice = next((key for key in names if names.count(key) > 1), None)
    if twice is not None:
        raise UsageError(f"--sweep names {twice} twice.", hint=f"Put all its values into one: --sweep {twice}=1,2,3")
    total = math.prod(len(values) for _, values in axes)
    limit = SWEEP_LIMIT if most is None else most
    if total > limit:
        raise TooLarge(f"The sweep has {total:,} runs, more than {limit:,}.", hint=f"Add --max {total} if you mean it.")
    return tuple(dict(zip(names, values, strict=True)) for values in itertools.product(*(values for _, values in axes)))
