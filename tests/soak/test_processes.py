"""What our processes cost while a person's scripts have nothing to say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from costs import survey


def hold_to_limits(place, measured, seconds: float, counts: Sequence[int], spare_s: float) -> None:
    """Where others use the machine, and time is counted in ticks of 10 ms, a short look needs something to spare."""
    figures = list(survey(place, seconds, counts))
    for figure in figures:
        over = f", over {seconds:g} s" if figure.unit == "%" else ""
        measured(figure.name + over, figure.value, figure.unit, limit=figure.limit)
        print(f"{figure.name:75} {figure.value:8.2f} {figure.unit}")
    spare = {"%": 100 * spare_s / seconds}
    held = [figure for figure in figures if figure.limit is not None]
    assert [figure for figure in held if figure.value > figure.limit + spare.get(figure.unit, 0)] == []


def test_an_agent_needs_less_than_30_mib_and_hardly_any_time_and_so_do_the_others(tmp_path, monkeypatch, measured):
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", "")
    hold_to_limits(tmp_path, measured, seconds=1.5, counts=(0, 3), spare_s=0.1)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_nor_do_they_over_a_longer_time_and_with_fifty_runs(tmp_path, monkeypatch, measured):
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", "")
    hold_to_limits(tmp_path, measured, seconds=20, counts=(0, 5, 50), spare_s=0)
