"""A page that shows a live run for long holds no more at its end than at its beginning."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from needs import lacking

pytestmark = pytest.mark.soak

ROOT = Path(__file__).parents[2]
# An hour where nothing else is run, else its share of one.
LIVE_S = int(os.environ.get("SOAK_PAGE_S", "3600" if "SOAK_ALONE" in os.environ else "900"))
TEST = ("tests/costs.spec.ts", "-g", "keeps its size", "--reporter=list")
BY = r"[\d.]+ ([+-]?[\d.]+)"
GREW = re.compile(rf"live for \d+ drawings: heap {BY} MB, nodes {BY}, listeners {BY}")
# What the test in the browser holds it to.
LIMITS = {"MB of objects": 3.0, "nodes": 500.0, "listeners": 240.0}


@pytest.mark.timeout(LIVE_S + 600)
def test_a_page_keeps_its_size_while_a_run_is_live_for_long(measured) -> None:
    answer = subprocess.run(
        ["sh", "scripts/browser-tests.sh", sys.prefix, *TEST],
        cwd=ROOT,
        env=os.environ | {"MLWS_SOAK_S": str(LIVE_S)},
        capture_output=True,
        text=True,
        check=False,
    )
    print(answer.stdout)
    skipped = re.search("SKIPPED: (.*)", answer.stdout)
    if skipped is not None:
        lacking(skipped[1])
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr[-2000:]
    grew = GREW.search(answer.stdout)
    assert grew is not None, answer.stdout[-4000:]
    for (unit, limit), value in zip(LIMITS.items(), grew.groups(), strict=True):
        measured(f"a page with a live run for {LIVE_S} s: grew by", float(value), unit, limit=limit)
