"""The journal of metric points, format version 1.

One writing process (on builds without the GIL, one thread) has one *stream*, a family of files in ``journal/``; a
fork begins a stream of its own. All numbers are little-endian.

``<stream>.keys``
    The key table: one metric name a line, as a JSON string. A name's key is the number of its line, from 0. A line
    is written before the first record that uses it. A last line without its end is none.
``<stream>.000000``, ``<stream>.000001``, ...
    Segments: a header of 64 bytes, then records of 40 bytes.

========  ======  ==========================================================================================
header    type    meaning
========  ======  ==========================================================================================
0         8s      ``MLWSJNL1``
8         uint32  format, 1
12        uint32  bytes of a record, 40
16        uint64  sequence of the segment's first record
24        uint64  records that fit; the next segment begins at the sum of both
32        uint64  points of this stream that found no room on the disk so far
40        double  time of creation, seconds since 1970
48        uint64  pid of the writer
56        uint64  0
========  ======  ==========================================================================================

========  ======  ==========================================================================================
record    type    meaning
========  ======  ==========================================================================================
0         uint64  mark: the record's sequence + 1. Another number: there is no record (yet)
8         uint64  key
16        int64   step; the smallest number: none was given, and points of a name are numbered in their order
24        double  time, seconds since 1970 on the writer's clock
32        double  value
========  ======  ==========================================================================================

A segment appears under its name complete with its header (it is renamed into place), at full length where it is
mapped, growing where it is written. Its slots are handed out in order, each once; the mark is written last, as one
aligned store. So after the death of the writer every record with its mark is whole, and at most one slot per
thread lies empty between others.

Reading goes by offset: the number of slots of the stream that were consumed. A reader stops at the first empty
slot while the writer lives and passes over empty slots when it is dead. It stores points and offset in one
transaction; a segment may be removed after that.
"""

from __future__ import annotations

from jupyter_mlws.runfolder.journal_reader import JournalReader, StreamPoints
from jupyter_mlws.runfolder.journal_writer import JournalWriter

__all__ = ["JournalReader", "JournalWriter", "StreamPoints"]
