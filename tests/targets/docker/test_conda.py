"""Packages of conda in a container: solved and installed on this machine, and led to their place in an image."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conda_channel import PREFIX, CondaChannel

from jupyter_mlws.sdk.environment import Environment

_CODE = """
import sys
from pathlib import Path
import demo
print("prefix", sys.prefix, "demo", demo.version)
print(Path(sys.prefix, "share", "where.txt").read_text())
Path("outputs/done.txt").write_text("done")
"""


def test_packages_of_conda_run_in_a_container(boxes, base_image, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", (tmp_path / "channels").as_uri())
    monkeypatch.setenv("CONDARC", str(tmp_path / "none"))
    channel = CondaChannel(tmp_path / "channels" / "lab")
    channel.add_python()
    files = {"site-packages/demo.py": "version = '1.0'\n", "share/where.txt": f"here {PREFIX}/share"}
    channel.add("demo", "1.0", files, ["python"])
    (tmp_path / "environment.yml").write_text("channels: [lab]\ndependencies: [demo]\n")
    read = Environment.from_conda_specification("signals", tmp_path / "environment.yml")
    Environment.of_spec("signals", replace(read.spec, base_image=base_image)).register(boxes.ws)
    run = boxes.submit(_CODE, environment="signals")
    facts = boxes.end(run)
    assert facts["status"] == "Completed", (facts["error"], run.get_log())
    said = run.get_log("std.log")
    assert "prefix /opt/mlws/env demo 1.0" in said
    assert "here /opt/mlws/env/share" in said
