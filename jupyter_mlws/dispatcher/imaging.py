"""The environment of a run on a target that takes images."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlws.containers.pulling import Way
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.fitting import check_imports
from jupyter_mlws.domain.environment import Environment
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.environments import image
from jupyter_mlws.environments.probing import probe
from jupyter_mlws.environments.uv import Stopped
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services import handover
from jupyter_mlws.services.handover import Handover

if TYPE_CHECKING:
    from jupyter_mlws.environments.building import Built
    from jupyter_mlws.environments.locking import Lock

__all__ = ["Imaged", "Parts", "imaged"]

# Of the submitter's variables what says how to speak and to count, and nothing of his machine.
_TRAVELS = re.compile(r"LANG|LANGUAGE|LC_[A-Z]+|TZ|(OMP|MKL|OPENBLAS|NUMEXPR|VECLIB)_[A-Z_]+|PYTHONHASHSEED", re.ASCII)


@dataclass(frozen=True)
class Imaged:
    """An image, and the variables that go with it; `is_fixed` where it is taken as it is."""

    image: str
    environment_variables: Mapping[str, str]
    is_fixed: bool

    def submission(self, submission: RunSubmission) -> RunSubmission:
        """What was submitted, as it is run in this image."""
        variables = {**self.environment_variables, **submission.environment_variables}
        return replace(submission, environment_variables=variables)

    def handover(self, found: Handover) -> Handover:
        """What was handed over at submit, without the variables of the submitter's machine."""
        return replace(found, environment=None)

    def check(self, run: Run, folder: RunFolder, submission: RunSubmission) -> None:
        """`InvalidInput` where the script imports what is not there; the folder is filled."""
        from jupyter_mlws.environments.asking import found_in

        check_imports(run, partial(found_in, self.image), folder, submission, is_fixed=self.is_fixed)

    def variables(self, run_id: str) -> dict[str, str]:
        """Of the submitter's variables those that travel into an image."""
        found = handover.read(run_id)
        inherited = None if found is None else found.environment
        return {name: value for name, value in (inherited or {}).items() if _TRAVELS.fullmatch(name)}


@dataclass(frozen=True)
class Parts:
    """What an image is made of, each made when it is asked for.

    Attributes
    ----------
    locked : callable
        The exact packages.
    built : callable
        The environment, installed on this machine.
    """

    locked: Callable[[], Lock]
    built: Callable[[], Built]


def imaged(
    context: Context,
    found: Environment,
    parts: Parts,
    say: Callable[[str], None],
    wanted: Callable[[], bool],
    user: Path,
) -> Imaged:
    """The image of an environment: taken as it is, found in the registry, or made of what is built on this machine.

    Parameters
    ----------
    context : Context
    found : Environment
    parts : Parts
    say : callable
        Given each line of progress.
    wanted : callable
        Asked while it lasts.
    user : Path
        A file that is locked as long as the run lives.

    Raises
    ------
    InvalidInput
        The image cannot be had, or has no Python that fits.
    StorageFull
        A disk is full.
    Stopped
        It is not wanted any more.
    TargetAway
        The engine does not answer.
    """
    from jupyter_mlws.containers import engine

    def check() -> None:
        if not wanted():
            raise Stopped

    spec = found.spec
    keys = context.registries.keys
    with engine.answers():
        making = image.Making(
            client=engine.connect(),
            way=Way(keys, say, check),
            registry=lambda: context.registries.built(say),
            wanted=wanted,
            user=user,
        )
        if spec.dockerfile:
            made = image.made_of(making, spec.dockerfile)
        elif spec.kind == "user_managed":
            made = image.base_of(making, spec.base_image)
        else:
            lock = parts.locked()
            base = image.base_of(making, spec.base_image or image.default_base(lock.python))
            made = image.of_packages(making, base, lock, parts.built)
        if spec.kind == "user_managed":
            probe(making.client, made.id)
    return Imaged(made.id, spec.environment_variables, spec.kind == "user_managed")
