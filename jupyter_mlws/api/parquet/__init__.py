"""Tables as Parquet files, as far as logged tables need them, by the standard library.

What is written is read by everything that reads Parquet: a flat schema of columns that may be null, one page for each
column of a row group, plain encoding, gzip. A column is of integers (INT64), numbers (DOUBLE), truth values (BOOLEAN),
texts (UTF8), or of a mixture, which is text in JSON and says so. Only files of this form are read here; part of one is
read without the rest.
"""

from __future__ import annotations

from jupyter_mlws.api.parquet.form import MEDIA_TYPE, ROWS, Column
from jupyter_mlws.api.parquet.reading import TableFile, read_table
from jupyter_mlws.api.parquet.writing import write_table

__all__ = ["MEDIA_TYPE", "ROWS", "Column", "TableFile", "read_table", "write_table"]
