"""Series of numbers, and values that are more than numbers."""

from __future__ import annotations

from jupyter_mlws.api.interface import MetricsApi
from jupyter_mlws.api.routes import Download
from jupyter_mlws.domain.metric import MetricSummary, MetricValue, TypedMetric
from jupyter_mlws.domain.names import check_metric_name
from jupyter_mlws.domain.page import Page
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.store import typed_metrics
from jupyter_mlws.store.paging import clamp_limit

__all__ = ["MAX_BUCKETS", "Metrics"]

MAX_BUCKETS = 20_000


@implements("metrics", MetricsApi)
class Metrics:
    """`MetricsApi` over the store."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    def list(self, run: str, limit: int = 1000, cursor: str | None = None) -> Page[MetricSummary]:
        # Imported at use, here and below: numpy would delay every first submit and the dispatcher's start.
        from jupyter_mlws.store import metrics

        with self._store.read() as c:
            return metrics.page_metrics(c, run, clamp_limit(limit), cursor)

    def read(self, run: str, name: str, after: int = 0, points: int | None = None) -> Download:
        from jupyter_mlws.store import metrics

        name = check_metric_name(name)
        if after < 0:
            raise InvalidInput(f"A series has no point {after}.", hint="Pass the count that you have.")
        if points is not None and points < 1:
            raise InvalidInput(f"A chart of {points} points shows nothing.", hint="Ask for the width in pixels.")
        with self._store.read() as c:
            data = metrics.read_series(c, run, name, after, None if points is None else min(points, MAX_BUCKETS))
        return Download((data,), name="series.bin", size_bytes=len(data))

    def typed(self, run: str, limit: int = 1000, cursor: str | None = None) -> Page[TypedMetric]:
        with self._store.read() as c:
            return typed_metrics.page_typed(c, run, clamp_limit(limit), cursor)

    def values(self, run: str, name: str, after: int = 0, limit: int = 1000) -> Page[MetricValue]:
        name = check_metric_name(name)
        if after < 0:
            raise InvalidInput(f"A metric has no value {after}.", hint="Pass the count that you have.")
        with self._store.read() as c:
            return typed_metrics.read_values(c, run, name, after, clamp_limit(limit))
