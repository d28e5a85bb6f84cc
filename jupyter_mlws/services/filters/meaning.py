"""From lark's tree to ours: which field a name means, and whether the value fits it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any as Anything
from typing import NoReturn

from lark import Token, Transformer, v_args
from lark.exceptions import VisitError

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.filters import ATTRIBUTES, All, Any, Comparison, Field, Filter, Not, OrderKey, Value
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidFilter
from jupyter_mlws.services.filters.parsing import pointing_at

__all__ = ["filter_of", "order_of"]

_KINDS = {
    "metric": "metric", "metrics": "metric",
    "param": "param", "params": "param", "parameter": "param", "parameters": "param",
    "tag": "tag", "tags": "tag",
    "attribute": "attribute", "attributes": "attribute", "attr": "attribute", "run": "attribute",
}  # fmt: skip
# The names of MLflow and of our own SDK for the same things.
_ALIASES = {
    "run_id": "id",
    "run_number": "number",
    "run_name": "name",
    "display_name": "name",
    "experiment_name": "experiment",
    "start_time": "started_at",
    "end_time": "ended_at",
    "user_id": "user",
    "duration": "duration_s",
    "target": "compute_target",
}
_SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ESCAPE = re.compile(r"\\(.)|''|\"\"", re.DOTALL)


def filter_of(tree: Anything, text: str) -> Filter:
    """The filter that lark's tree says."""
    result: Filter = _transform(tree, text, "filter")
    return result


def order_of(tree: Anything, text: str) -> tuple[OrderKey, ...]:
    """The order that lark's tree says."""
    result: tuple[OrderKey, ...] = _transform(tree, text, "order")
    return result


def _transform(tree: Anything, text: str, what: str) -> Anything:
    try:
        return _Meaning(text, what).transform(tree)
    except VisitError as error:
        if isinstance(error.orig_exc, InvalidFilter):
            raise error.orig_exc from None
        raise


class _Named:
    """A field and where its name stands."""

    def __init__(self, field: Field, first: Token, last: Token) -> None:
        self.field = field
        self.position = first.start_pos or 0
        self.length = (last.end_pos or 0) - self.position


class _Given:
    """A value and where it stands."""

    def __init__(self, value: Value, token: Token, last: Token | None = None) -> None:
        self.value = value
        self.position = token.start_pos or 0
        self.length = ((last or token).end_pos or 0) - self.position


