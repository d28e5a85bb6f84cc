"""The form of the files that are written and read here, and the codes that Parquet has for its parts."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["BYTES", "GZIP", "MAGIC", "MEDIA_TYPE", "MOST_PAGE", "PLAIN", "RLE", "ROWS", "TYPES", "Column"]

MEDIA_TYPE = "application/vnd.apache.parquet"
# Of a row group: what has to be read to show one row of it.
ROWS = 5_000
# No page may fill the memory of who looks at a table.
MOST_PAGE = 64 * 1024 * 1024
MAGIC = b"PAR1"
_BOOLEAN, _INT64, _DOUBLE, BYTES = 0, 2, 5, 6
_UTF8, _JSON = 0, 19
PLAIN, RLE, GZIP = 0, 3, 2
# What a column is stored as, and what that stands for.
TYPES = {"bool": (_BOOLEAN, None), "int": (_INT64, None), "float": (_DOUBLE, None), "str": (BYTES, _UTF8),
         "json": (BYTES, _JSON)}  # fmt: skip


class Column(NamedTuple):
    """A column of a table.

    Attributes
    ----------
    name : str
    type : str
        'int', 'float', 'bool', 'str', or 'json' for a mixture.
    values : sequence
        With None where nothing is; or, of 'int' and 'float', a buffer of little-endian 8 bytes each and no None.
    """

    name: str
    type: str
    values: Any
