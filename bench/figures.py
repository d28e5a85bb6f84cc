"""Figures: noted by what was measured and of whom, printed as medians, kept as they came."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["RESULTS", "SLOW_S", "Figures", "keep", "kept"]

RESULTS = Path(".build") / "bench"
# What takes longer than this is asked for so often only.
SLOW_S, SLOW_ROUNDS = 1.0, 2

# By what was measured, and by tool or by how much of it there was.
Raw = dict[str, dict[str, list[float]]]


def keep(part: str, raw: Any) -> None:
    """Write down the raw figures of a part."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{part}.json"
    path.write_text(json.dumps(raw, indent=1))
    print(f"\nRaw figures: {path}", flush=True)


def kept(part: str) -> Raw:
    """The raw figures of a part's last run; none where there was no run."""
    path = RESULTS / f"{part}.json"
    return json.loads(path.read_text()) if path.exists() else {}


class Figures:
    """What was measured, in the order of its coming.

    Parameters
    ----------
    goals : dict
        Words for what a quiet machine should reach, by what is measured.
    """

    def __init__(self, goals: dict[str, str]) -> None:
        self.goals = goals
        self.raw: Raw = {}

    def note(self, what: str, label: str, value: float) -> None:
        """Keep a figure."""
        self.raw.setdefault(what, {}).setdefault(label, []).append(value)

    def has_enough(self, what: str, label: str) -> bool:
        """Whether it takes so long that it is not asked for again."""
        found = self.raw.get(what, {}).get(label, [])
        return len(found) >= SLOW_ROUNDS and min(found) > SLOW_S

    def show(self, unit: Callable[[str], tuple[str, float]], shown: Callable[[str, str], str]) -> None:
        """Print the medians, with the smallest and the largest.

        Parameters
        ----------
        unit
            What a figure is shown in, and by how much it is multiplied for that.
        shown
            The name of a line: of what is measured, and of whom.
        """
        for what, labels in self.raw.items():
            goal = self.goals.get(what)
            print(f"\n{what}{'' if goal is None else f' (goal: {goal})'}")
            name, factor = unit(what)
            for label, found in labels.items():
                low, middle, high = (factor * f(found) for f in (min, statistics.median, max))
                print(f"  {shown(what, label):32}{middle:14,.2f} {name:9}  {low:,.2f} to {high:,.2f}", flush=True)
