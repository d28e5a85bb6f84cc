"""Getting a run to its agent: once, whatever died before."""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
from dataclasses import dataclass

from jupyter_mlws import faults
from jupyter_mlws.dispatcher import preparing
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.imaging import Imaged
from jupyter_mlws.dispatcher.living_secrets import masker_of_living
from jupyter_mlws.dispatcher.provisioning import Provided, Stopped, provide
from jupyter_mlws.dispatcher.taking import FAILING, Held, take
from jupyter_mlws.dispatcher.turn import Superseded
from jupyter_mlws.dispatcher.watching import Agent
from jupyter_mlws.domain.masking import hidden_values
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.secret import references
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput, MlwsError, NotFound, StorageFull, TargetAway, Unavailable, WrongState
from jupyter_mlws.runfolder import control
from jupyter_mlws.runfolder.masking import Masker
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.services import handover
from jupyter_mlws.store.runs import get_run, get_submission
from jupyter_mlws.targets.base import Ground, Launch, Target

__all__ = ["Canceled", "Refused", "Unseen", "Wanted", "start"]

_log = logging.getLogger(__name__)
_GPU_PAUSE_S = 0.5
# What keeps us from looking whether a folder has an agent, and passes.
_BLINDING = (*FAILING, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class Canceled(Exception):
    """The run was canceled before its agent was told to start."""


class Refused(Exception):
    """The target starts no agent for this run: `reason` is the error that it gave."""

    def __init__(self, reason: MlwsError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Unseen(Exception):
    """The run's folder cannot be looked into: its agent may live, and nothing can be said of the run before we have."""


@dataclass(frozen=True)
class Wanted:
    """Whether a run is to be started, and by us: asked before each step that takes its time."""

    canceling: threading.Event
    leaving: threading.Event

    def __call__(self) -> bool:
        return not (self.canceling.is_set() or self.leaving.is_set())

    def check(self) -> None:
        """Raise `Canceled` if it is not wanted, and `Unavailable` if whoever comes after us is to start it."""
        if self.canceling.is_set():
            raise Canceled
        if self.leaving.is_set():
            raise Unavailable("The dispatcher leaves, and the next one starts the run.")

    def pause(self, seconds: float) -> None:
        """Wait, and check."""
        self.canceling.wait(seconds)
        self.check()


def start(
    context: Context,
    target: Target,
    folder: RunFolder,
    run: Run,
    wanted: Wanted,
    held_gpus: tuple[int, ...] = (),
) -> Agent:
    """The agent of a run: the one that has the folder already, else a new one.

    `held_gpus` are those that an earlier dispatcher gave the run; they stay the caller's until there is an agent.

    Raises
    ------
    Canceled
        The run was canceled in time; nothing of it was run.
    Refused
        The target does not start it.
    Unseen
        It is not known whether it has an agent.
    WrongState
        It had begun before, and nothing is left of it.
    """
    held = _take(context, folder)
    if held is None:
        _log.info("Run #%d is taken up again.", run.number)
        _learn_secrets(context, folder, run)
        agent = Agent(target, folder, context.settings, None)
        agent.gpus = held_gpus
        return agent
    try:
        # Whoever was to start it before us may have been stopped, and go on now that we have begun.
        context.check_turn()
        if run.status not in (RunStatus.PREPARING, RunStatus.PROVISIONING):
            _refuse_to_start_again(target, folder, run)
        # Whoever prepared it before us died before an agent took it.
        held.empty()
        return _start_new(context, target, folder, held, run, wanted, held_gpus)
    except Superseded:
        raise  # what lies in the folder may be our successor's
    except BaseException:
        held.close()
        raise
    finally:
        held.let_go()


def _learn_secrets(context: Context, folder: RunFolder, run: Run) -> None:
    """Mask the secrets of a run that another dispatcher has started."""
    try:
        with context.store.read() as c:
            command = get_submission(c, run.id).command
    except NotFound:  # somebody has deleted it, on paper: it is followed to its end all the same
        command = ()
    masker = masker_of_living(run.id, os.fspath(folder), command)
    if masker is not None:
        context.maskers[run.id] = masker


def _take(context: Context, folder: RunFolder) -> Held | None:
    try:
        return take(folder, context.settings.start_timeout_s)
    except OSError as error:
        if error.errno not in _BLINDING:
            raise
        raise Unseen(f"The run's folder cannot be read ({error.strerror}).") from error


def _start_new(
    context: Context,
    target: Target,
    folder: RunFolder,
    held: Held,
    run: Run,
    wanted: Wanted,
    held_gpus: tuple[int, ...],
) -> Agent:
    with context.store.read() as c:
        submission = get_submission(c, run.id)
    count = submission.gpus or 0
    taken = () if len(held_gpus) == count else _wait_for_gpus(context, count, wanted)
    gpus = taken or held_gpus[:count]
    try:
        launch = _launch(context, target, folder, held, run, submission, gpus, wanted)
    except BaseException:
        context.gpus.give_back(taken)
        raise
    agent = Agent(target, folder, context.settings, launch)
    agent.gpus = gpus
    return agent


def _refuse_to_start_again(target: Target, folder: RunFolder, run: Run) -> None:
    """A run that had begun is never begun a second time, not even when its folder is gone."""
    target.stop(folder, run.id)
    if run.status is RunStatus.CANCEL_REQUESTED:
        raise Canceled
    raise WrongState("The run's folder is gone, so what the script did is not known.", hint="Submit it again.")


def _wait_for_gpus(context: Context, count: int, wanted: Wanted) -> tuple[int, ...]:
    while True:
        taken = context.gpus.take(count)
        if taken is not None:
            return taken
        wanted.pause(_GPU_PAUSE_S)


def _launch(
    context: Context,
    target: Target,
    folder: RunFolder,
    held: Held,
    run: Run,
    submission: RunSubmission,
    gpus: tuple[int, ...],
    wanted: Wanted,
) -> Launch:
    faults.point("dispatcher.folder")
    folder.create()
    provided = _provide(context, target, folder, run, submission, wanted)
    if provided is not None:
        submission = provided.submission(submission)
    ground = _ground(run, submission, gpus, provided)
    variables = {} if submission.gpus is None else dict(target.variables(gpus))
    faults.point("dispatcher.launch")
    try:
        launch = target.launch(folder, run.id, ground)
    except (StorageFull, TargetAway):
        raise  # waited out
    except MlwsError as error:
        raise Refused(error) from error
    try:
        faults.point("dispatcher.launched")
        preparing.fill(context, folder, run, submission, variables, gpus, wanted.check)
        faults.point("dispatcher.filled")
        if provided is not None:
            _check(provided, run, folder, submission)
        control.prepare(folder)
        _refuse_if_canceled(context, run, wanted)
        payload = _payload(context, run, submission, provided)
        faults.point("dispatcher.send")
        context.check_turn()
        held.let_go()
        launch.send(payload)
    except BaseException:
        launch.abandon()
        raise
    faults.point("dispatcher.sent")
    # What was left for the run stays until the agent has said a word: should we die now, and it come too late, our
    # successor starts another one.
    return launch


def _ground(run: Run, submission: RunSubmission, gpus: tuple[int, ...], provided: Provided | Imaged | None) -> Ground:
    taken = provided if isinstance(provided, Imaged) else None
    return Ground(
        image="" if taken is None else taken.image,
        variables={} if taken is None else taken.variables(run.id),
        cpus=submission.cpus,
        memory_bytes=submission.memory_bytes,
        gpus=gpus,
        data=tuple(link.target for link in submission.links),
    )


def _provide(
    context: Context,
    target: Target,
    folder: RunFolder,
    run: Run,
    submission: RunSubmission,
    wanted: Wanted,
) -> Provided | Imaged | None:
    """The environment, built while the run is wanted and we are here."""
    try:
        return provide(context, target, folder, run, submission, wanted)
    except Stopped:
        wanted.check()
        raise
    except (StorageFull, TargetAway):
        raise  # waited out
    except MlwsError as error:
        raise Refused(error) from error


def _check(provided: Provided | Imaged, run: Run, folder: RunFolder, submission: RunSubmission) -> None:
    try:
        provided.check(run, folder, submission)
    except InvalidInput as error:
        raise Refused(error) from error


def _refuse_if_canceled(context: Context, run: Run, wanted: Wanted) -> None:
    wanted.check()
    with context.store.read() as c:
        status = get_run(c, run.id).status
    if status is RunStatus.CANCEL_REQUESTED or status.is_terminal:
        raise Canceled


def _check_references(submission: RunSubmission, found: handover.Handover) -> None:
    """Raise `WrongState` where a variable that refers to a secret would be the reference itself."""
    if references(submission.environment_variables).keys() - found.secrets.keys():
        raise WrongState(
            "The secrets that were handed over at submit are gone, as happens when the machine is restarted.",
            hint="Submit the run again.",
        )


def _payload(context: Context, run: Run, submission: RunSubmission, provided: Provided | Imaged | None) -> bytes:
    """What the agent reads from its standard input. Never logged, never written to the folder."""
    found = handover.read(run.id)
    if found is None:
        if handover.is_expected(run, submission):
            raise WrongState(
                "The variables that were handed over at submit are gone, as happens when the machine is restarted.",
                hint="Submit the run again.",
            )
        found = handover.Handover()
    if provided is not None:
        found = provided.handover(found)
    _check_references(submission, found)
    hidden = () if found.command is None else hidden_values(submission.command, found.command)
    if found.secrets or hidden:
        context.maskers[run.id] = Masker([*found.secrets.values(), *hidden])
    said = {
        "environment": found.environment,
        "secrets": found.secrets,
        "command": found.command,
        "hidden": hidden,
    }
    return json.dumps(said).encode()
