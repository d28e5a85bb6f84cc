"""Tables as Parquet: what is written is read by others, comes back as it was, and no byte that is read is trusted."""

from __future__ import annotations

import math
import random
import time
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from jupyter_mlws.api.parquet import ROWS, Column, TableFile, read_table, reading, write_table, writing
from jupyter_mlws.api.parquet.form import MOST_PAGE
from jupyter_mlws.api.parquet.thrift import Field, struct, varint
from jupyter_mlws.errors import CorruptData, TooLarge

COUNT = 2 * ROWS + 77
COLUMNS = [
    Column("whole", "int", list(range(COUNT))),
    Column("gaps", "int", [None if i % 3 == 0 else -i for i in range(COUNT)]),
    Column("number", "float", [i / 7 for i in range(COUNT)]),
    Column("truth", "bool", [None if i % 11 == 0 else i % 2 == 0 for i in range(COUNT)]),
    Column("text", "str", [None if i % 5 == 0 else f"é{i}\n" for i in range(COUNT)]),
    Column("mixed", "json", [(i, "x", None, 0.5, True)[i % 5] for i in range(COUNT)]),
    Column("nothing", "str", [None] * COUNT),
]


def written(columns: list[Column] = COLUMNS, count: int = COUNT) -> bytes:
    return b"".join(write_table(columns, count))


def test_a_table_comes_back_as_it_was() -> None:
    assert read_table(written()) == {column.name: column.values for column in COLUMNS}


def test_numbers_that_are_none_and_infinities_come_back() -> None:
    values = [math.inf, -math.inf, math.nan, -0.0]
    back = read_table(written([Column("x", "float", values), Column("y", "json", ["NaN", "Infinity", 1, None])], 4))
    assert back["x"][:2] == [math.inf, -math.inf]
    assert math.isnan(back["x"][2])
    assert math.isnan(back["y"][0])
    assert back["y"][1:] == [math.inf, 1, None]


