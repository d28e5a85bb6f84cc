"""A run, or a whole workspace, as one file: what goes in comes out, anywhere, once, and nothing of a broken one."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import archives
import pytest
from archives import LOG, add_run, block, everything, fill, forge, leave, log, parts, services

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.archive import ImportReport
from jupyter_mlws.domain.rerun import Rerun
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import (
    ArchiveError,
    InvalidInput,
    MlwsError,
    NotFound,
    StorageFull,
    TooLarge,
    Unavailable,
    WrongState,
)
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store
from jupyter_mlws.store.runs import get_submission

ASSET = Path(__file__).parents[1] / "assets" / "archive-1.zip"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], Services]]:
    """Makes embedded workspaces by name."""
    opened = []

    def made(name: str) -> Services:
        folder = tmp_path / name
        folder.mkdir()
        opened.append(Store.open(folder))
        return services(opened[-1], folder, name)

    yield made
    for store in opened:
        store.close()


@pytest.fixture
def here(make: Callable[[str], Services]) -> Services:
    return make("here")


@pytest.fixture
def there(make: Callable[[str], Services]) -> Services:
    return make("there")


def exported(api: Services, **which: Any) -> bytes:
    return api.archives.export(**which).read()


def imported(api: Services, archive: bytes) -> ImportReport:
    return api.archives.import_file(Upload(archive))


# -- there and back


def test_all_that_a_workspace_holds_is_told_alike_after_every_journey(
    make: Callable[[str], Services],
    store_factory: Callable[..., Store],
    tmp_path: Path,
) -> None:
    first, last = make("first"), make("last")
    middle = services(store_factory(), tmp_path / "middle", "middle")
    fill(first, tmp_path / "project")
    there = exported(first)
    report = imported(middle, there)
    assert (report.runs_added, report.models_added, report.runs_renumbered) == (6, 2, 0)
    assert everything(middle) == everything(first)
    back = exported(middle)
    imported(last, back)
    assert everything(last) == everything(first)
    assert {name: data for name, data in parts(back).items() if name != "mlws-archive.json" and "dig" not in name} == {
        name: data for name, data in parts(there).items() if name != "mlws-archive.json" and "dig" not in name
    }


def test_a_second_import_adds_nothing(here: Services, there: Services, tmp_path: Path) -> None:
    fill(here, tmp_path / "project")
    archive = exported(here)
    first = imported(there, archive)
    before = everything(there)
    again = imported(there, archive)
    assert (again.runs_added, again.models_added, again.blobs_added, again.experiments_added) == (0, 0, 0, 0)
    assert (again.runs_known, again.models_known) == (first.runs_added, first.models_added)
    assert everything(there) == before
    assert imported(here, archive).runs_added == 0


def test_one_run_takes_its_descendants_and_models_along(here: Services, there: Services, tmp_path: Path) -> None:
    made = fill(here, tmp_path / "project")
    report = imported(there, exported(here, run=str(made["sweep"].number)))
    assert (report.runs_added, report.models_added) == (3, 0)
    assert [child.params["lr"] for child in there.runs.list(parent=made["sweep"].id).items] == ["2", "1"]
    report = imported(there, exported(here, run=made["rich"].id))
    assert (report.runs_added, report.models_added) == (1, 2)
    assert there.models.get("digits", 0).run_id == made["rich"].id


def test_a_filter_chooses_runs(here: Services, there: Services, tmp_path: Path) -> None:
    made = fill(here, tmp_path / "project")
    report = imported(there, exported(here, filter="tags.owner = 'ada'"))
    assert report.run_ids == (made["rich"].id,)
    with pytest.raises(InvalidInput):
        exported(here, run="1", filter="tags.owner = 'ada'")
    with pytest.raises(NotFound):
        exported(here, run="99")


# -- numbers and names that are taken


def test_a_number_stays_where_it_is_free_and_gives_way_where_it_is_taken(here: Services, there: Services) -> None:
    one, two, three = (add_run(here, display_name=name) for name in ("one", "two", "three"))
    mine = add_run(there, display_name="mine")
    report = imported(there, exported(here, run=one.id))
    assert report.runs_renumbered == 1
    assert "another number" in str(report)
    assert there.runs.get(one.id).number == 2
    imported(there, exported(here, run=three.id))
    assert there.runs.get(three.id).number == 3
    imported(there, exported(here, run=two.id))
    assert there.runs.get(two.id).number == 4
    assert there.runs.get(mine.id) == mine
    assert add_run(there).number == 5
    assert [run.number for run in there.runs.list(search="two").items] == [4]


def test_children_follow_their_parent_to_its_new_number(here: Services, there: Services, tmp_path: Path) -> None:
    made = fill(here, tmp_path / "project")
    for _ in range(3):
        add_run(there)
    imported(there, exported(here))
    sweep = there.runs.get(made["sweep"].id)
    assert sweep.number != made["sweep"].number
    assert {child.parent_id for child in there.runs.list(parent=str(sweep.number)).items} == {sweep.id}


def test_a_version_that_is_something_else_here_gives_way_and_says_so(
    here: Services, there: Services, tmp_path: Path
) -> None:
    fill(here, tmp_path / "project")
    fill(there, tmp_path / "other project")
    archive = exported(here)
    report = imported(there, archive)
    assert report.models_added == 2
    assert "The model digits:1 is digits:3 here: its number was taken." in report.notes
    assert there.models.get_by_alias("digits", "production").version == 2
    assert imported(there, archive).models_added == 0
    assert len(there.models.list(limit=100).items) == 4


# -- what is not in it, and what is here already


def test_a_run_that_lives_is_not_in_it_and_one_is_refused(here: Services, there: Services) -> None:
    add_run(here)
    live = add_run(here, ended=None, kind="sweep", sweep=({"a": "1"},))
    with pytest.raises(WrongState, match="has not ended"):
        exported(here, run=live.id)
    report = imported(there, exported(here))
    assert report.runs_added == 1
    assert report.notes == ("2 runs had not ended when the archive was written: not in it.",)


def test_what_is_in_the_trash_is_not_carried_and_stays_there(here: Services, there: Services) -> None:
    keep, drop = add_run(here), add_run(here)
    leave(here, drop, "outputs/a.bin", b"a")
    archive = exported(here)
    imported(there, archive)
    there.runs.delete(drop.id)
    assert [run.id for run in there.runs.list().items] == [keep.id]
    report = imported(there, archive)
    assert report.runs_known == 2
    assert report.notes == ("Run #2 is in the trash here, and stays there.",)
    assert [run.id for run in there.runs.list().items] == [keep.id]
    assert parts(exported(there))["records.jsonl"].count(b'{"run":') == 1


def test_nothing_is_added_below_a_run_that_is_in_the_trash(here: Services, there: Services, tmp_path: Path) -> None:
    made = fill(here, tmp_path / "project")
    first, _ = here.runs.list(parent=made["sweep"].id).items
    here.runs.delete(first.id)
    imported(there, exported(here))
    there.runs.delete(made["sweep"].id)
    before = there.runs.list(include_children=True)
    here.runs.restore(first.id)
    report = imported(there, exported(here))
    assert report.runs_added == 0
    assert any("not added: the run above it is in the trash" in note for note in report.notes)
    assert there.runs.list(include_children=True) == before


def test_a_parent_counts_the_children_that_an_import_brings_back(
    here: Services, there: Services, tmp_path: Path
) -> None:
    made = fill(here, tmp_path / "project")
    sweep = made["sweep"].id
    archive = exported(here)
    imported(there, archive)
    before = there.runs.get(sweep)
    first, _ = there.runs.list(parent=sweep).items
    there.runs.delete(first.id)
    there.trash.collect(everything=True)
    assert there.runs.get(sweep).child_count == before.child_count - 1
    assert imported(there, archive).runs_added == 1
    assert there.runs.get(sweep) == before
    assert [run for run in there.runs.list(limit=100).items if run.id == sweep] == [before]


def test_what_is_missing_of_a_known_run_is_added(here: Services, there: Services) -> None:
    run = add_run(here)
    leave(here, run, "outputs/a.bin", b"a" * 100)
    imported(there, exported(here))
    leave(here, run, "outputs/b.bin", b"b" * 100)
    report = imported(there, exported(here))
    assert (report.runs_known, report.blobs_added, report.added_bytes) == (1, 1, 100)
    assert there.files.download(run.id, "outputs/b.bin").read() == b"b" * 100


def test_bytes_that_were_lost_are_healed(here: Services, there: Services, tmp_path: Path) -> None:
    run = add_run(here)
    leave(here, run, "outputs/a.bin", b"a" * 100)
    archive = exported(here)
    imported(there, archive)
    digest = hashlib.sha256(b"a" * 100).hexdigest()
    blob = tmp_path / "there" / "blobs" / digest[:2] / digest[2:]
    blob.unlink()
    with pytest.raises(MlwsError):
        there.files.download(run.id, "outputs/a.bin").read()
    with pytest.raises(MlwsError, match="bytes of 1 of 1 files are gone"):
        exported(there)
    assert imported(there, archive).blobs_added == 1
    assert there.files.download(run.id, "outputs/a.bin").read() == b"a" * 100


# -- formats


def test_an_archive_of_format_1_is_read(there: Services) -> None:
    report = imported(there, ASSET.read_bytes())
    assert (report.runs_added, report.models_added, report.snapshots_added, report.experiments_added) == (6, 2, 1, 3)
    rich = there.runs.get("1")
    assert (rich.display_name, rich.status, rich.tags["owner"]) == ("baseline µ", RunStatus.FAILED, "ada")
    assert {item.name: item.count for item in there.metrics.list("1").items} == {
        "loss": 5000,
        "a metric, late": 4,
        "accuracy": 1,
    }
    assert {item.name: item.type for item in there.metrics.typed("1").items} == {
        "rows": "row",
        "matrix": "confusion_matrix",
        "big": "table",
    }
    assert there.files.download("1", "std.log", "log").read() == LOG
    assert [file.path for file in there.models.get("digits", 1).files] == ["model/weights.bin", "model/ä.txt"]
    assert rich.snapshot_id is not None
    assert b"print" in there.snapshots.download_file(rich.snapshot_id, "train.py").read()


def test_a_newer_format_is_named_and_fields_of_a_newer_program_are_passed_over(there: Services) -> None:
    entries = parts(ASSET.read_bytes())
    header = json.loads(entries["mlws-archive.json"])
    entries["mlws-archive.json"] = json.dumps(header | {"format": 2}).encode()
    with pytest.raises(ArchiveError, match="has format 2, and this version knows 1.*Update"):
        imported(there, forge(entries))
    entries["mlws-archive.json"] = json.dumps(header | {"mood": "good"}).encode()
    entries["records.jsonl"] = b'{"weather":{"sun":1}}\n' + entries["records.jsonl"].replace(
        b'{"run":{', b'{"run":{"mood":{"deep":[1]},'
    )
    entries["notes/readme.txt"] = b"of a newer program"
    assert imported(there, forge(entries)).runs_added == 6


def test_a_large_file_is_neither_packed_nor_held_in_memory(here: Services, there: Services) -> None:
    run, data = add_run(here), os.urandom(1 << 16) * 48
    leave(here, run, "outputs/large.bin", data)
    pieces = list(here.archives.export().chunks)
    assert max(map(len, pieces)) < 2 << 20
    archive = b"".join(pieces)
    imported(there, archive)
    assert there.files.download(run.id, "outputs/large.bin").read() == data


def test_Z08_variables_that_look_secret_are_not_carried_and_are_asked_for_again(
    here: Services, there: Services
) -> None:
    secret = {"HF_TOKEN": "CANARY", "DB": "postgresql://ada:CANARY@db/x", "dbPassword": "CANARY"}
    run = add_run(here, environment_variables=secret | {"OMP_NUM_THREADS": "2", "URL": "https://host:80/a@b"})
    archive = exported(here)
    assert not any(b"CANARY" in data for data in parts(archive).values())
    imported(there, archive)
    assert there.runs.get(run.id).environment_variables == here.runs.get(run.id).environment_variables
    with pytest.raises(InvalidInput, match="secrets") as asked:
        there.runs.rerun(run.id, Rerun())
    assert set(asked.value.details["secrets"]) == set(secret)
    again = there.runs.rerun(run.id, Rerun(secrets=secret))
    with there.store.read() as c:
        found = get_submission(c, again.id)
    assert found.environment_variables == {"OMP_NUM_THREADS": "2", "URL": "https://host:80/a@b"}


def test_O11_readers_that_never_finish_do_not_fill_the_disk(here: Services) -> None:
    leave(here, add_run(here), "outputs/x", b"x")
    readers = [here.archives.export() for _ in range(4)]
    for reader in readers:
        next(iter(reader.chunks))
    with pytest.raises(Unavailable, match="4 archives are being written") as busy:
        here.archives.export()
    assert busy.value.details["retry_after_s"]
    readers[0].chunks.close()  # type: ignore[union-attr]
    assert here.archives.export().read()  # and its place is free again, though somebody keeps the object
    kept = here.archives.export()
    assert kept.read()
    with pytest.raises(NotFound):
        here.archives.export(run="99999")
    assert here.archives.export().read()
    del readers, reader
    gc.collect()
    assert len([here.archives.export() for _ in range(4)]) == 4


# -- broken and hostile archives

GOOD = ASSET.read_bytes()
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


# -- accidents, memory

_DIES = """
import sys
from pathlib import Path
from archives import services
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.store import Store
folder = Path(sys.argv[1])
with Store.open(folder) as store:
    services(store, folder).archives.import_file(Upload(open(sys.argv[2], "rb")))
