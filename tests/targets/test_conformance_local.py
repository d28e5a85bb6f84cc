"""The local target does what every target has to do."""

from __future__ import annotations

import pytest

from jupyter_mlws.testing import Binding, TargetSuite


@pytest.fixture(scope="module")
def binding() -> Binding:
    return Binding(name="local", variables={"MLWS_LOCAL_SLOTS": "4"})


class TestLocal(TargetSuite):
    pass


@pytest.mark.soak
class TestLocalAtLength(TargetSuite):
    large_log_bytes = 100 << 20
