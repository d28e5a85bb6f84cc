"""What the script's Python in an image finds: asked inside, by a container that has neither network nor rights.

Modules of the standard library are taken for granted, and what was found once is not asked for again: so most runs
start no such container.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jupyter_mlws.containers import engine
from jupyter_mlws.containers.removing import PROBE, remove_later
from jupyter_mlws.environments.imports import QUESTION
from jupyter_mlws.errors import TargetAway, Unavailable

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["found_in"]

_PATIENCE_S = 30
_MOST_IMAGES = 200
# Of what an image says.
_MOST_BYTES = 1 << 20
_known: dict[tuple[str, str], set[str]] = {}
_turn = threading.Lock()


def found_in(image: str, names: Sequence[str], python_path: str) -> Sequence[str]:
    """Those of the names that `python` in an image finds; all of them where it cannot be asked.

    Raises
    ------
    TargetAway
        The engine does not answer.
    """
    key = image, python_path
    with _turn:
        known = _known.get(key, set()) | sys.stdlib_module_names
    new = [name for name in names if name not in known]
    if not new:
        return names
    there = _ask(image, new, python_path)
    if there is None:
        return names
    with _turn:
        while len(_known) >= _MOST_IMAGES:
            _known.pop(next(iter(_known)))
        # What it lacks is asked again: that ends a run, and a longer answer matters to nobody.
        _known.setdefault(key, set()).update(there.intersection(new))
    return [name for name in names if name in known or name in there]


def _ask(image: str, names: Sequence[str], python_path: str) -> set[str] | None:
    try:
        with engine.answers():
            said = _run(engine.connect(), image, names, python_path)
        found = json.loads(said)
        return set(map(str, found)) if isinstance(found, list) else None
    except TargetAway:
        raise
    except (Unavailable, ValueError, RecursionError):
        return None  # it has no python, or one that says something else: the script will tell


def _run(client: APIClient, image: str, names: Sequence[str], python_path: str) -> bytes:
    user = "0:0" if engine.is_rootless(engine.address()) else f"{os.getuid()}:{os.getgid()}"
    made = client.create_container(
        image,
        ["-c", QUESTION, *names],
        entrypoint=["python"],
        user=user,
        working_dir="/",
        environment={"PYTHONPATH": python_path} if python_path else {},
        labels={PROBE: "1"},
        host_config=client.create_host_config(
            network_mode="none", cap_drop=["ALL"], security_opt=["no-new-privileges"]
        ),
    )["Id"]
    try:
        client.start(made)
        client.wait(made, timeout=_PATIENCE_S)
        return bytes(client.logs(made, stdout=True, stderr=False, tail=1)[:_MOST_BYTES])
    finally:
        remove_later(made)
