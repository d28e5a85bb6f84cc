"""The documents behind the charts of a model's quality, in the shapes of the classic workspace.

A document is ``{"schema_type": ..., "schema_version": ..., "data": {...}}``:

- ``confusion_matrix`` 1.0.0: ``class_labels`` and ``matrix[true][predicted]``;
- ``accuracy_table`` 1.0.1: ``class_labels``, ``probability_thresholds``, ``percentile_thresholds``, and for each class
  (one against the rest) and threshold the counts ``[TP, FP, TN, FN]`` in ``probability_tables`` and
  ``percentile_tables``: ROC, precision and recall, lift and gain are drawn from it;
- ``residuals`` 1.0.0: ``bin_edges`` and ``bin_counts`` of predicted minus true values;
- ``predictions`` 1.0.0: ``bin_edges`` of true values, and for each bin ``bin_averages``, ``bin_errors`` (standard
  deviation) and ``bin_counts`` of the predicted ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.sdk.typed import as_document

__all__ = ["MAX_BINS", "MAX_CLASSES", "chart_of", "check_chart", "document", "is_numbers"]

MAX_CLASSES = 1_000
MAX_BINS = 1_000
_VERSIONS = {"confusion_matrix": "1.0.0", "accuracy_table": "1.0.1", "residuals": "1.0.0", "predictions": "1.0.0"}


def check_chart(kind: str, where: str, value: Any) -> dict[str, Any]:
    """A document of a chart, checked; `InvalidInput` names what is missing or does not fit.

    Parameters
    ----------
    kind : str
        'confusion_matrix', 'accuracy_table', 'residuals' or 'predictions'.
    value : dict or str
        The document, or its JSON text.
    """
    given = as_document(where, value)
    if not isinstance(given, dict) or not isinstance(given.get("data"), dict):
        raise _unfit(kind, where, "lacks the object 'data'")
    if given.get("schema_type") != kind:
        raise _unfit(kind, where, f"has the schema_type {given.get('schema_type')!r}")
    if not isinstance(given.get("schema_version"), str):
        raise _unfit(kind, where, "has no schema_version")
    problem = _CHECKS[kind](given["data"])
    if problem:
        raise _unfit(kind, where, problem)
    return given


def _unfit(kind: str, where: str, problem: str) -> InvalidInput:
    return InvalidInput(
        f"{where} is no {kind}: it {problem}.",
        hint=f'Give {{"schema_type": "{kind}", "schema_version": "{_VERSIONS[kind]}", "data": {{...}}}}, '
        "or y_true and the rest, to have it computed.",
    )


def _is_number(value: Any) -> bool:
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or value in (
        "NaN",
        "Infinity",
        "-Infinity",
    )


def is_numbers(value: Any) -> TypeGuard[list[Any]]:
    """Whether a value is a list of numbers, in JSON's words."""
    return isinstance(value, list) and all(_is_number(item) for item in value)


def _labels_of(data: dict[str, Any]) -> list[Any] | None:
    labels = data.get("class_labels")
    return labels if isinstance(labels, list) and 0 < len(labels) <= MAX_CLASSES else None


def _problem_of_matrix(data: dict[str, Any]) -> str:
    labels, matrix = _labels_of(data), data.get("matrix")
    if labels is None:
        return f"needs 1 to {MAX_CLASSES:,} class_labels"
    rows = matrix if isinstance(matrix, list) else []
    if len(rows) != len(labels) or not all(is_numbers(row) and len(row) == len(labels) for row in rows):
        return f"needs a matrix of {len(labels)} rows with {len(labels)} numbers each"
    return ""


def _problem_of_table(data: dict[str, Any]) -> str:
    labels = _labels_of(data)
    if labels is None:
        return f"needs 1 to {MAX_CLASSES:,} class_labels"
    for kind in ("probability", "percentile"):
        thresholds, tables = data.get(f"{kind}_thresholds"), data.get(f"{kind}_tables")
        if not is_numbers(thresholds):
            return f"needs {kind}_thresholds, a list of numbers"
        if not isinstance(tables, list) or len(tables) != len(labels):
            return f"needs {kind}_tables, one for each of the {len(labels)} classes"
        for table in tables:
            counts = table if isinstance(table, list) else []
            if len(counts) != len(thresholds) or not all(is_numbers(four) and len(four) == 4 for four in counts):
                return f"needs [TP, FP, TN, FN] for each of its {len(thresholds)} thresholds in {kind}_tables"
    return ""


def _problem_of_bins(*names: str) -> Callable[[dict[str, Any]], str]:
    def problem(data: dict[str, Any]) -> str:
        edges = data.get("bin_edges")
        if not is_numbers(edges) or not 2 <= len(edges) <= MAX_BINS + 1:
            return f"needs bin_edges, 2 to {MAX_BINS + 1:,} numbers"
        for name in names:
            if not is_numbers(data.get(name)) or len(data[name]) != len(edges) - 1:
                return f"needs {name}, {len(edges) - 1} numbers: one less than bin_edges"
        return ""

    return problem


_CHECKS: dict[str, Callable[[dict[str, Any]], str]] = {
    "confusion_matrix": _problem_of_matrix,
    "accuracy_table": _problem_of_table,
    "residuals": _problem_of_bins("bin_counts"),
    "predictions": _problem_of_bins("bin_averages", "bin_errors", "bin_counts"),
}


def document(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """The document of a chart with this data."""
    return {"schema_type": kind, "schema_version": _VERSIONS[kind], "data": data}


def chart_of(kind: str, where: str, value: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The document of a chart: as it was given, or computed of what was given beside it.

    Parameters
    ----------
    value : dict, str or None
    given : dict
        Arguments of the function of `jupyter_mlws.sdk.quality` that has the kind's name; None for those left out.
    """
    found = {name: argument for name, argument in given.items() if argument is not None}
    if value is not None:
        if found:
            raise InvalidInput(f"{where} was given a document and {next(iter(found))} too.", hint="Give one of them.")
        return check_chart(kind, where, value)
    needed = [name for name in given if name.startswith("y_")]
    missing = [name for name in needed if name not in found]
    if missing:
        raise InvalidInput(f"{where} lacks {missing[0]}.", hint=f"Give a document, or {' and '.join(needed)}.")
    from jupyter_mlws.sdk import quality

    computed: dict[str, Any] = getattr(quality, kind)(**found)
    return computed
