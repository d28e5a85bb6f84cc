"""Runs as folders that TensorBoard shows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_mlws.api.routes import Download
from jupyter_mlws.errors import InvalidInput, NotFound
from jupyter_mlws.runfolder import tfevents
from jupyter_mlws.sdk.files import save

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run

__all__ = ["Exported", "export_run"]

_RECORDS_AT_ONCE = 2_000


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A run that was written for TensorBoard.

    Attributes
    ----------
    run : int
        The run's number.
    folder : str
        Where its event file is.
    series : int
        How many metrics are in it.
    """

    run: int
    folder: str
    series: int


def export_run(run: Run, folder: str | os.PathLike[str], *, system: bool = False) -> Exported:
    """Write the numbers of a run as an event file, which is whole under its name or not there.

    Written again, it takes the place of the earlier one. TensorBoard's numbers have 32 bits.

    Parameters
    ----------
    run : Run
    folder : path-like
        What ``tensorboard --logdir`` is to be given; the run gets a folder in it, ``<experiment>-<number>``.
    system : bool
        Its system metrics, too.

    Raises
    ------
    NotFound
        The run has no metric that is a number.
    InvalidInput
        There is a file in the place of the folder.
    StorageFull
        The disk has no room.
    """
    record = run.record
    names = [metric.name for wish in ((False, True) if system else (False,)) for metric in run._summaries(wish)]
    if not names:
        raise NotFound(
            f"Run #{record.number} has no metric that TensorBoard could show.", hint="mlws runs lists those that have."
        )
    place = os.path.join(os.path.abspath(folder), f"{record.experiment}-{record.number}")
    begun = record.created_at.timestamp()
    file = os.path.join(place, f"events.out.tfevents.{begun:.0f}.mlws-{record.number}")
    try:
        save(Download(_records(run, names, begun)), file)
    except (FileExistsError, NotADirectoryError) as error:
        raise InvalidInput(f"{os.fspath(folder)} is no folder.", hint="Choose another place with --to.") from error
    return Exported(run=record.number, folder=place, series=len(names))


def _records(run: Run, names: Sequence[str], begun: float) -> Iterator[bytes]:
    yield tfevents.beginning(begun)
    for name in names:
        columns = run.metric(name).columns
        step, time, value = columns["step"], columns["time"], columns["value"]
        for i in range(0, len(value), _RECORDS_AT_ONCE):
            points = range(i, min(i + _RECORDS_AT_ONCE, len(value)))
            yield b"".join([tfevents.event(time[at], int(step[at]), [(name, value[at])]) for at in points])
