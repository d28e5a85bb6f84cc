"""Resolve the shipped environments anew: ``python scripts/curated_locks.py``.

Writes ``jupyter_mlws/environments/curated_locks/<name>-<python>-<system>.txt`` from the index that is configured here:
versions and hashes, no address. Of each package those files count that fit this Python on a Linux with x86_64, and its
source. `pytorch` has no lock: its torch is the one of the configured index, which decides between CPU and CUDA.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from packaging.utils import parse_wheel_filename

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import uv
from jupyter_mlws.environments.curated import LOCKS, PYTHONS, SPECS, SYSTEM

NAMES = ("boosting", "pytorch-cuda", "sklearn")


def resolve(spec: EnvironmentSpec, python: str) -> dict[str, Any]:
    """What uv writes of it as ``pylock.toml``."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "pylock.toml")
        words = ["pip", "compile", "-", "--quiet", "--format", "pylock.toml", "--output-file", str(out)]
        words += ["--python", sys.executable, "--python-version", python, "--python-platform", "x86_64-manylinux_2_28"]
        uv.run(
            words,
            text="\n".join(spec.packages) + "\n",
            say=print,
            wanted=lambda: True,
            # One of several indexes may have files for one Python only.
            variables={"UV_INDEX_STRATEGY": "unsafe-best-match"},
        )
        return tomllib.loads(out.read_text())


def fits(file: dict[str, Any], python: str) -> bool:
    """Whether a wheel is for this Python on some Linux with x86_64."""
    name = str(file.get("name") or file["url"]).rpartition("/")[2].replace("%2B", "+")
    own = (f"cp{python.replace('.', '')}", "py3", "py2.py3")
    for tag in parse_wheel_filename(name)[3]:
        here = tag.platform == "any" or ("linux" in tag.platform and tag.platform.endswith("x86_64"))
        if here and not tag.abi.endswith("t") and (tag.interpreter in own or tag.abi == "abi3"):
            return True
    return False


def rendered(lock: dict[str, Any], python: str) -> str:
    """Requirements with versions and hashes."""
    lines = []
    for package in sorted(lock["packages"], key=lambda each: each["name"]):
        files = [each for each in package.get("wheels", ()) if fits(each, python)]
        files += [package["sdist"]] if "sdist" in package else []
        hashes = sorted({each["hashes"]["sha256"] for each in files})
        assert hashes, package["name"]
        said = [f"{package['name']}=={package['version']}", *(f"    --hash=sha256:{each}" for each in hashes)]
        lines.append(" \\\n".join(said))
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES)
    options = parser.parse_args()
    LOCKS.mkdir(exist_ok=True)
    for name in options.names:
        for python in PYTHONS:
            try:
                text = rendered(resolve(SPECS[name], python), python)
            except uv.UvFailed as error:
                print(f"{name} for Python {python}: none. {error.lines[-1] if error.lines else ''}")
                continue
            target = LOCKS / f"{name}-{python}-{SYSTEM}.txt"
            target.write_text(text)
            print(f"{target.name}: {text.count('==')} packages")


if __name__ == "__main__":
    main()
