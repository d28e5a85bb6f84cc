"""What our processes cost while nothing happens: python bench/processes.py [--seconds N]."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from submit import scratch

# With the tests, which hold these figures to their limits.
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import costs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with scratch(), tempfile.TemporaryDirectory() as place:
        for figure in costs.survey(Path(place), options.seconds):
            limit = "" if figure.limit is None else f"(goal: {figure.limit:g} {figure.unit})"
            print(f"{figure.name:70} {figure.value:10.2f} {figure.unit:4} {limit}", flush=True)


if __name__ == "__main__":
    main()
