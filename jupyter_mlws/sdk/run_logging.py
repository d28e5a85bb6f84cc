"""Logging to a run. Only its own process can: on any other `Run` these calls say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_mlws.sdk.rich_logging import RichLogging

__all__ = ["RunLogging"]


class RunLogging(RichLogging):
    """What a run's own process logs to it. A name belongs to one kind of value."""

    def log(self, name: str, value: float | None = None, step: int | None = None, description: str = "") -> None:
        """Log one value of a metric.

        Parameters
        ----------
        name : str
            1 to 255 characters.
        value : float
            Anything that is a number; NaN and infinities are kept. Left out, a sentence says what is missing.
        step : int, optional
            Without it values count up from 0.
        description : str
            Taken for the sake of older scripts; single numbers keep none.

        Raises
        ------
        InvalidInput
            The value is no number, or missing; the message names metric and type.
        WrongState
            The run is not logged from this process.
        """
        raise self._not_ours("log")

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log several metrics with one step: all of them, or none if one is no number."""
        raise self._not_ours("log")

    def log_list(self, name: str, value: Sequence[Any], description: str = "") -> None:
        """Log a list of numbers or texts; `get_metrics` gives it back as a list.

        Parameters
        ----------
        name : str
        value : list, array, series or any iterable of numbers, texts, truth values or None
        description : str
            At most 5,000 characters.

        Raises
        ------
        InvalidInput
            It is no list, or has something else in it, or the name belongs to another kind of value.
        TooLarge
            It takes more than 4 MiB as text.
        """
        name = self._begin_value(name, "list", description)
        from jupyter_mlws.sdk.typed import as_list

        self._log_checked(name, "list", as_list(f"The list {name!r}", value), description)

    def log_row(self, name: str, description: str = "", **columns: Any) -> None:
        """Log one row of a table that grows; `get_metrics` gives ``{column: [one value a row]}``.

        Examples
        --------
        >>> run.log_row("epochs", epoch=1, loss=0.31, note="warm-up")       # doctest: +SKIP
        """
        name = self._begin_value(name, "row", description)
        from jupyter_mlws.sdk.typed import as_row

        self._log_checked(name, "row", as_row(f"the row {name!r}", columns), description)

    def log_confusion_matrix(
        self,
        name: str,
        value: Mapping[str, Any] | str | None = None,
        description: str = "",
        *,
        y_true: Any = None,
        y_pred: Any = None,
        labels: Any = None,
    ) -> None:
        """Log a confusion matrix: a document, or `y_true` and `y_pred` of which it is computed.

        Parameters
        ----------
        value : dict or str, optional
            ``{"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": {"class_labels": [...], "matrix":
            [[...]]}}``, or its JSON text.
        y_true, y_pred : list or array of labels, optional
        labels : list, optional
            All classes in their order; default: those that occur, sorted.
        """
        self._log_chart("confusion_matrix", name, value, description, y_true=y_true, y_pred=y_pred, labels=labels)

    def log_accuracy_table(
        self,
        name: str,
        value: Mapping[str, Any] | str | None = None,
        description: str = "",
        *,
        y_true: Any = None,
        y_score: Any = None,
        labels: Any = None,
    ) -> None:
        """Log what ROC, precision and recall, lift and gain are drawn from: a document, or what it is computed of.

        Parameters
        ----------
        value : dict or str, optional
            ``{"schema_type": "accuracy_table", "schema_version": "1.0.1", "data": {...}}``, or its JSON text.
        y_true : list or array of labels, optional
        y_score : list or array, optional
            A row of probabilities for each label of `y_true`, one for each class; or, with two classes, that of the
            second one.
        labels : list, optional
            The classes in the order of the columns of `y_score`; default: those of `y_true`, sorted.
        """
        self._log_chart("accuracy_table", name, value, description, y_true=y_true, y_score=y_score, labels=labels)

    def log_residuals(
        self,
        name: str,
        value: Mapping[str, Any] | str | None = None,
        description: str = "",
        *,
        y_true: Any = None,
        y_pred: Any = None,
        bins: Any = None,
    ) -> None:
        """Log a histogram of predicted minus true values: a document, or `y_true` and `y_pred`.

        Parameters
        ----------
        value : dict or str, optional
            ``{"schema_type": "residuals", "schema_version": "1.0.0", "data": {"bin_edges": [...], "bin_counts":
            [...]}}``, or its JSON text.
        y_true, y_pred : list or array of numbers, optional
            Pairs with a NaN are left out.
        bins : int or list of edges, optional
            10 of the same width by default.
        """
        self._log_chart("residuals", name, value, description, y_true=y_true, y_pred=y_pred, bins=bins)

    def log_predictions(
        self,
        name: str,
        value: Mapping[str, Any] | str | None = None,
        description: str = "",
        *,
        y_true: Any = None,
        y_pred: Any = None,
        bins: Any = None,
    ) -> None:
        """Log mean and deviation of predicted values by bins of true ones: a document, or `y_true` and `y_pred`.

        Parameters
        ----------
        value : dict or str, optional
            ``{"schema_type": "predictions", "schema_version": "1.0.0", "data": {"bin_averages": [...], "bin_errors":
            [...], "bin_counts": [...], "bin_edges": [...]}}``, or its JSON text.
        y_true, y_pred, bins
            As for `log_residuals`.
        """
        self._log_chart("predictions", name, value, description, y_true=y_true, y_pred=y_pred, bins=bins)

    def _log_chart(self, kind: str, name: str, value: Any, description: str, **given: Any) -> None:
        name = self._begin_value(name, kind, description)
        from jupyter_mlws.sdk.charts import chart_of

        self._log_checked(name, kind, chart_of(kind, f"The metric {name!r}", value, given), description)
