"""Writes ``archive-<format>.zip``: what this version exports, for every later version to import.

Run it once for each new format, before its release, and commit the file: ``python tests/assets/make_archive.py``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))

from archives import fill, services  # noqa: E402 (found by the line above)

from jupyter_mlws.domain.archive import FORMAT  # noqa: E402
from jupyter_mlws.store import Store  # noqa: E402

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "lab")
        folder.mkdir()
        with Store.open(folder) as store:
            api = services(store, folder)
            fill(api, Path(place, "project"))
            (HERE / f"archive-{FORMAT}.zip").write_bytes(api.archives.export().read())
