"""What a run that no workspace follows knows of itself: the same questions, answered from its own folder."""

from __future__ import annotations

import builtins
import hashlib
from array import array
from collections.abc import Iterator
from datetime import datetime, timezone
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mlws.api.mailbox import MailboxApi
from jupyter_mlws.api.routes import Download
from jupyter_mlws.api.series import encode_series
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.domain.metric import MetricSummary, MetricValue, TypedMetric
from jupyter_mlws.domain.names import check_file_name, check_id
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import InvalidPath, NotFound
from jupyter_mlws.runfolder.journal_reader import JournalReader
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.values_reader import LoggedValue, ValuesReader
from jupyter_mlws.sdk.local_record import children_of, read_record

if TYPE_CHECKING:
    from jupyter_mlws.domain.run import Run

__all__ = ["LocalApi"]

_CHUNK_BYTES = 1 << 20


class LocalApi:
    """The part of the API that a run folder can answer; the rest is `Unavailable`.

    Parameters
    ----------
    root, folder : RunFolder
        Of the run that has no parent here, and of the run that asks.
    """

    def __init__(self, root: RunFolder, folder: RunFolder) -> None:
        self._rest = MailboxApi(folder, followed=False)
        self.runs = _Runs(root, self._rest)
        self.metrics = _Metrics(root)
        self.files = _Files(root)

    def __getattr__(self, noun: str) -> Any:
        return getattr(self._rest, noun)


def _folder(root: RunFolder, run: str) -> RunFolder:
    """The folder of the root run or of one below it."""
    if read_record(root).id == run:
        return root
    found = RunFolder(root.children / check_id(run))
    if not found.job.is_file():
        raise NotFound(
            f"There is no run {run[:80]!r} in this folder.", hint="Other runs are known to a workspace only."
        )
    return found


class _Runs:
    def __init__(self, root: RunFolder, rest: MailboxApi) -> None:
        self._root = root
        self._rest = rest

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rest.runs, name)

    def get(self, run: str) -> Run:
        return read_record(_folder(self._root, run))

    def list(self, parent: str | None = None, recursive: bool = False, **wishes: Any) -> Page[Run]:
        if parent is None:
            self._rest.runs.list(**wishes)
        found: dict[str, RunFolder] = {}
        above = [_folder(self._root, parent or "")]
        while above:
            ids = [run_id for folder in above for run_id in children_of(folder) if run_id not in found]
            below = {run_id: RunFolder(self._root.children / run_id) for run_id in ids}
            found |= below
            above = [folder for folder in below.values() if folder.job.is_file()] if recursive else []
        return Page(items=tuple(read_record(folder) for folder in found.values() if folder.job.is_file())[::-1])


def _places(axis: array[float], low: float | None, high: float | None) -> tuple[int, int]:
    """Where the first point between two steps or times is, and behind the last one."""
    if low is None and high is None:
        return 0, len(axis)
    least, most = -inf if low is None else low, inf if high is None else high
    inside = [i for i, x in enumerate(axis) if least <= x <= most]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


