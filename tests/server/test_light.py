"""The extension costs a server next to nothing until somebody uses a workspace."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("sqlalchemy", "numpy", "pandas", "fsspec", "docker", "alembic", "IPython")
LOAD = """
import sys
import jupyter_server.serverapp, jupyter_server.extension.application
before = set(sys.modules)
import jupyter_mlws
[point] = jupyter_mlws._jupyter_server_extension_points()
from jupyter_mlws.server.handlers import make_handlers
list(make_handlers())
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    shown = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    return set(shown.stdout.split())


def test_loading_the_extension_loads_no_heavy_library(loaded: set[str]) -> None:
    assert not loaded & set(HEAVY)


def test_nothing_is_opened_before_the_first_request(jp_serverapp: object, own_home: object) -> None:
    backend = jp_serverapp.web_app.settings["jupyter_mlws_backend"]
    assert not backend._workspaces._opened
    assert backend._watcher._thread is None
