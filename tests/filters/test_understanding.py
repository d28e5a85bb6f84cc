"""The filter language as it is understood: what people write, and what they are told when it makes no sense."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.filters import All, Any, Comparison, Field, Not, OrderKey
from jupyter_mlws.errors import InvalidFilter, TooLarge
from jupyter_mlws.services.filters import parse_filter, parse_order

ACC = Field("metric", "acc")
LR = Field("param", "lr")
STATUS = Field("attribute", "status")


def number(value: float) -> Comparison:
    return Comparison(Field("attribute", "number"), "=", (float(value),))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("metrics.acc > 0.9", Comparison(ACC, ">", (0.9,))),
        ("metric.acc>=-1e-3", Comparison(ACC, ">=", (-0.001,))),
        ("metrics.acc <= inf", Comparison(ACC, "<=", (float("inf"),))),
        ("metrics.acc == 1", Comparison(ACC, "=", (1.0,))),
        ("metrics.acc <> 1", Comparison(ACC, "!=", (1.0,))),
        ("METRICS.acc > 1 AND Params.lr = '0.1'", All((Comparison(ACC, ">", (1.0,)), Comparison(LR, "=", ("0.1",))))),
        ("params.lr = 0.1", Comparison(LR, "=", (0.1,))),
        ("params.lr in ('a', 2)", Comparison(LR, "in", ("a", 2.0))),
        ("params.lr not in ('a')", Comparison(LR, "not in", ("a",))),
        ("tags.`my owner` like 'A%'", Comparison(Field("tag", "my owner"), "like", ("A%",))),
        ('tags."my owner" not ilike \'a_\'', Comparison(Field("tag", "my owner"), "not ilike", ("a_",))),
        ("tags.owner = 'it''s'", Comparison(Field("tag", "owner"), "=", ("it's",))),
        (r"tags.owner = 'it\'s a \\'", Comparison(Field("tag", "owner"), "=", ("it's a \\",))),
        (r"tags.owner like '50\%'", Comparison(Field("tag", "owner"), "like", (r"50\%",))),
        ("metrics.val/loss.mean is null", Comparison(Field("metric", "val/loss.mean"), "is null")),
        ("metrics.and is not null", Comparison(Field("metric", "and"), "is not null")),
        ("status = 'running'", Comparison(STATUS, "=", ("Running",))),
        ("attributes.run_name = 'x'", Comparison(Field("attribute", "name"), "=", ("x",))),
        ("not status = 'Failed'", Not(Comparison(STATUS, "=", ("Failed",)))),
        ("number = 1 or number = 2 and number = 3", Any((number(1), All((number(2), number(3)))))),
        ("(number = 1 or number = 2) and number = 3", All((Any((number(1), number(2))), number(3)))),
        ("(number = 1)", number(1)),
        ("created_at > '2026-11-21'",
         Comparison(Field("attribute", "created_at"), ">", (datetime(2026, 11, 21, tzinfo=timezone.utc),))),
        ("created_at > '2026-11-21T10:00+02:00'",
         Comparison(Field("attribute", "created_at"), ">", (datetime(2026, 11, 21, 8, tzinfo=timezone.utc),))),
    ],
)  # fmt: skip
def test_what_is_written_is_what_is_meant(text, meaning):
    assert parse_filter(text) == meaning


def test_now_is_one_moment_and_spans_go_back_from_it():
    both = parse_filter("created_at > now - 7d and ended_at < now")
    (since,), (until,) = both.parts[0].values, both.parts[1].values
    assert until - since == timedelta(days=7)
    assert timedelta(0) <= now() - until < timedelta(seconds=5)


def test_an_order_has_keys_and_directions():
    assert parse_order("metrics.acc DESC, created_at") == (
        OrderKey(ACC, descending=True),
        OrderKey(Field("attribute", "created_at")),
    )


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [
        ("metrics.acc >> 0.9", ">", "a value such as 0.9 or 'text' is expected"),
        ("status = ", "", "a value such as"),
        ("status = Running", "Running", "text stands in quotes, 'Running'"),
        ("status = 'Runing'", "'Runing'", "did you mean Running"),
        ("status = 'x'", "'x'", "a run is one of NotStarted"),
        ("metrics.acc > 1 and", "", "a name such as metrics.acc"),
        ("acc > 1", "acc", "for a metric write metrics.acc"),
        ("statsu = 'x'", "statsu", "did you mean status"),
        ("metric.acc > '0.9'", "'0.9'", "acc is a number; write it without quotes"),
        ("name = 5", "5", "name is text; write the value in quotes"),
        ("x.y = 1", "x", "there is no kind 'x'"),
        ("tags.a = 'x", "'x", "the quote is not closed"),
        ("metrics.acc > 1)", ")", "the end is expected"),
        ("(metrics.acc > 1", "", "')' or ','"),
        ("created_at > 'yesterday'", "'yesterday'", "a time is written"),
        ("number like 'x'", "number", "'like' cannot look into"),
        ("metrics.acc = now", "now", "acc is no time"),
        ("tags.a = 'x\0y'", "'x\0y'", "no value holds such a character"),
        ("%", "%", "a name such as"),
        ("", "", "a name such as"),
        ("metrics.acc > 1; DROP TABLE runs", ";", "the end"),
        ("run.name.__class__.__base__.__subclasses__()", "", ""),
    ],
)
def test_a_mistake_is_pointed_at(text, word, said):
    with pytest.raises(InvalidFilter) as caught:
        parse_filter(text)
    error = caught.value
    assert said in error.message
    start, length = error.details["position"], error.details["length"]
    if word:
        assert text[start : start + length] == word
        assert f"⟪{word}⟫" in error.hint


def test_an_order_that_makes_no_sense_is_pointed_at():
    with pytest.raises(InvalidFilter, match="'asc' or 'desc' is expected"):
        parse_order("metrics.acc down")
    with pytest.raises(InvalidFilter, match="at most 4"):
        parse_order(", ".join(["number"] * 5))


@pytest.mark.parametrize("text", ["(" * 500 + "number = 1" + ")" * 500, "not " * 500 + "number = 1"])
def test_O05_what_is_nested_too_deep_is_refused(text):
    with pytest.raises(InvalidFilter, match="nests more than"):
        parse_filter(text)


def test_O01_what_is_too_long_is_refused():
    with pytest.raises(TooLarge):
        parse_filter("number = 1" + " " * 50_000)


def refusal(parse: Callable[[str], object], text: str) -> InvalidFilter | None:
    """What is said against a text; any other error than ours fails the test."""
    try:
        parse(text)
    except InvalidFilter as error:
        return error
    return None


@given(st.text(max_size=80))
def test_D08_any_text_is_understood_or_refused_in_words(text):
    for parse in (parse_filter, parse_order):
        refused = refusal(parse, text)
        assert refused is None or refused.message


_WORDS = """metrics.acc params.lr tags.x status number name created_at ( ) and or not in like ilike is null = != < > <=
 >= , 0.9 -1 'x' '%' now now-7d "q" `b` . desc asc"""


@given(st.lists(st.sampled_from(_WORDS.split()), max_size=14).map(" ".join))
def test_D08_any_row_of_its_own_words_is_understood_or_refused_at_a_place(text):
    refused = refusal(parse_filter, text)
    assert refused is None or 0 <= refused.details.get("position", 0) <= len(text)