class _Metrics:
    """Numbers from the journals, and typed values, in the order of their streams."""

    def __init__(self, root: RunFolder) -> None:
        self._root = root

    def list(self, run: str, limit: int = 1000, cursor: str | None = None) -> Page[MetricSummary]:
        return Page(items=tuple(_summary(name, *points) for name, points in sorted(self._points(run).items())))

    def read(
        self,
        run: str,
        name: str,
        after: int = 0,
        points: int | None = None,
        axis: str = "step",
        low: float | None = None,
        high: float | None = None,
    ) -> Download:
        found = self._points(run).get(name)
        if found is None:
            raise NotFound(f"The run has no metric {name[:80]!r}.", hint="List them to see their names.")
        first, end = _places(found[1] if axis == "time" else found[0], low, high)
        part = slice(max(after, first), end)
        columns = {key: column[part].tobytes() for key, column in zip(("step", "time", "value"), found, strict=True)}
        return Download(encode_series(name, len(found[0]), columns))

    def typed(self, run: str, limit: int = 1000, cursor: str | None = None) -> Page[TypedMetric]:
        return Page(
            items=tuple(
                TypedMetric(name=name, type=values[0].type, count=len(values), updated_at=values[-1].at)
                for name, values in sorted(self._values(run).items())
            )
        )

    def values(self, run: str, name: str, after: int = 0, limit: int = 1000) -> Page[MetricValue]:
        found = self._values(run).get(name)
        if found is None:
            raise NotFound(f"The run has no typed metric {name[:80]!r}.", hint="List them to see their names.")
        return Page(
            items=tuple(
                MetricValue(index=i, type=v.type, at=v.at, step=v.step, description=v.description, value=v.value)
                for i, v in enumerate(found[after:], after)
            )
        )

    def _points(self, run: str) -> dict[str, tuple[array[float], array[float], array[float]]]:
        """Columns step, time and value by name."""
        reader, offsets = JournalReader(_folder(self._root, run)), dict[str, int]()
        found: dict[str, tuple[array[float], array[float], array[float]]] = {}
        while polled := reader.poll(offsets):
            for points in polled:
                offsets[points.stream] = points.end
                columns = zip(points.name_index, points.step, points.implicit, points.time, points.value, strict=True)
                for key, step, implicit, at, value in columns:
                    steps, times, values = found.setdefault(points.names[key], (array("d"), array("d"), array("d")))
                    steps.append(len(steps) if implicit else step)
                    times.append(at)
                    values.append(value)
        return found

    def _values(self, run: str) -> dict[str, builtins.list[LoggedValue]]:
        reader, offsets = ValuesReader(_folder(self._root, run)), dict[str, int]()
        found: dict[str, builtins.list[LoggedValue]] = {}
        while parts := reader.poll(offsets):
            for part in parts:
                offsets[part.stream] = part.end
                for value in part.values:
                    known = found.setdefault(value.name, [])
                    if not known or known[0].type == value.type:
                        known.append(value)
        return found


def _summary(name: str, steps: array[float], times: array[float], values: array[float]) -> MetricSummary:
    numbers = [value for value in values if value == value] or [float("nan")]
    return MetricSummary(
        name=name,
        count=len(values),
        last=values[-1],
        last_step=int(steps[-1]),
        minimum=min(numbers),
        maximum=max(numbers),
        updated_at=datetime.fromtimestamp(times[-1], timezone.utc),
    )


class _Files:
    """What lies in ``outputs/``, ``logs/`` and ``uploads/`` of the folder."""

    def __init__(self, root: RunFolder) -> None:
        self._root = root

    def list(self, run: str, kind: str | None = None, limit: int = 1000, cursor: str | None = None) -> Page[RunFile]:
        if kind not in (None, FileKind.OUTPUT.value):
            return Page(items=())
        return Page(items=tuple(_file(name, path) for name, path in sorted(self._found(run).items())))

    def download(self, run: str, name: str, kind: str = "output") -> Download:
        path = self._found(run).get(check_file_name(name)) if kind == FileKind.OUTPUT.value else None
        if path is None:
            raise NotFound(f"The run has no {kind} file {name[:80]!r}.", hint="List its files to see their names.")
        return Download(_chunks(path), name=path.name, size_bytes=path.stat().st_size)

    def _found(self, run: str) -> dict[str, Path]:
        folder = _folder(self._root, run)
        roots = (("outputs/", folder.outputs), ("logs/", folder.logs), ("", folder.uploads))
        return {
            name: path
            for prefix, place in roots
            for path in place.rglob("*")
            if path.is_file() and _is_plain(name := prefix + path.relative_to(place).as_posix())
        }


def _is_plain(name: str) -> bool:
    try:
        return bool(check_file_name(name)) and not name.rpartition("/")[2].startswith(".mlws-")
    except InvalidPath:
        return False


def _file(name: str, path: Path) -> RunFile:
    seen, stat = hashlib.sha256(), path.stat()
    for chunk in _chunks(path):
        seen.update(chunk)
    return RunFile(
        name=name,
        kind=FileKind.OUTPUT,
        size_bytes=stat.st_size,
        digest=seen.hexdigest(),
        mode=stat.st_mode & 0o777,
        modified_at=datetime.fromtimestamp(stat.st_mtime, timezone.utc),
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
