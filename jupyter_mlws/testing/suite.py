"""`TargetSuite`: what every compute target has to do, as tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlws.testing.about_canceling import Canceling
from jupyter_mlws.testing.about_deaths import Deaths
from jupyter_mlws.testing.about_ends import Ends
from jupyter_mlws.testing.about_files import Files
from jupyter_mlws.testing.about_output import Output
from jupyter_mlws.testing.about_processes import Processes
from jupyter_mlws.testing.about_queueing import Queueing
from jupyter_mlws.testing.about_secrets import Secrets
from jupyter_mlws.testing.about_surroundings import Surroundings
from jupyter_mlws.testing.about_tracking import Tracking
from jupyter_mlws.testing.binding import Binding
from jupyter_mlws.testing.stage import Ended, Stage, variables_of
from jupyter_mlws.testing.wishes import wishes_of

__all__ = ["TargetSuite"]


# pytest begins with the last of them. The quiet ones come first: their runs are submitted at once, and go on while the
# first of them are looked at.
class TargetSuite(Deaths, Canceling, Queueing, Processes, Ends, Secrets, Tracking, Files, Output, Surroundings):
    """What every compute target has to do.

    Bind it with one fixture, `binding`, and pytest runs all of it against the real thing:

    >>> @pytest.fixture(scope="module")                                     # doctest: +SKIP
    ... def binding():
    ...     return Binding(name="moonbase", variables={"MOONBASE_SLOTS": "4"})
    >>> class TestMoonbase(TargetSuite):                                    # doctest: +SKIP
    ...     pass

    All cases of a class share a workspace and its dispatcher.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def stage(
        cls, request: pytest.FixtureRequest, binding: Binding, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[Stage]:
        """The workspace of this class, with the runs of all its chosen cases on their way."""
        place = tmp_path_factory.mktemp(f"conformance-{binding.name}")
        # Sockets live here and their paths end at 108 bytes.
        runtime = Path(tempfile.mkdtemp(prefix="mlws-"))
        stage = Stage(binding, place, variables_of(binding, place, runtime))
        chosen = [item.function for item in request.session.items if getattr(item, "cls", None) is request.cls]  # type: ignore[attr-defined]
        try:
            stage.begin(wish for case in chosen for wish in wishes_of(case))
            yield stage
        finally:
            stage.close()
            shutil.rmtree(runtime, ignore_errors=True)

    @pytest.fixture(autouse=True)
    def _on_stage(self, request: pytest.FixtureRequest, stage: Stage) -> Iterator[None]:
        name = request.node.originalname
        if name in stage.binding.cannot:
            pytest.skip(stage.binding.cannot[name])
        with stage.at_home():
            yield

    @pytest.fixture
    def run(self, request: pytest.FixtureRequest, stage: Stage) -> Ended:
        """What became of the run that the case looks at."""
        (wish,) = wishes_of(request.function)
        return stage.ended_of(wish)
