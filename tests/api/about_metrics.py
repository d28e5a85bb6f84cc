"""Series of metrics, one and many."""

from __future__ import annotations

import math
from typing import Any

from jupyter_mlws.api.series import decode_many, decode_series
from jupyter_mlws.domain.metric import SeriesWanted, WantedSeries

from .place import Place, code_of


class MetricsSuite:
    """Series."""

    def test_V01_V02_a_series_comes_back_with_its_summary(self, place: Place) -> None:
        run = place.submit()
        place.log(run, "loss", [3.0, math.nan, math.inf])
        place.log(run, "a/b c", [1.0])
        assert [item.name for item in place.api.metrics.list("1").items] == ["a/b c", "loss"]
        page = place.api.metrics.list("1", limit=1)
        assert [item.name for item in place.api.metrics.list("1", limit=1, cursor=page.next_cursor).items] == ["loss"]
        series = decode_series(place.api.metrics.read("1", "loss").read())
        assert series.columns["value"][0] == 3.0
        assert math.isnan(series.columns["value"][1])
        assert math.isinf(series.columns["value"][2])
        assert decode_series(place.api.metrics.read("1", "loss", after=2).read()).points == 1
        summary = next(item for item in place.api.runs.get("1").metrics if item.name == "loss")
        assert (summary.count, summary.minimum, summary.maximum) == (3, 3.0, math.inf)

    def test_names_are_found_by_their_words_and_counted(self, place: Place) -> None:
        run = place.submit()
        for name in ("Train/loss", "train/acc", "val/loss", "100%_sure", "Größe"):
            place.log(run, name, [1.0])
        find = place.api.metrics.names
        everything = find("1")
        assert everything.items == tuple(sorted(everything.items))
        assert (len(everything.items), everything.total, everything.next_cursor) == (5, 5, None)
        first = find("1", limit=3)
        assert (first.items, first.total) == (everything.items[:3], 5)
        assert find("1", limit=3, cursor=first.next_cursor).items == everything.items[3:]
        assert find("1", search=" LOSS  tr").items == ("Train/loss",)
        assert find("1", search="ss/").items == ()
        assert find("1", search="loss").total == 5
        assert find("1", search="0%_").items == ("100%_sure",)
        assert find("1", search="_").items == ("100%_sure",)
        assert find("1", search="röß").items == find("1", search="GRö").items == ("Größe",)
        assert find("1", search="GRÖ").items == find("1", search="\\").items == ()
        assert find("1", system=True).total == 0
        assert code_of(find, "1", search="x" * 2000) == "too_large"
        assert code_of(find, "99") == "not_found"
        assert code_of(find, "1", cursor="x") == "invalid_input"

    def test_a_chart_gets_as_many_points_as_it_asks_for(self, place: Place) -> None:
        run = place.submit()
        place.log(run, "loss", [float(i) for i in range(5000)])
        series = decode_series(place.api.metrics.read("1", "loss", points=100).read())
        assert (series.points, series.count) == (100, 5000)
        assert (series.columns["minimum"][0], series.columns["maximum"][-1]) == (0, 4999)

    def test_nonsense_is_refused(self, place: Place) -> None:
        place.submit()
        read = place.api.metrics.read
        assert code_of(read, "1", "loss") == "not_found"
        assert code_of(read, "1", "loss", after=-1) == "invalid_input"
        assert code_of(read, "1", "loss", points=0) == "invalid_input"
        assert code_of(read, "1", "") == "invalid_input"
        assert code_of(read, "1", "x" * 300) == "too_large"

    def test_many_series_come_in_one_answer_in_the_order_asked_for(self, place: Place) -> None:
        first, second = place.submit(), place.submit()
        place.log(first, "loss", [1.0, 2.0, math.nan])
        place.log(second, "loss", [float(i) for i in range(5000)])
        wanted = [
            SeriesWanted(run=second.id, name="loss", points=100),
            SeriesWanted(run=first.id, name="loss", after=2),
            SeriesWanted(run=str(first.number), name="loss", axis="step", low=0, high=1),
            SeriesWanted(run=first.id, name="loss", after=3),
            SeriesWanted(run=first.id, name="never"),
            SeriesWanted(run="digits_0_0", name="loss"),
        ]
        found = decode_many(place.api.metrics.read_many(WantedSeries(series=tuple(wanted))).read())
        assert [(each.name, each.count, each.points) for each in found] == [
            ("loss", 5000, 100),
            ("loss", 3, 1),
            ("loss", 3, 2),
            ("loss", 3, 0),
            ("never", 0, 0),
            ("loss", 0, 0),
        ]
        assert math.isnan(found[1].columns["value"][0])
        assert list(found[2].columns["value"]) == [1.0, 2.0]

    def test_of_many_series_the_news_are_all_that_comes(self, place: Place) -> None:
        runs = [place.submit() for _ in range(2)]
        for run in runs:
            place.log(run, "loss", [float(run.number * i) for i in range(5000)])
            place.log(run, "acc", [0.5, 0.25])
        # Within the newest chunk, from before its beginning, with more points than wanted, and none.
        wanted = [
            (run, after, points) for run in runs for after, points in ((4990, 100), (4000, 2000), (4096, 50), (5000, 9))
        ]
        series = [SeriesWanted(run=run.id, name="loss", after=after, points=points) for run, after, points in wanted]
        series.append(SeriesWanted(run=runs[1].id, name="acc", after=1))
        *found, acc = decode_many(place.api.metrics.read_many(WantedSeries(series=tuple(series))).read())
        for piece, (run, after, points) in zip(found, wanted, strict=True):
            alone = decode_series(place.api.metrics.read(run.id, "loss", after=after, points=points).read())
            assert (piece.count, piece.points) == (5000, min(points, 5000 - after))
            assert {name: list(column) for name, column in piece.columns.items()} == {
                name: list(column) for name, column in alone.columns.items()
            }
        assert list(acc.columns["value"]) == [0.25]

    def test_of_many_series_each_is_as_checked_as_one(self, place: Place) -> None:
        place.submit()

        def ask(count: int = 1, **facts: Any) -> str:
            each = SeriesWanted(**{"run": "1", "name": "loss"} | facts)
            return code_of(place.api.metrics.read_many, WantedSeries(series=(each,) * count))

        assert ask(after=-1) == ask(points=0) == ask(name="") == ask(axis="depth") == "invalid_input"
        assert ask(low=2, high=1) == ask(low=math.nan) == "invalid_input"
        assert ask(name="x" * 300) == ask(count=501) == "too_large"
        assert place.api.metrics.read_many(WantedSeries(series=())).read() == b""
