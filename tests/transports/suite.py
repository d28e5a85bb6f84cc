"""What a person types, the same whichever way it takes to the workspace: the frame of one suite over three transports.

A body is a function of a `Ground`, marked with `body` in a module ``bodies_<subject>.py`` beside this one. It runs in
this process, over HTTP to a Jupyter server's process, and inside a real job that a real dispatcher started; there
`Ground.ws` is ``Run.get_context().experiment.workspace``. It asserts what a user would see, and names what it makes
after `Ground.way`, for all three work on the same workspace.
"""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["EXPERIMENT", "WAYS", "Body", "Ground", "bodies", "body", "perform", "refused"]

EXPERIMENT = "suite"
WAYS = ("process", "http", "job")


@dataclass(frozen=True)
class Ground:
    """What a body stands on.

    Attributes
    ----------
    ws : Workspace
        The workspace, by the way that is tested.
    way : str
        'process', 'http' or 'job'.
    done : Run
        A run of `EXPERIMENT` that has ended; what it left is written in ``prepared.py``.
    own : Run
        A run of `EXPERIMENT` that this way may write on: inside a job its own run, elsewhere one that has ended.
    foreign : str
        Id of a run of another experiment.
    folder : Path
        For files; empty at first.
    """

    ws: Workspace
    way: str
    done: Run
    own: Run
    foreign: str
    folder: Path

    @property
    def experiment(self) -> Experiment:
        """The experiment of the prepared runs."""
        return self.done.experiment


@dataclass(frozen=True)
class Body:
    """One test; `job` says what becomes of it inside a job: 'same', or 'forbidden' where a job may not ask this."""

    name: str
    call: Callable[[Ground], None]
    job: str


_bodies: dict[str, Body] = {}


def body(call: Callable[[Ground], None] | None = None, *, job: str = "same") -> Any:
    """Mark a test of the suite: ``@body``, or ``@body(job="forbidden")``.

    Parameters
    ----------
    job : {'same', 'forbidden'}
        Whether a job may do this. Where it may not, the body has to be refused with `Forbidden`, and nothing else.
    """

    def mark(function: Callable[[Ground], None]) -> Callable[[Ground], None]:
        assert function.__name__ not in _bodies, f"there are two bodies {function.__name__}"
        _bodies[function.__name__] = Body(function.__name__, function, job)
        return function

    return mark if call is None else mark(call)


def bodies() -> dict[str, Body]:
    """All bodies by name."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("bodies_"):
            importlib.import_module(f".{module.name}", __package__)
    return dict(sorted(_bodies.items()))


def perform(found: Body, ground: Ground) -> str:
    """Do a body as this way has to; '' when all is well, else what went wrong."""
    from jupyter_mlws.errors import Forbidden

    try:
        if ground.way == "job" and found.job == "forbidden":
            with pytest.raises(Forbidden):
                found.call(ground)
        else:
            found.call(ground)
    except (Exception, pytest.fail.Exception):
        return traceback.format_exc()
    return ""


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    """Class and stable code of the refusal that a call meets; it has to be said in our own words."""
    from jupyter_mlws.errors import MlwsError

    with pytest.raises(MlwsError) as caught:
        call()
    error = caught.value
    assert error.status < 500, error
    assert error.message.strip(), error
    assert "Traceback" not in str(error)
    assert "sqlalchemy" not in str(error).lower()
    return type(error).__name__, error.code
