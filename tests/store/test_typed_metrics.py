"""Metrics that are more than numbers: each value once, in order, and as it was."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from points import points

from jupyter_mlws.domain.metric import MetricValue
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import Conflict, NotFound
from jupyter_mlws.store import Store, changes, metrics, typed_metrics
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store.typed_metrics import CHUNK_BYTES, CHUNK_VALUES, NewValue

RUN = Callable[..., Run]
AT = datetime(2026, 11, 21, 12, 30, 0, 123456, tzinfo=timezone.utc)


def value(value: Any, *, name: str = "progress", kind: str = "row", **facts: Any) -> NewValue:
    return NewValue(name=name, type=kind, at=AT, value=value, **facts)


def append(store: Store, run: Run, *values: NewValue, start: int = 0, stream: str = "values/1", size: int = 10) -> int:
    with store.write() as c:
        return typed_metrics.append_values(c, run.id, stream, start, start + size, values)


def read(store: Store, run: Run, name: str = "progress", **how: Any) -> list[MetricValue]:
    with store.read() as c:
        return list(typed_metrics.read_values(c, run.id, name, **how).items)


def warnings(store: Store, run: Run) -> tuple[str, ...]:
    with store.read() as c:
        return store_runs.get_run(c, run.id).warnings


def test_values_come_back_in_order_with_all_that_was_said(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, value({"a": 1, "b": [True, None, "é\0"]}, step=3, description="first"), value({"a": 2}))
    append(store, run, value({"a": 3}), start=10)
    assert read(store, run) == [
        MetricValue(index=0, type="row", at=AT, step=3, description="first", value={"a": 1, "b": [True, None, "é\0"]}),
        MetricValue(index=1, type="row", at=AT, value={"a": 2}),
        MetricValue(index=2, type="row", at=AT, value={"a": 3}),
    ]
    with store.read() as c:
        [listed] = typed_metrics.page_typed(c, run.id, 10, None).items
    assert (listed.name, listed.type, listed.count) == ("progress", "row", 3)
    assert listed.updated_at - AT > timedelta(0) or listed.updated_at.tzinfo is not None


def test_numbers_that_json_lacks_are_kept_by_name(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, value([1.5, math.nan, math.inf, -math.inf], kind="list"))
    assert [item.value for item in read(store, run)] == [[1.5, "NaN", "Infinity", "-Infinity"]]


def test_half_a_character_does_not_lose_the_rest(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, value({"text": "a\ud800b"}))
    assert [item.value for item in read(store, run)] == [{"text": "a?b"}]


def test_the_same_batch_again_changes_nothing_and_a_gap_is_refused(store: Store, submit: RUN) -> None:
    run = submit()
    assert append(store, run, value(1), value(2)) == 2
    assert append(store, run, value(1), value(2)) == 0
    with pytest.raises(Conflict, match="goes on at 10"):
        append(store, run, value(3), start=20)
    assert [item.value for item in read(store, run)] == [1, 2]
    with store.read() as c:
        assert metrics.offsets(c, run.id) == {"values/1": 10}


def test_values_and_offset_are_one_step(store: Store, submit: RUN) -> None:
    run = submit()
    with pytest.raises(ZeroDivisionError), store.write() as c:
        typed_metrics.append_values(c, run.id, "values/1", 0, 5, [value(1)]) / 0
    with store.read() as c:
        assert metrics.offsets(c, run.id) == {}
        assert typed_metrics.page_typed(c, run.id, 10, None).items == ()


def test_a_name_keeps_its_first_type_and_the_run_says_what_was_left_out(store: Store, submit: RUN) -> None:
    run = submit()
    stored = append(store, run, value(1), value([1], kind="list"), value(2), value(5, name="other", kind="list"))
    assert stored == 3
    append(store, run, value([3], kind="list"), start=10)
    assert [item.value for item in read(store, run)] == [1, 2]
    assert [item.value for item in read(store, run, "other")] == [5]
    assert warnings(store, run) == (
        "'progress' was logged as row first, so its values of type list were left out; give them another name.",
    )


def test_numbers_and_typed_values_do_not_share_a_name(store: Store, submit: RUN) -> None:
    run = submit()
    with store.write() as c:
        metrics.append_points(c, run.id, points([1.0, 2.0], name="loss"))
        typed_metrics.append_values(c, run.id, "values/1", 0, 9, [value(1, name="loss"), value(2, name="rows")])
        assert metrics.append_points(c, run.id, points([1.0], name="rows", start=2)) == 0
    with store.read() as c:
        assert [item.name for item in metrics.page_metrics(c, run.id, 10, None).items] == ["loss"]
        assert [item.name for item in typed_metrics.page_typed(c, run.id, 10, None).items] == ["rows"]
    first, second = warnings(store, run)
    assert first.startswith("'loss' was logged as number first")
    assert second.startswith("'rows' was logged as row first, so its values of type number")


def test_the_tail_grows_in_place_until_it_is_full(store: Store, submit: RUN) -> None:
    run = submit()
    at = 0
    for count in (1, CHUNK_VALUES - 2, 5, 2 * CHUNK_VALUES):
        append(store, run, *(value({"i": i}) for i in range(at, at + count)), start=at, size=count)
        at += count
    with store.read() as c:
        chunks = c.exec_driver_sql("SELECT start, value_count FROM metric_values ORDER BY start").all()
    assert [tuple(chunk) for chunk in chunks] == [
        (0, CHUNK_VALUES),
        (CHUNK_VALUES, CHUNK_VALUES),
        (2 * CHUNK_VALUES, CHUNK_VALUES),
        (3 * CHUNK_VALUES, 4),
    ]
    assert [item.value["i"] for item in read(store, run, limit=10**6)] == list(range(at))


def test_pages_go_on_where_the_one_before_ended(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, *(value(i) for i in range(2500)))
    found: list[Any] = []
    after: int | None = 0
    while after is not None:
        with store.read() as c:
            page = typed_metrics.read_values(c, run.id, "progress", after, 999)
        found += page.items
        after = None if page.next_cursor is None else int(page.next_cursor)
    assert [item.value for item in found] == list(range(2500))
    assert [item.index for item in found] == list(range(2500))
    assert read(store, run, after=2500) == []
    assert read(store, run, after=9999) == []


def test_a_page_of_large_values_ends_early(store: Store, submit: RUN, monkeypatch: pytest.MonkeyPatch) -> None:
    run = submit()
    large = "x" * CHUNK_BYTES
    append(store, run, *(value(large) for _ in range(5)))
    monkeypatch.setattr(typed_metrics, "PAGE_BYTES", 2 * CHUNK_BYTES)
    with store.read() as c:
        page = typed_metrics.read_values(c, run.id, "progress")
    assert (len(page.items), page.next_cursor) == (2, "2")


def test_an_unknown_name_is_not_found_and_an_unknown_type_is_kept(store: Store, submit: RUN) -> None:
    run = submit()
    append(store, run, value({"new": 1}, kind="hologram"))
    assert read(store, run)[0].type == "hologram"
    with pytest.raises(NotFound, match="no typed metric"):
        read(store, run, "nothing")


def test_the_feed_tells_of_new_values(store: Store, submit: RUN) -> None:
    run = submit()
    with store.read() as c:
        before = changes.last(c)
    append(store, run, value(1))
    with store.read() as c:
        assert [(change.kind, change.subject) for change in changes.since(c, before, 10).changes] == [
            ("metric", run.id)
        ]
