"""The environment of a run before its agent starts: resolved once, built once, told to the script by its variables."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.fitting import check_imports, note
from jupyter_mlws.dispatcher.imaging import Imaged, Parts, imaged
from jupyter_mlws.dispatcher.telling import Progress
from jupyter_mlws.domain.environment import KERNEL, PYTHON, EnvironmentSpec, split_reference
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.environments.imports import found_by
from jupyter_mlws.environments.patience import patiently
from jupyter_mlws.environments.uv import Stopped
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services.handover import Handover
from jupyter_mlws.services.resolving import resolved
from jupyter_mlws.targets.base import Target
from jupyter_mlws.targets.registry import check_takes, no_kernel

__all__ = ["Provided", "Stopped", "provide"]

T = TypeVar("T")
# They would lead the interpreter of one environment to the packages of another.
_OF_ANOTHER = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Provided:
    """An interpreter, and the variables that go with it."""

    interpreter: Path
    folder: Path | None
    environment_variables: Mapping[str, str]

    def submission(self, submission: RunSubmission) -> RunSubmission:
        """What was submitted, as it is run in this environment; what the submitter says himself stands above it."""
        variables = {**self.environment_variables, **submission.environment_variables}
        return replace(submission, command=self._command(submission.command), environment_variables=variables)

    def handover(self, found: Handover) -> Handover:
        """What was handed over at submit, as it is in this environment."""
        command = None if found.command is None else self._command(found.command)
        environment = None if found.environment is None else self._inherited(found.environment)
        return replace(found, command=command, environment=environment)

    def check(self, run: Run, folder: RunFolder, submission: RunSubmission) -> None:
        """`InvalidInput` where the script imports what is not there; the folder is filled."""
        check_imports(run, partial(found_by, self.interpreter), folder, submission)

    def _command(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return (str(self.interpreter), *words[1:]) if words[:1] == (PYTHON,) else words

    def _inherited(self, variables: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in variables.items() if name not in _OF_ANOTHER}
        kept["PATH"] = os.pathsep.join(filter(None, (str(self.interpreter.parent), variables.get("PATH", ""))))
        if self.folder is not None:
            kept["VIRTUAL_ENV"] = str(self.folder)
        return kept


def provide(
    context: Context, target: Target, folder: RunFolder, run: Run, submission: RunSubmission, wanted: Callable[[], bool]
) -> Provided | Imaged | None:
    """The environment that a run asks for, built if it is not there; None for that of its submitter.

    What the builder says goes to ``logs/environment.log`` of the run.

    Raises
    ------
    InvalidInput
        It cannot be built, or an interpreter that is taken as it is has gone.
    Stopped
        The run is not wanted any more.
    """
    if submission.environment == KERNEL:
        if target.takes == "image":
            sentence, hint = no_kernel(target.name)
            raise InvalidInput(sentence, hint=hint)
        return None
    name, version = split_reference(submission.environment)
    found = context.api.environments.get(name, version if isinstance(version, int) else 0)
    check_takes(target.name, found)
    if found.spec.kind == "user_managed" and target.takes != "image":
        return _taken(found.spec)
    from jupyter_mlws.environments.building import Built, build
    from jupyter_mlws.environments.locking import Lock

    with Progress(context, run, folder, wanted) as progress:

        def patient(work: Callable[[], T]) -> T:
            settings = context.settings
            return patiently(work, progress.say, progress.wanted, settings.index_retries, settings.index_pause_s)

        def locked() -> Lock:
            lock = Lock.kept(patient(lambda: resolved(context.store, found, progress.say, progress.wanted)))
            note(context, run, lock)
            return lock

        def built() -> Built:
            lock = locked()
            return patient(lambda: build(lock, progress.say, progress.wanted, folder.lock))

        if target.takes == "image":
            return imaged(context, found, Parts(locked, built), progress.say, progress.wanted, folder.lock)
        there = built()
    return Provided(there.interpreter, there.folder, found.spec.environment_variables)


def _taken(spec: EnvironmentSpec) -> Provided:
    interpreter = Path(spec.python)
    if not os.access(interpreter, os.X_OK):
        raise InvalidInput(
            f"The interpreter {interpreter} is not there any more.", hint="Register the environment with another one."
        )
    return Provided(interpreter, None, spec.environment_variables)
