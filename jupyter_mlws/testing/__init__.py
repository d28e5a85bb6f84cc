"""Suites that somebody else's target, or a test, can import. They need pytest.

`TargetSuite` is what every compute target has to do: see docs/add-a-target.md.
"""

from __future__ import annotations

import pytest

# So that a failed assertion of the suite shows its values as one of the caller's own tests does.
_CASES = (
    "canceling",
    "deaths",
    "ends",
    "files",
    "output",
    "processes",
    "queueing",
    "secrets",
    "surroundings",
    "tracking",
)
pytest.register_assert_rewrite(
    "jupyter_mlws.testing.stage", *(f"jupyter_mlws.testing.about_{subject}" for subject in _CASES)
)

from jupyter_mlws.testing.binding import Binding  # noqa: E402
from jupyter_mlws.testing.stage import Ended, Stage  # noqa: E402
from jupyter_mlws.testing.suite import TargetSuite  # noqa: E402
from jupyter_mlws.testing.wishes import Wish, of  # noqa: E402

__all__ = ["Binding", "Ended", "Stage", "TargetSuite", "Wish", "of"]
