"""`make soak`: the long forms of the fault tests, part by part, within an hour; then docs/reliability.md is written.

A part is a file of tests. PART=load runs test_load.py; a word that names no file runs the tests whose names hold it. A
part that is run alone may take all the time there is. Parts that took little the last time come first, so that an early
look at the output tells much.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
RESULTS = (ROOT / ".build" / "reliability.json", ROOT / "tests" / "assets" / "reliability.json")
PAGE = ROOT / "tests" / "support" / "reliability_page.py"
# For a part that has never run: longer than most, so that what is known to be short comes first.
UNKNOWN_S = 240.0
MINUTES = 60.0
# What looks at something for an hour takes a little longer.
ALONE_MINUTES = 75.0
NO_TESTS = 5


class Part(NamedTuple):
    """A file of long tests, and how long it may take."""

    file: str
    tests: list[str]
    expected_s: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", default="", help="a word in the names of the tests to run")
    parser.add_argument("--minutes", type=float, help=f"for all parts together; {MINUTES:g}, {ALONE_MINUTES:g} for one")
    parser.add_argument("--part-minutes", type=float, default=25, help="for a part of several")
    options = parser.parse_args()
    parts = find(options.part)
    if not parts:
        sys.exit(f"No long test has {options.part!r} in its name.")
    is_alone = len(parts) == 1
    if is_alone:
        os.environ["SOAK_ALONE"] = "1"
    end = time.monotonic() + 60 * (options.minutes or (ALONE_MINUTES if is_alone else MINUTES))
    table = []
    for number, part in enumerate(parts, 1):
        left = min(math.inf if is_alone else options.part_minutes * 60, end - time.monotonic())
        say(f"[{number}/{len(parts)}] {part.file}: {len(part.tests)} tests, about {minutes(part.expected_s)}")
        began = time.monotonic()
        outcome = run(part, left) if left > 0 else "not run: the time is over"
        table.append((part.file, time.monotonic() - began, outcome))
    subprocess.run([sys.executable, PAGE], cwd=ROOT, check=True)
    summary(table)
    return int(any(outcome != "passed" for _, _, outcome in table))


def find(word: str) -> list[Part]:
    """The parts, short ones first."""
    command = [sys.executable, "-m", "pytest", "-m", "soak", "--collect-only", "-q", "--no-header"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode not in (0, NO_TESTS):
        sys.exit(found.stdout[found.stdout.find("= ERRORS") :] + found.stderr)
    tests = [line for line in found.stdout.splitlines() if "::" in line and word in line]
    # The word for a whole part is in names of other tests, too.
    tests = [test for test in tests if f"test_{word}.py::" in test] or tests
    known = seconds_of_last_time()
    parts = []
    for file in dict.fromkeys(test.partition("::")[0] for test in tests):
        own = [test for test in tests if test.startswith(file + "::")]
        functions = {test.partition("[")[0] for test in own}
        parts.append(Part(file, own, sum(known.get(name, UNKNOWN_S) for name in functions)))
    return sorted(parts, key=lambda part: part.expected_s)


def seconds_of_last_time() -> dict[str, float]:
    """How long each test function took, all its cases together."""
    known: dict[str, float] = {}
    for path in reversed(RESULTS):
        if path.exists():
            tests = json.loads(path.read_text())["tests"]
            known.update({name: found["seconds"] for name, found in tests.items() if "seconds" in found})
    return known


def run(part: Part, limit_s: float) -> str:
    """Run a part; beyond its time it is ended, with everything that pytest has started in its group."""
    command = [sys.executable, "-m", "pytest", "-m", "soak", "-v", "--no-header", "--durations=5"]
    process = subprocess.Popen(
        [*command, f"--timeout={limit_s:.0f}", *part.tests], cwd=ROOT, start_new_session=True, env=os.environ
    )
    try:
        status = process.wait(limit_s + 30)
    except subprocess.TimeoutExpired:
        # Told first: a fixture's end is what stops the dispatchers and scripts of a test.
        for number in (signal.SIGINT, signal.SIGKILL):
            os.killpg(process.pid, number)
            try:
                process.wait(60)
                break
            except subprocess.TimeoutExpired:
                continue
        return f"ended after {minutes(limit_s)}"
    return "passed" if status == 0 else f"FAILED (pytest says {status})"


def summary(table: list[tuple[str, float, str]]) -> None:
    say("Time per part")
    for file, seconds, outcome in table:
        print(f"  {minutes(seconds):>10}  {file:60} {outcome}")
    print(f"  {minutes(sum(seconds for _, seconds, _ in table)):>10}  in all")


def minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m", flush=True)


if __name__ == "__main__":
    sys.exit(main())
