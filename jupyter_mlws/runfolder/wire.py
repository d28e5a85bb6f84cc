"""JSON for the files of a run folder, without the price of ``import json``.

The `json` package costs 8 ms at import (regular expressions, enums) and the agent stands between a submit and the
script's first line. Its two C functions are all that is needed here; where an interpreter lacks them the package
itself is used. Text is written in ASCII, so lone surrogates (file names and variables that are no UTF-8) cross as
they are.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["dumps", "loads"]

_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class _Reading:
    """How the scanner reads: as `json.JSONDecoder` would."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = _NUMBERS.__getitem__
    memo: dict[str, str] = {}  # noqa: RUF012 - the scanner asks for the attribute and clears it


def _refuse(value: object) -> Any:
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _quick() -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    from _json import encode_basestring_ascii, make_encoder, make_scanner

    scan = make_scanner(_Reading())  # type: ignore[arg-type]
    encode = make_encoder(None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, True)

    def load(text: str) -> Any:
        text = text.strip(" \t\r\n")
        try:
            value, end = scan(text, 0)
        except (StopIteration, SystemError, ValueError):  # the scanner cannot name a mistake without the package
            return _plain()[0](text)
        if end != len(text):
            raise ValueError("more than one JSON value")
        return value

    return load, lambda value: "".join(encode(value, 0))


def _plain() -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    import json

    return json.loads, lambda value: json.dumps(value, separators=(",", ":"))


try:
    _load, _dump = _quick()
except (ImportError, TypeError):  # another implementation of Python, or a changed signature
    _load, _dump = _plain()


def loads(data: bytes) -> Any:
    """The value of a JSON text in UTF-8; `ValueError` for anything else."""
    try:
        return _load(data.decode("utf-8", "surrogatepass"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: Any) -> bytes:
    """A value as compact JSON in ASCII."""
    return _dump(value).encode("ascii")
