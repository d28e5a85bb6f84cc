"""The facility that makes faults happen does what it is asked, once or again, and nothing unasked."""

from __future__ import annotations

import subprocess
import sys

import pytest

PASSES = """
import sys
from jupyter_mlws import faults
faults.role("tester")
for name in sys.argv[1:]:
    try:
        faults.point(name)
    except OSError as error:
        print(f"{name}={error.errno}")
    else:
        print(name)
"""


def pass_by(monkeypatch, fault: str, *names: str, **variables: str) -> tuple[int, str]:
    monkeypatch.setenv("MLWS_FAULT", fault)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run([sys.executable, "-c", PASSES, *names], check=False, capture_output=True, text=True)
    return done.returncode, done.stdout.replace("\n", " ").strip() or done.stderr


@pytest.mark.parametrize(
    ("fault", "passed"),
    [
        ("", "a b a b"),
        ("a:1:EIO", "a=5 b a b"),
        ("a:2:ENOSPC", "a b a=28 b"),
        ("b:1+:EDQUOT", "a b=122 a b=122"),
        ("*:3:EIO", "a b a=5 b"),
        ("a:1:EIO,b:2:EIO", "a=5 b a b=5"),
        ("tester/a:1:EIO", "a=5 b a b"),
        ("agent/a:1:EIO", "a b a b"),
        ("c:1:EIO", "a b a b"),
        ("a:1:sleep=0", "a b a b"),
    ],
)
def test_a_fault_happens_at_its_point_its_pass_and_in_its_process(monkeypatch, fault, passed):
    assert pass_by(monkeypatch, fault, "a", "b", "a", "b") == (0, passed)


def test_kill_is_a_kill(monkeypatch):
    assert pass_by(monkeypatch, "b:1:kill", "a", "b", "c")[0] == -9


def test_once_is_once_for_all_processes(monkeypatch, tmp_path):
    assert pass_by(monkeypatch, "a:1:EIO", "a", MLWS_FAULT_ONCE=str(tmp_path)) == (0, "a=5")
    assert pass_by(monkeypatch, "a:1:EIO", "a", MLWS_FAULT_ONCE=str(tmp_path)) == (0, "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a.1.EIO"]


def test_a_trace_lists_the_passes(monkeypatch, tmp_path):
    trace = tmp_path / "trace"
    pass_by(monkeypatch, "", "a", "b", MLWS_FAULT_TRACE=str(trace))
    assert trace.read_text() == "tester a\ntester b\n"


@pytest.mark.parametrize("fault", ["a", "a:b:EIO", "a:EIO"])
def test_a_fault_that_cannot_be_read_is_named(monkeypatch, fault):
    code, said = pass_by(monkeypatch, fault, "a")
    assert code == 1
    assert f"MLWS_FAULT has '{fault}'" in said
