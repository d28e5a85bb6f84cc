"""The layout of a journal, format version 1; `jupyter_mlws.runfolder.journal` explains it."""

from __future__ import annotations

from struct import Struct

__all__ = [
    "DROPPED_MARK",
    "FORMAT",
    "HEADER",
    "HEADER_BYTES",
    "KEYS_SUFFIX",
    "MAGIC",
    "MOST_NAMES",
    "NO_STEP",
    "RECORD",
    "RECORD_BYTES",
    "RECORD_WORDS",
    "STEP_MAX",
    "STEP_MIN",
    "SURPLUS",
    "segment_name",
]

FORMAT = 1
MAGIC = b"MLWSJNL1"
# magic, format, bytes of a record, sequence of the first record, records that fit, points dropped before and in this
# segment, time of creation, pid, 8 bytes of zero
HEADER = Struct("<8sIIQQQdQQ")
HEADER_BYTES = HEADER.size
# mark, key, step, time, value
RECORD = Struct("<QQqdd")
RECORD_BYTES = RECORD.size
RECORD_WORDS = RECORD_BYTES // 8
# Where the header counts dropped points, in bytes.
DROPPED_AT = 32

# In the step's place: none was given, the ingester numbers the point.
NO_STEP = -(2**63)
STEP_MIN = -(2**63) + 1
STEP_MAX = 2**63 - 1

KEYS_SUFFIX = ".keys"
# Of a stream; whoever has more has put something into a name that belongs into a value.
MOST_NAMES = 1_000_000
# In the name of an empty file: how many points found no room, where there is no header to count them in.
DROPPED_MARK = ".dropped-"
# So begin the names of counts of what is left out because there is more of it than is kept.
SURPLUS = "surplus-"


def segment_name(stream: str, index: int) -> str:
    """File name of a stream's segment."""
    return f"{stream}.{index:06d}"
