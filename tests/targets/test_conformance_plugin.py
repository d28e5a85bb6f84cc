"""A target that another package brings passes the suite in that package's own tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent / "plugin"
# Of the suite what a plugin does itself; `pytest` without -k runs all of it.
CHOSEN = (
    "gives_way", "describes_itself", "byte_for_byte", "secret", "save_something", "whole_tree",
    "agent_that_is_killed", "without_its_dispatcher", "every_moment", "another_name",
)  # fmt: skip


CARELESS = """
from jupyter_mlws.domain.compute import Compute
from nice_mlws import NiceTarget, _Started


class Careless(NiceTarget):
    def describe(self):
        return Compute(name="other", kind="nice", slots=4)

    def launch(self, folder, run_id, ground):
        started = super().launch(folder, run_id, ground)
        return Talkative(started._process, folder)


class Talkative(_Started):
    def __init__(self, process, folder):
        super().__init__(process)
        self._folder = folder

    def send(self, payload):
        self._folder.state.with_name("payload").write_bytes(payload)
        super().send(payload)
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The plugin as an installer leaves it in a folder of packages."""
    facts = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    packages = tmp_path / "packages"
    info = packages / f"nice_mlws-{facts['version']}.dist-info"
    info.mkdir(parents=True)
    shutil.copy(PLUGIN / "nice_mlws.py", packages)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {facts['name']}\nVersion: {facts['version']}\n")
    points = facts["entry-points"]["jupyter_mlws.targets"]
    lines = [f"{name} = {place}\n" for name, place in points.items()]
    (info / "entry_points.txt").write_text("".join(["[jupyter_mlws.targets]\n", *lines]))
    return packages


def conformance(packages: Path, *chosen: str) -> str:
    """The end of what the plugin's own tests say."""
    own = packages.with_name("tests")
    own.mkdir()
    shutil.copy(PLUGIN / "conformance_nice.py", own / "test_conformance.py")
    (own / "pytest.ini").touch()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rfE",
            "--tb=line",
            "-p",
            "no:cacheprovider",
            "-k",
            " or ".join(chosen),
        ],
        cwd=own,
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return done.stdout + done.stderr


def test_a_target_of_another_package_passes_the_suite(installed):
    said = conformance(installed, *CHOSEN)
    assert re.search(r"^(\d+) passed, \d+ deselected", said, re.MULTILINE), said
    assert int(re.search(r"(\d+) passed", said)[1]) > 20


def test_a_careless_target_does_not(installed):
    (installed / "careless.py").write_text(CARELESS)
    points = next(installed.glob("*.dist-info")) / "entry_points.txt"
    points.write_text(points.read_text().replace("nice_mlws:NiceTarget", "careless:Careless"))
    said = conformance(installed, "describes_itself", "secret_is_in_no", "secret_reaches", "knows_its_run")
    failed = set(re.findall(r"^FAILED .*::(\w+)", said, re.MULTILINE))
    assert failed == {
        "test_the_target_describes_itself",
        "test_a_secret_is_in_no_command_line_and_not_in_the_run_folder",
    }, said
    assert "2 failed, 2 passed" in said
