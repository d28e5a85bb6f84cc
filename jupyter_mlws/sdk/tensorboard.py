"""Runs as folders that TensorBoard shows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from jupyter_mlws.api.routes import Download
from jupyter_mlws.errors import InvalidInput, NotFound
from jupyter_mlws.runfolder import tfevents
from jupyter_mlws.sdk.files import save
from jupyter_mlws.sdk.tensorboard_values import SHOWN, value_records

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
    values : int
        How many pictures, figures, histograms, texts and sounds are in it.
    """

    run: int
    folder: str
    series: int
    values: int


def export_run(run: Run, folder: str | os.PathLike[str], *, system: bool = False) -> Exported:
    """Write numbers, pictures, histograms, texts and sounds of a run as an event file, whole or not there.

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
        The run has none of these.
    InvalidInput
        There is a file in the place of the folder.
    StorageFull
        The disk has no room.
    """
    record = run.record
    names = [metric.name for wish in ((False, True) if system else (False,)) for metric in run._summaries(wish)]
    typed = [metric for metric in run._typed() if metric.type in SHOWN]
    if not names and not typed:
        raise NotFound(
            f"Run #{record.number} has no metric that TensorBoard could show.", hint="mlws runs lists those that have."
        )
    place = os.path.join(os.path.abspath(folder), f"{record.experiment}-{record.number}")
    begun = record.created_at.timestamp()
    file = os.path.join(place, f"events.out.tfevents.{begun:.0f}.mlws-{record.number}")
    try:
        save(Download(chain(_records(run, names, begun), value_records(run, typed))), file)
        if record.ended_at is not None:  # whoever imports it goes by that
            os.utime(file, (record.ended_at.timestamp(),) * 2)
    except (FileExistsError, NotADirectoryError) as error:
        raise InvalidInput(f"{os.fspath(folder)} is no folder.", hint="Choose another place with --to.") from error
    return Exported(run=record.number, folder=place, series=len(names), values=sum(metric.count for metric in typed))


def _records(run: Run, names: Sequence[str], begun: float) -> Iterator[bytes]:
    yield tfevents.beginning(begun)
    for name in names:
        columns = run.metric(name).columns
        step, time, value = columns["step"], columns["time"], columns["value"]
        for i in range(0, len(value), _RECORDS_AT_ONCE):
            points = range(i, min(i + _RECORDS_AT_ONCE, len(value)))
            yield b"".join([tfevents.event(time[at], int(step[at]), [(name, value[at])]) for at in points])
