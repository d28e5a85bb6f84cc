"""From one dispatcher to the next: who may serve a workspace when two versions of the program want to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_mlws import __version__
from jupyter_mlws.dispatcher import client, tree
from jupyter_mlws.runfolder import names, wire
from jupyter_mlws.runfolder.protocol import misfit

__all__ = ["gpus_of", "is_newer_folder", "is_older", "is_served"]

_MOST_BYTES = 16 << 20


def is_older(version: str | None) -> bool:
    """Whether a dispatcher of this version should make room for one of ours."""

    def parts(text: str) -> list[int]:
        return [int(part) for part in text.split(".")[:3] if part.isdigit()]

    return version is not None and parts(version) < parts(__version__)


def is_served(folder: Path) -> bool:
    """Whether the dispatcher that holds the lock goes on serving, and has heard that there is work.

    An older one is asked to finish its step and hand over: its runs go on and are adopted. One that is about to leave
    may not know of the work that we were started for.
    """
    answer = client.ask(folder, "status")
    if answer is None:
        return client.poke(folder)  # it hears, and has no time to answer
    if answer.get("stopping"):
        return False
    if is_older(answer.get("version")):
        client.ask(folder, "stop")
        return False
    return True


def is_newer_folder(folder: Path) -> bool:
    """Whether a run folder was made by a release whose protocol we do not speak: its run goes on without us."""
    return misfit(_job(folder).get("protocol_version", 1)) == "newer"


def gpus_of(folder: Path) -> tuple[int, ...]:
    """The GPUs that the dispatcher before us gave the run of this folder, as far as it still says so."""
    said = _job(folder).get("gpus", ())
    return tuple(gpu for gpu in said if type(gpu) is int) if isinstance(said, (list, tuple)) else ()


def _job(folder: Path) -> dict[str, Any]:
    """``job.json`` as it is now: it lies where a script can write."""
    try:
        job = wire.loads(tree.read_small(folder, names.JOB, _MOST_BYTES) or b"{}")
    except ValueError:
        return {}
    return job if isinstance(job, dict) else {}
