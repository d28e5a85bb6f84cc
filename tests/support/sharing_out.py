"""How the suite is shared out among workers (``pytest -n 2``): a file stays together, and so does all with an engine.

So fixtures of a module are made once, and a machine has one Docker engine at a time.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parent.parent.parent
_NEEDS_AN_ENGINE = re.compile(r"\b(docker_engine|docker_host|boxes)\b")


@cache
def _share(file: str) -> str:
    return "engine" if _NEEDS_AN_ENGINE.search((_ROOT / file).read_text()) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share the tests out by file; the largest shares begin."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _share(super()._split_scope(nodeid))

    return ByFile(config, log)
