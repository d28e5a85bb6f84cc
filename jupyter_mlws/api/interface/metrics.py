"""The noun of metrics."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import Download, route
from jupyter_mlws.domain.metric import MetricNames, MetricSummary, MetricValue, TableRows, TypedMetric, WantedSeries
from jupyter_mlws.domain.page import Page

__all__ = ["MetricsApi"]


class MetricsApi(Protocol):
    """Series of numbers, and values that are more than numbers."""

    @route("GET", "/runs/{run}/metrics", resource="runs", from_job=True)
    def list(self, run: str, limit: int = 1000, cursor: str | None = None, system: bool = False) -> Page[MetricSummary]:
        """The series of a run, by name, each with its latest value.

        Parameters
        ----------
        system : bool
            Instead of what the script logged what was measured of its processes: the series ``system/...``.
        """
        ...

    @route("GET", "/runs/{run}/metrics/names", resource="runs")
    def names(
        self, run: str, search: str = "", limit: int = 1000, cursor: str | None = None, system: bool = False
    ) -> MetricNames:
        """The names alone, of which a run may have a hundred thousand, or those that are searched for.

        Parameters
        ----------
        search : str
            Words that a name has to have all of, in any case; letters beyond ASCII as they are written.
        system : bool
            Instead of what the script logged what was measured of its processes.
        """
        ...

    @route("GET", "/runs/{run}/metric", resource="runs", from_job=True)
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
        """A series as binary columns (see `jupyter_mlws.api.series`).

        Parameters
        ----------
        after : int
            Skip so many points: a live chart passes the `count` it has and receives only what is new.
        points : int, optional
            At most about so many points: buckets with minimum, maximum and mean instead of single values. A chart
            asks for its width in pixels; what that costs does not grow with the series.
        axis : str
            What `low` and `high` are: 'step', or 'time' in seconds since 1970.
        low, high : float, optional
            Only the points between them, both included: a chart that was zoomed into asks again, and gets all that
            its width can show. Where steps or times go back and forth, all between the first and the last of these.
        """
        ...

    @route("POST", "/metrics/read", resource="runs")
    def read_many(self, wanted: WantedSeries) -> Download:
        """Several series, of whichever runs, each in the wire form of `read`, one behind the other as they were asked.

        What a page of charts shows is one question; where nothing is new it is answered by headers alone. A series
        that is not there, or no more, has no points and the count 0, so that one deleted run blanks no chart but its
        own.

        Raises
        ------
        TooLarge
            More than 500 series.
        """
        ...

    @route("GET", "/runs/{run}/typed", resource="runs", from_job=True)
    def typed(self, run: str, limit: int = 1000, cursor: str | None = None) -> Page[TypedMetric]:
        """The metrics of a run that are more than numbers, by name."""
        ...

    @route("GET", "/runs/{run}/values", resource="runs", from_job=True)
    def values(self, run: str, name: str, after: int = 0, limit: int = 1000) -> Page[MetricValue]:
        """The values of one typed metric, in the order of their logging, or `NotFound`.

        A page ends early where the values are large; its `next_cursor` is the next `after`, as text.

        Parameters
        ----------
        after : int
            Skip so many values.
        """
        ...

    @route("GET", "/runs/{run}/table", resource="runs", from_job=True)
    def table(self, run: str, name: str, index: int = 0, first: int = 0, limit: int = 100) -> TableRows:
        """Some rows of a table that is kept as a file, or `NotFound`: a large one is looked at page by page.

        Parameters
        ----------
        name : str
            Of a metric of type 'table'.
        index : int
            Which of its values.
        first : int
            The first of the rows, from 0.
        limit : int
            At most so many rows, at most 1,000, and of a table of more than 100 columns at most 100,000 cells.
            Texts are cut after 300 characters; the file has all of them.

        Raises
        ------
        InvalidInput
            The value is no table in a file: all of it is in `values`.
        CorruptData
            The file is no table, or one that another program wrote.
        TooLarge
            To show these rows, more than 512 MiB would have to be unpacked.
        """
        ...

    @route("GET", "/metrics", resource="runs")
    def export(
        self,
        filter: str | None = None,
        experiment: str | None = None,
        names: str | None = None,
        latest: bool = False,
        include_children: bool = False,
    ) -> Download:
        """The points of all runs that a filter finds, as binary columns (see `jupyter_mlws.api.metric_table`).

        They come in blocks, the oldest run first, and a run's series by name. What is logged meanwhile is left out.

        Parameters
        ----------
        filter, experiment, include_children
            Which runs, as for `RunsApi.list`.
        names : str, optional
            Only these metrics: a JSON array of names. Without it system metrics are left out.
        latest : bool
            Only the newest point of each series.

        Raises
        ------
        InvalidFilter
            `filter` cannot be understood; the message and `details` point at the word.
        """
        ...