@v_args(inline=True)
class _Meaning(Transformer[Token, Anything]):
    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self._text, self._what = text, what
        # One moment for the whole filter: `created_at > now - 7d and created_at < now` has no gap.
        self._now = now()

    # -- structure

    def filter(self, part: Filter) -> Filter:
        return part

    def either(self, *parts: Filter) -> Filter:
        return parts[0] if len(parts) == 1 else Any(parts)

    def both(self, *parts: Filter) -> Filter:
        return parts[0] if len(parts) == 1 else All(parts)

    def negated(self, part: Filter) -> Filter:
        return Not(part)

    def compare(self, named: _Named, operator: Token, given: _Given) -> Comparison:
        word = {"==": "=", "<>": "!="}.get(operator.lower(), operator.lower())
        return self._comparison(named, word, [given])

    def compare_not(self, named: _Named, like: Token, given: _Given) -> Comparison:
        return self._comparison(named, f"not {like.lower()}", [given])

    def one_of(self, named: _Named, *given: _Given) -> Comparison:
        return self._comparison(named, "in", given)

    def none_of(self, named: _Named, *given: _Given) -> Comparison:
        return self._comparison(named, "not in", given)

    def is_null(self, named: _Named) -> Comparison:
        return Comparison(named.field, "is null")

    def is_not_null(self, named: _Named) -> Comparison:
        return Comparison(named.field, "is not null")

    def order(self, *keys: OrderKey) -> tuple[OrderKey, ...]:
        return keys

    def key(self, named: _Named, direction: Token | None = None) -> OrderKey:
        return OrderKey(named.field, descending=direction is not None and direction.lower() == "desc")

    # -- names

    def plain_field(self, first: Token, *rest: Token) -> _Named:
        last = rest[-1] if rest else first
        kind = _KINDS.get(first.lower())
        if kind and rest:
            # As it was written: a metric's name may hold dots, and blanks beside them are not part of it.
            return _Named(self._field(kind, ".".join(rest), first, last), first, last)
        if rest:
            self._fail(
                first, f"there is no kind {str(first)!r}; write metrics., params., tags. or attributes. before the name"
            )
        return _Named(self._field("attribute", str(first), first, first), first, first)

    def quoted_field(self, first: Token, quoted: Token) -> _Named:
        kind = _KINDS.get(first.lower())
        if kind is None:
            self._fail(
                first, f"there is no kind {str(first)!r}; write metrics., params., tags. or attributes. before the name"
            )
        name = quoted[1:-1] if quoted.startswith("`") else _unquoted(quoted)
        return _Named(self._field(kind, name, first, quoted), first, quoted)

    def _fail_kind(self, token: Token) -> NoReturn:
        way = "write metrics., params., tags. or attributes. before the name"
        self._fail(token, f"there is no kind {str(token)!r}; {way}")

    def _field(self, kind: str, name: str, first: Token, last: Token) -> Field:
        if kind != "attribute":
            return Field(kind, name)
        known = _ALIASES.get(name.lower(), name.lower())
        if known in ATTRIBUTES:
            return Field("attribute", known)
        near = difflib.get_close_matches(known, [*ATTRIBUTES, *_ALIASES], 1)
        way = f"did you mean {near[0]}" if near else f"for a metric write metrics.{name}"
        token = last if first is not last else first
        return self._fail(token, f"a run has no attribute {name!r}; {way}")

    # -- values

    def number(self, token: Token) -> _Given:
        return _Given(float(token), token)

    def text(self, token: Token) -> _Given:
        return _Given(_unquoted(token), token)

    def now(self, token: Token) -> _Given:
        return _Given(self._now, token)

    def ago(self, token: Token, span: Token) -> _Given:
        digits, unit = span[1:-1].strip(), span[-1].lower()
        try:
            return _Given(self._now - timedelta(**{_SPANS[unit]: int(digits)}), token, span)
        except OverflowError:
            self._fail(span, "that is before the first year")

    # -- whether they fit

    def _comparison(self, named: _Named, operator: str, given: Sequence[_Given]) -> Comparison:
        field = named.field
        if "like" in operator and field.type != "text":
            self._fail_at(named, f"{field.name} is a {field.type}, which {operator!r} cannot look into")
        values = tuple(self._fitting(field, operator, each) for each in given)
        return Comparison(field, operator, values)

    def _fitting(self, field: Field, operator: str, given: _Given) -> Value:
        value, kind = given.value, field.type
        if kind == "time":
            return self._time(given)
        if isinstance(value, datetime):
            self._fail_at(given, f"{field.name} is no time")
        if kind == "number" and isinstance(value, str):
            self._fail_at(given, f"{field.name} is a number; write it without quotes")
        if kind == "text" and not isinstance(value, str) and (field.kind == "attribute" or "like" in operator):
            self._fail_at(given, f"{field.name} is text; write the value in quotes")
        if isinstance(value, str):
            self._check_text(given)
            if field == Field("attribute", "status") and "like" not in operator:
                return self._status(value, given)
        return value

    def _check_text(self, given: _Given) -> None:
        assert isinstance(given.value, str)
        if "\0" in given.value or any("\ud800" <= character <= "\udfff" for character in given.value):
            self._fail_at(given, "no value holds such a character")

    def _status(self, word: str, given: _Given) -> str:
        known = {status.value.lower(): status.value for status in RunStatus}
        if word.lower() in known:
            return known[word.lower()]
        near = difflib.get_close_matches(word.lower(), known, 1)
        return self._fail_at(
            given, f"did you mean {known[near[0]]}" if near else f"a run is one of {', '.join(known.values())}"
        )

    def _time(self, given: _Given) -> datetime:
        value = given.value
        if isinstance(value, datetime):
            return value
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
                moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
                return moment.astimezone(timezone.utc)
            except (ValueError, OverflowError):
                pass
        return self._fail_at(given, "a time is written '2026-11-21', '2026-11-21 09:30' (UTC) or now - 7d")

    def _fail(self, token: Token, sentence: str) -> NoReturn:
        raise pointing_at(self._text, token.start_pos or 0, len(token), sentence, self._what)

    def _fail_at(self, place: _Named | _Given, sentence: str) -> NoReturn:
        raise pointing_at(self._text, place.position, place.length, sentence, self._what)


def _unquoted(token: str) -> str:
    """The text of a quoted token: a quote is doubled or follows a backslash; other backslashes stand for themselves."""
    quote = token[0]

    def plain(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0] if match[0][0] == quote else match[0]
        # `\%` and `\_` keep their backslash: they mean something to LIKE.
        return match[1] if match[1] in "'\"\\" else match[0]

    return _ESCAPE.sub(plain, token[1:-1])
