"""How good predictions are, computed from them: the documents of `jupyter_mlws.sdk.charts`, without any library."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from jupyter_mlws.errors import InvalidInput, TooLarge
from jupyter_mlws.sdk.charts import MAX_BINS, MAX_CLASSES, document, is_numbers
from jupyter_mlws.sdk.typed import as_document, as_list

__all__ = ["accuracy_table", "confusion_matrix", "predictions", "residuals"]

_THRESHOLDS = 101
_BINS = 10


def _pair(first: Any, second: Any, names: tuple[str, str]) -> tuple[list[Any], list[Any]]:
    one, other = as_list(names[0], first), as_list(names[1], second)
    if len(one) != len(other):
        raise InvalidInput(f"{names[0]} has {len(one):,} values and {names[1]} {len(other):,}.", hint="Give one each.")
    if not one:
        raise InvalidInput(f"{names[0]} is empty.", hint="Give at least one value.")
    return one, other


def _classes(labels: Any, *seen: Sequence[Any]) -> list[Any]:
    """The classes in their order: as given, else sorted."""
    found = {label for values in seen for label in values}
    if labels is None:
        try:
            known = sorted(found)
        except TypeError:  # text beside numbers
            known = sorted(found, key=lambda label: (type(label).__name__, str(label)))
    else:
        known = as_list("labels", labels)
        if len(set(known)) < len(known):
            raise InvalidInput("A class is named twice in labels.")
        if missing := sorted(map(str, found - set(known))):
            raise InvalidInput(f"The class {missing[0]!r} is not among the labels.", hint="Name every class once.")
    if len(known) > MAX_CLASSES:
        raise TooLarge(f"There are {len(known):,} classes.", hint=f"At most {MAX_CLASSES:,}; are these predictions?")
    return known


def confusion_matrix(y_true: Any, y_pred: Any, labels: Any = None) -> dict[str, Any]:
    """Counts of predicted (columns) by true classes (rows).

    Parameters
    ----------
    y_true, y_pred : list or array of labels
    labels : list, optional
        All classes in their order; default: those that occur, sorted.
    """
    true, predicted = _pair(y_true, y_pred, ("y_true", "y_pred"))
    known = _classes(labels, true, predicted)
    index = {label: i for i, label in enumerate(known)}
    matrix = [[0] * len(known) for _ in known]
    for one, other in zip(true, predicted, strict=True):
        matrix[index[one]][index[other]] += 1
    return document("confusion_matrix", {"class_labels": known, "matrix": matrix})


def accuracy_table(y_true: Any, y_score: Any, labels: Any = None) -> dict[str, Any]:
    """Counts of hits and misses at 101 thresholds of probability and of percentile, each class against the rest.

    Parameters
    ----------
    y_true : list or array of labels
    y_score : list or array of probabilities
        One row for each value of `y_true` with a column for each class; for two classes also a plain list: the
        probability of the second one.
    labels : list, optional
        The classes in the order of the columns; default: those that occur in `y_true`, sorted.
    """
    true = as_list("y_true", y_true)
    known = _classes(labels, true)
    columns = _scores(y_score, len(true), len(known))
    thresholds = [i / (_THRESHOLDS - 1) for i in range(_THRESHOLDS)]
    by_probability, by_percentile = [], []
    for label, scores in zip(known, columns, strict=True):
        ordered = sorted(scores)
        hits = sorted(score for score, one in zip(scores, true, strict=True) if one == label)
        by_probability.append([_counts(ordered, hits, threshold) for threshold in thresholds])
        by_percentile.append([_counts(ordered, hits, _quantile(ordered, at)) for at in thresholds])
    return document(
        "accuracy_table",
        {
            "probability_tables": by_probability,
            "percentile_tables": by_percentile,
            "probability_thresholds": thresholds,
            "percentile_thresholds": thresholds,
            "class_labels": [str(label) for label in known],
        },
    )


def _scores(y_score: Any, rows: int, classes: int) -> list[list[float]]:
    """A list of scores for each class."""
    given = as_document("y_score", y_score)
    if not isinstance(given, list) or len(given) != rows or not rows:
        count = len(given) if isinstance(given, list) else 0
        raise InvalidInput(f"y_true has {rows:,} values and y_score {count:,}.", hint="Give one row each.")
    if classes < 2:
        raise InvalidInput("y_true has one class only.", hint="Name all classes in labels.")
    if classes == 2 and is_numbers(given):
        given = [[1 - score, score] if not isinstance(score, str) else [score, score] for score in given]
    if not all(is_numbers(row) and len(row) == classes for row in given):
        raise InvalidInput(f"y_score needs {classes} numbers in each row, one for each class.", hint="See labels.")
    if any(isinstance(score, str) for row in given for score in row):
        raise InvalidInput("y_score has a NaN or an infinity.", hint="Leave those rows out.")
    return [list(column) for column in zip(*given, strict=True)]


def _counts(ordered: list[float], hits: list[float], threshold: float) -> list[int]:
    """[TP, FP, TN, FN] when what is at or above the threshold is taken for the class."""
    positive = len(ordered) - bisect_left(ordered, threshold)
    true_positive = len(hits) - bisect_left(hits, threshold)
    false_negative = len(hits) - true_positive
    return [true_positive, positive - true_positive, len(ordered) - positive - false_negative, false_negative]


def _quantile(ordered: list[float], at: float) -> float:
    """The value that a share `at` of the values is below, between two of them by their distance."""
    place = at * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def residuals(y_true: Any, y_pred: Any, bins: int | Sequence[float] = _BINS) -> dict[str, Any]:
    """How far predicted values lie above (positive) or below the true ones, counted in bins.

    Parameters
    ----------
    y_true, y_pred : list or array of numbers
        Pairs with a NaN are left out.
    bins : int or list of edges
    """
    found = [predicted - true for true, predicted in _numbers(y_true, y_pred)]
    edges = _edges(bins, found)
    counts = [0] * (len(edges) - 1)
    for value in found:
        place = _bin(edges, value)
        if place is not None:
            counts[place] += 1
    return document("residuals", {"bin_edges": edges, "bin_counts": counts})


def predictions(y_true: Any, y_pred: Any, bins: int | Sequence[float] = _BINS) -> dict[str, Any]:
    """Mean and standard deviation of predicted values for bins of true ones; both NaN where a bin is empty.

    Parameters
    ----------
    y_true, y_pred : list or array of numbers
        Pairs with a NaN are left out.
    bins : int or list of edges
    """
    pairs = _numbers(y_true, y_pred)
    edges = _edges(bins, [true for true, _ in pairs])
    within: list[list[float]] = [[] for _ in edges[1:]]
    for true, predicted in pairs:
        place = _bin(edges, true)
        if place is not None:
            within[place].append(predicted)
    averages = [math.fsum(values) / len(values) if values else math.nan for values in within]
    errors = [
        math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values)) if values else math.nan
        for values, mean in zip(within, averages, strict=True)
    ]
    data = {
        "bin_averages": averages,
        "bin_errors": errors,
        "bin_counts": [len(values) for values in within],
        "bin_edges": edges,
    }
    return document("predictions", as_document("predictions", data))


def _numbers(y_true: Any, y_pred: Any) -> list[tuple[float, float]]:
    true, predicted = _pair(y_true, y_pred, ("y_true", "y_pred"))
    for name, values in (("y_true", true), ("y_pred", predicted)):
        if not is_numbers(values):
            raise InvalidInput(f"{name} has something that is no number.", hint="Residuals are of numbers.")
    pairs = [(float(one), float(other)) for one, other in zip(true, predicted, strict=True)]
    found = [pair for pair in pairs if math.isfinite(pair[0]) and math.isfinite(pair[1])]
    if not found:
        raise InvalidInput("There is no pair of finite numbers in y_true and y_pred.")
    return found


def _edges(bins: Any, values: list[float]) -> list[float]:
    if isinstance(bins, int) and not isinstance(bins, bool):
        if not 1 <= bins <= MAX_BINS:
            raise InvalidInput(f"{bins} bins make no sense.", hint=f"Use 1 to {MAX_BINS:,}.")
        low, high = min(values), max(values)
        if low == high:
            low, high = low - 0.5, high + 0.5
        return [low + (high - low) * i / bins for i in range(bins)] + [high]
    edges = as_list("bins", bins)
    if not is_numbers(edges) or any(isinstance(edge, str) for edge in edges):
        raise InvalidInput("The edges of bins must be finite numbers.")
    if not 2 <= len(edges) <= MAX_BINS + 1 or any(a >= b for a, b in pairwise(edges)):
        raise InvalidInput("The edges of bins must grow.", hint=f"Give 2 to {MAX_BINS + 1:,} of them.")
    return edges


def _bin(edges: list[float], value: float) -> int | None:
    """The bin of a value; the last one includes its upper edge. None outside of all."""
    if not edges[0] <= value <= edges[-1]:
        return None
    return min(bisect_right(edges, value), len(edges) - 1) - 1
