"""What a filter and an order mean, in plain Python over plain values: the oracle for SQL."""

from __future__ import annotations

import math
import re
from functools import cmp_to_key
from typing import Any

from jupyter_mlws.domain.filters import All, Comparison, Field, Filter, Not, OrderKey
from jupyter_mlws.domain.filters import Any as Either

from .conftest import Known

# Deliberately not the pattern of the program: what reads as a decimal number of an ordinary size.
_DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d\d?)?", re.ASCII | re.IGNORECASE)


def holds(wanted: Filter, run: Known) -> bool:
    if isinstance(wanted, All):
        return all(holds(part, run) for part in wanted.parts)
    if isinstance(wanted, Either):
        return any(holds(part, run) for part in wanted.parts)
    if isinstance(wanted, Not):
        return not holds(wanted.part, run)
    return _compare(wanted, run)


def value_of(field: Field, run: Known) -> Any:
    where = {"metric": run.metrics, "param": run.params, "tag": run.tags, "attribute": run.attributes}[field.kind]
    return where.get(field.name)


def _compare(wanted: Comparison, run: Known) -> bool:
    value = value_of(wanted.field, run)
    absent = value is None or (value == "" and wanted.field.kind == "attribute")
    if wanted.operator == "is null":
        return absent
    if wanted.operator == "is not null":
        return not absent
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return False
    if wanted.operator.startswith("not "):
        positive = Comparison(wanted.field, wanted.operator[4:], wanted.values)
        return not any(_is(positive.operator, value, each) for each in wanted.values)
    return any(_is(wanted.operator, value, each) for each in wanted.values)


def _is(operator: str, value: Any, other: Any) -> bool:
    if isinstance(value, str) and isinstance(other, float):
        if not _DECIMAL.fullmatch(value):
            return operator == "!="
        value = float(value)
    if operator in ("like", "ilike"):
        return _like(value, other, folded=operator == "ilike")
    if operator in ("=", "in"):
        return bool(value == other)
    if operator == "!=":
        return bool(value != other)
    before, same = value < other, value == other
    return bool({"<": before, "<=": before or same, ">": not before and not same, ">=": not before}[operator])


def _like(text: str, pattern: str, *, folded: bool) -> bool:
    parts = []
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            parts.append(".*")
        elif character == "_":
            parts.append(".")
        elif character == "\\":
            parts.append(re.escape(next(characters, "\\")))
        else:
            parts.append(re.escape(character))
    flags = re.DOTALL | (re.IGNORECASE | re.ASCII if folded else re.NOFLAG)
    if folded:
        text, whole = _ascii_lower(text), _ascii_lower("".join(parts))
        return re.fullmatch(whole, text, re.DOTALL) is not None
    return re.fullmatch("".join(parts), text, flags) is not None


def _ascii_lower(text: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def in_order(order: tuple[OrderKey, ...], runs: list[Known]) -> list[int]:
    def compare(one: Known, other: Known) -> int:
        for key in order:
            a, b = (value_of(key.field, run) for run in (one, other))
            a, b = (None if isinstance(each, float) and math.isnan(each) else each for each in (a, b))
            if (a is None) != (b is None):
                return 1 if a is None else -1
            if a != b:
                return (1 if a > b else -1) * (-1 if key.descending else 1)
        return (one.number - other.number) * (-1 if order[0].descending else 1)

    return [run.number for run in sorted(runs, key=cmp_to_key(compare))]
