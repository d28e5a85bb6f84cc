"""Archives that are broken, or made to do harm: each is refused by its own word, and nothing of it is left."""

from __future__ import annotations

import json
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from archives import OLD, block, forge, imported, parts, services

from jupyter_mlws.errors import (
    MlwsError,
    TooLarge,
)
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store

GOOD = OLD.read_bytes()
ENTRIES = parts(GOOD)
LINES = ENTRIES["records.jsonl"].splitlines()
BLOB = next(name for name in ENTRIES if name.startswith("blobs/"))
RUN = next(json.loads(line)["run"] for line in LINES if line.startswith(b'{"run":'))


def with_entry(name: str, data: bytes, **how: Any) -> bytes:
    return forge({**ENTRIES, name: data}, **how)


def without(name: str, **how: Any) -> bytes:
    return forge({key: data for key, data in ENTRIES.items() if key != name}, **how)


def changed(kind: str, /, **facts: Any) -> bytes:
    """The archive whose first record of a kind has other facts."""
    lines = list(LINES)
    place = next(i for i, line in enumerate(lines) if line.startswith(b'{"%s":' % kind.encode()))
    record = json.loads(lines[place])[kind]
    lines[place] = json.dumps({kind: record | facts}).encode()
    return with_entry("records.jsonl", b"\n".join(lines) + b"\n")


def lines_of(*lines: bytes) -> bytes:
    return with_entry("records.jsonl", b"\n".join(lines) + b"\n")


def patched(raw: bytes, *, at_local: int, at_table: int, value: bytes) -> bytes:
    data = bytearray(raw)
    for mark, at in ((b"PK\3\4", at_local), (b"PK\1\2", at_table)):
        place = data.find(mark)
        data[place + at : place + at + len(value)] = value
    return bytes(data)


