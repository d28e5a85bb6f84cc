"""What a run logged: numbers, and values that are more than numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from jupyter_mlws.errors import NotFound
from jupyter_mlws.sdk.run_children import RunChildren
from jupyter_mlws.sdk.run_files import RunFiles
from jupyter_mlws.sdk.typed_reading import WITH_FILES, shape_of

if TYPE_CHECKING:
    from jupyter_mlws.api.series import Series
    from jupyter_mlws.domain.metric import MetricSummary, MetricValue, TypedMetric
    from jupyter_mlws.sdk.logged_values import LoggedValue

__all__ = ["RunMetrics"]


class RunMetrics(RunChildren, RunFiles):
    """What a run logged."""

    def get_metrics(
        self, name: str | None = None, recursive: bool = False, populate: bool = False, *, system: bool = False
    ) -> dict[str, Any]:
        """What was logged, by name, each in the shape that it went in.

        Parameters
        ----------
        name : str, optional
            Only this metric.
        recursive : bool
            Also of all runs below this one; the answer is then ``{run id: {name: value}}``.
        populate : bool
            Give the bytes of pictures, figures and sounds instead of the names of their files.
        system : bool
            Instead of what was logged what was measured of the run's processes: ``system/cpu_percent`` and others.

        Returns
        -------
        dict
            A number, or a list of numbers where one was logged more than once; the list of `log_list`;
            ``{column: list}`` for the rows of `log_row` and the table of `log_table`; a text; a histogram's edges and
            counts; the document of a chart; the name of a picture's, figure's or sound's file. Where anything but
            rows was logged more than once: a list of these. `values` gives each with its step.

        Raises
        ------
        NotFound
            There is no metric of that name, and `recursive` is false.

        Notes
        -----
        In the process that logs the run all that it logged before this call is there.
        """
        if not recursive:
            return self._own_metrics(name, populate, system)
        found = {}
        for run in (self, *self.get_children(recursive=True)):
            try:
                found[run.id] = run._own_metrics(name, populate, system)
            except NotFound:
                found[run.id] = {}
        return found

    def _own_metrics(self, name: str | None, populate: bool, system: bool) -> dict[str, Any]:
        if name is not None:
            return {name: self._one_metric(name, populate)}
        found: dict[str, Any] = {}
        for summary in self._summaries(system):
            found[summary.name] = summary.last if summary.count == 1 else self._numbers(summary.name)
        if system:
            return found
        for metric in self._typed():
            found[metric.name] = self._typed_value(metric.name, populate)
        return found

    def _one_metric(self, name: str, populate: bool) -> Any:
        try:
            return self._numbers(name)
        except NotFound as error:
            try:
                return self._typed_value(name, populate)
            except NotFound:
                raise error from None

    def _numbers(self, name: str) -> float | list[float]:
        column = self.metric(name).columns["value"]
        return column[0] if len(column) == 1 else column.tolist()

    def metric(
        self,
        name: str,
        points: int | None = None,
        *,
        axis: str = "step",
        low: float | None = None,
        high: float | None = None,
    ) -> Series:
        """One metric of numbers: `step`, `time` (seconds since 1970) and `value` as arrays of numpy.

        Parameters
        ----------
        name : str
        points : int, optional
            At most about so many points: each sums up those that it stands for, and the columns are step, time,
            minimum, maximum, mean and count.
        axis : str
            What `low` and `high` are: 'step' or 'time'.
        low, high : float, optional
            Only the points between them.

        Returns
        -------
        Series
            Its `columns` are plain arrays, for where numpy is not installed.

        Examples
        --------
        >>> loss = run.metric("loss")                                       # doctest: +SKIP
        >>> plt.plot(loss.step, loss.value)                                 # doctest: +SKIP
        >>> chart = run.metric("loss", points=1000, low=5_000, high=6_000)  # doctest: +SKIP
        """
        from jupyter_mlws.api.series import decode_series

        # Only what is wished for: a server of the release before this one knows no more.
        wishes: dict[str, Any] = {} if points is None else {"points": points}
        if low is not None or high is not None:
            wishes |= {"axis": axis, "low": _number(low), "high": _number(high)}
        return decode_series(*self._api.metrics.read(self.id, name, **wishes).chunks)

    def values(self, name: str) -> Iterator[LoggedValue]:
        """The values of one metric that is more than numbers, in the order of their logging, each with its step.

        Raises
        ------
        NotFound
            There is no metric of that name, or one of numbers.

        Examples
        --------
        >>> for sample in run.values("samples"):                            # doctest: +SKIP
        ...     print(sample.step, sample.at, sample.file)
        ...     sample.save(f"sample-{sample.step}.png")
        """
        from jupyter_mlws.sdk.logged_values import LoggedValue

        # Asked for at once, so that a wrong name is told where it stands.
        found = self._values_of(name)
        first = next(found, None)
        values = () if first is None else chain((first,), found)
        return (LoggedValue(record, self._download) for record in values)

    def _typed_value(self, name: str, populate: bool) -> Any:
        values = list(self._values_of(name))
        kind = values[0].type
        if populate and kind in WITH_FILES:
            files = [value.value.get("file", "") for value in values if isinstance(value.value, dict)]
            found: list[Any] = [self._download(file).read() for file in files]
            return found[0] if len(found) == 1 else found
        if kind == "table":
            from jupyter_mlws.sdk.logged_values import LoggedValue

            found = [LoggedValue(value, self._download).value for value in values]
            return found[0] if len(found) == 1 else found
        return shape_of(kind, [value.value for value in values])

    def _values_of(self, name: str) -> Iterator[MetricValue]:
        after = 0
        while True:
            page = self._api.metrics.values(self.id, name, after=after)
            yield from page.items
            if page.next_cursor is None:
                return
            after = int(page.next_cursor)

    def _summaries(self, system: bool) -> Iterator[MetricSummary]:
        # Only what is wished for: a server of the release before this one knows no more.
        wishes: dict[str, Any] = {"system": True} if system else {}
        cursor = None
        while True:
            page = self._api.metrics.list(self.id, cursor=cursor, **wishes)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _typed(self) -> Iterator[TypedMetric]:
        cursor = None
        while True:
            page = self._api.metrics.typed(self.id, cursor=cursor)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return


def _number(end: Any) -> Any:
    """What calls itself a number as one; anything else is refused where it arrives."""
    return float(end) if hasattr(end, "__float__") else end
