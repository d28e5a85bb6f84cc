"""How a script ends is how a run ends that it leaves open: every way to leave, with a process each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import atexit, sys
from jupyter_mlws.sdk.process_end import process_end
atexit.register(lambda: print(end.status.value) if (end := process_end().outcome()).error is None else
                print(end.status.value, end.error.exit_code, end.error.message))
process_end()
"""

LEAVES = {
    "pass": "Completed",
    "raise SystemExit": "Completed",
    "raise SystemExit(None)": "Completed",
    "raise SystemExit(0)": "Completed",
    "raise SystemExit(1)": "Failed 1 The script ended with exit code 1.",
    "raise SystemExit('no rows')": "Failed 1 no rows",
    "def main():\n    return 7\nraise SystemExit(main())": "Failed 7 The script ended with exit code 7.",
    "def main():\n    return None\nraise SystemExit(main())": "Completed",
    "def main():\n    raise SystemExit(8)\nmain()": "Failed 8 The script ended with exit code 8.",
    "class Own(SystemExit): pass\nraise Own(9)": "Failed 9 The script ended with exit code 9.",
    "exit(4)": "Failed 4 The script ended with exit code 4.",
    "sys.exit(3)": "Failed 3 The script ended with exit code 3.",
    # What was caught, or only made, says nothing.
    "try: sys.exit(1)\nexcept SystemExit: raise SystemExit(0)": "Completed",
    "try: raise SystemExit(1)\nexcept SystemExit as error: kept = error": "Completed",
    "kept = SystemExit(1)\nsys.exit(0)": "Completed",
    "kept = SystemExit(0)\nimport gc; gc.collect()\nraise SystemExit(1)": "Failed 1 The script ended with exit code 1.",
    "print('x', file=sys.stderr, flush=True)\nraise SystemExit(2)": "Failed 2 The script ended with exit code 2.",
    # Streams of somebody else's: then only sys.exit is known.
    "sys.stderr = None\nsys.exit(2)": "Failed 2 The script ended with exit code 2.",
    "raise KeyError('lr')": "Failed None KeyError: 'lr'",
}


@pytest.mark.parametrize("leaves", LEAVES)
def test_a_run_left_open_ends_as_its_script_does(leaves: str, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(BEGIN + leaves)
    told = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert told.stdout.strip() == LEAVES[leaves]
    failed = LEAVES[leaves].split()[1:2]
    assert told.returncode == (1 if failed == ["None"] else int((failed or ["0"])[0]))


def test_an_exit_that_the_script_has_by_its_own_name_counts(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(f"from sys import exit\n{BEGIN}\ndef main():\n    exit(5)\nmain()")
    told = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (told.stdout.strip(), told.returncode) == ("Failed 5 The script ended with exit code 5.", 5)
