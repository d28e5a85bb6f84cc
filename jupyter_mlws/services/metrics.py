"""Series of numbers, and values that are more than numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jupyter_mlws.api.codec import loads
from jupyter_mlws.api.interface import MetricsApi
from jupyter_mlws.api.metric_table import MAGIC, encode_block, encode_end
from jupyter_mlws.api.routes import Download
from jupyter_mlws.domain.metric import (
    MAX_SERIES,
    MetricNames,
    MetricSummary,
    MetricValue,
    SeriesWanted,
    TableRows,
    TypedMetric,
    WantedSeries,
)
from jupyter_mlws.domain.names import check_experiment_name, check_metric_name
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import InvalidInput, TooLarge
from jupyter_mlws.services import tables
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.filters import parse_filter
from jupyter_mlws.store import runs, typed_metrics
from jupyter_mlws.store.paging import clamp_limit

if TYPE_CHECKING:
    from jupyter_mlws.store.series import Part, Range

__all__ = ["MAX_BUCKETS", "Metrics"]

MAX_BUCKETS = 20_000
# Of metrics in one export; in a database each is a parameter of the question.
MAX_NAMES = 1000
# Characters of what is searched for among names.
MAX_SEARCH = 1000


@implements("metrics", MetricsApi)
class Metrics:
    """`MetricsApi` over the store."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._blobs = context.blobs

    def list(self, run: str, limit: int = 1000, cursor: str | None = None, system: bool = False) -> Page[MetricSummary]:
        # Imported at use, here and below: numpy would delay every first submit and the dispatcher's start.
        from jupyter_mlws.store import metrics

        with self._store.read() as c:
            return metrics.page_metrics(c, run, clamp_limit(limit), cursor, system=system)

    def names(
        self, run: str, search: str = "", limit: int = 1000, cursor: str | None = None, system: bool = False
    ) -> MetricNames:
        from jupyter_mlws.store import metric_names

        if len(search) > MAX_SEARCH:
            raise TooLarge(
                f"A search of {len(search):,} characters is too long.", hint=f"Search with at most {MAX_SEARCH:,}."
            )
        with self._store.read() as c:
            return metric_names.page_names(c, run, search.split(), clamp_limit(limit), cursor, system=system)

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
        from jupyter_mlws.store import metrics

        part = _part(SeriesWanted(run=run, name=name, after=after, points=points, axis=axis, low=low, high=high))
        with self._store.read() as c:
            found = metrics.read_series(c, part.run, part.name, part.after, part.points, part.within)
        return Download(found, name="series.bin", size_bytes=sum(map(len, found)))

    def read_many(self, wanted: WantedSeries) -> Download:
        from jupyter_mlws.store.series import read_many

        if len(wanted.series) > MAX_SERIES:
            raise TooLarge(
                f"{len(wanted.series):,} series are asked for at once.", hint=f"Ask for {MAX_SERIES} at a time."
            )
        parts = [_part(each) for each in wanted.series]
        with self._store.read() as c:
            found = read_many(c, parts)
        return Download(found, name="series.bin", size_bytes=sum(map(len, found)))

    def typed(self, run: str, limit: int = 1000, cursor: str | None = None) -> Page[TypedMetric]:
        with self._store.read() as c:
            return typed_metrics.page_typed(c, run, clamp_limit(limit), cursor)

    def values(self, run: str, name: str, after: int = 0, limit: int = 1000) -> Page[MetricValue]:
        name = check_metric_name(name)
        if after < 0:
            raise InvalidInput(f"A metric has no value {after}.", hint="Pass the count that you have.")
        with self._store.read() as c:
            return typed_metrics.read_values(c, run, name, after, clamp_limit(limit))

    def table(self, run: str, name: str, index: int = 0, first: int = 0, limit: int = 100) -> TableRows:
        name = check_metric_name(name)
        if index < 0 or first < 0:
            raise InvalidInput("A table has no such place.", hint="Values and rows are counted from 0.")
        with self._store.read() as c:
            file = tables.file_of(c, run, name, index)
        return tables.rows_of(self._blobs, file, first, clamp_limit(limit))

    def export(
        self,
        filter: str | None = None,
        experiment: str | None = None,
        names: str | None = None,
        latest: bool = False,
        include_children: bool = False,
    ) -> Download:
        if experiment is not None:
            check_experiment_name(experiment)
        wanted = None if filter is None else parse_filter(filter)
        chosen = None if names is None else _names(names)
        with self._store.read() as c:
            numbers = runs.find_numbers(c, experiment=experiment, include_children=include_children, wanted=wanted)
        return Download(self._blocks(numbers, chosen, latest=latest), name="metrics.bin")

    def _blocks(
        self, numbers: Sequence[int], names: Sequence[str] | None, *, latest: bool
    ) -> Iterator[bytes | memoryview]:
        """Each from a transaction of its own: a slow reader must hold none open."""
        from jupyter_mlws.store import metric_export

        yield MAGIC
        for i in range(0, len(numbers), metric_export.RUNS_AT_ONCE):
            with self._store.read() as c:
                ids = metric_export.ids_of(c, numbers[i : i + metric_export.RUNS_AT_ONCE])
                part = metric_export.Slice(ids, names)
                block = metric_export.latest_block(c, part) if latest else metric_export.next_block(c, part)
            while block is not None:
                yield from encode_block(block)
                if latest:
                    break
                with self._store.read() as c:
                    block = metric_export.next_block(c, part)
        yield encode_end()


def _part(wanted: SeriesWanted) -> Part:
    """What is wanted of a series, checked."""
    from jupyter_mlws.store.series import Part

    if wanted.after < 0:
        raise InvalidInput(f"A series has no point {wanted.after}.", hint="Pass the count that you have.")
    if wanted.points is not None and wanted.points < 1:
        raise InvalidInput(f"A chart of {wanted.points} points shows nothing.", hint="Ask for the width in pixels.")
    points = None if wanted.points is None else min(wanted.points, MAX_BUCKETS)
    within = _range(wanted.axis, wanted.low, wanted.high)
    return Part(wanted.run, check_metric_name(wanted.name), wanted.after, points, within)


def _range(axis: str, low: float | None, high: float | None) -> Range | None:
    from jupyter_mlws.store.series import AXES, Range

    if axis not in AXES:
        raise InvalidInput(f"A chart has no axis {axis[:40]!r}.", hint="It is 'step' or 'time'.")
    if low is None and high is None:
        return None
    if low != low or high != high:
        raise InvalidInput("A range that ends at NaN has no points.", hint="Leave out an end that is not known.")
    if low is not None and high is not None and low > high:
        raise InvalidInput(f"The range from {low:g} to {high:g} ends before it begins.", hint="Exchange low and high.")
    return Range(axis, low, high)


def _names(text: str) -> Sequence[str]:
    names = loads(text)
    if not isinstance(names, list) or len(names) > MAX_NAMES:
        raise InvalidInput("The names of the metrics are no list.", hint=f"Pass a JSON array of at most {MAX_NAMES}.")
    return [check_metric_name(name) for name in names]
