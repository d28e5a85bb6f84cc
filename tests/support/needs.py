"""What a test needs of the machine: who lacks it is told what to install, and in CI the test has not passed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

__all__ = ["lacking", "program", "shared_library"]


def lacking(reason: str) -> NoReturn:
    """End the test: skipped for a person, who reads why; failed in CI, where nobody reads along."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def program(name: str, why: str) -> str:
    """Path of a program that scripts/engines.sh brings."""
    found = shutil.which(name)
    if found is None:
        lacking(f"Install {name} ({why}): scripts/engines.sh does it as root.")
    return found


def shared_library(source: Path, library: Path) -> Path:
    """Compile a file of C, so that a process loads it as it loads a library of the system."""
    if sys.platform != "linux":
        lacking("This needs Linux: a library is loaded there in the place of another.")
    compiler = program("cc", "it compiles the library that stands in for one of the system")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return library
