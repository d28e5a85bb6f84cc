"""Open JupyterLab on the demo: python scripts/lab.py FOLDER [arguments of `jupyter lab`]."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(folder: Path, arguments: list[str]) -> None:
    """Become JupyterLab, with `folder` as its root and the notebook open if the demo has run."""
    folder.mkdir(parents=True, exist_ok=True)
    notebook = folder / "digits.ipynb"
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    if notebook.exists():
        command.append(f"--LabApp.default_url=/lab/tree/{notebook.name}")
    if os.geteuid() == 0:  # Jupyter asks root to say that it is meant
        command.append("--allow-root")
    os.environ.pop("MLWS_WORKSPACE", None)
    os.chdir(folder)
    os.execv(sys.executable, command + arguments)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
