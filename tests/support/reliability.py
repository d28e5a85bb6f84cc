"""What the suite proves about faults: a pytest plugin that notes the results from which docs/reliability.md is made.

A test says what it is about by the ids in its name (``test_F01_...``) or in its parameters (``[P01 climbs out]``). Two
fixtures add numbers, which the page shows:

``trials``
    How often something was repeated, and how often it went wrong::

        def test_F02_killed_agents_lose_nothing(lab, trials):
            ...
            trials("agent killed at a random moment", kills=200, lost=0)

    The page turns this into what it proves: 200 kills without a loss, less than 1.5 % per kill (95 %).
``measured``
    A figure and the limit that it was held to::

        measured("answers of the server under load, p99", 0.041, "s", limit=0.25)

Results go to ``.build/reliability.json`` (``--reliability FILE`` names another), each run's over the earlier ones, and
``make reliability`` makes the page of them (see `reliability_page`).
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["RESULTS", "ROOT", "ids_in", "load", "save", "worse"]

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / ".build" / "reliability.json"
# The letters of hostile inputs, and F for faults.
_ID = re.compile(r"(?<![A-Za-z0-9])([FPUZAXCNDKOVSB]\d\d)(?![A-Za-z0-9])")
_WORST_FIRST = ("failed", "passed", "skipped")


def ids_in(name: str) -> list[str]:
    """The ids of faults and hostile inputs that a test's name carries."""
    return list(dict.fromkeys(_ID.findall(name)))


@pytest.fixture
def trials(request: pytest.FixtureRequest) -> Callable[..., None]:
    """``trials("agent killed at a random moment", kills=200, lost=0)``: what was repeated how often, for the page."""

    def note(name: str, *, lost: int = 0, **counts: int) -> None:
        ((what, count),) = counts.items()
        request.node.user_properties.append(("trials", {"name": name, "what": what, "count": count, "lost": lost}))

    return note


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[..., None]:
    """``measured("agent, resident memory", 9.1, "MiB", limit=30)``: a figure, and what it was held to, for the page."""

    def note(name: str, value: float, unit: str, *, limit: float | None = None) -> None:
        figure = {"name": name, "value": float(f"{value:.3g}"), "unit": unit, "limit": limit}
        request.node.user_properties.append(("measured", figure))

    return note


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let another file be named for the results."""
    parser.addoption("--reliability", metavar="FILE", default=str(RESULTS), help="where results by fault id are kept")


def pytest_configure(config: pytest.Config) -> None:
    """Collect the results of this run, in the one process that hears of all."""
    if not config.option.collectonly and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Collector(Path(config.getoption("--reliability"))), "mlws-reliability")


class _Collector:
    """The results of one run, by test function."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a result; setup and teardown count where they fail, an attempt before another does not."""
        if report.outcome == "rerun":
            return
        ids = ids_in(report.nodeid)
        properties = [(key, value) for key, value in report.user_properties if key in ("trials", "measured")]
        wanted = ids or properties or "soak" in report.keywords
        if not wanted or (report.when != "call" and report.passed):
            return
        test = report.nodeid.split("[")[0]
        empty = {"cases": 0, "ids": {}, "seconds": 0, "trials": [], "measured": []}
        found = self._found.setdefault(test, empty)
        found["seconds"] = round(found["seconds"] + report.duration, 1)
        found["outcome"] = worse(found.get("outcome"), report.outcome)
        for each in ids:
            found["ids"][each] = worse(found["ids"].get(each), report.outcome)
        if report.when == "call" or report.outcome == "skipped":
            found["cases"] += 1
            for key, value in properties:
                found[key].append(value)

    def pytest_sessionfinish(self) -> None:
        """Put the results over the earlier ones."""
        if not self._found:
            return
        commit = _commit()
        with _alone(self._path):
            kept = load(self._path)
            kept["machine"] = _machine()
            kept["tests"].update({test: {"commit": commit, **found} for test, found in self._found.items()})
            save(self._path, kept)


def worse(one: str | None, other: str) -> str:
    """Of two outcomes the one that says more against a test; a case that was skipped says nothing."""
    return min(one or other, other, key=_WORST_FIRST.index)


def save(path: Path, results: dict[str, Any]) -> None:
    """Keep results in a file, whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    part.replace(path)


def load(path: Path) -> dict[str, Any]:
    """The results that a file keeps; none where there is no file."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {"machine": "", "tests": {}}
    return found


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Two runs may end at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "rev-parse", "--short=10", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "no commit"


def _machine() -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {pages * size / 2**30:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
