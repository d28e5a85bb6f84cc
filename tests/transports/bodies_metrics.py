"""Metrics: numbers as they were logged."""

from __future__ import annotations

import math

from .suite import Ground, body, refused


@body
def metrics_come_back_in_the_shape_they_went_in(g: Ground) -> None:
    found = g.done.get_metrics()
    assert found["loss"] == [1.0, 0.5, 1 / 3, 0.25, 0.2]
    assert found["accuracy"] == 0.9
    assert math.isnan(found["odd"])
    assert (found["first"], found["second"]) == (1.0, 2.0)
    assert g.done.get_metrics("accuracy") == {"accuracy": 0.9}


@body
def a_series_has_steps_and_times(g: Ground) -> None:
    columns = g.done.metric("loss").columns
    assert list(columns["step"]) == [0, 1, 2, 3, 4]
    assert list(columns["time"]) == sorted(columns["time"])


@body
def a_range_of_steps_or_times_has_the_points_between_its_ends(g: Ground) -> None:
    whole = g.done.metric("loss")
    assert list(g.done.metric("loss", low=1, high=3).value) == [0.5, 1 / 3, 0.25]
    assert list(g.done.metric("loss", low=3).step) == [3, 4]
    assert list(g.done.metric("loss", high=-1).columns["value"]) == []
    assert list(g.done.metric("loss", axis="time", high=whole.columns["time"][-1]).value) == list(whole.value)


@body
def a_chart_has_its_extremes(g: Ground) -> None:
    chart = g.done.metric("loss", points=2).columns
    assert (min(chart["minimum"]), max(chart["maximum"]), sum(chart["count"])) == (0.2, 1.0, 5)


@body
def a_range_that_cannot_be_is_refused(g: Ground) -> None:
    assert refused(lambda: g.done.metric("loss", low=3, high=1))[1] == "invalid_input"
    assert refused(lambda: g.done.metric("loss", low=math.nan))[1] == "invalid_input"
    assert refused(lambda: g.done.metric("loss", axis="sideways", low=1))[1] == "invalid_input"


@body
def the_summaries_have_the_latest_value(g: Ground) -> None:
    page = g.ws.api.metrics.list(g.done.id)
    summary = {item.name: item for item in page.items}["loss"]
    assert (summary.count, summary.last, summary.last_step) == (5, 0.2, 4)
    assert (summary.minimum, summary.maximum) == (0.2, 1.0)


@body
def a_series_that_was_never_logged_is_not_found(g: Ground) -> None:
    assert refused(lambda: g.done.metric("nothing")) == ("NotFound", "not_found")


@body(job="forbidden")
def runs_and_points_come_as_tables(g: Ground) -> None:
    table = g.ws.runs_dataframe(f"id = '{g.done.id}'")
    assert (table["metrics.accuracy"][0], table["tags.owner"][0]) == (0.9, "ada")
    points = g.ws.metrics_dataframe(f"id = '{g.done.id}'", names=["loss"])
    assert points["value"].tolist() == [1.0, 0.5, 1 / 3, 0.25, 0.2]
    assert points["step"].tolist() == [0, 1, 2, 3, 4]
