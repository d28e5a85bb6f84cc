"""A run folder, and points read from it as plain tuples."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from jupyter_mlws.runfolder.journal import JournalReader, StreamPoints


class Point(NamedTuple):
    name: str
    step: int | None
    value: float
    time: float


class Follower:
    """Reads a journal as the dispatcher does: by offsets that it keeps."""

    def __init__(self, folder: Any, **options: Any) -> None:
        self.reader = JournalReader(folder, **options)
        self.offsets: dict[str, int] = {}
        self.by_stream: dict[str, list[Point]] = {}

    def follow(self, *, final: bool = False, limit: int = 100_000) -> list[Point]:
        """All that is new, over as many polls as it takes."""
        found: list[Point] = []
        while polled := self.reader.poll(self.offsets, final=final, limit=limit):
            for points in polled:
                assert points.start == self.offsets.get(points.stream, 0)
                assert points.end > points.start
                assert len(points) <= points.end - points.start
                self.offsets[points.stream] = points.end
                new = _plain(points)
                self.by_stream.setdefault(points.stream, []).extend(new)
                found += new
        return found


def _plain(points: StreamPoints) -> list[Point]:
    assert len(points.step) == len(points.implicit) == len(points.time) == len(points.name_index) == len(points)
    columns = zip(points.name_index, points.step, points.implicit, points.value, points.time, strict=True)
    return [Point(points.names[k], None if i else s, v, t) for k, s, i, v, t in columns]


@pytest.fixture(scope="session")
def follower() -> type[Follower]:
    return Follower
