"""What event files hold beside numbers, as values of their run: pictures and sounds become files of it.

A file is named by its content, so that what is read again, because it was not stored, is the same file again.
"""

from __future__ import annotations

import errno
import hashlib
import os
from datetime import datetime, timezone

from jupyter_mlws.domain.media import (
    MAX_MEDIA_BYTES,
    MAX_VALUE_FILES,
    Picture,
    Sound,
    folder_of_values,
    read_picture,
    read_sound,
)
from jupyter_mlws.domain.names import check_metric_name
from jupyter_mlws.errors import StorageFull
from jupyter_mlws.runfolder import names
from jupyter_mlws.runfolder.files import open_inside, write_whole
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.tfevents import Event, SummaryValue
from jupyter_mlws.runfolder.tfvalues import Found, values_in
from jupyter_mlws.store.typed_metrics import NewValue

__all__ = ["MAX_NAMES", "EventValues", "Surplus"]

# As of what a script logs itself: each is a chart.
MAX_NAMES = 1_000
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Surplus(Exception):
    """There are as many names, or files of a name, as are kept."""


class EventValues:
    """The values of the event files of a run.

    Parameters
    ----------
    folder : RunFolder
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._files: dict[str, set[str]] = {}

    def of(self, prefix: str, event: Event, said: SummaryValue) -> list[NewValue]:
        """What one value of an event holds, with its pictures and sounds among the files of the run.

        Raises
        ------
        ValueError, MlwsError
            It is damaged, of a format that no browser shows, too large, or has no name that a metric may have.
        Surplus
            It is more than is kept.
        StorageFull
            The disk has no room for a file.
        """
        found = values_in(said)
        at = datetime.fromtimestamp(event.time, timezone.utc)
        values = []
        for number, each in enumerate(found, 1):
            name = check_metric_name(prefix + each.tag)
            self._note(name)
            value = each.value if not isinstance(each.value, bytes) else self._kept(name, each)
            description = f"{number} of {len(found)}" if len(found) > 1 else ""
            values.append(
                NewValue(name=name, type=each.kind, at=at, step=event.step, description=description, value=value)
            )
        return values

    def _note(self, name: str) -> None:
        if name not in self._files:
            if len(self._files) >= MAX_NAMES:
                raise Surplus
            self._files[name] = set()

    def _kept(self, name: str, found: Found) -> dict[str, object]:
        """Keep a picture or a sound as a file of the run; what is logged of it."""
        data: bytes = found.value
        media: Picture | Sound | None = read_picture(data) if found.kind == "image" else read_sound(data)
        if media is None or len(data) > MAX_MEDIA_BYTES:
            raise ValueError("no picture or sound that can be shown")
        known = self._files[name]
        file = hashlib.sha256(data).hexdigest()[:16] + media.suffix
        if file not in known and len(known) >= MAX_VALUE_FILES:
            raise Surplus
        folder = folder_of_values(name)
        if file not in known:
            self._write(f"{names.UPLOADS}/{folder}", file, data)
            known.add(file)
        return {"file": f"{folder}/{file}", **media.facts}

    def _write(self, folder: str, file: str, data: bytes) -> None:
        try:
            place = open_inside(self._folder, folder, make=True)
            try:
                if not _is_in(place, file):
                    write_whole(file, data, dir_fd=place)
            finally:
                os.close(place)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull("There is no room on the disk for a picture of an event file.") from error
            raise ValueError("the place of its file is taken") from error  # by a link, or a file of the script's


def _is_in(folder: int, name: str) -> bool:
    """Whether an open folder has something of the name: it may have very many, of which none is listed for it."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
