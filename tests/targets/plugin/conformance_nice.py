"""The tests of the plugin, as its own repository would have them (there it is called test_conformance.py)."""

from __future__ import annotations

import pytest

from jupyter_mlws.testing import Binding, Ended, TargetSuite, Wish, of


@pytest.fixture(scope="module")
def binding() -> Binding:
    return Binding(name="nice", variables={"MLWS_NICE_SLOTS": "4"})


class TestNice(TargetSuite):
    @of(Wish(name="asks for its priority", script="import os\nprint(os.nice(0))\n"))
    def test_a_script_gives_way_to_everybody(self, run: Ended) -> None:
        assert run.completed().log == b"19\n"
