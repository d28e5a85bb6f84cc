"""Linked data in a run folder: symbolic links at the place where the script expects what was not copied."""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Iterable

from jupyter_mlws import faults
from jupyter_mlws.domain.snapshot import LinkedPath
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["place_links"]

_COPIED_BYTES = 50 * 1024 * 1024
# What lies beside code/ and must not be covered by a link to ``../outputs`` and the like.
_RESERVED = {
    names.JOB, names.CONTROL, names.STATE, names.HEARTBEAT, names.AGENT_LOCK, names.CODE, names.INPUTS, names.OUTPUTS,
    names.LOGS, names.JOURNAL, names.MAILBOX, names.RESULTS, names.UPLOADS, names.CHILDREN,
}  # fmt: skip


def place_links(folder: RunFolder, links: Iterable[LinkedPath]) -> list[str]:
    """Make the links of a submission; returns one warning for each that could not be made.

    A file of a usual size is copied: a name that a cell mentions may be one that it writes to, and what a job writes
    never goes through to the submitter's own file. For folders and large files a copy would cost what linking saves;
    there the script is asked, not forced, to leave the data as it is. Absolute paths need no link on the submitter's
    machine.
    """
    warnings = []
    for link in links:
        if os.path.isabs(link.path):
            continue
        problem = _place(folder, link)
        if problem:
            warnings.append(f"{link.path} was not linked: {problem}.")
    return warnings


def _place(folder: RunFolder, link: LinkedPath) -> str:
    relative = posixpath.normpath(posixpath.join(names.CODE, link.path))
    if relative.startswith("../") or relative in ("..", ".", names.CODE):
        return "it lies too far outside the snapshot; name it by its full path"
    first, _, rest = relative.partition("/")
    if first in _RESERVED and not (first in (names.CODE, names.INPUTS) and rest):
        return f"the run has its own {first}; name it by its full path"
    if not os.path.exists(link.target):
        return "it is not there any more"
    place = os.path.join(folder, relative)
    if not _make_parents(os.fspath(folder), relative):
        return "a link of the snapshot stands in its way"
    if os.path.lexists(place):
        return "a file of the snapshot has its place"
    if os.path.isfile(link.target) and os.path.getsize(link.target) <= _COPIED_BYTES:
        try:
            faults.point("preparing.link_copy")
            shutil.copy2(link.target, place)
        except OSError as error:
            return f"it cannot be read ({error.strerror})"
    else:
        os.symlink(os.path.abspath(link.target), place)
    return ""


def _make_parents(root: str, relative: str) -> bool:
    """Make the folders above a path, never through a symbolic link; False when something else is in the way."""
    here = root
    for part in relative.split("/")[:-1]:
        here = os.path.join(here, part)
        if os.path.islink(here):
            return False
        try:
            os.mkdir(here)
        except FileExistsError:
            if not os.path.isdir(here):
                return False
    return True