"""


def _import_in_a_process(folder: Path, archive: Path, fault: str) -> int:
    environment = {**os.environ, "MLWS_FAULT": fault, "PYTHONPATH": str(Path(archives.__file__).parent)}
    done = subprocess.run([sys.executable, "-c", _DIES, folder, archive], env=environment, check=False, timeout=60)
    return done.returncode


def test_an_import_that_died_left_whole_runs_and_the_next_one_adds_the_rest(
    here: Services, there: Services, tmp_path: Path
) -> None:
    with here.store.write() as c:
        for run in _many(here, 110):
            log(here, run, "loss", [1.0, 2.0])
            leave(here, run, "outputs/a.bin", b"a")
        # Runs of one family would be kept together.
        c.exec_driver_sql("UPDATE runs SET parent_number = NULL, child_count = 0, kind = 'script'")
    archive = tmp_path / "archive.zip"
    archive.write_bytes(exported(here))
    folder = tmp_path / "there"
    assert _import_in_a_process(folder, archive, "archives.record:2:kill") == -9
    half = there.runs.list(limit=1000).items
    assert 0 < len(half) < 110
    for run in half:
        assert there.files.list(run.id).items
        assert there.metrics.list(run.id).items[0].count == 2
    report = imported(there, archive.read_bytes())
    assert (report.runs_known, report.runs_added) == (len(half), 110 - len(half))
    assert there.runs.list(limit=1000) == here.runs.list(limit=1000)


def test_two_imports_at_once_add_everything_once(store_factory: Callable[..., Store], tmp_path: Path) -> None:
    both = [services(store_factory(), tmp_path / "shared") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda api: imported(api, GOOD), both))
    assert sum(report.runs_added for report in reports) == 6
    assert sum(report.models_added for report in reports) == 2
    assert len(both[0].runs.list(include_children=True).items) == 6
    assert both[0].experiments.get("digits").run_count == 4
    assert [model.version for model in both[0].models.list(name="digits").items] == [2, 1]


def test_a_full_disk_stops_an_import_with_its_own_word(
    here: Services, there: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(here, add_run(here), "outputs/a.bin", os.urandom(2 << 20))
    archive = exported(here)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageFull):
            imported(there, archive)
    assert there.runs.list().items == ()
    assert imported(there, archive).runs_added == 1


def test_four_times_the_runs_need_no_more_memory(make: Callable[[str], Services], tmp_path: Path) -> None:
    peaks = {count: _peak(make, count, tmp_path) for count in (20, 80)}
    # What grows are the zip's table of contents and the digests to look for: some 4 kB for a file.
    assert peaks[80] - peaks[20] < 6_000 * 60, peaks


def _peak(make: Callable[[str], Services], count: int, place: Path) -> int:
    """Bytes of memory that carrying so many runs needs at most."""
    source, target = make(f"source {count}"), make(f"target {count}")
    with source.store.write():
        for run in _many(source, count):
            leave(source, run, "outputs/a.txt", run.id.encode())
    tracemalloc.start()
    with (place / f"{count}.zip").open("w+b") as file:
        for piece in source.archives.export().chunks:
            file.write(piece)
        report = target.archives.import_file(Upload(file))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.runs_added == count
    return peak


def _many(api: Services, count: int) -> tuple[Run, ...]:
    sweep = add_run(api, ended=None, kind="sweep", sweep=tuple({"lr": str(i)} for i in range(count - 1)))
    with api.store.write() as c:
        c.exec_driver_sql("UPDATE runs SET status = 'Completed'")
    return (sweep, *api.runs.list(parent=sweep.id, limit=1000).items)
