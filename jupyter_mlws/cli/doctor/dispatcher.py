"""The dispatcher of a workspace: whether it lives, starts, and what its log ends with; and where runs can run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_mlws import __version__
from jupyter_mlws.cli.doctor.finding import Finding
from jupyter_mlws.dispatcher import client
from jupyter_mlws.dispatcher.place import lock_path, log_path
from jupyter_mlws.dispatcher.settings import WORKSPACE_FILE
from jupyter_mlws.dispatcher.words import trouble
from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.domain.workspace import DispatcherState
from jupyter_mlws.errors import DispatcherUnavailable, MlwsError
from jupyter_mlws.store.lock import holders
from jupyter_mlws.targets import registry as targets
from jupyter_mlws.workspace import Wake, stop_dispatcher

__all__ = ["compute", "examine"]


def examine(folder: Path, *, start: bool) -> Iterator[Finding]:
    """Findings on the dispatcher.

    Parameters
    ----------
    folder : Path
    start : bool
        Whether it may be started for a moment where none lives: nothing that was found so far would keep it from that.
    """
    if (folder / WORKSPACE_FILE).is_file():
        try:
            yield from _dispatcher(folder, start)
        except (MlwsError, OSError) as error:
            yield Finding.of(error, "Dispatcher")
    yield from compute(_targets())


def _dispatcher(folder: Path, start: bool) -> Iterator[Finding]:
    state = client.state(folder)
    if state.alive:
        yield from _alive(state)
        return
    held = holders(lock_path(folder))
    if held:
        who = ", ".join(map(str, sorted(held)))
        text = f"process {who} holds {lock_path(folder)} and does not answer."
        hint = "End it if it hangs: its runs go on, and the next dispatcher takes them up."
        yield Finding("error", "Dispatcher", text, hint)
        return
    if start:
        yield from _started(folder)
        return
    words = trouble(folder)
    if words:
        yield _failed(folder, DispatcherState(alive=False, message=words).sentence, words)
    else:
        yield Finding("ok", "Dispatcher", "rests; what is wrong above would keep it from working.")


def _alive(state: DispatcherState) -> Iterator[Finding]:
    if state.version == __version__:
        yield Finding("ok", "Dispatcher", f"process {state.pid} answers.")
    else:
        text = f"process {state.pid} answers; it is of version {state.version}, and we are of {__version__}."
        yield Finding("warning", "Dispatcher", text, "Stop it with mlws stop; the next submit starts a new one.")
    for sentence in dict.fromkeys(state.troubles.values()):
        yield Finding("warning", "Dispatcher", f"It is held up: {sentence}")


def _started(folder: Path) -> Iterator[Finding]:
    try:
        Wake(folder).ensure()
    except DispatcherUnavailable as error:
        yield _failed(folder, error.message, str(error.details.get("log", "")))
        return
    # It has looked for work between its first answer, which told that it has started, and this one.
    answer = client.ask(folder, "status")
    if answer is None or answer.get("needed", True):
        yield Finding("ok", "Dispatcher", "was started, and takes up the runs that wait.")
        return
    # Looking must not change what is there: whoever has stopped it may be about to move the folder.
    stop_dispatcher(folder)
    yield Finding("ok", "Dispatcher", "rests; it was started for a moment, and answered.")


def _failed(folder: Path, sentence: str, words: str) -> Finding:
    more = f"\n{words}" if words and words.strip() != sentence else ""
    return Finding("error", "Dispatcher", f"{sentence}{more}", f"Its whole log: {log_path(folder)}")


def _targets() -> Iterator[Compute]:
    for name in targets.known():
        try:
            yield targets.get(name).describe()
        except MlwsError as error:
            yield Compute(name=name, kind="unavailable", slots=0, note=str(error), ready=False)


def _is_expected(target: Compute) -> bool:
    """Whether somebody may want it: an engine that was never installed is nothing that is wrong."""
    return target.kind != "docker" or bool(os.environ.get("DOCKER_HOST") or shutil.which("docker"))


def compute(found: Iterable[Compute]) -> Iterator[Finding]:
    """A finding for each compute target."""
    for target in found:
        if target.kind == "unavailable":
            yield Finding("warning", "Compute", f"{target.name}: {target.note}")
            continue
        if not target.ready:
            if _is_expected(target):
                yield Finding("warning", "Compute", f"{target.name} cannot be used: {target.note}")
            else:
                yield Finding("ok", "Compute", f"{target.name}: no engine here, which is needed for its runs alone.")
            continue
        if target.paused:
            yield Finding("warning", "Compute", f"{target.name} is paused.", f"mlws compute resume {target.name}")
            continue
        gpus = f", {target.gpus} GPUs" if target.gpus else ""
        yield Finding("ok", "Compute", f"{target.name}: {target.slots} slots{gpus}. {target.note}".strip())
