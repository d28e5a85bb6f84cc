"""The numbers that a run logged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jupyter_mlws.sdk.run_facts import RunFacts

if TYPE_CHECKING:
    from jupyter_mlws.api.series import Series

__all__ = ["RunMetrics"]


class RunMetrics(RunFacts):
    """What a run logged."""

    def get_metrics(self, name: str | None = None) -> dict[str, float | list[float]]:
        """Metrics as ``{name: value}``, or a list of values where one was logged more than once.

        Parameters
        ----------
        name : str, optional
            Only this metric.
        """
        names = [name] if name is not None else [summary.name for summary in self._summaries()]
        values = {}
        for key in names:
            column = self.metric(key).columns["value"]
            values[key] = column[0] if len(column) == 1 else column.tolist()
        return values

    def metric(self, name: str) -> Series:
        """One metric with its columns step, time (seconds since 1970) and value as arrays of float64."""
        from jupyter_mlws.api.series import decode_series

        return decode_series(self.workspace.api.metrics.read(self.id, name).read())

    def _summaries(self) -> Iterator[Any]:
        cursor = None
        while True:
            page = self.workspace.api.metrics.list(self.id, cursor=cursor)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return
