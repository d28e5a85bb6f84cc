"""From text to the tree, with errors that point at the word."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlws.domain.filters import Filter, OrderKey
from jupyter_mlws.errors import InvalidFilter, TooLarge

if TYPE_CHECKING:
    from lark import Lark
    from lark.exceptions import UnexpectedInput

__all__ = ["MAX_DEPTH", "MAX_ORDER_KEYS", "MAX_TEXT", "parse_filter", "parse_order"]

MAX_TEXT = 10_000
MAX_DEPTH = 50
MAX_ORDER_KEYS = 4

# What the grammar's terminals are called in a sentence, in the order in which they are offered.
_SPOKEN = {
    "WORD": "a name such as metrics.acc, params.lr, tags.owner or status",
    "OPERATOR": "a comparison such as = or >",
    "NUMBER": "a value such as 0.9 or 'text'",
    "_AND": "'and', 'or' or the end",
    "DIRECTION": "'asc' or 'desc'",
    "RPAR": "')' or ','",
    "$END": "the end",
}


def parse_filter(text: str) -> Filter:
    """Understand a filter of runs.

    Parameters
    ----------
    text : str
        Such as ``metrics.acc > 0.9 and params.lr = '0.1' and not tags.owner like 'a%'``. See ``docs/filters.md``.

    Raises
    ------
    InvalidFilter
        The message names the word that cannot be understood, `details` say where it stands.
    TooLarge
        More than `MAX_TEXT` characters.
    """
    from jupyter_mlws.services.filters.meaning import filter_of

    return filter_of(_parsed(text, "filter"), text)


def parse_order(text: str) -> tuple[OrderKey, ...]:
    """Understand an order such as ``metrics.acc desc, created_at``; raises as `parse_filter` does."""
    from jupyter_mlws.services.filters.meaning import order_of

    keys = order_of(_parsed(text, "order"), text)
    if len(keys) > MAX_ORDER_KEYS:
        raise InvalidFilter(f"An order of {len(keys)} keys is too long.", hint=f"Name at most {MAX_ORDER_KEYS}.")
    return keys


def _parsed(text: str, start: str) -> object:
    from lark.exceptions import UnexpectedInput

    if len(text) > MAX_TEXT:
        raise TooLarge(f"The {start} has {len(text):,} characters; {MAX_TEXT:,} are the limit.", hint="Shorten it.")
    _check_depth(text)
    try:
        return _parser().parse(text, start=start)
    except UnexpectedInput as error:
        raise _at(error, text, start) from None


def _check_depth(text: str) -> None:
    # Before anything recursive meets it; parentheses inside quotes count too, which harms nobody.
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH or text.lower().count("not") > 4 * MAX_DEPTH:
        raise InvalidFilter(f"The filter nests more than {MAX_DEPTH} levels deep.", hint="Write it flatter.")


@cache
def _parser() -> Lark:
    # Imported here because only a filter needs it (25 ms).
    from lark import Lark

    grammar = Path(__file__).with_name("runs.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", start=["filter", "order"], propagate_positions=True)


def _at(error: UnexpectedInput, text: str, what: str) -> InvalidFilter:
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    position: int | None = len(text)
    expected: set[str] = set()
    if isinstance(error, UnexpectedToken):
        expected = set(error.expected)
        if error.token.type != "$END":
            position = error.token.start_pos
    elif isinstance(error, UnexpectedCharacters):
        expected = set(error.allowed or ())
        position = error.pos_in_stream
    position = position or 0
    length = _word_at(text, position)
    return pointing_at(text, position, length, _sentence(expected, text[position : position + length], what), what)


def _sentence(expected: set[str], word: str, what: str) -> str:
    if "STRING" in expected and word[:1] in ("'", '"'):
        return "the quote is not closed"
    if "STRING" in expected and word[:1].isalpha():
        return f"text stands in quotes, '{word}'"
    if what == "order" and word and "WORD" not in expected:
        return _SPOKEN["DIRECTION"] + " is expected"
    spoken = [words for name, words in _SPOKEN.items() if name in expected]
    return f"{spoken[0]} is expected" if spoken else "it does not belong there"


def _word_at(text: str, position: int) -> int:
    """Length of the word that begins at `position`."""
    end = position
    while end < len(text) and not text[end].isspace() and text[end] not in "()," and end - position < 40:
        end += 1
    return max(end - position, min(1, len(text) - position))


def pointing_at(text: str, position: int, length: int, sentence: str, what: str = "filter") -> InvalidFilter:
    """The error for a word of a filter: what is wrong with it, and the text around it with the word marked."""
    word = text[position : position + length]
    place = f"at {word!r} (character {position + 1})" if word else "at its end"
    before, after = text[max(0, position - 40) : position], text[position + length : position + length + 20]
    return InvalidFilter(
        f"The {what} cannot be understood {place}: {sentence}.",
        hint=f"Look here: {before}⟪{word}⟫{after}",
        details={"position": position, "length": length, "text": text[:200]},
    )