def limit_pages(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for module in (reading, writing):
        monkeypatch.setattr(module, "MOST_PAGE", size)


def test_long_texts_make_row_groups_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    limit_pages(monkeypatch, 4_000)
    texts = ["x" * (i % 700) for i in range(200)]
    data = written([Column("text", "str", texts), Column("i", "int", list(range(200)))], 200)
    assert read_table(data) == {"text": texts, "i": list(range(200))}
    file = TableFile(lambda at, size: data[at : at + size], len(data))
    assert file.rows(150, 152) == [texts[150:152], [150, 151]]


def test_an_empty_table_has_its_columns() -> None:
    assert read_table(written([Column("a", "int", []), Column("b", "str", [])], 0)) == {"a": [], "b": []}


def test_other_programs_read_it(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "table.parquet"
    path.write_bytes(written())
    found = duckdb.sql(f"select * from '{path}'").fetchall()
    assert [name for name, *_ in duckdb.sql(f"describe select * from '{path}'").fetchall()] == [c.name for c in COLUMNS]
    for place, column in enumerate(COLUMNS[:5]):
        assert [row[place] for row in found] == column.values


def test_part_of_it_is_read_without_the_rest() -> None:
    data = written()
    read: list[int] = []

    def some(at: int, size: int) -> bytes:
        read.append(size)
        return data[at : at + size]

    file = TableFile(some, len(data))
    columns = file.rows(ROWS - 1, ROWS + 1)
    assert columns[0] == [ROWS - 1, ROWS]
    assert file.rows(COUNT - 2, COUNT + 50)[0] == [COUNT - 2, COUNT - 1]
    assert file.rows(COUNT, COUNT + 50) == [[] for _ in COLUMNS]
    read.clear()
    file.rows(0, 50)
    assert sum(read) < len(data) / 2


def test_no_damaged_byte_does_harm() -> None:
    data = written([Column("a", "int", list(range(50))), Column("b", "json", ["x", 1] * 25)], 50)
    chance = random.Random(4)
    for _ in range(1_500):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        cut = bytes(damaged[: chance.randint(0, len(damaged))]) if chance.random() < 0.2 else bytes(damaged)
        with suppress(CorruptData):
            read_table(cut)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1PAR1PAR1", b"PAR1" + b"\xff" * 40 + b"PAR1", b"x" * 100])
def test_what_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(CorruptData):
        read_table(data)


def test_A10_a_page_that_inflates_to_more_than_it_says_or_may_is_refused() -> None:
    data = bytearray(written([Column("text", "str", ["x" * 100] * 50)], 50))
    page = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = page.compress(b"\0" * (80 << 20)) + page.flush()
    for size in (1_000, MOST_PAGE + 1):
        about = struct([Field(1, "i32", 50), Field(2, "i32", 0), Field(3, "i32", 3), Field(4, "i32", 3)])
        head = struct(
            [Field(1, "i32", 0), Field(2, "i32", size), Field(3, "i32", len(bomb)), Field(5, "struct", about)]
        )
        footer = int.from_bytes(data[-8:-4], "little")
        read = TableFile(lambda at, size: bytes(data[at : at + size]), len(data))
        chunk = read._groups[0][1][0]
        whole = bytes(data[: chunk.at]) + head + bomb
        read._groups[0][1][0] = chunk._replace(size=len(head) + len(bomb))
        read._read, read._size = lambda at, size, whole=whole: whole[at : at + size], len(whole) + footer
        tracemalloc.start()
        with pytest.raises(CorruptData):
            read.rows(0, 50)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
        tracemalloc.stop()


def test_D05_a_table_of_another_program_is_refused_and_nothing_in_it_is_run(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "other.parquet"
    duckdb.sql(f"copy (select range as i, 'x' as t from range(1000)) to '{path}' (format parquet)")
    with pytest.raises(CorruptData, match="another program") as caught:
        read_table(path.read_bytes())
    assert "pandas" in caught.value.hint


def file_of(
    page: bytes, points: int, rows: int, kind: int = 2, body_size: int | None = None, codec: int = 0, columns: int = 1
) -> bytes:
    """A file of one row group and one page, which all its columns are said to have."""
    size = len(page) if body_size is None else body_size
    about = struct([Field(1, "i32", points), Field(2, "i32", 0), Field(3, "i32", 3), Field(4, "i32", 3)])
    sizes = [Field(1, "i32", 0), Field(2, "i32", size), Field(3, "i32", len(page)), Field(5, "struct", about)]
    chunk = struct(sizes) + page
    column = [Field(1, "i32", kind), Field(3, "i32", 1), Field(4, "binary", b"x")]
    facts = [Field(4, "i32", codec), Field(5, "i64", points), Field(7, "i64", len(chunk)), Field(9, "i64", 4)]
    group = [Field(1, "list of struct", [struct([Field(3, "struct", struct(facts))])] * columns), Field(3, "i64", rows)]
    root = struct([Field(4, "binary", b"schema")])
    if kind == 6:
        column.append(Field(6, "i32", 19))
    described = [Field(2, "list of struct", [root, *[struct(column)] * columns]), Field(3, "i64", rows)]
    footer = struct([*described, Field(4, "list of struct", [struct(group)])])
    return b"PAR1" + chunk + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def levels(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data


@pytest.mark.parametrize(
    "data",
    [
        # Eight thousand million times nothing, in one run.
        file_of(levels(varint(1 << 34) + b"\0"), 1 << 33, 5),
        # Bits for far more values than there are.
        file_of(levels(varint(4_000_000 << 1 | 1) + bytes(4_000_000)), 5, 5),
        # A list in a cell, of lists.
        file_of(levels(varint(2) + b"\1") + levels(b"[" + b"[]," * 500_000 + b"[]]"), 1, 1, kind=6),
        # Structures of one byte each.
        (footer := b"\x19\xfc" + varint(2_000_000) + bytes(2_000_001)) and footer + len(footer).to_bytes(4, "little")
        + b"PAR1",
    ],
    ids=("run", "bits", "cell", "footer"),
)  # fmt: skip
def test_no_file_fills_the_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        with suppress(CorruptData):
            read_table(data)
        assert tracemalloc.get_traced_memory()[1] < len(data) * 3 + 12_000_000
    finally:
        tracemalloc.stop()


def test_rows_for_which_too_much_is_unpacked_are_refused() -> None:
    data = written([Column("a", "str", ["x" * 900] * 100), Column("b", "int", list(range(100)))], 100)
    file = TableFile(lambda at, size: data[at : at + size], len(data))
    assert file.rows(0, 1, 100_000) == [["x" * 900], [0]]
    with pytest.raises(TooLarge, match=r"too large to be shown"):
        file.rows(0, 1, 90_500)


@pytest.mark.parametrize("about", [[], [7, 7], [7] * 20])
def test_a_list_in_the_place_of_a_pages_description_is_refused(about: list[int]) -> None:
    data = file_of(levels(varint(2) + b"\1") + bytes(8), 1, 1)
    file = TableFile(lambda at, size: data[at : at + size], len(data))
    head = struct([Field(1, "i32", 0), Field(2, "i32", 14), Field(3, "i32", 14), Field(5, "list of i32", about)])
    file._read, file._size = (lambda at, size: head + bytes(size - len(head))), 1_000
    file._groups = [(1, [file._groups[0][1][0]._replace(at=0, size=len(head) + 14)])]
    with pytest.raises(CorruptData):
        file.rows(0, 1)


def test_nothing_over_and_over_is_refused_before_it_takes_long() -> None:
    rows = 1 << 20
    data = file_of(levels(varint(rows << 1) + b"\0"), rows, rows, columns=20_000)
    assert len(data) < 1 << 20
    file = TableFile(lambda at, size: data[at : at + size], len(data))
    began = time.thread_time()
    with pytest.raises(TooLarge):
        file.rows(0, 1, 32 << 20)
    assert time.thread_time() - began < 10
    # As many pages as rows, each for all columns.
    one = file_of(levels(varint(2) + b"\0"), 1, rows)
    page = one[4 : one.index(levels(varint(2) + b"\0")) + 6]
    file._groups = [(rows, [chunk._replace(at=0, size=len(page) * rows) for chunk in file._groups[0][1]])]
    file._read, file._size = (lambda at, size: page * rows), len(page) * rows
    began = time.thread_time()
    with pytest.raises(TooLarge):
        file.rows(0, 1, 8 << 20)
    assert time.thread_time() - began < 10


def test_texts_that_json_writes_long_stay_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    limit_pages(monkeypatch, 6_000)
    values = ["\x01" * 90, 1] * 50
    assert read_table(written([Column("mixed", "json", values)], 100)) == {"mixed": values}
