"""Tables for `log_table`: small ones as they are, large ones as Parquet."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jupyter_mlws.errors import TooLarge
from jupyter_mlws.runfolder.own_secrets import has_secrets, masked, masked_text
from jupyter_mlws.sdk.typed import check_lengths, column_of, columns_of

__all__ = ["MAX_CELLS", "MAX_TABLE_BYTES", "SMALL_CELLS", "LoggedTable", "table_of"]

# Up to so many cells and characters a table is kept with the other values, in one piece.
SMALL_CELLS = 10_000
SMALL_CHARACTERS = 500_000
MAX_CELLS = 50_000_000
MAX_TABLE_BYTES = 200 * 1024 * 1024
_EXACT = 2**53
_NAMES = frozenset({"NaN", "Infinity", "-Infinity"})


class LoggedTable(NamedTuple):
    """What is logged of a table: `value`, and of a large one the bytes of its file."""

    value: dict[str, Any]
    data: bytes | None = None


def table_of(where: str, value: Any) -> LoggedTable:
    """The table that a caller of `log_table` means.

    Raises
    ------
    InvalidInput
        It is no table.
    TooLarge
        It has more than `MAX_CELLS` cells, or takes more than `MAX_TABLE_BYTES`.
    """
    given = columns_of(where, value)
    cells = sum(len(column) for column in given.values() if hasattr(column, "__len__"))
    if cells > MAX_CELLS:
        raise _too_large(where, f"has {cells:,} cells")
    columns: dict[str, Any] = {}
    for name, column in given.items():
        plain = _packed(column) if cells > SMALL_CELLS else None
        columns[name] = column_of(where, name, column) if plain is None else plain
    count = check_lengths(where, {name: _length(column) for name, column in columns.items()})
    if count * len(columns) <= SMALL_CELLS and _characters(columns) <= SMALL_CHARACTERS:
        return LoggedTable(columns)
    return _as_file(where, columns, count)


def _too_large(where: str, problem: str) -> TooLarge:
    return TooLarge(
        f"{where[:1].upper()}{where[1:]} {problem}.",
        hint=f"At most {MAX_CELLS:,} cells and {MAX_TABLE_BYTES // 2**20} MiB are kept; use run.upload_file for more.",
    )


class _Packed(NamedTuple):
    """A column of numbers, 8 bytes each."""

    type: str
    data: bytes


def _packed(column: Any) -> _Packed | None:
    """A column that is an array of numbers already, without a look at each of them."""
    numpy = sys.modules.get("numpy")
    kind = getattr(getattr(column, "dtype", None), "kind", "")
    if numpy is None or kind not in ("f", "i", "u") or not hasattr(column, "__array__"):
        return None
    if isinstance(column, numpy.ma.MaskedArray):
        return None  # of which `asarray` takes what lies below the mask
    array = numpy.asarray(column)
    if array.ndim != 1 or array.dtype.kind != kind or array.dtype.itemsize > 8 or array.dtype == "uint64":
        return None
    return _Packed("float" if kind == "f" else "int", array.astype("<f8" if kind == "f" else "<i8").tobytes())


def _length(column: Any) -> int:
    return len(column.data) // 8 if isinstance(column, _Packed) else len(column)


def _characters(columns: Mapping[str, Any]) -> int:
    return sum(len(value) for column in columns.values() for value in column if type(value) is str)


def _as_file(where: str, columns: Mapping[str, Any], count: int) -> LoggedTable:
    from jupyter_mlws.api.parquet import MEDIA_TYPE, Column, write_table

    typed = [
        Column(name, column.type, column.data) if isinstance(column, _Packed) else _typed(name, column)
        for name, column in _named(columns)
    ]
    data = bytearray()
    for part in write_table(typed, count):
        data += part
        if len(data) > MAX_TABLE_BYTES:
            raise _too_large(where, f"takes more than {MAX_TABLE_BYTES // 2**20} MiB")
    shown = [{"name": column.name, "type": column.type} for column in typed]
    return LoggedTable({"media_type": MEDIA_TYPE, "rows": count, "columns": shown}, bytes(data))


def _named(columns: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The columns with their secrets masked in the names, none of which stands twice."""
    taken: set[str] = set()
    for name, column in columns.items():
        plain = shown = masked_text(name)
        while shown in taken:
            shown = f"{plain} {len(taken) + 1}"
        taken.add(shown)
        yield shown, column


def _typed(name: str, values: list[Any]) -> Any:
    from jupyter_mlws.api.parquet import Column

    if has_secrets():
        values = masked(values)
    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {bool}:
        return Column(name, "bool", values)
    if kinds == {int}:
        return Column(name, "int", values)
    if kinds <= {str} and not any(value in _NAMES for value in values):
        return Column(name, "str", values)
    if kinds and kinds <= {int, float, str} and _is_of_numbers(values):
        return Column(name, "float", [None if value is None else float(value) for value in values])
    return Column(name, "json", values)


def _is_of_numbers(values: list[Any]) -> bool:
    """Whether all are numbers that a float holds as they are, and at least one of them is a float."""
    return any(type(value) is not int for value in values if value is not None) and all(
        value is None or type(value) is float or (value in _NAMES if type(value) is str else -_EXACT <= value <= _EXACT)
        for value in values
    )
