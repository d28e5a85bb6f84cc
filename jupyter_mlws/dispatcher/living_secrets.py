"""The secrets of a run that an earlier dispatcher has started: what it was handed is gone, its processes know it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence

from jupyter_mlws.domain.masking import MASK, hidden_values
from jupyter_mlws.runfolder.masking import Masker
from jupyter_mlws.runfolder.names import SECRETS_VARIABLE
from jupyter_mlws.runfolder.processes import marked, read_small

__all__ = ["masker_of_living"]


def masker_of_living(run_id: str, folder: str, command: Sequence[str]) -> Masker | None:
    """What masks the secrets of a run that has processes on this machine; None where they have none, or cannot be read.

    Parameters
    ----------
    run_id : str
    folder : str
        The run folder.
    command : sequence of str
        As it is recorded, with masks over what nobody may see.
    """
    found: set[str] = set()
    for pid in marked(run_id, folder):
        found.update(_of_variables(_texts(read_small(f"/proc/{pid}/environ"))))
        words = _texts(read_small(f"/proc/{pid}/cmdline"))
        if _is_run_as(command, words):
            found.update(hidden_values(command, words))
    return Masker(found) or None


def _texts(data: bytes) -> list[str]:
    return [os.fsdecode(text) for text in data.split(b"\0")[:-1]]


def _of_variables(variables: list[str]) -> Iterator[str]:
    """The values of the secrets; a script may start processes with any variables, ours too."""
    known = dict(text.split("=", 1) for text in variables if "=" in text)
    try:
        names = json.loads(known.get(SECRETS_VARIABLE, "{}"))
    except ValueError:
        return
    for variable in names.values() if isinstance(names, dict) else ():
        if isinstance(variable, str) and variable in known:
            yield known[variable]


def _is_run_as(command: Sequence[str], words: list[str]) -> bool:
    """Whether a process was started with this command; its first word may have become the path of a program."""
    pairs = zip(command[1:], words[1:], strict=False)
    return len(command) == len(words) and all(shown == word or shown.endswith(MASK) for shown, word in pairs)