def overlapping() -> bytes:
    """Many entries that share the bytes of one."""
    raw = forge({"blobs/" + "0" * 64: bytes(10_000_000)}, honest=False)
    end = raw.rfind(b"PK\5\6")
    length, offset = struct.unpack("<II", raw[end + 12 : end + 20])
    table = raw[offset : offset + length] * 1000
    return (
        raw[:offset]
        + table
        + raw[end : end + 8]
        + struct.pack("<HHII", 1000, 1000, len(table), offset)
        + raw[end + 20 :]
    )


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "A01 a name climbs out": (lambda: with_entry("../../evil.txt", b"x"), "invalid_path archive_error"),
    "A02 a name is absolute": (lambda: with_entry("/abs.txt", b"x"), "invalid_path archive_error"),
    "A05 a tar": (lambda: b"h" * 512 + b"\0" * 1024, "archive_error"),
    "A07 a name is cut at NUL": (lambda: GOOD.replace(b"series.bin", b"serie\0.bin"), "archive_error"),
    "A08 entries overlap": (overlapping, "archive_error too_large"),
    "A08 a line of zeros": (lambda: with_entry("records.jsonl", bytes((1 << 25) + 100)), "too_large"),
    "A11 a size is a lie": (lambda: patched(GOOD, at_local=22, at_table=24, value=b"\1\0\0\0"), "archive_error"),
    "A14 encrypted": (lambda: patched(GOOD, at_local=6, at_table=8, value=b"\1\0"), "archive_error"),
    "A14 packed in another way": (lambda: forge(ENTRIES, method=zipfile.ZIP_LZMA), "archive_error"),
    "A16 A17 A23 a tar of keys": (lambda: b"../../.ssh/authorized_keys".ljust(512, b"\0"), "archive_error"),
    "A20 a line break in a name": (lambda: with_entry("a\nb", b"x"), "archive_error"),
    "A22 a blob is not its digest": (lambda: with_entry(BLOB, b"other"), "archive_error"),
    "A22 the records are not what was written": (
        lambda: with_entry("records.jsonl", b"".join(LINES), honest=False),
        "archive_error",
    ),
    "nothing": (lambda: b"", "archive_error"),
    "text": (lambda: b"PK\3\4 but no zip", "archive_error"),
    "half of it": (lambda: GOOD[: len(GOOD) // 2], "archive_error"),
    "all but its end": (lambda: GOOD[:-30], "archive_error"),
    "a byte is another": (lambda: GOOD[:3000] + bytes([GOOD[3000] ^ 255]) + GOOD[3001:], "archive_error"),
    "another zip": (lambda: forge({"train.py": b"x"}, honest=False), "archive_error"),
    "no records": (lambda: without("records.jsonl"), "archive_error"),
    "no series": (lambda: without("series.bin"), "archive_error"),
    "no digests": (lambda: without("digests.json", honest=False), "archive_error"),
    "a blob is missing": (lambda: without(BLOB), "archive_error"),
    "a header of text": (lambda: with_entry("mlws-archive.json", b"hello"), "archive_error"),
    "a header without a format": (lambda: with_entry("mlws-archive.json", b'{"format": true}'), "archive_error"),
    "a line that is no JSON": (lambda: lines_of(*LINES, b"{"), "archive_error"),
    "a line of a list": (lambda: lines_of(*LINES, b"[1]"), "archive_error"),
    "a line without bottom": (lambda: lines_of(*LINES, b'{"run":' * 100_000), "archive_error"),
    "D10 a value without bottom": (
        lambda: lines_of(*LINES, b'{"values":{"name":"x","start":0,"items":' + b"[" * 900 + b"]" * 900 + b"}}"),
        "archive_error",
    ),
    "a run twice": (lambda: lines_of(*LINES, json.dumps({"run": RUN}).encode()), "archive_error"),
    "a run that lives": (lambda: changed("run", status="Running"), "archive_error"),
    "a run of no status": (lambda: changed("run", status="Done"), "archive_error"),
    "P32 a run named by a path": (lambda: changed("run", id="../../etc/passwd"), "archive_error"),
    "N08 a run named as another one's number": (lambda: changed("run", id="1"), "archive_error"),
    "N08 a run below another one's number": (lambda: changed("run", parent_id="1"), "archive_error"),
    "a run of no number": (lambda: changed("run", number=-5), "archive_error"),
    "a run of a number of text": (lambda: changed("run", number="5"), "archive_error"),
    "a run beyond 64 bits": (lambda: changed("run", number=2**70), "archive_error"),
    "V04 a run with a surrogate": (lambda: changed("run", display_name="a\ud800"), "archive_error"),
    "V05 a run with a NUL": (lambda: changed("run", display_name="a\0b"), "archive_error"),
    "a run with a long name": (lambda: changed("run", display_name="x" * 1000), "archive_error too_large"),
    "a run of an experiment that is a path": (lambda: changed("run", experiment="../x"), "archive_error"),
    "a run of another kind": (lambda: changed("run", kind="; DROP TABLE"), "archive_error"),
    "a run at no time": (lambda: changed("run", created_at="2026-01-01T00:00:00"), "archive_error"),
    "a run of an unknown snapshot": (lambda: changed("run", snapshot_id="0" * 64), "archive_error"),
    "a run without what was submitted": (lambda: changed("run", submission=None), "archive_error"),
    "a run of a submission of nonsense": (lambda: changed("run", submission={"command": 5}), "archive_error"),
    **{
        f"a run whose {name} are {value!r}": (
            lambda name=name, value=value: changed("run", submission=RUN["submission"] | {name: value}),
            "archive_error",
        )
        for name in ("secret_names", "variable_names")
        for value in (1, "abc", [1], [["a"]], {"a": 1})
    },
    "a run with fewer points": (lambda: changed("run", series=[]), "archive_error"),
    "a run with more points": (
        lambda: changed("run", series=[*RUN["series"], RUN["series"][0] | {"name": "more"}]),
        "archive_error",
    ),
    "a run with more values": (
        lambda: changed("run", typed=[*RUN["typed"], RUN["typed"][0] | {"name": "more"}]),
        "archive_error",
    ),
    "a series of no sensible size": (
        lambda: with_entry("series.bin", struct.pack("<II", 2**31, 5) + ENTRIES["series.bin"]),
        "archive_error",
    ),
    "a series that ends too early": (lambda: with_entry("series.bin", ENTRIES["series.bin"][:-8]), "archive_error"),
    "points of nobody": (
        lambda: with_entry("series.bin", ENTRIES["series.bin"] + block("nobody", "x", 0, [1.0])),
        "archive_error",
    ),
    "P01 a file that climbs out": (lambda: changed("file", name="../../../etc/cron.d/x"), "archive_error"),
    "a file of another size": (lambda: changed("file", size_bytes=5), "archive_error"),
    "a file of no kind": (lambda: changed("file", kind="device"), "archive_error"),
    "a file of no digest": (lambda: changed("file", digest="../" * 21 + "x"), "archive_error"),
    "a model whose file climbs out": (
        lambda: changed("model", files=[{"path": "../x", "size_bytes": 0, "digest": "0" * 64}]),
        "archive_error",
    ),
    "a model named by a path": (lambda: changed("model", name="../x"), "archive_error"),
    "a model without files": (lambda: changed("model", files=[]), "archive_error"),
    "a model of a negative version": (lambda: changed("model", version=-1), "archive_error"),
    "an experiment named by a path": (lambda: changed("experiment", name="../x"), "archive_error"),
    "a snapshot whose list is something else": (
        lambda: changed("snapshot", id=BLOB.removeprefix("blobs/")),
        "archive_error",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One workspace for all archives of which nothing is kept."""
    folder = tmp_path_factory.mktemp("deep") / "untouched"
    folder.mkdir()
    with Store.open(folder) as store:
        yield services(store, folder)


@pytest.mark.parametrize("name", BAD)
def test_a_broken_or_hostile_archive_is_refused_and_leaves_nothing(name: str, untouched: Services) -> None:
    data, codes = BAD[name][0](), BAD[name][1]
    place, there = untouched.store.path.parents[1], untouched
    before = files_below(place)
    began = time.process_time()
    with pytest.raises(MlwsError) as caught:
        imported(there, data)
    assert time.process_time() - began < 5
    assert caught.value.code in codes.split(), caught.value
    assert caught.value.status in (400, 413, 422)
    assert caught.value.hint
    assert files_below(place) == before
    assert there.runs.list(include_children=True).items == ()
    assert there.models.list().items == ()
    assert there.experiments.list().items == ()


def files_below(folder: Path) -> list[str]:
    """All files below a folder, but for those in which a database works."""
    return sorted(str(path) for path in folder.rglob("*") if not path.name.startswith("mlws.sqlite"))


def test_A13_a_million_entries_are_refused_by_their_number_alone(there: Services) -> None:
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    large = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, 46_000_000, 0)
    where = struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1)
    with pytest.raises(TooLarge):
        imported(there, large + where + end)


def test_a_bomb_is_refused_before_it_is_unpacked(there: Services) -> None:
    bomb = bytearray(with_entry("blobs/" + "0" * 64, bytes(1 << 22)))
    for mark, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        place = bomb.rfind(b"blobs/" + b"0" * 64) if mark == b"PK\1\2" else bomb.find(b"blobs/" + b"0" * 64)
        head = bomb.rfind(mark, 0, place)
        bomb[head + at : head + at + 4] = struct.pack("<I", 0xFFFFFF00)
    with pytest.raises(TooLarge):
        imported(there, bytes(bomb))
