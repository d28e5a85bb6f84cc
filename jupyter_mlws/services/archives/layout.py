"""Where things stand in an archive of format 1; ``docs/archives.md`` says it in words."""

from __future__ import annotations

import re
import struct

__all__ = ["BLOBS", "BLOB_NAME", "BLOCK", "DIGESTS", "HEADER", "POINT_BYTES", "RECORDS", "SERIES"]

HEADER = "mlws-archive.json"
RECORDS = "records.jsonl"
SERIES = "series.bin"
# sha256 of the three above; a blob's is its name.
DIGESTS = "digests.json"
BLOBS = "blobs/"
BLOB_NAME = re.compile(r"blobs/([0-9a-f]{64})")
# Of a piece of a series: length of its head, which is JSON, and its number of points.
BLOCK = struct.Struct("<II")
# A step, a time and a value.
POINT_BYTES = 24
