"""On CI a test that fails has a second chance: it is told of, and few have one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parent / "support"
FLAKY = """
import time
from pathlib import Path
import pytest

MARKS = Path(__file__).parent

@pytest.fixture(scope="session")
def session():
    (MARKS / "sessions").open("a").write("x")

@pytest.fixture(scope="module")
def module(session):
    (MARKS / "modules").open("a").write("x")

@pytest.fixture
def first(request, module):
    mark = MARKS / f"{request.node.name}.seen"
    seen = mark.exists()
    mark.touch()
    return not seen
"""


@pytest.fixture
def run_tests(tmp_path):
    def run(code: str, *arguments: str) -> tuple[int, str]:
        (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {SUPPORT}\n")
        (tmp_path / "conftest.py").write_text('pytest_plugins = ("second_chance", "reliability")\n')
        (tmp_path / "test_flaky.py").write_text(FLAKY + code)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--reliability", str(tmp_path / "results")]
        done = subprocess.run(
            [*command, "--reruns=1", "--max-suite-reruns=3", "--rerun-show-tracebacks", *arguments],
            cwd=tmp_path,
            check=False,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.returncode, done.stdout

    return run


def named_flaky(output: str) -> list[str]:
    return re.findall(r"^FLAKY test_flaky.py::(\w+)$", output, re.MULTILINE)


def test_a_test_that_passes_at_the_second_attempt_is_told_of_with_what_went_wrong(run_tests, tmp_path):
    code, output = run_tests(
        """
def test_F01_fails_at_first(first, trials):
    trials("attempts", kills=1)
    assert not first, "the machine was busy"

def test_fails_at_first_as_well(first):
    assert not first

def test_passes(first): ...
"""
    )
    assert (code, named_flaky(output)) == (0, ["test_F01_fails_at_first", "test_fails_at_first_as_well"]), output
    assert "the machine was busy" in output
    assert "3 passed, 2 rerun" in output
    # What other tests share is not made again.
    assert (tmp_path / "sessions").read_text() == (tmp_path / "modules").read_text() == "x"
    # The page of faults counts the attempt that counts.
    noted = (tmp_path / "results").read_text()
    assert noted.count('"attempts"') == 1
    assert '"failed"' not in noted


def test_a_test_that_fails_or_hangs_twice_has_failed(run_tests):
    code, output = run_tests(
        """
def test_fails(): assert False

@pytest.mark.timeout(1)
def test_hangs(): time.sleep(60)
"""
    )
    assert (code, named_flaky(output)) == (1, []), output
    assert "2 failed, 2 rerun" in output


def test_the_fourth_that_needs_a_second_chance_fails_whichever_worker_has_it(run_tests):
    code, output = run_tests(
        """
@pytest.mark.parametrize("n", range(4))
def test_fails_at_first(first, n): assert not first
""",
        "--numprocesses=2",
        "--dist=load",
    )
    assert code == 1, output
    assert "1 failed, 3 passed, 3 rerun" in output


SECOND_CHANCE = Path(__file__).parent.parent / "ui-tests" / "second-chance.js"


@pytest.mark.parametrize(
    ("failing", "errors", "code"), [(0, 1, 1), (1, 0, 0), (3, 0, 0), (2, 1, 0), (3, 1, 1), (4, 0, 1)]
)
def test_few_browser_tests_have_a_second_chance_and_are_named(tmp_path, failing, errors, code):
    specs = [{"title": f"shows {n}", "file": "panel.spec.ts", "line": n, "ok": n >= failing} for n in range(8)]
    results = {"suites": [{"specs": specs[:2], "suites": [{"specs": specs[2:]}]}], "errors": [{}] * errors}
    (tmp_path / "results.json").write_text(json.dumps(results))
    done = subprocess.run(
        ["node", SECOND_CHANCE, tmp_path / "results.json"], check=False, capture_output=True, text=True
    )
    assert done.returncode == code
    assert done.stdout.splitlines() == [f"FLAKY panel.spec.ts:{n} shows {n}" for n in range(failing)]
    assert ("no second attempt" in done.stderr) == bool(code)
