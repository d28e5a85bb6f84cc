"""Filters and orders asked of the database give what the reference evaluator gives, for anything that can be asked."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlws.domain.filters import ATTRIBUTES, All, Comparison, Field, Not, OrderKey
from jupyter_mlws.domain.filters import Any as Either
from jupyter_mlws.store import run_lists
from jupyter_mlws.store.runs import count_runs, find_numbers, fitting, page_runs

from .conftest import MOMENTS, NUMBERS, STATUSES, TEXTS, Known, World
from .reference import holds, in_order

SAME_WORLD = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
_finite = st.sampled_from([each for each in NUMBERS if each == each])
_texts = st.sampled_from([*TEXTS, "%a%", "_", "a\\%%", "[", "*", "\\", "A%", "%\\"])
fields = st.one_of(
    st.builds(Field, st.just("metric"), st.sampled_from(["acc", "loss", "none"])),
    st.builds(Field, st.just("param"), st.sampled_from(["lr", "depth", "none"])),
    st.builds(Field, st.just("tag"), st.sampled_from(["owner", "team"])),
    st.builds(Field, st.just("attribute"), st.sampled_from(sorted(set(ATTRIBUTES) - {"id"}))),
)


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    field = draw(fields)
    kinds = {"number": _finite, "text": _texts, "time": st.sampled_from(MOMENTS)}
    values = kinds[field.type]
    if field == Field("attribute", "status"):
        values = st.sampled_from(STATUSES)
    elif field == Field("attribute", "number"):
        values = st.integers(0, 62).map(float) | st.just(5.5)
    elif field.type == "text" and field.kind != "attribute":
        values = st.one_of(_texts, _finite)
    operators = ["=", "!=", "<", "<=", ">", ">=", "in", "not in", "is null", "is not null"]
    if field.type == "text":
        operators += ["like", "not like", "ilike", "not ilike"]
    operator = draw(st.sampled_from(operators))
    if "null" in operator:
        return Comparison(field, operator)
    if "like" in operator:
        return Comparison(field, operator, (draw(_texts),))
    count = draw(st.integers(1, 3)) if "in" in operator.split() else 1
    return Comparison(field, operator, tuple(draw(values) for _ in range(count)))


def _both(parts: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(All, several) | st.builds(Either, several) | st.builds(Not, parts)


filters = st.recursive(comparisons(), _both, max_leaves=6)
orders = st.lists(st.builds(OrderKey, fields, st.booleans()), min_size=1, max_size=3).map(tuple)


# How many runs are few enough to be collected by an index: none, so that every other way is gone; some; all.
fews = st.sampled_from([0, 8, 1000])


def numbers(world: World, few: int, **asked: object) -> list[int]:
    """All pages of an answer, one after the other."""
    found: list[int] = []
    cursor = None
    with world.store.read() as c, pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_lists, "_few", lambda *_: few)
        while True:
            page = page_runs(c, cursor=cursor, **asked)
            found += [run.number for run in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found


@SAME_WORLD
@given(wanted=filters, few=fews, limit=st.sampled_from([25, 1000]))
def test_a_filter_finds_what_it_says(world: World, wanted, few, limit):
    expected = [run.number for run in reversed(world.runs) if holds(wanted, run)]
    assert numbers(world, few, wanted=wanted, limit=limit) == expected
    with world.store.read() as c:
        assert find_numbers(c, wanted=wanted) == sorted(expected)


@SAME_WORLD
@given(wanted=filters, few=fews, limit=st.sampled_from([7, 1000]))
def test_a_list_for_what_lies_below_finds_the_runs_above_it(families: World, wanted, few, limit):
    def is_meant(run: Known) -> bool:
        return holds(wanted, run) or any(map(is_meant, run.below))

    asked = {"wanted": wanted, "for_those_below": True}
    expected = [run.number for run in reversed(families.runs) if is_meant(run)]
    assert numbers(families, few, limit=limit, **asked) == expected
    itself = {run.number for run in families.runs if holds(wanted, run)}
    with families.store.read() as c, pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_lists, "_few", lambda *_: few)
        assert count_runs(c, **asked) == len(expected)
        assert fitting(c, expected, wanted=wanted) == itself


@SAME_WORLD
@given(order=orders, wanted=st.none() | filters, few=fews, limit=st.sampled_from([1, 7, 100]))
def test_an_order_is_kept_over_all_pages(world: World, order, wanted, few, limit):
    expected = in_order(order, [run for run in world.runs if wanted is None or holds(wanted, run)])
    limit = limit if len(expected) < 12 * limit else 7
    assert numbers(world, few, order=order, wanted=wanted, limit=limit) == expected
