"""The doctor's round, from the ground up: it works where no workspace can be opened, and changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_mlws.cli.doctor import building, dispatcher, folder, installation, records, user
from jupyter_mlws.cli.doctor.finding import Finding
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.workspace import find

__all__ = ["examine"]


def examine(location: str | None) -> Iterator[Finding]:
    """All findings, in the order in which one part stands on another.

    Parameters
    ----------
    location : str or None
        A workspace; by default the one of the working directory.
    """
    before = [*installation.examine(), *user.examine(), *building.examine()]
    yield from before
    try:
        place = find(location, document=os.getcwd())
    except (MlwsError, OSError) as error:
        yield Finding.of(error, "Workspace")
        return
    if "://" in place:
        yield from _behind_server(place)
    else:
        yield from _here(Path(place), before)


def _here(place: Path, before: list[Finding]) -> Iterator[Finding]:
    found = list(before)
    for check in (folder.examine, records.examine):
        for finding in check(place):
            found.append(finding)
            yield finding
    yield from dispatcher.examine(place, start=not any(finding.level == "error" for finding in found))


def _behind_server(url: str) -> Iterator[Finding]:
    from jupyter_mlws.workspace import connect

    try:
        with connect(url) as opened:
            info = opened.api.workspace.info()
            targets = opened.api.compute.list().items
    except (MlwsError, OSError) as error:
        yield Finding.of(error, "Workspace")
        return
    yield Finding("ok", "Workspace", f"{info.name}, behind the server {opened.location}, has {info.run_count:,} runs.")
    if info.dispatcher.message:
        yield Finding("error", "Dispatcher", info.dispatcher.message, "Run mlws doctor on the server's machine.")
    for sentence in info.dispatcher.troubles.values():
        yield Finding("warning", "Dispatcher", sentence)
    yield from dispatcher.compute(targets)
